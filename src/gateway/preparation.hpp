#pragma once
// What is found out about a call while its caller is on hold: who it is, what the agent's tools know of them, and a summary of that by the model. Each part
// has its time and fails alone.

#include <functional>
#include <memory>
#include <string>

#include "parley/base/log.hpp"
#include "parley/brain/model.hpp"
#include "parley/brain/ports.hpp"
#include "parley/call/agent.hpp"
#include "parley/call/call_worker.hpp"
#include "parley/hold/hold_settings.hpp"
#include "parley/store/database.hpp"

namespace parley::gateway {

// Outlives all calls.
struct PreparationDesk {
    store::Database& database;
    std::function<std::shared_ptr<brain::Model>(const call::Agent&)> model;  // null, or answers null: there is none to write a summary
    std::function<bool(const brain::CallFacts&)> placed;                     // we called: `to` is theirs
    std::function<void(const call::Agent&, const std::string& call_sid, const brain::VendorRecord&)> used{};  // what the summary took; null: nobody counts
};

// Whether there is anything to find out.
[[nodiscard]] bool has_to_prepare(const call::Agent& agent, const brain::CallFacts& facts);

// On the call's worker; returns when `until` has come at the latest.
[[nodiscard]] net::Task<brain::Prepared> prepare_call(const PreparationDesk& desk, std::shared_ptr<const call::Agent> agent, brain::CallFacts facts,
                                                      brain::Actions* actions, call::CallWorker& worker, TimePoint until);

// The arguments a tool is called with before anybody has spoken: of those its schema names, the ones that are known. Pure; `{}` when none is.
[[nodiscard]] std::string known_arguments(std::string_view schema, const std::map<std::string, std::string>& known);
// The members of an object that can stand in a text, under names with this in front; bounded in number and length. Pure.
void keep_variables(std::string_view json, const std::string& prefix, std::map<std::string, std::string>& variables);

}  // namespace parley::gateway

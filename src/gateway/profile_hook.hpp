#pragma once
// What is remembered of a caller when the call begins stands in the call's row of the history, as far as the agent's calls may show it.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "parley/privacy/privacy_settings.hpp"
#include "parley/store/call_records.hpp"

namespace parley::gateway {

class ProfileHook {
public:
    struct Agent {
        std::string owner;                 // of the profiles
        privacy::PrivacySettings privacy;  // what is masked in them
    };
    // Nothing: there is no such agent. Any thread.
    explicit ProfileHook(std::function<std::optional<Agent>(const std::string& agent)> agents) : agents_(std::move(agents)) {}
    // In the transaction that keeps the fact.
    void operator()(store::Session& session, const store::FactEvent& event) const;

private:
    std::function<std::optional<Agent>(const std::string& agent)> agents_;
};

}  // namespace parley::gateway

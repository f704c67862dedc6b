#pragma once
// Calls shared through the store.

#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "parley/base/log.hpp"
#include "parley/call/registry.hpp"
#include "parley/call/shared_calls.hpp"
#include "parley/net/task.hpp"
#include "parley/store/database.hpp"

namespace parley::gateway {

class SharedCallsPart {
public:
    virtual ~SharedCallsPart() = default;
    [[nodiscard]] virtual call::SharedCalls& calls() = 0;
    // On the control loop: looks every few seconds whether its calls are still its own, and forgets what is a day old.
    virtual void start(boost::asio::any_io_executor executor) = 0;
    virtual net::Task<> close() = 0;  // on the control loop; writes what is waiting
};
// All references outlive it.
[[nodiscard]] std::unique_ptr<SharedCallsPart> make_shared_calls(store::Database& database, call::Registry& registry, Log& log, const std::string& instance);

// An ended call as JSON of at most 16 KiB: the oldest lines of a long conversation go first. Another instance's text is read strictly; nothing: it is not one.
[[nodiscard]] std::string outcome_text(const call::Outcome& outcome);
[[nodiscard]] std::optional<call::Outcome> read_outcome(std::string_view text);

}  // namespace parley::gateway

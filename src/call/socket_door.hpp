#pragma once
// What every socket of a call passes before anything is spent on it, and what is counted when it has.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "parley/base/log.hpp"
#include "parley/call/agent.hpp"
#include "parley/call/pipeline_call.hpp"
#include "parley/net/task.hpp"
#include "parley/twilio/stream_token.hpp"

namespace parley::call {

// Counts a socket for as long as it is served.
class Inside {
public:
    explicit Inside(std::atomic<std::size_t>& count) : count_(count) { ++count_; }
    ~Inside() { --count_; }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

private:
    std::atomic<std::size_t>& count_;
};

struct Admitted {
    std::optional<twilio::StreamClaims> claims;
    std::shared_ptr<const Agent> agent;  // null: the token did not hold, which was counted and told
};

using FindAgent = std::function<net::Task<std::shared_ptr<const Agent>>(std::string name, std::string revision)>;

// Signed, of this call and account, used once, for an agent there is. `speaks`: the agent needs a pipeline. `told`: what the log says when it did not hold.
[[nodiscard]] net::Task<Admitted> admit_by_token(CallServices& services, const twilio::StreamTokens& tokens, const FindAgent& find_agent, std::string token,
                                                 std::string call_sid, std::string account_sid, bool speaks, std::string remote, std::string told);

// The call's socket before this one is told to go, and waited for up to 3 s. False: there is none.
[[nodiscard]] net::Task<bool> take_over(CallServices& services, net::asio::any_io_executor executor, const std::string& call_sid);

// Counts and tells that a call is live. `by`: the surface, where it is not the media stream.
void call_live(CallServices& services, const CallLog& log, const Agent& agent, const twilio::StreamClaims& claims, Duration attached_after,
               std::string_view by = {});

}  // namespace parley::call

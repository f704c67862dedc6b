// Callers who wait for nobody any more are brought back to their agent: asked for until it is done or the call is over.

#include <algorithm>

#include "parley/net/deadline.hpp"
#include "powers_impl.hpp"

namespace parley::control {

using namespace std::chrono_literals;

namespace {

constexpr int kTriesBeforeForce = 8;      // then the room is closed over it, and the call ended
constexpr auto kGivenUpAfter = std::chrono::hours(4);  // no call of ours lasts longer
constexpr auto kLongestPause = 15s;

}  // namespace

std::string Powers::Impl::back_url(const std::string&, const std::string& agent) const { return url("return", {{"agent", agent}}); }

void Powers::Impl::bring_back(const std::string& call_sid, std::string agent, std::string room, std::string note) {
    if (returning.contains(call_sid)) return;
    services.registry.leave_note(call_sid, std::move(note));
    Returning back;
    back.agent = std::move(agent);
    back.room = std::move(room);
    back.since = Clock::now();
    back.trying = true;
    returning.emplace(call_sid, std::move(back));
    services.errands.start(try_back(call_sid));
}

net::Task<> Powers::Impl::try_back(std::string call_sid) {
    Returning back;
    {
        const std::lock_guard lock(mutex);
        const auto found = returning.find(call_sid);
        if (found == returning.end()) co_return;
        back = found->second;
    }
    // A stream that was just told to end goes its own way out first; a later try that finds one finds it brought back.
    const auto until = Clock::now() + 5s;
    while (back.tries == 0 && Clock::now() < until && (live(call_sid) || copy(call_sid).place == Place::unknown)) {
        const bool waited = co_await net::sleep_until(Clock::now() + 100ms);
        if (!waited) co_return;
    }
    PowerResult result;
    if (!live(call_sid)) {
        try {
            result = co_await send(call_sid, back_url(call_sid, back.agent), {});
            if (!result.ok() && back.tries + 1 >= kTriesBeforeForce && result.why != Refusal::over && result.why != Refusal::no_such_call) {
                // Its way out of a closed room leads back to the agent as well.
                std::optional<std::string> room;
                if (!back.room.empty()) room = co_await conference_sid(back.room, 0ms);
                bool closed = false;
                if (room) {
                    auto ended = co_await services.carrier.end_conference(*room);
                    closed = ended.has_value();
                }
                if (!closed && back.tries + 1 >= 2 * kTriesBeforeForce) {
                    auto ended = co_await services.carrier.hang_up(call_sid, false);
                    if (ended) result = PowerResult::refused(Refusal::over, "The call was ended.");
                }
            }
        } catch (const std::exception& e) {
            result = PowerResult::refused(Refusal::unavailable, e.what());
        }
    }
    const std::lock_guard lock(mutex);
    const auto found = returning.find(call_sid);
    if (found == returning.end()) co_return;
    if (result.ok() || result.why == Refusal::over || result.why == Refusal::no_such_call || Clock::now() - back.since > kGivenUpAfter) {
        returning.erase(found);
        co_return;
    }
    auto& kept = found->second;
    ++kept.tries;
    kept.trying = false;
    kept.next_try = Clock::now() + std::min<Duration>(settings.return_again * (1 << std::min(kept.tries - 1, 10)), kLongestPause);
    services.log.error("transfer.not_taken_back", "A waiting caller could not be taken back; it is tried again.", {{"call_sid", call_sid}, {"reason", name(result.why)}, {"tries", kept.tries}});
}

void Powers::Impl::look_after_returns(TimePoint now) {
    for (auto& [call_sid, back] : returning) {
        if (back.trying || now < back.next_try) continue;
        back.trying = true;
        services.errands.start(try_back(call_sid));
    }
}

bool Powers::came_back(const std::string& call_sid) {
    const std::lock_guard lock(impl_->mutex);
    return impl_->returning.erase(call_sid) > 0;
}

}  // namespace parley::control

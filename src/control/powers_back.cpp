// Callers who wait for nobody any more are brought back to their agent: asked for until it is done or the call is over.

#include <algorithm>

#include "parley/net/deadline.hpp"
#include "parley/twilio/sid.hpp"
#include "powers_impl.hpp"

namespace parley::control {

using namespace std::chrono_literals;

namespace {

constexpr int kTriesBeforeForce = 8;                   // then the room is closed over it, and the call ended
constexpr auto kGivenUpAfter = std::chrono::hours(4);  // no call of ours lasts longer
constexpr auto kLongestPause = 15s;

}  // namespace

std::string Powers::Impl::back_url(const std::string& call_sid, const std::string& agent) const {
    const auto place = copy(call_sid).position;
    if (place == "agent=" + agent || place.starts_with("agent=" + agent + "&")) return settings.public_url + "/webhooks/twilio/return?" + place;
    return url("return", {{"agent", agent}});
}

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
            auto agent = back.agent;
            if (agent.empty()) agent = copy(call_sid).agent;
            if (agent.empty())
                if (const auto outcome = services.registry.outcome(call_sid)) agent = outcome->agent;
            result = co_await send(call_sid, back_url(call_sid, agent), {});
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
    services.log.error("transfer.not_taken_back", "A waiting caller could not be taken back; it is tried again.",
                       {{"call_sid", call_sid}, {"reason", name(result.why)}, {"tries", kept.tries}});
}

net::Task<> Powers::Impl::look_alone(std::string call_sid, std::string agent, std::string gone_sid, std::string note) {
    const auto room = room_of(call_sid);
    for (int i = 0; i < 6; ++i) {
        auto found = co_await services.carrier.conference(room);
        if (found && !*found) co_return;
        if (found) {
            auto people = co_await services.carrier.participants((*found)->sid);
            if (people) {
                const auto here = [](const auto& one) { return one.status != "complete" && one.status != "failed"; };
                const bool caller = std::ranges::any_of(*people, [&](const auto& one) { return one.call_sid == call_sid && here(one); });
                const bool others =
                    std::ranges::any_of(*people, [&](const auto& one) { return one.call_sid != call_sid && one.call_sid != gone_sid && here(one); });
                if (!caller || others) co_return;
                const std::lock_guard lock(mutex);
                const auto* call = find(call_sid);
                const auto warm = call == nullptr ? warms.end() : warms.find(call->warm);
                if (warm == warms.end() || !warm->second->machine.waiting()) bring_back(call_sid, std::move(agent), room, std::move(note));
                co_return;
            }
        }
        const bool waited = co_await net::sleep_until(Clock::now() + settings.return_again * (1 << i));
        if (!waited) co_return;
    }
    services.log.error("transfer.not_taken_back", "Nobody knows whether a caller is left alone in its conference.",
                       {{"call_sid", call_sid}, {"reason", "unavailable"}, {"tries", 6}});
}

void Powers::joined_status(const std::string& call_sid, const std::string& person_sid, rest::CallStatus status) {
    if (!rest::terminal(status) || !twilio::is_call_sid(call_sid)) return;
    const auto note = status == rest::CallStatus::completed ? "The third party has left the conversation, and the caller is back."
                                                            : "The third party could not be reached. The caller is back.";
    impl_->services.errands.start(impl_->look_alone(call_sid, {}, person_sid, note));
}

std::size_t Powers::waiting() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->returning.size() +
           static_cast<std::size_t>(std::ranges::count_if(impl_->warms, [](const auto& item) { return item.second->machine.waiting(); }));
}

void Powers::close() {
    const std::lock_guard lock(impl_->mutex);
    // Who has taken the call is let in: that is a matter of moments, and needs nothing more of us.
    for (const auto& [id, warm] : impl_->warms) impl_->perform(warm, warm->machine.on_closing());
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

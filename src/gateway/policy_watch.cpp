#include <nlohmann/json.hpp>

#include "parley/base/ids.hpp"
#include "parley/net/deadline.hpp"
#include "parley/rest/calls.hpp"
#include "policy_desk.hpp"
#include "text_member.hpp"

namespace parley::gateway {

namespace {

constexpr auto kLook = std::chrono::milliseconds(250);
constexpr auto kRenew = std::chrono::seconds(3);  // of places that last five times as long
constexpr auto kUsage = std::chrono::seconds(3);
constexpr auto kSettled = std::chrono::seconds(3);         // vendors' sockets have closed by then
constexpr auto kElsewhere = std::chrono::seconds(8);       // a stream that did not come here by then runs with another instance
constexpr auto kCarriersLongest = std::chrono::hours(24);  // what the carrier itself ends a call at
constexpr auto kTailWithin = std::chrono::seconds(10);     // from a stream's end to the request behind it
constexpr auto kRemembered = std::chrono::minutes(10);     // a call that left its stream, for its return
constexpr auto kStoreWithin = std::chrono::seconds(5);

flows::Second wall() {
    return std::chrono::floor<std::chrono::seconds>(WallClock::now());
}

}  // namespace

void PolicyDesk::start() {
    errands_.start(watch());
}

net::Task<> PolicyDesk::close() {
    co_await errands_.end();
    const auto now = Clock::now();
    look_at_live(now);
    for (const auto& [sid, live] : live_) meter_.ended(sid, now, wall());
    write_bills(now, Duration::zero());
    const bool older = !batch_id_.empty();
    co_await keep_usage();
    if (older && batch_id_.empty()) co_await keep_usage();
    co_await places_.leave();
}

// Two loops, so that a store that does not answer keeps nobody else waiting.
net::Task<> PolicyDesk::watch() {
    auto beats = [](PolicyDesk& desk) -> net::Task<> {
        for (;;) {
            const auto now = Clock::now();
            if (desk.places_.due(now, kRenew)) co_await desk.places_.beat();
            if (now >= desk.usage_at_) {
                desk.usage_at_ = now + kUsage;
                co_await desk.keep_usage();
            }
            const bool goes_on = co_await net::sleep_until(Clock::now() + kLook);
            if (!goes_on) co_return;
        }
    };
    errands_.start(beats(*this));
    for (;;) {
        const bool goes_on = co_await net::sleep_until(Clock::now() + kLook);
        if (!goes_on) co_return;
        look(Clock::now());
    }
}

void PolicyDesk::look(TimePoint now) {
    look_at_live(now);
    look_at_ends(now);
    (void)places_.sweep(now, [&](const std::string& sid) { return t_.registry.holds(sid, now); });
    for (const auto& over : meter_.tick(now, wall())) {
        const auto agent = t_.agents()->by_name(over.agent);
        const auto left = agent && agent->policy ? agent->policy->warn_before : std::chrono::seconds(0);
        t_.log.info("policy.budget_reached", "A call has used up its budget: it is told so, and ends.",
                    {{"call_sid", over.call_sid}, {"agent", over.agent}, {"what", over.what}});
        t_.registry.tell(over.call_sid, call::LimitNow{left});
    }
    write_bills(now, kSettled);
    look_at_limits(now);
    call_in_waiting(now);
}

void PolicyDesk::look_at_live(TimePoint now) {
    for (auto& [sid, live] : live_) live.on = false;
    for (const auto& call : t_.registry.live(now)) {
        const auto agent = t_.agents()->by_name(call.agent);
        auto& live = live_[call.call_sid];
        live.on = true;
        if (live.first == TimePoint{})
            live.first = now;
        else if (live.seen + 2 * kLook < now)
            live.retell = true;  // it was away
        live.seen = now;
        places_.running({call.call_sid, call.agent, agent ? agent->account : std::string()});
        meter_.began(call.call_sid, call.agent, agent && agent->policy ? agent->policy->call : policy::Budget{}, now, wall());
        if (live.retell && agent) {
            // Its longest duration is the call's, not that of each of its streams.
            const bool no_words = agent->brain == call::BrainKind::bot || agent->brain == call::BrainKind::echo;
            const auto longest = no_words ? agent->max_duration : agent->conversation.max_duration;
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(longest - (now - live.first));
            if (t_.registry.tell(call.call_sid, call::LimitNow{std::max(left, std::chrono::milliseconds(0))})) live.retell = false;
        }
    }
    for (auto call = live_.begin(); call != live_.end();) {
        if (!call->second.on) {
            meter_.ended(call->first, call->second.seen, wall());
            places_.stopped(call->first);
        }
        if (!call->second.on && now - call->second.seen > kRemembered)
            call = live_.erase(call);
        else
            ++call;
    }
}

// A call that goes on elsewhere is not cut by the limit of the talk it had: a person's Dial has the same one again, another agent its own, and who waits for
// somebody (parked, in a queue, in a room) waits as long as the carrier lets it.
void PolicyDesk::look_at_ends(TimePoint now) {
    std::vector<std::pair<std::string, std::string>> ends;
    {
        const std::lock_guard lock(mutex_);
        ends = std::exchange(ends_, {});
    }
    for (const auto& [sid, text] : ends) {
        const auto end = nlohmann::json::parse(text, nullptr, false);
        const auto reason = text_of(end, "reason");
        // Who goes to another agent, or to the end of its music, takes the place along: the tail is about to ask.
        if (reason == "transferred")
            places_.extend(sid, kTailWithin);
        else
            places_.settle(sid);
        std::optional<std::chrono::seconds> limit, next;
        if (const auto to = reason == "transferred" ? flows::parse_destination(text_of(end, "target")) : std::nullopt) {
            using Kind = flows::Destination::Kind;
            if (to->kind == Kind::agent) {
                if (const auto other = t_.agents()->by_name(to->value)) next = most_of(*other);
            } else if (to->kind == Kind::queue || to->kind == Kind::conference || to->kind == Kind::warm || to->kind == Kind::park) {
                next = kCarriersLongest;
            }
        }
        std::string account;
        {
            const std::lock_guard lock(mutex_);
            const auto found = guarded_.find(sid);
            if (found == guarded_.end()) continue;
            auto& call = found->second;
            account = call.account;
            const bool goes_on = reason == "transferred" || reason == "brain_failed";
            if (goes_on && call.told && call.own.count() == 0)
                limit = std::chrono::duration_cast<std::chrono::seconds>(now - call.began) + next.value_or(call.most) + call.margin;
            if (reason != "carrier_lost" && reason != "media_timeout") guarded_.erase(found);
        }
        if (limit) errands_.start(limit_at_carrier(sid, account, *limit));
    }
}

void PolicyDesk::look_at_limits(TimePoint now) {
    struct Due {
        std::string call_sid, account;
        std::chrono::seconds limit;
    };
    std::vector<Due> due;
    {
        const std::lock_guard lock(mutex_);
        for (auto call = guarded_.begin(); call != guarded_.end();) {
            auto& one = call->second;
            const auto age = now - one.began;
            if (age > one.most + one.margin + kRemembered + std::chrono::hours(1)) {
                call = guarded_.erase(call);
                continue;
            }
            const bool ours = t_.registry.is_live(call->first);
            if (!one.told && (ours || (one.streams && age > kElsewhere && places_.has(call->first)))) {
                one.told = true;
                auto limit = std::chrono::duration_cast<std::chrono::seconds>(age) + one.most + one.margin;
                // The limit a call was placed with stands if it is the shorter one.
                if (one.own.count() == 0 || limit < one.own) due.push_back({call->first, one.account, limit});
            }
            ++call;
        }
    }
    for (const auto& one : due) errands_.start(limit_at_carrier(one.call_sid, one.account, one.limit));
}

// With the account the call came from: it is that one's call.
net::Task<> PolicyDesk::limit_at_carrier(std::string call_sid, std::string account, std::chrono::seconds limit) {
    auto* client = client_of(account);
    if (client == nullptr) co_return;
    rest::CallUpdate update;
    update.time_limit = static_cast<int>(std::clamp<std::int64_t>(limit.count(), 1, 86'400));
    rest::Calls calls(*client);
    auto done = co_await calls.update(call_sid, std::move(update));
    if (done) co_return;
    // It is over by now.
    if (done.error().kind == rest::Failure::not_found || done.error().code == 21220) co_return;
    t_.log.warn("policy.carrier_limit", "The carrier was not told how long a call may last: only this process ends it.",
                {{"call_sid", call_sid}, {"error.type", done.error().text()}});
}

void PolicyDesk::write_bills(TimePoint now, Duration quiet) {
    for (const auto& bill : meter_.settle(now, quiet))
        for (const auto& fact : bill.facts)
            if (t_.services.records != nullptr) t_.services.records->add(bill.call_sid, store::Fact::usage, fact);
}

net::Task<> PolicyDesk::keep_usage() {
    // Whether a batch whose answer did not come is in the store nobody knows: it is sent again as it was, before anything newer.
    if (batch_id_.empty()) {
        batch_ = meter_.take();
        batch_id_ = random_hex(16);
    }
    const auto day = policy::day_of(wall());
    std::function<policy::UsageTable(store::Session&)> work = [more = batch_, id = batch_id_, day](store::Session& session) {
        if (!more.empty()) policy::add_usage(session, more, id);
        return policy::read_usage(session, day, {});
    };
    auto today = co_await t_.database.ask<policy::UsageTable>(std::move(work), kStoreWithin);
    if (!today) co_return;
    meter_.kept(*today);
    batch_.clear();
    batch_id_.clear();
}

}  // namespace parley::gateway

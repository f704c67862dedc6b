#include <charconv>

#include "parley/control/hold_tune.hpp"
#include "parley/rest/calls.hpp"
#include "parley/webhooks/flow_routes.hpp"
#include "policy_desk.hpp"

namespace parley::gateway {

using flows::Destination;
using twilio::TwimlResponse;
using webhooks::Answer;
using webhooks::Asked;

namespace {

constexpr unsigned kMostHops = 3;
constexpr std::size_t kMostWaiting = 1000;                      // known here; the carrier keeps them all
constexpr auto kCallInEvery = std::chrono::milliseconds(1000);  // how often the first of a queue is tried
constexpr auto kGrace = std::chrono::seconds(20);               // from its place to its stream
constexpr auto kCalledWithin = std::chrono::seconds(17);        // longer than the carrier is asked for
constexpr auto kStillThere = std::chrono::minutes(5);           // pieces of music are shorter

Answer xml(const TwimlResponse& response) {
    return webhooks::twiml_answer(response);
}
Answer hang_up() {
    return xml(TwimlResponse().hangup());
}

std::int64_t number_of(std::string_view text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// Letters, digits, '-' and '_' of names go into URLs as they are; all others are encoded.
std::string full_url(const webhooks::TwilioWebhooks& routes, std::string_view route, const std::string& agent) {
    return routes.url("/webhooks/twilio/" + std::string(route) + "?agent=" + twilio::encode_component(agent));
}

}  // namespace

net::Task<std::optional<PolicyDesk::TurnedAway>> PolicyDesk::overflow(AgentPtr agent, const Asked& asked, Refusal why, unsigned hops) {
    using policy::Full;
    std::optional<TurnedAway> away;
    away.emplace(TurnedAway{.reason = why.reason, .detail = why.detail, .answer = hang_up(), .scope = why.scope});
    // One of ours that was answered is hung up: whoever answered did not call.
    if (asked.form.get("Direction") == "outbound-api") co_return away;
    auto how = agent->policy ? agent->policy->full : Full::inherit;
    // Tomorrow's budget is nothing to wait for.
    if (how == Full::queue && why.detail == "budget") how = Full::busy;
    t_.log.info("policy.full", "There is no place for a call.",
                {{"call_sid", asked.call_sid}, {"agent", agent->name}, {"reason", why.detail}, {"scope", why.scope}});
    switch (how) {
        case Full::inherit:
            away->answer = t_.routes.overflow();
            away->open = t_.routes.overflow_leads_on();
            break;
        case Full::busy:
            away->answer = xml(TwimlResponse().reject({.reason = "busy"}));
            break;
        case Full::voicemail: {
            Destination to;
            to.kind = Destination::Kind::voicemail;
            away->answer = co_await t_.routes.send_to(std::move(to), agent, asked);
            break;
        }
        case Full::queue:
            away.emplace(enqueue(*agent, asked));
            break;
        case Full::redirect: {
            auto to = flows::parse_destination(agent->policy->full_to);
            if (!to) break;
            if (to->kind == Destination::Kind::agent) {
                // Another agent has limits of its own.
                auto other = t_.routes.services().by_name(to->value);
                if (!other || hops >= kMostHops) break;
                auto refused = co_await gate(other, asked, hops + 1);
                if (refused) co_return refused;
                away->reason.clear();
            }
            away->answer = co_await t_.routes.send_to(std::move(*to), agent, asked);
            break;
        }
    }
    co_return away;
}

PolicyDesk::TurnedAway PolicyDesk::enqueue(const call::Agent& agent, const Asked& asked) {
    guard(agent, asked, false);
    // It may have come from another agent, with a place there.
    t_.routes.give_place_back(asked.call_sid);
    {
        const std::lock_guard lock(mutex_);
        auto& line = waiting_[agent.name];
        if (line.size() < kMostWaiting) line.push_back({asked.call_sid, std::string(asked.form.get("AccountSid")), Clock::now()});
    }
    if (auto* records = t_.services.records; records != nullptr) {
        records->add(asked.call_sid, store::Fact::call, R"({"answer":"queue"})");
        records->add(asked.call_sid, store::Fact::event, R"({"event":"queued","why":"concurrent_limit"})");
    }
    twilio::twiml::Enqueue verb;
    verb.name = "parley-full-" + agent.name;
    verb.wait_url = full_url(t_.routes, "full-wait", agent.name);
    verb.action = full_url(t_.routes, "full-left", agent.name);
    return {.reason = {}, .detail = {}, .answer = xml(TwimlResponse().enqueue(verb))};
}

// Twilio comes again whenever what it was given has been played. Whoever is first in the fleet's line gets in as soon as there is a place; whether by this
// answer or called in by us is decided by who took it. The carrier's own count is what there is to go by without the store.
net::Task<Answer> PolicyDesk::wait(const Asked& asked) {
    const std::string name(asked.query.get("agent"));
    auto agent = t_.routes.services().by_name(name);
    if (!agent) co_return xml(TwimlResponse().leave());
    still_waits(name, asked.call_sid);
    auto position = number_of(asked.form.get("QueuePosition"));
    policy::Wish wish{.call_sid = asked.call_sid, .agent = name, .account = std::string(asked.form.get("AccountSid")), .line = policy::Line::inside};
    const auto caps = caps_of(*agent, *rules());
    const auto taken = co_await places_.take(std::move(wish), caps, {.grace = kGrace, .everywhere = true, .first = position <= 1});
    // Being called in; should that not come about, it comes by itself, like whoever did not get the answer that said so.
    const bool called = taken.called ? *taken.called < kCalledWithin : taken.admitted && !taken.fresh && being_called(asked.call_sid);
    if (called) co_return xml(TwimlResponse().pause({.length = 2}));
    if (taken.admitted) co_return xml(TwimlResponse().leave());
    if (taken.position > 0) position = taken.position;
    TwimlResponse response;
    if (position == 1)
        response.say("You are number one. You are next. Please stay on the line.");
    else if (position > 1)
        response.say("You are number " + std::to_string(position) + ". Please stay on the line.");
    const auto& music = t_.config.outbound.hold_music;
    response.play({.url = music.empty() ? t_.config.server.public_url + control::kHoldTunePath : music});
    co_return xml(response);
}

net::Task<Answer> PolicyDesk::leave_queue(const Asked& asked, bool redirected) {
    const std::string name(asked.query.get("agent"));
    forget_waiting(name, asked.call_sid);
    // Also one who was let in while the store did not answer, and stands in the fleet's line still.
    places_.leave_line(asked.call_sid);
    const auto result = asked.form.get("QueueResult");
    if (!redirected && result != "leave") {
        // Hung up, or the queue could not take it. The redirect that took it out has its own document.
        const bool turned_away = result == "queue-full" || result == "error" || result == "system-error";
        if (turned_away && t_.services.records != nullptr)
            t_.services.records->add(asked.call_sid, store::Fact::rejection, R"({"reason":"concurrent_limit","detail":"queue_full"})");
        if (turned_away) co_return xml(TwimlResponse().say("We are sorry, nobody can take your call right now.").hangup());
        co_return hang_up();
    }
    auto agent = t_.routes.services().by_name(name);
    if (!agent) co_return hang_up();
    // Delivered again: the same answer.
    const auto key = asked.call_sid + "/full-left/" + std::string(asked.request.idempotency_token.substr(0, 128));
    auto& registry = t_.registry;
    if (auto given = registry.answer_given(key)) co_return Answer{.status = 200, .content_type = "text/xml; charset=utf-8", .body = std::move(*given)};
    t_.log.info("policy.called_in", "A caller who waited for a place has one.", {{"call_sid", asked.call_sid}, {"agent", name}});
    Destination to;
    to.kind = Destination::Kind::agent;
    to.value = name;
    auto answer = co_await t_.routes.send_to(std::move(to), agent, asked);
    answer.body = registry.remember_answer(key, std::move(answer.body), Clock::now());
    co_return answer;
}

bool PolicyDesk::somebody_waits(const std::string& agent) {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(agent);
    if (found == waiting_.end()) return false;
    // Whoever is there comes for more music; who does not has gone without a word, or is looked after elsewhere.
    std::erase_if(found->second, [now = Clock::now()](const Waiting& one) { return now - one.seen > kStillThere; });
    return !found->second.empty();
}

void PolicyDesk::still_waits(const std::string& agent, const std::string& call_sid) {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(agent);
    if (found == waiting_.end()) return;
    for (auto& one : found->second)
        if (one.call_sid == call_sid) one.seen = Clock::now();
}

void PolicyDesk::forget_waiting(const std::string& call_sid) {
    const std::lock_guard lock(mutex_);
    for (auto line = waiting_.begin(); line != waiting_.end();) {
        std::erase_if(line->second, [&](const Waiting& one) { return one.call_sid == call_sid; });
        line = line->second.empty() ? waiting_.erase(line) : std::next(line);
    }
}

void PolicyDesk::forget_waiting(const std::string& agent, const std::string& call_sid) {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(agent);
    if (found == waiting_.end()) return;
    std::erase_if(found->second, [&](const Waiting& one) { return one.call_sid == call_sid; });
    if (found->second.empty()) waiting_.erase(found);
}

rest::Client* PolicyDesk::client_of(std::string_view account) {
    if (t_.credentials.knows(account))
        if (auto* client = accounts_.of(account)) return client;
    return client_.get();
}

// Music is long: whoever waits is called in over REST as soon as there is a place, by any instance.
void PolicyDesk::call_in_waiting(TimePoint now) {
    if (now < call_in_at_ || looking_at_lines_) return;
    call_in_at_ = now + kCallInEvery;
    bool some = places_.waiting() > 0;
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(waiting_, [](const auto& line) { return line.second.empty(); });
        some = some || !waiting_.empty();
    }
    if (!some) return;
    looking_at_lines_ = true;
    errands_.start(look_at_lines());
}

net::Task<> PolicyDesk::look_at_lines() {
    auto first = co_await places_.first_in_line();
    looking_at_lines_ = false;
    if (first.empty()) {
        // Without the store: those who came here.
        const std::lock_guard lock(mutex_);
        for (const auto& [agent, line] : waiting_)
            if (!line.empty() && places_.alone()) first.push_back({.call_sid = line.front().call_sid, .agent = agent, .account = line.front().account});
    }
    for (auto& who : first) {
        auto agent = t_.agents()->by_name(who.agent);
        if (!agent || client_of(who.account) == nullptr) continue;
        {
            const std::lock_guard lock(mutex_);
            if (!calling_in_.insert(who.call_sid).second) continue;
        }
        errands_.start(call_in(std::move(agent), who.call_sid, who.account));
    }
}

net::Task<> PolicyDesk::call_in(AgentPtr agent, std::string call_sid, std::string account) {
    policy::Wish wish{.call_sid = call_sid, .agent = agent->name, .account = account, .line = policy::Line::called};
    const auto caps = caps_of(*agent, *rules());
    const auto taken = co_await places_.take(std::move(wish), caps, {.grace = kGrace, .everywhere = true, .first = true});
    if (taken.admitted) forget_waiting(agent->name, call_sid);
    auto* client = client_of(account);
    if (taken.fresh && client != nullptr) {
        rest::CallUpdate update;
        update.url = full_url(t_.routes, "full-go", agent->name);
        rest::Calls calls(*client);
        auto done = co_await calls.update(call_sid, std::move(update));
        if (!done) {
            // Whoever is still there has not lost its turn for it. Of an unknown outcome it may be coming: its place waits for it a while.
            const auto kind = done.error().kind;
            const bool may_be_done = kind == rest::Failure::unknown || kind == rest::Failure::unavailable || kind == rest::Failure::protocol;
            if (!may_be_done) places_.free(call_sid);
            if (kind == rest::Failure::not_found || done.error().code == 21220) places_.leave_line(call_sid);
            t_.log.info("policy.waiter_gone", "A caller who waited for a place could not be called in.",
                        {{"call_sid", call_sid}, {"agent", agent->name}, {"error.type", done.error().text()}});
        }
    }
    const std::lock_guard lock(mutex_);
    calling_in_.erase(call_sid);
}

bool PolicyDesk::being_called(const std::string& call_sid) const {
    const std::lock_guard lock(mutex_);
    return calling_in_.contains(call_sid);
}

}  // namespace parley::gateway

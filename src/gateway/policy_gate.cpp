#include <nlohmann/json.hpp>

#include "parley/rest/calls.hpp"
#include "parley/webhooks/flow_routes.hpp"
#include "policy_desk.hpp"
#include "rest_account.hpp"

namespace parley::gateway {

using webhooks::Answer;
using webhooks::Asked;
using webhooks::Subject;
using Mode = flows::AnswerMode::Kind;

namespace {

constexpr auto kGrace = std::chrono::seconds(2);  // until the registry has the call, which is at once
// Nobody tells how long a menu's words or a hold's music are. Who hangs up there is told of; a word that gets lost costs the place for so long.
constexpr auto kMenuStay = std::chrono::minutes(10);
constexpr auto kHeldStay = std::chrono::hours(1);
constexpr auto kAfterRinging = std::chrono::seconds(90);

flows::Second wall() {
    return std::chrono::floor<std::chrono::seconds>(WallClock::now());
}

// Whether somebody of ours may come to talk in one of these answers.
bool takes_a_place(const std::vector<flows::AnswerMode>& answers) {
    return std::ranges::any_of(answers, [](const flows::AnswerMode& mode) {
        return mode.kind == Mode::stream || mode.kind == Mode::relay || mode.kind == Mode::gather || mode.kind == Mode::menu;
    });
}

Answer busy() {
    return webhooks::twiml_answer(twilio::TwimlResponse().reject({.reason = "busy"}));
}

}  // namespace

PolicyDesk::PolicyDesk(Telephony& telephony)
    : t_(telephony),
      errands_(t_.executor, t_.log, "policy.failed", "Something that looks after calls failed by an error of ours."),
      client_(make_rest_client(t_)),
      accounts_(t_),
      places_({.instance = t_.instance}, t_.database, t_.log) {
    read_rules();
    t_.routes.gate([this](const AgentPtr& agent, const Asked& asked) -> net::Task<std::optional<TurnedAway>> { return gate(agent, asked, 0); });
    webhooks::TwilioWebhooks::PlaceKeeper keeper;
    keeper.take = [this](AgentPtr agent, const Asked& asked, webhooks::TwilioWebhooks::Stay stay) { return enter(std::move(agent), asked, stay); };
    keeper.give_back = [this](const std::string& call_sid, bool over) {
        if (over)
            places_.end(call_sid);
        else
            places_.forget(call_sid);
    };
    t_.routes.places(std::move(keeper));
    t_.routes.route("full-wait", Subject::call, [this](const Asked& asked) { return wait(asked); });
    t_.routes.route("full-left", Subject::call, [this](const Asked& asked) { return leave_queue(asked, false); });
    t_.routes.route("full-go", Subject::call, [this](const Asked& asked) { return leave_queue(asked, true); });
    t_.may_place = [this](std::string id, std::string agent, std::string to, std::chrono::seconds ring) {
        return may_place(std::move(id), std::move(agent), std::move(to), ring);
    };
    t_.placed = [this](const std::string& id, const std::string& call_sid, std::chrono::seconds limit) { placed(id, call_sid, limit); };
    t_.dial_over = [this](const std::string& call_sid) { dial_over(call_sid); };
    t_.may_talk = [this](AgentPtr agent, std::string call_sid) -> net::Task<bool> {
        policy::Wish wish{.call_sid = std::move(call_sid), .agent = agent->name, .account = "web"};
        auto refused = co_await place_for(std::move(agent), std::move(wish), {.grace = kGrace});
        co_return !refused.has_value();
    };
    t_.services.used = [this, before = t_.services.used](const call::Agent& agent, const std::string& call_sid, const brain::VendorRecord& record) {
        if (before) before(agent, call_sid, record);
        meter_.used(call_sid, agent.name, record, wall());
    };
    t_.fact_hooks.added.push_back([this](const store::FactEvent& event) {
        if (event.fact == store::Fact::status) {
            // The carrier's last word, whatever the call came to here.
            const auto status = nlohmann::json::parse(event.json, nullptr, false);
            if (!status.is_object() || !status.contains("status") || !status["status"].is_string() ||
                !rest::terminal(rest::call_status(status["status"].get_ref<const std::string&>())))
                return;
            places_.settle(event.call_sid);  // one that was let in and did not come
            return forget_waiting(event.call_sid);
        }
        if (event.fact != store::Fact::end) return;
        const std::lock_guard lock(mutex_);
        if (ends_.size() < 10'000) ends_.emplace_back(event.call_sid, event.json);
    });
    add_resources();
}

std::shared_ptr<const PolicyDesk::Rules> PolicyDesk::rules() const {
    const std::lock_guard lock(mutex_);
    return rules_;
}

// On the control loop, or before it runs.
void PolicyDesk::read_rules() {
    const auto& fleet = t_.config.fleet;
    auto rules = std::make_shared<Rules>();
    rules->max_calls = fleet.max_calls;
    rules->max_calls_account = fleet.max_calls_account;
    rules->day = fleet.day;
    rules->currency = fleet.prices.currency;
    rules->quiet.from = policy::parse_clock(fleet.quiet_from).value_or(0);
    rules->quiet.to = policy::parse_clock(fleet.quiet_to).value_or(0);
    if (!fleet.quiet_zone.empty())
        if (auto zone = flows::TimeZone::load(fleet.quiet_zone)) rules->quiet.zone = std::move(zone);
    std::vector<policy::VendorName> vendors;
    for (const auto& vendor : t_.config.vendors) vendors.push_back({vendor.name, vendor.vendor, vendor.model});
    meter_.prices(policy::PriceList(fleet.prices, std::move(vendors)));
    const std::lock_guard lock(mutex_);
    rules_ = std::move(rules);
}
void PolicyDesk::reloaded() {
    read_rules();
}

policy::Caps PolicyDesk::caps_of(const call::Agent& agent, const Rules& rules) const {
    return {.agent = agent.policy ? agent.policy->max_calls : 0, .account = rules.max_calls_account, .fleet = rules.max_calls};
}

std::optional<std::string> PolicyDesk::day_used_up(const call::Agent& agent, const Rules& rules) const {
    const auto limited = [](const policy::Budget& budget) { return budget.money || budget.tokens || budget.time; };
    if (agent.policy && limited(agent.policy->day) && !policy::reached(agent.policy->day, meter_.today(agent.name, wall())).empty()) return "agent";
    if (limited(rules.day) && !policy::reached(rules.day, meter_.today({}, wall())).empty()) return "fleet";
    return std::nullopt;
}

net::Task<std::optional<PolicyDesk::Refusal>> PolicyDesk::place_for(AgentPtr agent, policy::Wish wish, policy::Places::Terms terms, bool goes_on) {
    const auto now_rules = rules();
    // Of a call that runs the day's budget is not asked again.
    if (!goes_on && !places_.has(wish.call_sid))
        if (const auto scope = day_used_up(*agent, *now_rules)) co_return Refusal{"tenant_quota", "budget", *scope};
    const auto caps = caps_of(*agent, *now_rules);
    const auto taken = co_await places_.take(std::move(wish), caps, terms);
    if (taken.admitted) co_return std::nullopt;
    std::optional<Refusal> refused;
    refused.emplace(Refusal{taken.full == policy::Scope::fleet ? "capacity" : "tenant_quota", "concurrent_limit", std::string(policy::name(taken.full))});
    co_return refused;
}

bool PolicyDesk::limited(const Rules& rules) const {
    if (rules.max_calls != 0 || rules.max_calls_account != 0) return true;
    return std::ranges::any_of(t_.agents()->all(), [](const AgentPtr& agent) { return agent->policy && agent->policy->max_calls != 0; });
}

net::Task<std::optional<PolicyDesk::TurnedAway>> PolicyDesk::enter(AgentPtr agent, const Asked& asked, webhooks::TwilioWebhooks::Stay stay) {
    using Stay = webhooks::TwilioWebhooks::Stay;
    using policy::Full;
    const bool outbound = asked.form.get("Direction") == "outbound-api";
    const auto full = agent->policy ? agent->policy->full : Full::inherit;
    policy::Places::Terms terms;
    terms.grace = stay == Stay::talk ? Duration(kGrace) : stay == Stay::menu ? Duration(kMenuStay) : Duration(kHeldStay);
    // The agent it comes from may have a limit, and another instance its place.
    terms.everywhere = limited(*rules());
    policy::Wish wish{.call_sid = asked.call_sid,
                      .agent = agent->name,
                      .account = std::string(asked.form.get("AccountSid")),
                      .line = full == Full::queue && !outbound && stay != Stay::held ? policy::Line::joins : policy::Line::none};
    auto refused = co_await place_for(agent, std::move(wish), terms, true);
    if (!refused) {
        if (stay != Stay::held && knows(asked.call_sid)) guard(*agent, asked, stay == Stay::talk);
        co_return std::nullopt;
    }
    const bool refuses = full == Full::inherit || full == Full::busy || outbound;
    if (refuses || stay == Stay::held) {
        t_.log.info("policy.full", "There is no place for a call.",
                    {{"call_sid", asked.call_sid}, {"agent", agent->name}, {"reason", refused->detail}, {"scope", refused->scope}});
        if (stay != Stay::held) places_.forget(asked.call_sid);
        co_return TurnedAway{.reason = refused->reason, .detail = refused->detail, .answer = {}, .scope = refused->scope};
    }
    auto away = co_await overflow(agent, asked, std::move(*refused), 0);
    co_return away;
}

net::Task<std::optional<PolicyDesk::TurnedAway>> PolicyDesk::gate(AgentPtr agent, const Asked& asked, unsigned hops) {
    const auto& form = asked.form;
    const bool outbound = form.get("Direction") == "outbound-api";
    const auto& flow = webhooks::FlowRoutes::flow_of(*agent);
    const policy::PolicySettings none;
    const auto& settings = agent->policy ? *agent->policy : none;
    policy::Decision decision;
    if (!outbound) decision = policy::decide(settings, form.get("From"), flow.hours ? &*flow.hours : nullptr, wall());
    if (!decision.allowed) co_return TurnedAway{.reason = decision.reason, .detail = decision.detail, .answer = busy()};
    const auto& answers = flow.answers(decision.closed);
    if (takes_a_place(answers)) {
        const bool waits = !outbound && settings.full == policy::Full::queue;
        policy::Wish wish{.call_sid = asked.call_sid,
                          .agent = agent->name,
                          .account = std::string(form.get("AccountSid")),
                          .line = waits ? policy::Line::joins : policy::Line::none};
        auto refused = co_await place_for(agent, std::move(wish), {.grace = kGrace, .first = waits && !somebody_waits(agent->name)});
        if (refused) {
            auto answer = co_await overflow(agent, asked, std::move(*refused), hops);
            co_return answer;
        }
    }
    guard(*agent, asked, !answers.empty() && (answers.front().kind == Mode::stream || answers.front().kind == Mode::relay));
    co_return std::nullopt;
}

// What the carrier is to know of a call once it talks. Of one that is guarded already, and of which the carrier knows nothing yet: the agent it goes on with.
void PolicyDesk::guard(const call::Agent& agent, const Asked& asked, bool streams) {
    const std::lock_guard lock(mutex_);
    const auto found = guarded_.find(asked.call_sid);
    if (found == guarded_.end() && guarded_.size() >= 100'000) return;
    if (found != guarded_.end() && found->second.told) return;
    Guarded call;
    call.agent = agent.name;
    call.account = asked.form.get("AccountSid");
    call.began = found == guarded_.end() ? Clock::now() : found->second.began;
    call.own = found == guarded_.end() ? std::chrono::seconds(0) : found->second.own;
    call.most = most_of(agent);
    call.margin = agent.policy ? agent.policy->carrier_margin : policy::PolicySettings().carrier_margin;
    if (const auto own = dialled_limits_.find(asked.call_sid); own != dialled_limits_.end()) {
        call.own = own->second;
        dialled_limits_.erase(own);
    }
    call.streams = streams;
    guarded_.insert_or_assign(asked.call_sid, std::move(call));
}
std::chrono::seconds PolicyDesk::most_of(const call::Agent& agent) {
    return std::max<std::chrono::seconds>(agent.max_duration, agent.conversation.max_duration);
}

net::Task<std::optional<control::Veto>> PolicyDesk::may_place(std::string id, std::string name, std::string to, std::chrono::seconds ring) {
    const auto now_rules = rules();
    std::optional<control::Veto> veto;
    if (const auto clock = now_rules->quiet.quiet_at(to, wall())) {
        veto.emplace(control::Veto{"quiet_hours",
                                   "It is " + *clock + " where this number is: fleet.quiet_from and fleet.quiet_to say that nobody is called at that time."});
        co_return veto;
    }
    auto agent = t_.agents()->by_name(name);
    if (!agent) co_return veto;  // refused elsewhere
    policy::Wish wish{.call_sid = std::move(id), .agent = agent->name, .account = t_.account ? t_.account->sid : std::string()};
    auto refused = co_await place_for(std::move(agent), std::move(wish), {.grace = ring + kAfterRinging});
    if (!refused) co_return veto;
    if (refused->detail == "budget")
        veto.emplace(control::Veto{"budget", "The day's budget of the " + refused->scope + " is used up: no more calls are placed today (UTC)."});
    else
        veto.emplace(control::Veto{"capacity", "There is no place for another call: the limit of the " + refused->scope + " is reached."});
    co_return veto;
}

void PolicyDesk::placed(const std::string& id, const std::string& call_sid, std::chrono::seconds time_limit) {
    if (call_sid.empty()) return places_.free(id);
    places_.rename(id, call_sid);
    const std::lock_guard lock(mutex_);
    // Answered before the carrier had told its name.
    if (const auto answered = guarded_.find(call_sid); answered != guarded_.end())
        answered->second.own = time_limit;
    else if (dialled_limits_.size() < 100'000)
        dialled_limits_[call_sid] = time_limit;
}

bool PolicyDesk::knows(const std::string& call_sid) const {
    const std::lock_guard lock(mutex_);
    return guarded_.contains(call_sid);
}

void PolicyDesk::dial_over(const std::string& call_sid) {
    const std::lock_guard lock(mutex_);
    dialled_limits_.erase(call_sid);
}

}  // namespace parley::gateway

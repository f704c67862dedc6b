#include "parley/control/outbound.hpp"

#include <algorithm>
#include <deque>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "parley/base/ids.hpp"
#include "parley/call/call_fact.hpp"
#include "parley/net/deadline.hpp"
#include "parley/twilio/form.hpp"
#include "parley/twilio/sid.hpp"
#include "records.hpp"
#include "refusals.hpp"

namespace parley::control {

using namespace std::chrono_literals;
using conversation::EndReason;
using store::Fact;

namespace {

constexpr auto kKeptAfterEnd = std::chrono::hours(24);
constexpr std::size_t kMaxParameters = 32, kMaxParameterBytes = 1024;

bool keys_only(std::string_view text) {
    return text.size() <= 32 && text.find_first_not_of("0123456789*#ABCDwW") == std::string_view::npos;
}

rest::Error outcome_unknown(std::string why) {
    rest::Error error;
    error.kind = rest::Failure::unknown;
    error.sentence = std::move(why);
    return error;
}

}  // namespace

struct Outbound::Dial {
    explicit Dial(MachinePolicy policy) : state(policy) {}
    DialView view;
    DialState state;
    std::string drop_text, note;
    std::chrono::seconds ring{30}, time_limit{3600};
    bool told = false;      // its end was counted and written
    bool unwanted = false;  // cancelled before it had a name
    bool looking = false, ending = false;
    TimePoint began, next_look, ended;
};

struct Outbound::Impl {
    Settings settings;
    Services services;
    mutable std::mutex mutex;
    std::unordered_map<std::string, std::shared_ptr<Dial>> by_id;
    std::unordered_map<std::string, std::string> id_of;  // by CallSid
    std::deque<std::string> order;                       // oldest first

    [[nodiscard]] std::shared_ptr<Dial> find(std::string_view key) const {
        auto found = by_id.find(std::string(key));
        if (found == by_id.end()) {
            const auto named = id_of.find(std::string(key));
            if (named == id_of.end()) return nullptr;
            found = by_id.find(named->second);
        }
        return found == by_id.end() ? nullptr : found->second;
    }
    [[nodiscard]] std::size_t running() const {
        return static_cast<std::size_t>(std::ranges::count_if(by_id, [](const auto& item) { return !item.second->state.over(); }));
    }
    void refresh(Dial& dial) const {
        dial.view.status = dial.state.status();
        dial.view.reason = dial.state.reason();
        dial.view.who = dial.state.who();
        dial.view.duration = dial.state.duration();
        dial.view.sip_code = dial.state.sip_code();
    }
    void make_room(TimePoint now) {
        const auto drop = [this](const std::string& id) {
            if (const auto found = by_id.find(id); found != by_id.end()) {
                id_of.erase(found->second->view.call_sid);
                by_id.erase(found);
            }
        };
        for (std::size_t i = 0; i < 8 && !order.empty(); ++i) {
            const auto found = by_id.find(order.front());
            const bool old = found == by_id.end() || (found->second->state.over() && now - found->second->ended > kKeptAfterEnd);
            if (!old) break;
            drop(order.front());
            order.pop_front();
        }
        while (order.size() >= settings.kept) {
            drop(order.front());
            order.pop_front();
        }
    }
    [[nodiscard]] std::string url(std::string_view route, const Dial& dial, bool with_agent = false) const {
        auto out = settings.public_url + "/webhooks/twilio/" + std::string(route) + "?dial=" + dial.view.id;
        if (with_agent) out += "&agent=" + twilio::encode_component(dial.view.agent);
        return out;
    }

    // Under the lock: gives the call its name. False: it has another one.
    bool adopt(const std::shared_ptr<Dial>& dial, const std::string& call_sid) {
        if (call_sid.empty() || dial->view.call_sid == call_sid) return true;
        if (!dial->view.call_sid.empty()) return false;
        dial->view.call_sid = call_sid;
        id_of[call_sid] = dial->view.id;
        // Also of a call that is answered before the carrier has told its name: its place is the one it was placed with.
        if (services.placed) services.placed(dial->view.id, call_sid, dial->time_limit);
        const auto agent = services.agent ? services.agent(dial->view.agent) : nullptr;
        if (services.records != nullptr)
            services.records->add(call_sid, Fact::call,
                                  call::call_fact({.agent = agent.get(),
                                                   .from = dial->view.from,
                                                   .to = dial->view.to,
                                                   .outbound = true,
                                                   .agent_name = dial->view.agent,
                                                   .dial = dial->view.id}));
        return true;
    }
    void write(const Dial& dial, Fact fact, const nlohmann::json& json) const {
        if (services.records != nullptr && !dial.view.call_sid.empty()) put(*services.records, dial.view.call_sid, fact, json);
    }
    void write_status(const Dial& dial) const {
        nlohmann::json json{{"status", name(dial.view.status)}};
        if (dial.view.reason != DialReason::none) json["reason"] = name(dial.view.reason);
        if (dial.view.who != AnsweredBy::nobody_knows) json["answered_by"] = name(dial.view.who);
        if (dial.view.duration) json["duration_s"] = *dial.view.duration;
        if (dial.view.sip_code) json["sip_code"] = *dial.view.sip_code;
        if (!dial.view.sentence.empty()) json["why"] = dial.view.sentence;
        write(dial, Fact::status, json);
    }

    // Under the lock, after something new is known.
    void moved(const std::shared_ptr<Dial>& dial) {
        refresh(*dial);
        write_status(*dial);
        auto& d = *dial;
        services.log.info("dial.status", "An outbound call has moved on.",
                          {{"dial", d.view.id},
                           {"call_sid", d.view.call_sid},
                           {"status", name(d.view.status)},
                           {"reason", name(d.view.reason)},
                           {"answered_by", name(d.view.who)}});
        d.next_look = Clock::now() + (d.view.status == DialStatus::in_progress ? 3 * settings.look_after
                                      : d.view.status == DialStatus::ringing   ? d.ring + settings.look_after
                                                                               : settings.look_after + d.ring);
        if (!d.state.over() || d.told) return;
        d.told = true;
        d.ended = Clock::now();
        services.metrics.dials_ended.at(name(d.view.reason)).add();
        services.metrics.dials_active.at().add(-1);
        services.log.info("dial.ended", "An outbound call is over.",
                          {{"dial", d.view.id},
                           {"call_sid", d.view.call_sid},
                           {"reason", name(d.view.reason)},
                           {"answered_by", name(d.view.who)},
                           {"dur_ms", Clock::now() - d.began}});
        // A call with a stream wrote its own end.
        const auto outcome = d.view.call_sid.empty() ? std::nullopt : services.registry.outcome(d.view.call_sid);
        if (!d.view.call_sid.empty()) {
            if (services.over) services.over(d.view.call_sid);
            if (!outcome || !outcome->attached) write(d, Fact::end, {{"reason", name(d.view.reason)}, {"duration_s", d.view.duration.value_or(0)}});
            services.registry.end_call(d.view.call_sid, EndReason::caller_hung_up);  // W14: also where the socket's end is late
        }
    }

    void refuse(Blocked why, const DialWish& wish, const By& by) const {
        services.metrics.dials_refused.at(name(why)).add();
        services.metrics.security_events.at("policy").add();
        services.log.warn("security.dial_refused", "A call out was refused.",
                          {{"reason", name(why)}, {"to", twilio::mask_phone(wish.to)}, {"agent", wish.agent}, {"who", by.who}});
    }

    // What a verdict asks for: carried out on the loop. Only ever because of a machine or a fax, never because somebody answered (W16).
    net::Task<> step(std::shared_ptr<Dial> dial, DialState::Step what) {
        const auto sid = dial->view.call_sid;
        bool done = false;
        if (what == DialState::Step::drop && !dial->drop_text.empty()) {
            rest::CallUpdate update;
            update.url = url("drop", *dial);
            auto answer = co_await services.carrier.update(sid, std::move(update));
            done = answer.has_value();
            if (!done && answer.error().kind != rest::Failure::not_found && answer.error().code != 21220)
                services.log.warn("twilio_rest.failed", "The message for a machine could not be left; the call ends.",
                                  {{"call_sid", sid}, {"error.type", answer.error().text()}});
            // The stream that was opened for the machine has been torn down by that; should its socket not know, it is told.
            if (done) services.registry.end_call(sid, EndReason::operator_hangup);
            const std::lock_guard lock(mutex);
            write(*dial, Fact::machine, {{"answered_by", name(dial->state.who())}, {"policy", name(dial->state.policy())}, {"dropped", done}});
        }
        if (!done) co_await end_it(sid);
    }

    // Under the lock. Taken back before it was heard of; asked for once.
    void hang_up_unwanted(const std::shared_ptr<Dial>& dial) {
        if (dial->ending || dial->view.call_sid.empty()) return;
        dial->ending = true;
        services.errands.start(end_it(dial->view.call_sid));
    }

    net::Task<> end_it(std::string sid) {
        auto answer = co_await services.carrier.hang_up(sid, false);
        if (!answer) {
            services.log.warn("twilio_rest.failed", "A call could not be hung up over REST; its stream is closed instead.",
                              {{"call_sid", sid}, {"error.type", answer.error().text()}});
            services.registry.end_call(sid, EndReason::operator_hangup);
        }
    }

    net::Task<> look_at(std::shared_ptr<Dial> dial) {
        const auto sid = dial->view.call_sid;
        auto answer = co_await services.carrier.fetch(sid);
        const std::lock_guard lock(mutex);
        dial->looking = false;
        dial->next_look = Clock::now() + settings.look_after;
        bool news = false;
        if (answer)
            news = dial->state.on_status(answer->status, answer->duration);
        else if (answer.error().kind == rest::Failure::not_found || Clock::now() - dial->began > dial->time_limit + dial->ring + 1h)
            news = dial->state.on_lost();
        if (!news) co_return;
        if (dial->state.over())
            services.log.warn("call.reaped", "A call's end was never told; it was found by asking.", {{"call_sid", sid}, {"dial", dial->view.id}});
        moved(dial);
    }
};

Outbound::Outbound(Settings settings, Services services)
    : impl_(new Impl{.settings = std::move(settings), .services = std::move(services), .mutex = {}, .by_id = {}, .id_of = {}, .order = {}}) {}
Outbound::~Outbound() = default;

net::Task<Outbound::Placed> Outbound::place(DialWish wish, By by) {
    auto& m = *impl_;
    Placed placed;
    const auto wrong = [&](std::string field, std::string sentence) {
        placed.why = Refusal::invalid;
        placed.field = std::move(field);
        placed.sentence = std::move(sentence);
    };
    if (wish.from.empty()) wish.from = m.settings.from;
    if (!m.services.agent_exists(wish.agent))
        wrong("agent", "There is no agent of this name.");
    else if (const auto why = wrong_address(wish.to); !why.empty())
        wrong("to", "The destination " + why + ".");
    else if (wish.from.empty())
        wrong("from", "No caller id is given, and outbound.from is not set.");
    else if (const auto bad = wrong_address(wish.from); !bad.empty())
        wrong("from", "The caller id " + bad + ".");
    else if (!wish.caller_id.empty() && !wrong_address(wish.caller_id).empty())
        wrong("caller_id", "The caller id is neither a number, nor sip: or client:.");
    else if (wish.ring < 5s || wish.ring > 600s)
        wrong("ring_seconds", "It takes 5 to 600 seconds of ringing.");
    else if (wish.time_limit < 1s || wish.time_limit > 24h)
        wrong("time_limit_seconds", "It takes 1 second to 24 hours.");
    else if (!keys_only(wish.send_digits))
        wrong("send_digits", "It takes at most 32 of 0-9 * # A-D w W.");
    else if (!wish.send_digits.empty() && wish.machine != MachinePolicy::ignore)
        wrong("send_digits", "Machines are not detected while digits are sent: leave one of both out.");
    else if (wish.drop_text.size() > 2000)
        wrong("drop_text", "It is longer than 2000 characters.");
    else if (wish.sip_user.empty() != wish.sip_password.empty() || wish.sip_user.size() > 255 || wish.sip_password.reveal().size() > 255)
        wrong("sip_user", "User and password belong together, each at most 255 characters.");
    else if (wish.parameters.size() > kMaxParameters)
        wrong("parameters", "There may be at most 32.");
    for (const auto& [key, value] : wish.parameters)
        if (key.empty() || key.size() > 64 || value.size() > kMaxParameterBytes) wrong("parameters", "A name has 1 to 64 bytes and a value at most 1024.");
    if (placed.why == Refusal::none && !m.settings.no_account.empty()) {
        placed.why = Refusal::unavailable;
        placed.sentence = m.settings.no_account;
    }
    if (placed.why != Refusal::none) co_return placed;

    const auto id = random_hex(12);
    const auto none_placed = [&m, &id, &wish] {
        if (m.services.placed) m.services.placed(id, {}, wish.time_limit);
    };
    if (m.services.may_place) {
        auto veto = co_await m.services.may_place(id, wish.agent, wish.to, wish.ring);
        if (veto) {
            m.services.metrics.dials_refused.at(veto->reason).add();
            m.services.log.warn("dial.denied", "A call out was refused.",
                                {{"reason", veto->reason}, {"to", twilio::mask_phone(wish.to)}, {"agent", wish.agent}, {"who", by.who}});
            placed.why = Refusal::not_allowed;
            placed.sentence = std::move(veto->sentence);
            co_return placed;
        }
    }
    const auto now = Clock::now();
    const std::size_t running = this->running();
    std::optional<Blocked> blocked;
    std::string blocked_sentence;
    {
        const std::lock_guard lock(m.services.guard_mutex);
        blocked = m.services.guard.take(wish.to, running, now);
        if (blocked) blocked_sentence = sentence(*blocked, m.services.guard.limits());
    }
    if (blocked) {
        none_placed();
        m.refuse(*blocked, wish, by);
        placed.why = Refusal::not_allowed;
        placed.field = *blocked == Blocked::prefix ? "to" : "";
        placed.sentence = std::move(blocked_sentence);
        co_return placed;
    }

    const auto dial = std::make_shared<Dial>(wish.machine);
    dial->view.id = id;
    dial->view.agent = wish.agent;
    dial->view.to = wish.to;
    dial->view.from = wish.from;
    dial->view.created = WallClock::now();
    dial->began = now;
    dial->next_look = TimePoint::max();
    dial->ring = wish.ring;
    dial->time_limit = wish.time_limit;
    dial->drop_text = wish.drop_text.empty() ? m.services.drop_text(wish.agent) : wish.drop_text;
    if (!wish.parameters.empty()) {
        dial->note = "This call was placed by you, not by the person you are talking to.";
        for (const auto& [key, value] : wish.parameters) dial->note += " " + key + ": " + value + ".";
    }
    {
        const std::lock_guard lock(m.mutex);
        m.make_room(now);
        m.by_id.emplace(dial->view.id, dial);
        m.order.push_back(dial->view.id);
    }
    m.services.metrics.dials_active.at().add(1);
    m.services.log.audit("dial.placed", "A call is being placed.",
                         {{"dial", dial->view.id},
                          {"agent", wish.agent},
                          {"to", twilio::mask_phone(wish.to)},
                          {"from", twilio::mask_phone(wish.from)},
                          {"machine", name(wish.machine)},
                          {"who", by.who}});

    rest::CallCreate create;
    create.to = wish.to;
    create.from = wish.from;
    create.url = m.url("outbound", *dial, true);
    create.fallback_url = m.settings.public_url + "/webhooks/twilio/fallback";
    create.status_callback = m.url("outbound-status", *dial);
    create.status_callback_event = {"initiated", "ringing", "answered", "completed"};
    create.timeout = static_cast<int>(wish.ring.count());
    create.time_limit = static_cast<int>(wish.time_limit.count());
    if (wish.record) {
        create.record = true;
        create.recording_channels = "dual";
        create.recording_status_callback = m.settings.public_url + "/webhooks/twilio/recording";
    }
    if (!wish.send_digits.empty()) create.send_digits = wish.send_digits;
    if (!wish.caller_id.empty()) create.caller_id = wish.caller_id;
    if (!wish.sip_user.empty()) {
        create.sip_auth_username = wish.sip_user;
        create.sip_auth_password = wish.sip_password;
    }
    if (wish.machine != MachinePolicy::ignore) {
        create.machine_detection = wish.machine == MachinePolicy::drop ? "DetectMessageEnd" : "Enable";
        create.async_amd = true;
        create.async_amd_status_callback = m.url("outbound-amd", *dial);
    }
    rest::Outcome<rest::Call> made = rest::Error{};
    try {
        made = co_await m.services.carrier.create(std::move(create));
        if (made && !twilio::is_call_sid(made->sid)) made = outcome_unknown("The carrier's answer names no call.");
    } catch (const std::exception& e) {
        made = outcome_unknown(e.what());
    }

    // Of an unknown outcome nothing is told: it may ring.
    if (!made && made.error().kind != rest::Failure::unknown) none_placed();
    bool unwanted = false;
    {
        const std::lock_guard lock(m.mutex);
        if (made) {
            m.adopt(dial, made->sid);
            dial->state.on_status(made->status);
            // Its end was told before its name.
            if (dial->told && m.services.over) m.services.over(made->sid);
            unwanted = dial->unwanted;
            m.moved(dial);
        } else if (made.error().kind == rest::Failure::unknown) {
            // It may ring there: callbacks carry our identifier, so it is still found if it does.
            dial->view.sentence = made.error().text();
            unwanted = dial->unwanted && !dial->view.call_sid.empty();
            m.services.log.error("dial.unknown_outcome", "Nobody knows whether this call was placed.",
                                 {{"dial", dial->view.id}, {"error.type", made.error().text()}});
            if (dial->view.call_sid.empty()) {
                dial->state.on_lost();
                m.moved(dial);
                placed.why = Refusal::unknown;
                placed.sentence = made.error().text();
            }
        } else {
            dial->view.sentence = made.error().text();
            dial->state.on_status(rest::CallStatus::failed);
            m.services.log.warn("dial.failed", "The carrier did not take this call.", {{"dial", dial->view.id}, {"error.type", made.error().text()}});
            m.moved(dial);
            placed.why = refusal_of(made.error());
            placed.sentence = made.error().text();
        }
        placed.dial = dial->view;
    }
    if (unwanted) {
        const std::lock_guard lock(m.mutex);
        m.hang_up_unwanted(dial);
    }
    co_return placed;
}

net::Task<PowerResult> Outbound::cancel(std::string key, By by) {
    auto& m = *impl_;
    std::shared_ptr<Dial> dial;
    std::string sid;
    bool answered = false;
    {
        const std::lock_guard lock(m.mutex);
        dial = m.find(key);
        if (!dial) co_return PowerResult::refused(Refusal::no_such_call, "There is no such outbound call.");
        // One that is only believed to be over is hung up should it be heard of again.
        if (dial->state.over() && !dial->state.certain()) dial->unwanted = true;
        if (dial->state.certain() || (dial->state.over() && !dial->view.call_sid.empty())) co_return PowerResult::done("The call was over already.");
        sid = dial->view.call_sid;
        answered = dial->state.status() == DialStatus::in_progress;
        if (sid.empty()) dial->unwanted = true;
    }
    m.services.log.audit("dial.canceled", "An outbound call is taken back.", {{"dial", dial->view.id}, {"call_sid", sid}, {"who", by.who}});
    if (sid.empty()) co_return PowerResult::done("The call is taken back as soon as the carrier has named it.");
    if (!answered) {
        auto early = co_await m.services.carrier.hang_up(sid, true);
        if (early) co_return PowerResult::done("The call was taken back.");
        if (early.error().code != 21220) co_return refused_by(early.error());
    }
    auto done = co_await m.services.carrier.hang_up(sid, false);
    if (done) co_return PowerResult::done("The call was hung up.");
    m.services.registry.end_call(sid, EndReason::operator_hangup);
    co_return refused_by(done.error());
}

std::optional<DialView> Outbound::view(std::string_view key) const {
    const std::lock_guard lock(impl_->mutex);
    const auto dial = impl_->find(key);
    return dial ? std::optional(dial->view) : std::nullopt;
}

std::vector<DialView> Outbound::newest(std::size_t most) const {
    const std::lock_guard lock(impl_->mutex);
    std::vector<DialView> out;
    for (auto it = impl_->order.rbegin(); it != impl_->order.rend() && out.size() < most; ++it)
        if (const auto found = impl_->by_id.find(*it); found != impl_->by_id.end()) out.push_back(found->second->view);
    return out;
}

std::size_t Outbound::running() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->running();
}

std::size_t Outbound::ringing() const {
    const std::lock_guard lock(impl_->mutex);
    return static_cast<std::size_t>(std::ranges::count_if(
        impl_->by_id, [](const auto& item) { return !item.second->state.over() && item.second->state.status() != DialStatus::in_progress; }));
}

void Outbound::cancel_ringing() {
    auto& m = *impl_;
    const std::lock_guard lock(m.mutex);
    for (const auto& [id, dial] : m.by_id) {
        if (dial->state.over() || dial->state.status() == DialStatus::in_progress) continue;
        dial->unwanted = true;
        m.hang_up_unwanted(dial);
    }
}

bool Outbound::on_status(std::string_view id, const std::string& call_sid, rest::CallStatus status, std::optional<int> duration, std::optional<int> sip_code) {
    const std::lock_guard lock(impl_->mutex);
    const auto dial = impl_->find(id);
    const bool fits = dial && impl_->adopt(dial, call_sid);
    if (fits && dial->unwanted && !rest::terminal(status)) impl_->hang_up_unwanted(dial);
    if (!fits || !dial->state.on_status(status, duration, sip_code)) {
        impl_->services.log.info("callback.ignored", "A status callback tells nothing new.",
                                 {{"reason", !dial   ? "unknown"
                                             : !fits ? "other_call"
                                                     : "stale"},
                                  {"call_sid", call_sid},
                                  {"status", rest::name(status)}});
        return fits;
    }
    impl_->moved(dial);
    return true;
}

bool Outbound::on_answered_by(std::string_view id, const std::string& call_sid, std::string_view word, std::optional<int> after_ms) {
    auto& m = *impl_;
    const auto who = answered_by(word);
    const std::lock_guard lock(m.mutex);
    const auto dial = m.find(id);
    if (!dial || !m.adopt(dial, call_sid) || !who) return false;
    if (!dial->state.on_answered_by(*who)) return true;
    nlohmann::json json{{"answered_by", std::string(word.substr(0, 32))}, {"policy", name(dial->state.policy())}};
    if (after_ms) json["after_ms"] = *after_ms;
    m.write(*dial, Fact::machine, json);
    m.moved(dial);
    const auto step = dial->state.take_step();
    if (step != DialState::Step::none) m.services.errands.start(m.step(dial, step));
    return true;
}

Outbound::Answering Outbound::answering(std::string_view id, const std::string& call_sid) {
    const std::lock_guard lock(impl_->mutex);
    const auto dial = impl_->find(id);
    if (!dial) return {};
    if (!impl_->adopt(dial, call_sid)) return {.known = true, .wanted = false, .note = {}};
    if (dial->state.certain() || dial->unwanted) return {.known = true, .wanted = false, .note = {}};
    // The document is asked for when somebody picked up: as good a word as the callback that says so.
    if (dial->state.on_status(rest::CallStatus::in_progress)) impl_->moved(dial);
    return {.known = true, .wanted = true, .note = dial->note};
}

std::string Outbound::drop_text(std::string_view id) const {
    const std::lock_guard lock(impl_->mutex);
    const auto dial = impl_->find(id);
    return dial ? dial->drop_text : std::string{};
}

net::Task<> Outbound::watch() {
    auto& m = *impl_;
    for (;;) {
        const bool waited = co_await net::sleep_until(Clock::now() + m.settings.look_every);
        if (!waited) co_return;
        const auto now = Clock::now();
        std::vector<std::shared_ptr<Dial>> due;
        {
            const std::lock_guard lock(m.mutex);
            for (const auto& [id, dial] : m.by_id) {
                if (dial->state.over() || dial->looking || dial->view.call_sid.empty()) continue;
                // A stream that has ended without the carrier's word: soon.
                const bool ended = dial->state.status() == DialStatus::in_progress && dial->next_look > now + m.settings.look_after &&
                                   m.services.registry.outcome(dial->view.call_sid);
                if (ended) dial->next_look = now + m.settings.look_after;
                if (dial->next_look > now) continue;
                dial->looking = true;
                due.push_back(dial);
                if (due.size() >= 4) break;  // at once; the others in their turn
            }
        }
        for (const auto& dial : due) m.services.errands.start(m.look_at(dial));
    }
}

}  // namespace parley::control

#include "parley/control/powers.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>

#include "parley/base/ids.hpp"
#include "parley/net/deadline.hpp"
#include "parley/twilio/form.hpp"
#include "parley/twilio/sid.hpp"
#include "powers_impl.hpp"

namespace parley::control {

namespace asio = boost::asio;
using conversation::EndReason;
using flows::Destination;
using store::Fact;
using Kind = Destination::Kind;

namespace {

// For logs: every telephone number in a sentence of ours masked.
std::string without_numbers(std::string_view sentence) {
    std::string out;
    for (std::size_t at = 0; at < sentence.size();) {
        const auto from = sentence.find('+', at);
        const auto end = from == std::string_view::npos ? from : std::min(sentence.find_first_not_of("0123456789", from + 1), sentence.size());
        out += sentence.substr(at, from == std::string_view::npos ? from : from - at);
        if (from == std::string_view::npos) break;
        out += twilio::mask_phone(sentence.substr(from, end - from));
        at = end;
    }
    return out;
}

}  // namespace

std::string room_of(const std::string& call_sid) {
    return "room-" + call_sid;
}
std::string hold_slot_of(const std::string& call_sid) {
    return "hold-" + call_sid;
}
bool is_hold_slot(std::string_view slot) {
    return slot.starts_with("hold-CA");
}
std::string queue_of_slot(std::string_view slot) {
    return "park-" + std::string(slot.empty() ? "common" : slot);
}

Powers::Powers(Settings settings, Services services)
    : impl_(new Impl{.settings = std::move(settings),
                     .services = std::move(services),
                     .mutex = {},
                     .calls = {},
                     .call_order = {},
                     .room_sids = {},
                     .room_order = {},
                     .warms = {},
                     .warm_order = {},
                     .texts = {},
                     .text_order = {}}) {}
Powers::~Powers() = default;

const Powers::Settings& Powers::settings() const {
    return impl_->settings;
}

// --- the book ------------------------------------------------------------------------------------------------------------

Known& Powers::Impl::known(const std::string& call_sid) {
    const auto [place, fresh] = calls.try_emplace(call_sid);
    if (fresh) {
        call_order.push_back(call_sid);
        while (call_order.size() > settings.kept) {
            calls.erase(call_order.front());
            call_order.pop_front();
        }
    }
    return place->second;
}

const Known* Powers::Impl::find(const std::string& call_sid) const {
    const auto found = calls.find(call_sid);
    return found == calls.end() ? nullptr : &found->second;
}

Known Powers::Impl::copy(const std::string& call_sid) const {
    const std::lock_guard lock(mutex);
    const auto* call = find(call_sid);
    return call == nullptr ? Known{} : *call;
}

void Powers::Impl::room_named(const std::string& room, const std::string& sid) {
    if (room_sids.insert_or_assign(room, sid).second) room_order.push_back(room);
    while (room_order.size() > settings.kept) {
        room_sids.erase(room_order.front());
        room_order.pop_front();
    }
}

std::string Powers::Impl::keep_text(Spoken spoken) {
    auto id = random_hex(12);
    const std::lock_guard lock(mutex);
    texts.emplace(id, std::move(spoken));
    text_order.push_back(id);
    while (text_order.size() > 1000) {
        texts.erase(text_order.front());
        text_order.pop_front();
    }
    return id;
}

std::string Powers::Impl::url(std::string_view route, const std::vector<std::pair<std::string, std::string>>& query) const {
    auto out = settings.public_url + "/webhooks/twilio/" + std::string(route);
    char next = '?';
    for (const auto& [key, value] : query) {
        out += next + key + "=" + twilio::encode_component(value);
        next = '&';
    }
    return out;
}

void Powers::Impl::write(const std::string& call_sid, Fact fact, const nlohmann::json& json) const {
    if (services.records != nullptr) put(*services.records, call_sid, fact, json);
}

bool Powers::Impl::live(const std::string& call_sid) const {
    const auto all = services.registry.live(Clock::now());
    return std::ranges::any_of(all, [&](const auto& call) { return call.call_sid == call_sid; });
}

std::string Powers::agent_of(const std::string& call_sid) const {
    auto agent = impl_->copy(call_sid).agent;
    if (agent.empty())
        if (const auto outcome = impl_->services.registry.outcome(call_sid)) agent = outcome->agent;
    return agent;
}

void Powers::brief(const std::string& call_sid, std::string summary) {
    const std::lock_guard lock(impl_->mutex);
    impl_->known(call_sid).briefing = summary.substr(0, 2000);
}

void Powers::came_from(const std::string& call_sid, std::string position) {
    const std::lock_guard lock(impl_->mutex);
    impl_->known(call_sid).position = std::move(position);
}

void Powers::entered_queue(const std::string& call_sid, const std::string& agent, const Parties& parties, const std::string& queue) {
    const std::lock_guard lock(impl_->mutex);
    auto& call = impl_->known(call_sid);
    if (!agent.empty()) call.agent = agent;
    call.parties = parties;
    call.place = Place::queue;
    call.queue = queue;
    call.held = queue == queue_of_slot(hold_slot_of(call_sid));
}

void Powers::left_queue(const std::string& call_sid) {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->find(call_sid) == nullptr) return;
    auto& call = impl_->known(call_sid);
    if (call.place == Place::queue) call.place = Place::unknown;
    call.queue.clear();
    call.held = false;
}

void Powers::entered_room(const std::string& call_sid, const std::string& agent, const Parties& parties, const std::string& room) {
    const std::lock_guard lock(impl_->mutex);
    auto& call = impl_->known(call_sid);
    if (!agent.empty()) call.agent = agent;
    call.parties = parties;
    if (call.room == room && call.place == Place::room) return;
    call.place = Place::room;
    call.room = room;
    call.room_sid.clear();
    call.room_sequence = -1;
    call.held = call.muted = false;
}

void Powers::on_room(const RoomEvent& event) {
    auto& m = *impl_;
    const std::lock_guard lock(m.mutex);
    if (!event.room.empty() && !event.conference_sid.empty()) m.room_named(event.room, event.conference_sid);
    if (event.call_sid.empty()) return;
    auto& call = m.known(event.call_sid);
    // A conference's events have one count; what is older than what we know changes nothing.
    const bool same = call.room_sid == event.conference_sid;
    if (same && event.sequence <= call.room_sequence) return;
    const bool join = event.event == "participant-join", leave = event.event == "participant-leave";
    if (leave && !same && !call.room_sid.empty()) return;  // out of a room it had left for this one
    call.room_sid = event.conference_sid;
    call.room_sequence = event.sequence;
    if (leave) {
        if (call.place == Place::room && call.room == event.room) call.place = Place::unknown;
        call.held = call.muted = false;
    } else {
        call.place = Place::room;
        call.room = event.room;
        call.held = event.hold;
        call.muted = event.muted;
    }
    if (join || leave)
        m.write(event.call_sid, Fact::conference,
                {{"event", join ? "join" : "leave"}, {"room", event.room}, {"conference_sid", event.conference_sid}, {"label", event.label}});
    for (const auto& [id, warm] : m.warms) {
        // An old transfer of the same caller waited in the same room.
        const auto* caller = m.find(warm->caller_sid);
        if (warm->room != event.room || caller == nullptr || caller->warm != id) continue;
        if (join && event.call_sid == warm->person_sid) m.perform(warm, warm->machine.on_person_joined());
        if (leave && event.call_sid == warm->caller_sid) m.perform(warm, warm->machine.on_caller_gone());
        break;
    }
}

std::optional<Powers::Spoken> Powers::spoken(std::string_view id) {
    const std::lock_guard lock(impl_->mutex);
    const auto found = impl_->texts.find(std::string(id));
    return found == impl_->texts.end() ? std::nullopt : std::optional(found->second);
}

// --- carrying out --------------------------------------------------------------------------------------------------------

net::Task<PowerResult> Powers::Impl::carried_out(std::string action, std::string call_sid, By by, net::Task<PowerResult> body) {
    PowerResult result;
    if (!twilio::is_call_sid(call_sid)) {
        result = PowerResult::refused(Refusal::invalid, "That is no CallSid.");
    } else {
        // The REST client lives on the control loop; whoever asks from another thread waits there for the answer.
        result = co_await asio::co_spawn(services.errands.executor(), std::move(body), asio::use_awaitable);
    }
    services.metrics.control_actions.at(action, name(result.why)).add();
    services.log.audit("control." + action, result.ok() ? "Something was done to a call." : "Something could not be done to a call.",
                       {{"call_sid", call_sid}, {"who", by.who}, {"result", name(result.why)}, {"what", without_numbers(result.sentence)}});
    if (result.ok() && !call_sid.empty()) write(call_sid, Fact::note, {{"action", action}, {"by", by.who}, {"what", result.sentence}});
    co_return result;
}

net::Task<PowerResult> Powers::Impl::send(std::string call_sid, std::string where, std::string sentence) {
    rest::CallUpdate update;
    update.url = std::move(where);
    auto answer = co_await services.carrier.update(call_sid, std::move(update));
    if (answer) co_return PowerResult::done(std::move(sentence));
    if (refusal_of(answer.error()) != Refusal::over && refusal_of(answer.error()) != Refusal::no_such_call)
        services.log.warn("twilio_rest.failed", "A call could not be redirected.", {{"call_sid", call_sid}, {"error.type", answer.error().text()}});
    co_return refused_by(answer.error());
}

net::Task<PowerResult> Powers::Impl::go(std::string call_sid, Destination to, std::string sentence) {
    // A live stream ends in the way the tail understands, so that the call file, the record and the memory say what happened; nothing is torn.
    if (services.registry.end_call(call_sid, EndReason::transferred, to.text())) co_return PowerResult::done(std::move(sentence));
    std::string agent = copy(call_sid).agent;
    if (agent.empty())
        if (const auto outcome = services.registry.outcome(call_sid)) agent = outcome->agent;
    // The wish has a name: its request delivered again is known by it.
    auto where = url("go", {{"to", to.text()}, {"wish", random_hex(8)}, {"agent", agent}});
    const auto place = copy(call_sid).position;
    if (const auto rest = place.find('&'); rest != std::string::npos && place.substr(0, rest) == "agent=" + agent) where += place.substr(rest);
    auto result = co_await send(call_sid, std::move(where), std::move(sentence));
    co_return result;
}

net::Task<std::optional<Powers::Impl::Found>> Powers::Impl::in_conference(std::string call_sid) {
    const auto call = copy(call_sid);
    std::vector<std::string> sids;
    if (call.place == Place::room && !call.room_sid.empty()) sids.push_back(call.room_sid);
    for (int round = 0; round < 2; ++round) {
        for (const auto& sid : sids) {
            auto people = co_await services.carrier.participants(sid);
            if (!people) continue;
            for (const auto& person : *people)
                if (person.call_sid == call_sid) co_return Found{sid, person};
        }
        if (round == 1) break;
        sids.clear();
        auto rooms = co_await services.carrier.conferences();
        if (!rooms) break;
        for (const auto& room : *rooms)
            if (sids.size() < 20) sids.push_back(room.sid);
    }
    co_return std::nullopt;
}

net::Task<std::optional<std::string>> Powers::Impl::conference_sid(std::string room, std::chrono::milliseconds within) {
    const auto until = Clock::now() + within;
    for (;;) {
        {
            const std::lock_guard lock(mutex);
            if (const auto found = room_sids.find(room); found != room_sids.end()) co_return found->second;
        }
        auto found = co_await services.carrier.conference(room);
        if (found && *found) {
            const std::lock_guard lock(mutex);
            room_named(room, (*found)->sid);
            co_return (*found)->sid;
        }
        if (Clock::now() >= until) co_return std::nullopt;
        const bool waited = co_await net::sleep_until(Clock::now() + std::chrono::milliseconds(200));
        if (!waited) co_return std::nullopt;
    }
}

net::Task<Powers::Impl::Moved> Powers::Impl::into_room(std::string call_sid) {
    Moved moved;
    auto found = co_await in_conference(call_sid);
    if (found) {
        // Participants are added by SID as well as by name.
        moved.room = found->conference_sid;
        co_return moved;
    }
    moved.room = room_of(call_sid);
    const Destination to{Kind::conference, moved.room};
    if (services.registry.end_call(call_sid, EndReason::transferred, to.text())) {
        moved.sentence = " Its agent has left the call for it.";
        moved.alone = true;
        co_return moved;
    }
    auto legs = co_await services.carrier.children(call_sid);
    const bool bridged = legs && !legs->empty();
    const std::string other_sid = bridged ? legs->front().sid : std::string();
    if (bridged) {
        // The other side first: with its own document it stays when the caller's <Dial> ends.
        auto other = co_await send(other_sid, url("room-in", {{"room", moved.room}, {"label", "other"}}), {});
        if (!other.ok()) {
            moved.refused = std::move(other);
            co_return moved;
        }
    }
    const auto agent = copy(call_sid).agent;
    auto self = co_await send(call_sid, url("room-in", {{"room", moved.room}, {"label", "caller"}, {"agent", agent}}), {});
    if (!self.ok()) {
        // The two are apart now: who went ahead does not stay there alone, and who stayed behind goes back to its agent.
        if (bridged) {
            services.errands.start(end_person(other_sid, false, false));
            const std::lock_guard lock(mutex);
            bring_back(call_sid, agent, moved.room, "The caller was to be put into a conference, which failed; the other side has gone.");
        }
        moved.refused = std::move(self);
    }
    moved.alone = !bridged;
    co_return moved;
}

std::optional<PowerResult> Powers::Impl::may_call(const std::string& to, const std::string& call_sid, const By& by) {
    const auto running = services.running();
    const std::lock_guard lock(services.guard_mutex);
    const auto blocked = services.guard.take_leg(to, running, Clock::now());
    if (!blocked) return std::nullopt;
    services.metrics.dials_refused.at(name(*blocked)).add();
    services.metrics.security_events.at("policy").add();
    services.log.warn("security.dial_refused", "A further party was not called.",
                      {{"reason", name(*blocked)}, {"to", twilio::mask_phone(to)}, {"call_sid", call_sid}, {"who", by.who}});
    return PowerResult::refused(*blocked == Blocked::address ? Refusal::invalid : Refusal::not_allowed, sentence(*blocked, services.guard.limits()));
}

std::string Powers::Impl::caller_id_for(const Known& call, const std::string& wanted) const {
    if (!wanted.empty()) return wanted;
    // A number of ours: the one the caller called, or the one we called from.
    const auto& ours = call.parties.outbound ? call.parties.from : call.parties.to;
    return ours.empty() ? settings.from : ours;
}

// --- the powers ----------------------------------------------------------------------------------------------------------

net::Task<PowerResult> Powers::transfer(std::string call_sid, TransferWish wish, By by) {
    const std::string action = wish.to.kind == Kind::warm ? "warm_transfer" : "transfer";
    return impl_->carried_out(action, call_sid, by, impl_->do_transfer(call_sid, std::move(wish), by));
}
net::Task<PowerResult> Powers::hold(std::string call_sid, By by) {
    return impl_->carried_out("hold", call_sid, std::move(by), impl_->do_hold(call_sid));
}
net::Task<PowerResult> Powers::resume(std::string call_sid, By by) {
    return impl_->carried_out("resume", call_sid, std::move(by), impl_->do_resume(call_sid));
}
net::Task<PowerResult> Powers::mute(std::string call_sid, bool muted, By by) {
    return impl_->carried_out(muted ? "mute" : "unmute", call_sid, std::move(by), impl_->do_mute(call_sid, muted));
}
net::Task<PowerResult> Powers::join(std::string call_sid, JoinWish wish, By by) {
    const std::string action = wish.coach.empty() ? "join" : "coach";
    return impl_->carried_out(action, call_sid, by, impl_->do_join(call_sid, std::move(wish), by));
}
net::Task<PowerResult> Powers::announce(std::string call_sid, std::string text, By by) {
    return impl_->carried_out("announce", call_sid, std::move(by), impl_->do_announce(call_sid, std::move(text)));
}
net::Task<PowerResult> Powers::say(std::string call_sid, std::string text, By by) {
    return impl_->carried_out("say", call_sid, std::move(by), impl_->do_say(call_sid, std::move(text)));
}
net::Task<PowerResult> Powers::keys(std::string call_sid, std::string digits, By by) {
    return impl_->carried_out("keys", call_sid, std::move(by), impl_->do_keys(call_sid, std::move(digits)));
}
net::Task<PowerResult> Powers::record(std::string call_sid, Tape what, By by) {
    return impl_->carried_out("record", call_sid, std::move(by), impl_->do_record(call_sid, what));
}
net::Task<PowerResult> Powers::park(std::string call_sid, std::string slot, By by) {
    return impl_->carried_out("park", call_sid, std::move(by), impl_->do_park(call_sid, std::move(slot)));
}
net::Task<PowerResult> Powers::pick_up(std::string call_sid, Destination to, By by) {
    return impl_->carried_out("pick_up", call_sid, by, impl_->do_pick_up(call_sid, std::move(to), by));
}
net::Task<PowerResult> Powers::hang_up(std::string call_sid, By by) {
    return impl_->carried_out("hang_up", call_sid, std::move(by), impl_->do_hang_up(call_sid));
}
net::Task<PowerResult> Powers::redirect(std::string call_sid, std::string url, By by) {
    return impl_->carried_out("redirect", call_sid, std::move(by), impl_->do_redirect(call_sid, std::move(url)));
}

net::Task<PowerResult> Powers::Impl::do_transfer(std::string call_sid, TransferWish wish, By by) {
    if (wish.to.kind == Kind::back) co_return PowerResult::refused(Refusal::invalid, "A call cannot be transferred there.");
    const bool person = wish.to.kind == Kind::number || wish.to.kind == Kind::sip || wish.to.kind == Kind::warm;
    if (person)
        if (auto refused = may_call(wish.to.value, call_sid, by)) co_return std::move(*refused);
    const auto to = wish.to;
    const bool warm = to.kind == Kind::warm;
    if (warm) {
        const std::lock_guard lock(mutex);
        auto& call = known(call_sid);
        if (!wish.summary.empty()) call.briefing = wish.summary.substr(0, 2000);
        call.warm_wish = std::move(wish);
    }
    auto result = co_await go(call_sid, to, warm ? "The caller waits while the person is called." : "The call is being transferred to " + to.text() + ".");
    if (warm && !result.ok()) {
        // Nobody waits: what was allowed for this call's transfer allows no later one.
        const std::lock_guard lock(mutex);
        known(call_sid).warm_wish = {};
    }
    if (result.ok() && !warm) write(call_sid, Fact::transfer, {{"to", to.text()}, {"mode", "cold"}, {"by", by.who}, {"result", "sent"}});
    co_return result;
}

net::Task<PowerResult> Powers::Impl::do_park(std::string call_sid, std::string slot) {
    if (!slot.empty() && !flows::parse_destination("park:" + slot))
        co_return PowerResult::refused(Refusal::invalid, "A slot is named with letters, digits, - _ and . only.");
    auto result = co_await go(call_sid, Destination{Kind::park, slot}, "The caller is being parked.");
    if (result.ok()) result.facts.emplace_back("queue", queue_of_slot(slot));
    co_return result;
}

net::Task<PowerResult> Powers::Impl::do_pick_up(std::string call_sid, Destination to, By by) {
    if (live(call_sid)) co_return PowerResult::refused(Refusal::state, "The caller is with its agent: transfer the call instead.");
    const bool person = to.kind == Kind::number || to.kind == Kind::sip;
    if (person)
        if (auto refused = may_call(to.value, call_sid, by)) co_return std::move(*refused);
    if (to.kind == Kind::hangup) {
        auto back = co_await do_resume(call_sid);
        co_return back;
    }
    auto result = co_await go(call_sid, to, "The caller is being fetched to " + to.text() + ".");
    if (result.ok()) write(call_sid, Fact::transfer, {{"to", to.text()}, {"mode", "pick_up"}, {"by", by.who}, {"result", "sent"}});
    co_return result;
}

net::Task<PowerResult> Powers::Impl::do_hold(std::string call_sid) {
    const auto call = copy(call_sid);
    if (call.place == Place::queue) co_return PowerResult::done(call.held ? "The caller is on hold already." : "The caller waits in a queue already.");
    if (live(call_sid)) {
        auto result = co_await go(call_sid, Destination{Kind::park, hold_slot_of(call_sid)}, "The caller is on hold and hears music.");
        co_return result;
    }
    auto found = co_await in_conference(call_sid);
    if (!found) {
        auto legs = co_await services.carrier.children(call_sid);
        if (!legs) co_return refused_by(legs.error());
        if (legs->empty()) {
            auto result = co_await go(call_sid, Destination{Kind::park, hold_slot_of(call_sid)}, "The caller is on hold and hears music.");
            co_return result;
        }
        // Two people in a plain <Dial>: both into a conference, where one of them can be held.
        auto moved = co_await into_room(call_sid);
        if (moved.refused) co_return std::move(*moved.refused);
        const auto sid = co_await conference_sid(moved.room, std::chrono::seconds(5));
        if (!sid) co_return PowerResult::refused(Refusal::unavailable, "The caller could not be moved to where it can be held.");
        found = Found{*sid, {}};
    }
    rest::ParticipantUpdate update;
    update.hold = true;
    if (!settings.hold_music.empty()) update.hold_url = settings.hold_music;
    // It may be on its way into the conference.
    for (int i = 0;; ++i) {
        auto held = co_await services.carrier.update_participant(found->conference_sid, call_sid, update);
        if (held) break;
        if (i >= 15 || held.error().kind != rest::Failure::not_found) co_return refused_by(held.error());
        const bool waited = co_await net::sleep_until(Clock::now() + std::chrono::milliseconds(200));
        if (!waited) co_return PowerResult::refused(Refusal::unavailable, "The gateway is going down.");
    }
    const std::lock_guard lock(mutex);
    known(call_sid).held = true;
    co_return PowerResult::done("The caller is on hold and hears music.");
}

net::Task<PowerResult> Powers::Impl::do_resume(std::string call_sid) {
    const auto call = copy(call_sid);
    if (live(call_sid)) co_return PowerResult::done("The caller is with its agent.");
    if (call.place != Place::queue) {
        auto found = co_await in_conference(call_sid);
        if (found) {
            rest::ParticipantUpdate update;
            update.hold = false;
            auto held = co_await services.carrier.update_participant(found->conference_sid, call_sid, std::move(update));
            if (!held) co_return refused_by(held.error());
            const std::lock_guard lock(mutex);
            known(call_sid).held = false;
            co_return PowerResult::done("The caller is back in the conversation.");
        }
    }
    std::string agent = call.agent;
    if (agent.empty())
        if (const auto outcome = services.registry.outcome(call_sid)) agent = outcome->agent;
    if (agent.empty()) co_return PowerResult::refused(Refusal::state, "The call has no agent it could come back to: pick it up for a destination instead.");
    services.registry.leave_note(call_sid, call.held ? "The caller was on hold and is back." : "The caller was waiting and is back.");
    auto result = co_await send(call_sid, back_url(call_sid, agent), "The caller is back with " + agent + ".");
    co_return result;
}

net::Task<PowerResult> Powers::Impl::do_mute(std::string call_sid, bool muted) {
    auto found = co_await in_conference(call_sid);
    if (!found) co_return PowerResult::refused(Refusal::state, "Only somebody in a conference can be muted, and this call is in none.");
    rest::ParticipantUpdate update;
    update.muted = muted;
    auto done = co_await services.carrier.update_participant(found->conference_sid, call_sid, std::move(update));
    if (!done) co_return refused_by(done.error());
    const std::lock_guard lock(mutex);
    known(call_sid).muted = muted;
    co_return PowerResult::done(muted ? "Nobody hears this party any more." : "This party is heard again.");
}

net::Task<PowerResult> Powers::Impl::do_join(std::string call_sid, JoinWish wish, By by) {
    const bool coaching = !wish.coach.empty();
    const auto from = caller_id_for(copy(call_sid), wish.caller_id);
    if (from.empty()) co_return PowerResult::refused(Refusal::invalid, "No caller id is known for this: give caller_id, or set outbound.from.");
    std::string room, moved_sentence;
    bool alone = false;
    if (coaching) {
        auto found = co_await in_conference(call_sid);
        if (!found) co_return PowerResult::refused(Refusal::state, "Only somebody in a conference can be coached, and this call is in none.");
        room = found->conference_sid;
    }
    if (auto refused = may_call(wish.to, call_sid, by)) co_return std::move(*refused);
    if (!coaching) {
        auto moved = co_await into_room(call_sid);
        if (moved.refused) co_return std::move(*moved.refused);
        room = moved.room;
        moved_sentence = moved.sentence;
        alone = moved.alone;
    }
    rest::ParticipantCreate create;
    create.from = from;
    create.to = wish.to;
    create.timeout = static_cast<int>(wish.ring.count());
    create.beep = "false";
    create.end_conference_on_exit = false;
    create.status_callback = url("joined", {{"for", call_sid}});
    create.status_callback_event = {"answered", "completed"};
    // Should the person be there before the caller is: who comes first says where the conference's events go.
    create.conference_status_callback = url("room", {});
    create.conference_status_callback_event = {"start", "end", "join", "leave", "mute", "hold", "modify"};
    if (!wish.label.empty()) create.label = wish.label;
    if (wish.muted) create.muted = true;
    if (coaching) {
        create.coaching = true;
        create.call_sid_to_coach = call_sid;
    }
    auto made = co_await services.carrier.add_participant(room, std::move(create));
    if (!made) {
        if (alone) {
            const std::lock_guard lock(mutex);
            bring_back(call_sid, {}, room, "The third party could not be called into the conversation. The caller is back.");
        }
        co_return refused_by(made.error());
    }
    write(call_sid, Fact::conference, {{"event", coaching ? "coach_called" : "party_called"}, {"to", wish.to}, {"call_sid", made->call_sid}});
    auto result = PowerResult::done(coaching ? "The supervisor is being called and will be heard by this party alone."
                                             : "The third party is being called into the conversation." + moved_sentence);
    result.facts.emplace_back("call_sid", made->call_sid);
    result.facts.emplace_back("conference_sid", made->conference_sid);
    co_return result;
}

net::Task<PowerResult> Powers::Impl::do_announce(std::string call_sid, std::string text) {
    if (text.empty() || text.size() > 2000) co_return PowerResult::refused(Refusal::invalid, "It takes a text of 1 to 2000 characters.");
    auto found = co_await in_conference(call_sid);
    if (!found) co_return PowerResult::refused(Refusal::state, "The call is in no conference.");
    auto done = co_await services.carrier.announce(found->conference_sid, url("spoken", {{"id", keep_text({std::move(text), {}})}}));
    if (!done) co_return refused_by(done.error());
    co_return PowerResult::done("It is being said to everybody in the conference.");
}

net::Task<PowerResult> Powers::Impl::do_say(std::string call_sid, std::string text) {
    if (text.empty() || text.size() > 2000) co_return PowerResult::refused(Refusal::invalid, "It takes a text of 1 to 2000 characters.");
    if (services.registry.tell(call_sid, call::SayNow{text})) co_return PowerResult::done("The agent says it.");
    auto found = co_await in_conference(call_sid);
    if (!found) co_return PowerResult::refused(Refusal::state, "The call is neither with its agent nor in a conference: nothing can be said to it now.");
    rest::ParticipantUpdate update;
    update.announce_url = url("spoken", {{"id", keep_text({std::move(text), {}})}});
    auto done = co_await services.carrier.update_participant(found->conference_sid, call_sid, std::move(update));
    if (!done) co_return refused_by(done.error());
    co_return PowerResult::done("It is being said to this party alone.");
}

net::Task<PowerResult> Powers::Impl::do_keys(std::string call_sid, std::string digits) {
    if (digits.empty() || digits.size() > 32 || digits.find_first_not_of("0123456789*#ABCDwW") != std::string::npos)
        co_return PowerResult::refused(Refusal::invalid, "It takes 1 to 32 of 0-9 * # A-D w W.");
    if (services.registry.tell(call_sid, call::KeysNow{digits})) co_return PowerResult::done("The digits are being sent.");
    auto found = co_await in_conference(call_sid);
    if (!found) co_return PowerResult::refused(Refusal::state, "The call is neither with its agent nor in a conference: no digits can be sent to it now.");
    rest::ParticipantUpdate update;
    update.announce_url = url("spoken", {{"id", keep_text({{}, std::move(digits)})}});
    auto done = co_await services.carrier.update_participant(found->conference_sid, call_sid, std::move(update));
    if (!done) co_return refused_by(done.error());
    co_return PowerResult::done("The digits are being sent.");
}

net::Task<PowerResult> Powers::Impl::do_record(std::string call_sid, Tape what) {
    rest::Outcome<rest::Recording> answer = rest::Error{};
    std::string sentence;
    if (what == Tape::start) {
        rest::RecordingStart start;
        start.recording_channels = "dual";
        start.recording_status_callback = url("recording", {});
        start.recording_status_callback_event = {"in-progress completed absent"};
        answer = co_await services.carrier.start_recording(call_sid, std::move(start));
        sentence = "The call is being recorded.";
    } else if (what == Tape::pause) {
        answer = co_await services.carrier.pause_recording(call_sid);
        sentence = "The recording is paused.";
    } else if (what == Tape::resume) {
        answer = co_await services.carrier.resume_recording(call_sid);
        sentence = "The recording goes on.";
    } else {
        answer = co_await services.carrier.stop_recording(call_sid);
        sentence = "The recording is stopped.";
    }
    if (!answer) {
        if (what != Tape::start && answer.error().kind == rest::Failure::not_found)
            co_return PowerResult::refused(Refusal::state, "No recording of this call is running.");
        co_return refused_by(answer.error());
    }
    write(call_sid, Fact::recording, {{"sid", answer->sid}, {"status", rest::name(answer->status)}});
    auto result = PowerResult::done(std::move(sentence));
    result.facts.emplace_back("recording_sid", answer->sid);
    co_return result;
}

net::Task<PowerResult> Powers::Impl::do_hang_up(std::string call_sid) {
    // The agent's part ends first: behind the carrier's end it would look as if the caller had hung up.
    const bool closed = services.registry.end_call(call_sid, EndReason::operator_hangup);
    auto done = co_await services.carrier.hang_up(call_sid, false);
    if (done) co_return PowerResult::done("The call is hung up.");
    // W19: the last resort is the stream, whose tail hangs up.
    services.log.warn("twilio_rest.failed", "A call could not be hung up over REST.",
                      {{"call_sid", call_sid}, {"error.type", done.error().text()}, {"stream_closed", closed}});
    if (closed) co_return PowerResult::done("The carrier did not answer; the agent's stream is closed, and the call ends with it.");
    co_return refused_by(done.error());
}

net::Task<PowerResult> Powers::Impl::do_redirect(std::string call_sid, std::string where) {
    const bool good = where.starts_with("https://") && where.size() <= 2048 && where.find_first_of(" \r\n\t<>\"") == std::string::npos;
    if (!good) co_return PowerResult::refused(Refusal::invalid, "It takes an https URL of at most 2048 characters.");
    auto result = co_await send(call_sid, std::move(where), "The call goes on with that document.");
    if (result.ok()) services.registry.end_call(call_sid, EndReason::operator_hangup);
    co_return result;
}

}  // namespace parley::control

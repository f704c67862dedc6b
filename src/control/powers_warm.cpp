// Warm transfers: the machine's steps carried out, and what the routes are told.

#include <algorithm>

#include "parley/base/ids.hpp"
#include "parley/net/deadline.hpp"
#include "parley/twilio/sid.hpp"
#include "parley/twilio/twiml.hpp"
#include "powers_impl.hpp"

namespace parley::control {

using conversation::EndReason;
using store::Fact;

namespace {

constexpr std::size_t kMaxWarms = 2000;
constexpr std::size_t kMaxBriefing = 600;

}  // namespace

std::string Powers::Impl::last_words(const std::string& call_sid) const {
    const auto outcome = services.registry.outcome(call_sid);
    if (!outcome) return {};
    for (auto line = outcome->memory.lines.rbegin(); line != outcome->memory.lines.rend(); ++line)
        if (line->side == conversation::ContextLine::Side::caller && !line->text.empty()) return line->text.substr(0, kMaxBriefing);
    return {};
}

Powers::Waiting Powers::begin_warm(const std::string& call_sid, const std::string& agent, const Parties& parties, const std::string& person) {
    auto& m = *impl_;
    entered_room(call_sid, agent, parties, room_of(call_sid));
    const auto words = m.last_words(call_sid);
    const std::lock_guard lock(m.mutex);
    auto& call = m.known(call_sid);
    // The same request again: the transfer is under way.
    if (const auto running = m.warms.find(call.warm); running != m.warms.end() && running->second->machine.waiting()) return {running->second->room};
    auto times = m.settings.warm;
    const bool wished = call.warm_wish.to.kind == flows::Destination::Kind::warm && call.warm_wish.to.value == person;
    const auto wish = wished ? call.warm_wish : TransferWish{};
    if (wished) times.ring = wish.ring;
    const auto warm = std::make_shared<Warm>(times, Clock::now());
    warm->wish = wish;
    warm->id = random_hex(12);
    warm->caller_sid = call_sid;
    warm->agent = agent;
    warm->person = person;
    warm->room = room_of(call_sid);
    warm->since = Clock::now();
    warm->text = "You have a call";
    if (!agent.empty()) warm->text += " from " + agent;
    warm->text += ". ";
    if (!call.briefing.empty())
        warm->text += call.briefing.substr(0, kMaxBriefing);
    else if (!words.empty())
        warm->text += "The caller said: " + words;
    call.briefing.clear();
    call.warm_wish = {};
    call.warm = warm->id;
    m.warms.emplace(warm->id, warm);
    m.warm_order.push_back(warm->id);
    while (m.warm_order.size() > kMaxWarms) {
        m.warms.erase(m.warm_order.front());
        m.warm_order.pop_front();
    }
    m.services.log.audit("transfer.warm", "A person is called for a waiting caller.",
                         {{"call_sid", call_sid}, {"agent", agent}, {"to", twilio::mask_phone(person)}});
    m.services.errands.start(m.call_person(warm, m.caller_id_for(call, wish.caller_id)));
    return {warm->room};
}

net::Task<> Powers::Impl::call_person(std::shared_ptr<Warm> warm, std::string from) {
    std::string why;
    if (from.empty()) why = "no caller id";
    // Wished by an operator or a tool: looked at when it was wished. An agent's own way here has passed no guard.
    if (why.empty() && warm->wish.to.kind != flows::Destination::Kind::warm)
        if (auto refused = may_call(warm->person, warm->caller_sid, By{"agent " + warm->agent})) why = refused->sentence;
    if (why.empty()) {
        rest::CallCreate create;
        create.to = warm->person;
        create.from = std::move(from);
        // With what a gateway needs that has been started anew meanwhile.
        const std::vector<std::pair<std::string, std::string>> query{{"for", warm->caller_sid}, {"agent", warm->agent}, {"w", warm->id}};
        create.url = url("warm-brief", query);
        create.status_callback = url("warm-status", query);
        create.status_callback_event = {"answered", "completed"};
        create.timeout =
            static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(
                                 warm->wish.to.kind == flows::Destination::Kind::warm ? std::chrono::milliseconds(warm->wish.ring) : settings.warm.ring)
                                 .count());
        if (warm->wish.detect_machine) {
            create.machine_detection = "Enable";
            create.async_amd = true;
            create.async_amd_status_callback = url("warm-amd", {{"w", warm->id}});
        }
        auto made = co_await services.carrier.create(std::move(create));
        if (made) {
            const std::lock_guard lock(mutex);
            if (warm->person_sid.empty()) warm->person_sid = made->sid;
            // The caller may have gone while this was asked.
            if (warm->machine.phase() == WarmTransfer::Phase::over) services.errands.start(end_person(warm->person_sid, true, false));
            co_return;
        }
        why = made.error().text();
    }
    services.log.warn("transfer.failed", "The person for a warm transfer could not be called.",
                      {{"call_sid", warm->caller_sid}, {"to", twilio::mask_phone(warm->person)}, {"reason", why}});
    const std::lock_guard lock(mutex);
    perform(warm, warm->machine.on_person_failed());
}

// What the machine asks for; its result is written once.
void Powers::Impl::perform(const std::shared_ptr<Warm>& warm, const WarmTransfer::Step& step) {
    if (warm->machine.result() != WarmResult::pending && !warm->written &&
        (warm->machine.phase() == WarmTransfer::Phase::joined || warm->machine.phase() == WarmTransfer::Phase::over)) {
        warm->written = true;
        const auto result = warm->machine.phase() == WarmTransfer::Phase::joined ? WarmResult::accepted : warm->machine.result();
        write(warm->caller_sid, Fact::transfer, {{"to", "warm:" + warm->person}, {"mode", "warm"}, {"result", name(result)}, {"call_sid", warm->person_sid}});
        services.log.info("transfer.warm_ended", "A warm transfer is decided.",
                          {{"call_sid", warm->caller_sid}, {"result", name(result)}, {"dur_ms", Clock::now() - warm->since}});
    }
    if ((step.hang_up_person || step.tell_person_gone) && !warm->person_sid.empty())
        services.errands.start(end_person(warm->person_sid, !step.tell_person_gone, step.tell_person_gone));
    if (step.take_back) bring_back(warm->caller_sid, warm->agent, warm->room, step.note);
    if (step.verify) services.errands.start(verify(warm));
}

net::Task<> Powers::Impl::verify(std::shared_ptr<Warm> warm) {
    auto found = co_await services.carrier.conference(warm->room);
    if (!found) co_return;  // asked again
    bool there = false, waits = false;
    if (*found) {
        auto people = co_await services.carrier.participants((*found)->sid);
        if (!people) co_return;
        const auto has = [&](const std::string& sid) {
            return std::ranges::any_of(*people, [&](const auto& one) { return one.call_sid == sid && one.status != "complete" && one.status != "failed"; });
        };
        there = has(warm->person_sid);
        waits = has(warm->caller_sid);
    }
    const std::lock_guard lock(mutex);
    // A person who has gone again, and no caller left behind: the talk is over.
    there = there || (warm->machine.person_over() && !waits);
    perform(warm, there ? warm->machine.on_person_joined() : warm->machine.on_not_joined());
}

net::Task<> Powers::Impl::end_person(std::string person_sid, bool ringing, bool tell) {
    if (tell) {
        rest::CallUpdate update;
        twilio::TwimlResponse document;
        document.say("The caller has hung up. Goodbye.").hangup();
        if (auto text = document.str()) update.twiml = std::move(*text);
        auto told = co_await services.carrier.update(person_sid, std::move(update));
        if (told) co_return;
    }
    if (ringing) {
        auto early = co_await services.carrier.hang_up(person_sid, true);
        if (early) co_return;
    }
    auto done = co_await services.carrier.hang_up(person_sid, false);
    if (!done)
        services.log.warn("twilio_rest.failed", "The person called could not be hung up on.", {{"call_sid", person_sid}, {"error.type", done.error().text()}});
}

std::optional<std::string> Powers::briefing(std::string_view id) {
    auto& m = *impl_;
    const std::lock_guard lock(m.mutex);
    const auto found = m.warms.find(std::string(id));
    if (found == m.warms.end() || !found->second->machine.waiting()) return std::nullopt;
    m.perform(found->second, found->second->machine.on_briefing(Clock::now()));
    return found->second->text;
}

bool Powers::knows_warm(std::string_view id) const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->warms.contains(std::string(id));
}

void Powers::warm_orphaned(const std::string& call_sid, const std::string& agent, const std::string& person_sid, rest::CallStatus status) {
    if (rest::terminal(status) && twilio::is_call_sid(call_sid))
        impl_->services.errands.start(impl_->look_alone(call_sid, agent, person_sid, "The connection to the person called was lost. Nobody took the call."));
}

Powers::Connect Powers::warm_answer(std::string_view id, Verdict verdict) {
    auto& m = *impl_;
    Connect out;
    const std::lock_guard lock(m.mutex);
    const auto found = m.warms.find(std::string(id));
    if (found == m.warms.end()) {
        out.unknown = true;
        return out;
    }
    const auto& warm = found->second;
    if (warm->machine.phase() == WarmTransfer::Phase::over) {
        out.caller_gone = warm->machine.result() == WarmResult::caller_left;
        return out;
    }
    if ((verdict == Verdict::unclear || verdict == Verdict::silent) && ++warm->asked < 2) {
        out.again = true;
        return out;
    }
    if (verdict == Verdict::takes)
        m.perform(warm, warm->machine.on_answer(true, Clock::now()));
    else if (verdict == Verdict::refuses)
        m.perform(warm, warm->machine.on_answer(false, Clock::now()));
    else
        m.perform(warm, warm->machine.on_silence());
    out.joins = warm->machine.phase() == WarmTransfer::Phase::accepted || warm->machine.phase() == WarmTransfer::Phase::joined;
    out.room = warm->room;
    return out;
}

void Powers::warm_status(std::string_view id, const std::string& person_sid, rest::CallStatus status) {
    auto& m = *impl_;
    const std::lock_guard lock(m.mutex);
    const auto found = m.warms.find(std::string(id));
    if (found == m.warms.end()) return;
    const auto& warm = found->second;
    if (warm->person_sid.empty()) warm->person_sid = person_sid;
    if (warm->person_sid != person_sid) return;
    m.perform(warm, warm->machine.on_person(status, Clock::now()));
}

void Powers::warm_machine(std::string_view id, std::string_view answered_by) {
    auto& m = *impl_;
    const bool nobody = answered_by.starts_with("machine") || answered_by == "fax";
    const std::lock_guard lock(m.mutex);
    const auto found = m.warms.find(std::string(id));
    if (found != m.warms.end() && nobody) m.perform(found->second, found->second->machine.on_machine());
}

bool Powers::caller_left_room(const std::string& call_sid) {
    auto& m = *impl_;
    const std::lock_guard lock(m.mutex);
    const auto* call = m.find(call_sid);
    if (call == nullptr) return false;
    const auto found = m.warms.find(call->warm);
    if (found == m.warms.end()) return false;
    const bool taken = found->second->machine.phase() == WarmTransfer::Phase::joined || found->second->machine.phase() == WarmTransfer::Phase::accepted;
    m.perform(found->second, found->second->machine.on_caller_gone());
    return taken;
}

net::Task<> Powers::watch() {
    auto& m = *impl_;
    for (;;) {
        const bool waited = co_await net::sleep_until(Clock::now() + m.settings.beat);
        if (!waited) co_return;
        const auto now = Clock::now();
        const std::lock_guard lock(m.mutex);
        for (const auto& [id, warm] : m.warms) m.perform(warm, warm->machine.on_time(now));
        m.look_after_returns(now);
    }
}

}  // namespace parley::control

#include "conferences.hpp"

#include <algorithm>

#include "call_parameters.hpp"
#include "parley/sim/identifiers.hpp"

namespace parley::sim {
namespace {

ApiAnswer refusal(const ApiCall& call, ConferenceOutcome outcome) {
    switch (outcome) {
        case ConferenceOutcome::full:
            return api_error(400, 16020, "Conference is full");
        case ConferenceOutcome::ended:
            return api_error(400, 16022, "The conference is over");
        default:
            return not_found(call);
    }
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
}

std::optional<ApiAnswer> read_entry(const ApiCall& call, ConferenceEntry& entry) {
    entry.label = call.value("Label");
    const bool looks_like_call = entry.label.size() == 34 && entry.label.starts_with("CA");
    if (entry.label.size() > 128 || entry.label.find('/') != std::string::npos || looks_like_call) return api_error(400, 16023, "Invalid participant label");
    entry.muted = call.flag("Muted", false);
    entry.start_on_enter = call.flag("StartConferenceOnEnter", true);
    entry.end_on_exit = call.flag("EndConferenceOnExit", false);
    const auto beep = call.value("Beep");
    entry.beep = beep == "false" ? Beep::none : (beep == "onEnter" ? Beep::on_enter : (beep == "onExit" ? Beep::on_exit : Beep::both));
    if (call.flag("Coaching", false)) {
        entry.coach = call.value("CallSidToCoach");
        if (entry.coach.empty()) return api_error(400, 20001, "Coaching needs CallSidToCoach");
    }
    if (call.has("WaitUrl")) {
        entry.wait_url = call.value("WaitUrl");
        if (!entry.wait_url->empty() && !usable_url(*entry.wait_url)) return api_error(400, 21402, "Invalid WaitUrl");
    }
    entry.wait_method = call.verb("WaitMethod");
    const auto most = call.has("MaxParticipants") ? call.number("MaxParticipants") : std::optional<long>(250);
    if (!most || *most < 2 || *most > 250) return api_error(400, 20001, "MaxParticipants: 2 to 250");
    entry.max_participants = static_cast<int>(*most);
    const auto record = call.value("ConferenceRecord");
    entry.room_record = record == "true" || record == "record-from-start";
    entry.room_recording.trim_silence = call.value("ConferenceTrim") != "do-not-trim";
    entry.room_recording.callback = call.value("ConferenceRecordingStatusCallback");
    entry.room_recording.callback_method = call.verb("ConferenceRecordingStatusCallbackMethod");
    if (const auto events = call.list("ConferenceRecordingStatusCallbackEvent"); !events.empty()) entry.room_recording.callback_events = joined(events);
    entry.room_callback = call.value("ConferenceStatusCallback");
    entry.room_callback_method = call.verb("ConferenceStatusCallbackMethod");
    const auto events = call.list("ConferenceStatusCallbackEvent");
    entry.room_callback_events = events.empty() ? "start end" : joined(events);
    return std::nullopt;
}

}  // namespace

Json Conferences::json(const ConferenceView& view) const {
    const auto base = world_.path("/Conferences/" + view.sid);
    return {{"account_sid", world_.account_sid()},
            {"date_created", rfc2822(view.created)},
            {"date_updated", rfc2822(view.updated)},
            {"api_version", "2010-04-01"},
            {"friendly_name", view.friendly_name},
            {"region", view.region},
            {"sid", view.sid},
            {"status", view.status},
            {"uri", base + ".json"},
            {"subresource_uris", {{"participants", base + "/Participants.json"}, {"recordings", base + "/Recordings.json"}}},
            {"reason_conference_ended", or_null(view.reason_ended)},
            {"call_sid_ending_conference", or_null(view.call_sid_ending)}};
}

Json Conferences::json(const ParticipantView& view) const {
    return {{"account_sid", world_.account_sid()},
            {"call_sid", view.call_sid},
            {"label", or_null(view.label)},
            {"call_sid_to_coach", or_null(view.call_sid_to_coach)},
            {"coaching", view.coaching},
            {"conference_sid", view.conference_sid},
            {"date_created", rfc2822(view.created)},
            {"date_updated", rfc2822(view.updated)},
            {"end_conference_on_exit", view.end_on_exit},
            {"muted", view.muted},
            {"hold", view.hold},
            {"start_conference_on_enter", view.start_on_enter},
            {"status", view.status},
            {"queue_time", "0"},
            {"uri", world_.path("/Conferences/" + view.conference_sid + "/Participants/" + view.call_sid + ".json")}};
}

ApiAnswer Conferences::handle(const ApiCall& call) {
    if (call.parts.size() == 1) return call.get() ? list(call) : not_allowed();
    if (call.part(2) == "Participants") return participants(call);
    const auto view = world_.carrier.conference(call.part(1));
    if (!view) return not_found(call);
    if (call.part(2) == "Recordings") return recordings_.below(call, 2, view->sid, true);
    return call.parts.size() == 2 ? one(call, *view) : not_found(call);
}

ApiAnswer Conferences::list(const ApiCall& call) {
    for (const char* name : {"DateCreated", "DateUpdated"}) {
        if (const auto bad = unreadable_date(call, name); !bad.empty()) return api_error(400, 20001, "Invalid " + bad);
    }
    auto all = world_.carrier.conferences();
    std::reverse(all.begin(), all.end());
    std::vector<ListItem> items;
    for (const auto& view : all) {
        const auto differs = [&](const char* name, const std::string& value) { return !call.value(name).empty() && call.value(name) != value; };
        if (differs("Status", view.status) || differs("FriendlyName", view.friendly_name)) continue;
        if (!date_passes(call, "DateCreated", view.created) || !date_passes(call, "DateUpdated", view.updated)) continue;
        items.push_back({view.sid, json(view)});
    }
    return world_.paging.plain(call, "conferences", std::move(items));
}

ApiAnswer Conferences::one(const ApiCall& call, const ConferenceView& view) {
    if (call.get()) return api_json(200, json(view));
    if (!call.post()) return not_allowed();
    if (const auto status = call.value("Status"); !status.empty()) {
        if (status != "completed") return api_error(400, 20001, "Status must be completed");
        const auto outcome = world_.carrier.end_conference(view.sid);
        if (outcome != ConferenceOutcome::done) return refusal(call, outcome);
    }
    if (const auto url = call.value("AnnounceUrl"); !url.empty()) {
        if (!usable_url(url)) return api_error(400, 21402, "Invalid AnnounceUrl");
        const auto outcome = world_.carrier.announce(view.sid, url, call.verb("AnnounceMethod"));
        if (outcome != ConferenceOutcome::done) return refusal(call, outcome);
    }
    auto out = json(world_.carrier.conference(view.sid).value_or(view));
    if (!call.value("Status").empty()) out["status"] = "completed";
    return api_json(200, out);
}

ApiAnswer Conferences::participants(const ApiCall& call) {
    const auto conference = call.part(1);
    if (call.parts.size() == 3 && call.post()) return add(call, conference);
    const auto view = world_.carrier.conference(conference);
    if (!view) return not_found(call);
    if (call.parts.size() == 3) {
        if (!call.get()) return not_allowed();
        std::vector<ListItem> items;
        for (const auto& one : world_.carrier.participants(conference)) {
            const auto differs = [&](const char* name, bool value) { return call.has(name) && call.flag(name, false) != value; };
            if (!differs("Muted", one.muted) && !differs("Hold", one.hold) && !differs("Coaching", one.coaching)) items.push_back({one.call_sid, json(one)});
        }
        return world_.paging.plain(call, "participants", std::move(items));
    }
    const auto participant = world_.carrier.participant(conference, call.part(3));
    if (!participant || call.parts.size() != 4) return not_found(call);
    if (call.get()) return api_json(200, json(*participant));
    if (call.post()) return update(call, conference, *participant);
    if (!call.remove()) return not_allowed();
    const auto outcome = world_.carrier.remove_participant(conference, call.part(3));
    return outcome == ConferenceOutcome::done ? no_content() : refusal(call, outcome);
}

ApiAnswer Conferences::add(const ApiCall& call, const std::string& conference) {
    CallPlan plan;
    ConferenceEntry entry;
    if (auto refused = read_call_parameters(call, world_, true, plan)) return *refused;
    if (auto refused = read_entry(call, entry)) return *refused;
    for (const auto& one : entry.label.empty() ? std::vector<ParticipantView>{} : world_.carrier.participants(conference)) {
        if (one.label == entry.label) return api_error(400, 16025, "The participant label is already used");
    }
    if (conference.starts_with("CF") && conference.size() == 34 && !world_.carrier.conference(conference)) return not_found(call);
    const auto from = plan.from, to = plan.to;
    const auto added = world_.carrier.add_participant(conference, std::move(plan), entry);
    if (added.outcome != ConferenceOutcome::done) return refusal(call, added.outcome);
    ParticipantView view;
    view.call_sid = added.call_sid;
    view.conference_sid = added.conference_sid;
    view.label = entry.label;
    view.call_sid_to_coach = entry.coach;
    view.coaching = !entry.coach.empty();
    view.muted = entry.muted;
    view.start_on_enter = entry.start_on_enter;
    view.end_on_exit = entry.end_on_exit;
    view.status = "queued";
    view.created = view.updated = std::chrono::system_clock::now();
    return api_json(201, json(view));
}

ApiAnswer Conferences::update(const ApiCall& call, const std::string& conference, const ParticipantView& view) {
    ParticipantUpdate update;
    const auto flag = [&](const char* name, std::optional<bool>& into) {
        if (call.has(name)) into = call.flag(name, false);
    };
    flag("Muted", update.muted);
    flag("Hold", update.hold);
    flag("EndConferenceOnExit", update.end_on_exit);
    flag("Coaching", update.coaching);
    flag("BeepOnExit", update.beep_on_exit);
    if (call.has("CallSidToCoach")) update.coach = call.value("CallSidToCoach");
    for (const char* name : {"HoldUrl", "WaitUrl", "AnnounceUrl"}) {
        if (!call.value(name).empty() && !usable_url(call.value(name))) return api_error(400, 21402, std::string("Invalid ") + name);
    }
    if (call.has("HoldUrl")) update.hold_url = call.value("HoldUrl");
    if (call.has("WaitUrl")) update.wait_url = call.value("WaitUrl");
    update.hold_method = call.verb("HoldMethod", "GET");
    update.wait_method = call.verb("WaitMethod");
    update.announce_url = call.value("AnnounceUrl");
    update.announce_method = call.verb("AnnounceMethod");
    const auto outcome = world_.carrier.update_participant(conference, view.call_sid, update);
    if (outcome != ConferenceOutcome::done) return refusal(call, outcome);
    // The change takes effect on the participant's own thread; the answer says what was asked.
    auto after = world_.carrier.participant(conference, view.call_sid).value_or(view);
    after.muted = update.muted.value_or(after.muted);
    after.hold = update.hold.value_or(after.hold);
    after.end_on_exit = update.end_on_exit.value_or(after.end_on_exit);
    after.coaching = update.coaching.value_or(after.coaching);
    if (update.coach) after.call_sid_to_coach = *update.coach;
    return api_json(200, json(after));
}

}  // namespace parley::sim

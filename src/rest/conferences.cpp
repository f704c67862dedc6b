#include "parley/rest/conferences.hpp"

#include "resource.hpp"

namespace parley::rest {
namespace {

Conference read_conference(const Fields& f) {
    Conference c;
    c.sid = f.text("sid");
    c.account_sid = f.text("account_sid");
    c.friendly_name = f.text("friendly_name");
    c.region = f.text("region");
    c.status = f.text("status");
    c.reason_conference_ended = f.text("reason_conference_ended");
    c.call_sid_ending_conference = f.text("call_sid_ending_conference");
    c.date_created = f.when("date_created");
    c.date_updated = f.when("date_updated");
    return c;
}

Participant read_participant(const Fields& f) {
    Participant p;
    p.call_sid = f.text("call_sid");
    p.account_sid = f.text("account_sid");
    p.conference_sid = f.text("conference_sid");
    p.label = f.text("label");
    p.call_sid_to_coach = f.text("call_sid_to_coach");
    p.status = f.text("status");
    p.muted = f.yes("muted");
    p.hold = f.yes("hold");
    p.coaching = f.yes("coaching");
    p.end_conference_on_exit = f.yes("end_conference_on_exit");
    p.start_conference_on_enter = f.yes("start_conference_on_enter");
    p.queue_time = f.number("queue_time");
    p.date_created = f.when("date_created");
    p.date_updated = f.when("date_updated");
    return p;
}

void fill(Params& params, const ParticipantCreate& c) {
    Fill add(params);
    add.always("From", c.from).always("To", c.to);
    add("StatusCallback", c.status_callback)("StatusCallbackMethod", c.status_callback_method)("StatusCallbackEvent", c.status_callback_event);
    add("Label", c.label)("Timeout", c.timeout)("TimeLimit", c.time_limit)("Record", c.record)("Muted", c.muted)("Beep", c.beep);
    add("StartConferenceOnEnter", c.start_conference_on_enter)("EndConferenceOnExit", c.end_conference_on_exit);
    add("WaitUrl", c.wait_url)("WaitMethod", c.wait_method)("EarlyMedia", c.early_media)("MaxParticipants", c.max_participants);
    add("ConferenceRecord", c.conference_record)("ConferenceTrim", c.conference_trim);
    add("ConferenceStatusCallback", c.conference_status_callback)("ConferenceStatusCallbackMethod", c.conference_status_callback_method);
    add("ConferenceStatusCallbackEvent", c.conference_status_callback_event);
    add("RecordingChannels", c.recording_channels)("RecordingTrack", c.recording_track);
    add("RecordingStatusCallback", c.recording_status_callback)("RecordingStatusCallbackMethod", c.recording_status_callback_method);
    add("RecordingStatusCallbackEvent", c.recording_status_callback_event);
    add("ConferenceRecordingStatusCallback", c.conference_recording_status_callback);
    add("ConferenceRecordingStatusCallbackMethod", c.conference_recording_status_callback_method);
    add("ConferenceRecordingStatusCallbackEvent", c.conference_recording_status_callback_event);
    add("SipAuthUsername", c.sip_auth_username)("SipAuthPassword", c.sip_auth_password)("Region", c.region);
    add("Coaching", c.coaching)("CallSidToCoach", c.call_sid_to_coach)("JitterBufferSize", c.jitter_buffer_size);
    add("Byoc", c.byoc)("CallerId", c.caller_id)("CallReason", c.call_reason)("Trim", c.trim)("CallToken", c.call_token);
    add("ClientNotificationUrl", c.client_notification_url)("CallerDisplayName", c.caller_display_name);
    add("MachineDetection", c.machine_detection)("MachineDetectionTimeout", c.machine_detection_timeout);
    add("MachineDetectionSpeechThreshold", c.machine_detection_speech_threshold)("MachineDetectionSpeechEndThreshold",
                                                                                 c.machine_detection_speech_end_threshold);
    add("MachineDetectionSilenceTimeout", c.machine_detection_silence_timeout);
    add("AmdStatusCallback", c.amd_status_callback)("AmdStatusCallbackMethod", c.amd_status_callback_method);
}

net::Task<Outcome<std::optional<Conference>>> find_one(Client& client, std::string friendly_name) {
    Request request = get("/Conferences.json");
    Fill(request.params).always("FriendlyName", friendly_name).always("Status", "in-progress");
    Outcome<std::vector<Conference>> found = co_await all(client, std::move(request), "conferences", 20, &read_conference);
    if (!found) co_return found.error();
    std::optional<Conference> running;
    for (Conference& conference : *found) {
        if (conference.friendly_name == friendly_name && conference.status == "in-progress" && !running) running = std::move(conference);
    }
    co_return std::move(running);
}

net::Task<Outcome<>> end_one(Client& client, Request request) {
    Outcome<Answer> answer = co_await client.send(std::move(request));
    if (!answer && answer.error().kind != Failure::not_found && answer.error().code != 16022) co_return answer.error();
    co_return Outcome<>();
}

std::string item(const std::string& sid) {
    return "/Conferences/" + segment(sid) + ".json";
}

}  // namespace

net::Task<Outcome<std::vector<Conference>>> Conferences::list(ConferenceFilter filter) {
    Request request = get("/Conferences.json");
    Fill add(request.params);
    add("Status", filter.status)("FriendlyName", filter.friendly_name);
    add("DateCreated", filter.date_created)("DateCreated<", filter.date_created_before)("DateCreated>", filter.date_created_after);
    add("DateUpdated", filter.date_updated)("DateUpdated<", filter.date_updated_before)("DateUpdated>", filter.date_updated_after);
    return all(client_, std::move(request), "conferences", filter.most, &read_conference);
}
net::Task<Outcome<Conference>> Conferences::fetch(std::string sid) {
    return one(client_, get(item(sid)), &read_conference);
}
net::Task<Outcome<std::optional<Conference>>> Conferences::find(std::string friendly_name) {
    return find_one(client_, std::move(friendly_name));
}
net::Task<Outcome<>> Conferences::end(std::string sid) {
    Request request = post(item(sid), Repeat::safe);
    request.params.emplace_back("Status", "completed");
    return end_one(client_, std::move(request));
}
net::Task<Outcome<Conference>> Conferences::announce(std::string sid, std::string url, std::string method) {
    // Twice said is worse than not at all: no repetition after a lost answer.
    Request request = post(item(sid), Repeat::never);
    Fill(request.params).always("AnnounceUrl", std::move(url)).always("AnnounceMethod", std::move(method));
    return one(client_, std::move(request), &read_conference);
}

net::Task<Outcome<Participant>> Participants::create(ParticipantCreate wanted) {
    Request request = post(base_ + ".json", Repeat::never);
    fill(request.params, wanted);
    return one(client_, std::move(request), &read_participant);
}
net::Task<Outcome<std::vector<Participant>>> Participants::list(ParticipantFilter filter) {
    Request request = get(base_ + ".json");
    Fill(request.params)("Muted", filter.muted)("Hold", filter.hold)("Coaching", filter.coaching);
    return all(client_, std::move(request), "participants", filter.most, &read_participant);
}
net::Task<Outcome<Participant>> Participants::fetch(std::string call_sid) {
    return one(client_, get(base_ + "/" + segment(call_sid) + ".json"), &read_participant);
}
net::Task<Outcome<Participant>> Participants::update(std::string call_sid, ParticipantUpdate wanted) {
    Request request = post(base_ + "/" + segment(call_sid) + ".json", wanted.announce_url ? Repeat::never : Repeat::safe);
    Fill add(request.params);
    add("Muted", wanted.muted)("Hold", wanted.hold)("HoldUrl", wanted.hold_url)("HoldMethod", wanted.hold_method);
    add("AnnounceUrl", wanted.announce_url)("AnnounceMethod", wanted.announce_method)("WaitUrl", wanted.wait_url)("WaitMethod", wanted.wait_method);
    add("BeepOnExit", wanted.beep_on_exit)("EndConferenceOnExit", wanted.end_conference_on_exit);
    add("Coaching", wanted.coaching)("CallSidToCoach", wanted.call_sid_to_coach);
    return one(client_, std::move(request), &read_participant);
}
net::Task<Outcome<>> Participants::remove(std::string call_sid) {
    return gone(client_, erase(base_ + "/" + segment(call_sid) + ".json"));
}

}  // namespace parley::rest

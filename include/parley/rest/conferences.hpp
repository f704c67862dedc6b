#pragma once
// Conferences and who is in them. A conference begins when somebody joins it: by TwiML, or by Participants::create, which dials.

#include <optional>
#include <string>
#include <vector>

#include "parley/rest/client.hpp"

namespace parley::rest {

struct Conference {
    std::string sid, account_sid, friendly_name, region, status;  // status: init, in-progress, completed
    std::string reason_conference_ended, call_sid_ending_conference;
    When date_created, date_updated;
};

struct ConferenceFilter {
    std::optional<std::string> status, friendly_name, date_created, date_created_before, date_created_after, date_updated, date_updated_before,
        date_updated_after;
    std::size_t most = 100;
};

class Conferences {
public:
    explicit Conferences(Client& client) : client_(client) {}
    net::Task<Outcome<std::vector<Conference>>> list(ConferenceFilter filter);
    net::Task<Outcome<Conference>> fetch(std::string sid);
    // The running one of that name; nothing: there is none.
    net::Task<Outcome<std::optional<Conference>>> find(std::string friendly_name);
    net::Task<Outcome<>> end(std::string sid);  // over already (404, 16022): success
    net::Task<Outcome<Conference>> announce(std::string sid, std::string url, std::string method = "POST");

private:
    Client& client_;
};

struct Participant {
    std::string call_sid, account_sid, conference_sid, label, call_sid_to_coach, status;  // status: queued, connecting, ringing, connected, complete, failed
    bool muted = false, hold = false, coaching = false, end_conference_on_exit = false, start_conference_on_enter = false;
    std::optional<int> queue_time;  // ms
    When date_created, date_updated;
};

struct ParticipantCreate {
    std::string from, to;
    std::optional<std::string> status_callback, status_callback_method, label;
    std::vector<std::string> status_callback_event;
    std::optional<int> timeout, time_limit, max_participants;
    std::optional<bool> record, muted, start_conference_on_enter, end_conference_on_exit, early_media, coaching;
    std::optional<std::string> beep, wait_url, wait_method, conference_record, conference_trim;
    std::optional<std::string> conference_status_callback, conference_status_callback_method;
    std::vector<std::string> conference_status_callback_event;
    std::optional<std::string> recording_channels, recording_track, recording_status_callback, recording_status_callback_method;
    std::vector<std::string> recording_status_callback_event;
    std::optional<std::string> conference_recording_status_callback, conference_recording_status_callback_method;
    std::vector<std::string> conference_recording_status_callback_event;
    std::optional<std::string> sip_auth_username;
    std::optional<Secret> sip_auth_password;
    std::optional<std::string> region, call_sid_to_coach, jitter_buffer_size, byoc, caller_id, call_reason, trim, call_token, client_notification_url,
        caller_display_name;
    std::optional<std::string> machine_detection, amd_status_callback, amd_status_callback_method;
    std::optional<int> machine_detection_timeout, machine_detection_speech_threshold, machine_detection_speech_end_threshold, machine_detection_silence_timeout;
};

struct ParticipantUpdate {
    std::optional<bool> muted, hold, beep_on_exit, end_conference_on_exit, coaching;
    std::optional<std::string> hold_url, hold_method, announce_url, announce_method, wait_url, wait_method, call_sid_to_coach;
};

struct ParticipantFilter {
    std::optional<bool> muted, hold, coaching;
    std::size_t most = 250;
};

// Of one conference: its SID or, for create, its friendly name. A participant is named by its CallSid or label.
class Participants {
public:
    Participants(Client& client, std::string conference) : client_(client), base_("/Conferences/" + segment(conference) + "/Participants") {}
    net::Task<Outcome<Participant>> create(ParticipantCreate wanted);  // a lost answer is Failure::unknown
    net::Task<Outcome<std::vector<Participant>>> list(ParticipantFilter filter = {});
    net::Task<Outcome<Participant>> fetch(std::string call_sid);
    net::Task<Outcome<Participant>> update(std::string call_sid, ParticipantUpdate wanted);
    net::Task<Outcome<>> remove(std::string call_sid);  // not there: as good as removed

private:
    Client& client_;
    std::string base_;
};

}  // namespace parley::rest

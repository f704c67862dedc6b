#pragma once
// Calls and what hangs on a call: recordings, streams, transcriptions, digits by document. Fields are Twilio's, in snake case; what is not given is not sent.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "parley/rest/client.hpp"
#include "parley/rest/dates.hpp"

namespace parley::rest {

enum class CallStatus : std::uint8_t { queued, initiated, ringing, in_progress, completed, busy, failed, no_answer, canceled, other };
[[nodiscard]] CallStatus call_status(std::string_view text);
[[nodiscard]] std::string_view name(CallStatus status);
[[nodiscard]] bool terminal(CallStatus status);

struct Call {
    std::string sid, parent_call_sid, account_sid, to, from, direction, answered_by, forwarded_from, caller_name, phone_number_sid, price, price_unit,
        trunk_sid, group_sid;
    CallStatus status = CallStatus::other;
    std::optional<int> duration;    // s
    std::optional<int> queue_time;  // ms
    When date_created, date_updated, start_time, end_time;
};

struct CallCreate {
    std::string to, from;
    std::optional<std::string> url, twiml, application_sid, method, fallback_url, fallback_method, status_callback, status_callback_method;
    std::vector<std::string> status_callback_event;
    std::optional<std::string> send_digits, caller_id, recording_channels, recording_status_callback, recording_status_callback_method, recording_track, trim;
    std::vector<std::string> recording_status_callback_event;
    std::optional<std::string> sip_auth_username;
    std::optional<Secret> sip_auth_password;
    std::optional<std::string> machine_detection, async_amd_status_callback, async_amd_status_callback_method;
    std::optional<bool> async_amd, record;
    std::optional<int> timeout, time_limit, machine_detection_timeout, machine_detection_speech_threshold, machine_detection_speech_end_threshold,
        machine_detection_silence_timeout;
    std::optional<std::string> byoc, call_reason, call_token, client_notification_url;
};

struct CallUpdate {
    std::optional<std::string> status, url, method, twiml, fallback_url, fallback_method, status_callback, status_callback_method;
    std::optional<int> time_limit;
};

struct CallFilter {
    std::optional<std::string> to, from, parent_call_sid, status, start_time, start_time_before, start_time_after, end_time, end_time_before, end_time_after;
    std::size_t most = 200;  // so many at most, over as many pages as it takes
};

// A view of the client: what it begins needs the client, not the view.
class Calls {
public:
    explicit Calls(Client& client) : client_(client) {}
    // After a lost answer (time-out, 5xx, reset) looks in the list for the very call by To, From and the time before it gives up as `unknown`: one
    // wish never becomes two calls (catalogue W22).
    net::Task<Outcome<Call>> create(CallCreate wanted);
    net::Task<Outcome<Call>> fetch(std::string sid);
    net::Task<Outcome<Call>> update(std::string sid, CallUpdate wanted);
    // Over already (404, 21220) counts as success: what was wanted holds.
    net::Task<Outcome<>> hang_up(std::string sid, bool only_before_answer = false);
    net::Task<Outcome<std::vector<Call>>> list(CallFilter filter);
    net::Task<Outcome<>> remove(std::string sid);

private:
    Client& client_;
};

}  // namespace parley::rest

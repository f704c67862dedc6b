#pragma once
// Twilio's form callbacks as values, and how reports about one call combine whatever their order.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "parley/twilio/form.hpp"

namespace parley::twilio {

enum class CallStatus : std::uint8_t { unknown, queued, initiated, ringing, in_progress, completed, busy, failed, no_answer, canceled };
[[nodiscard]] std::string_view to_string(CallStatus status);  // Twilio's words; "unknown"
[[nodiscard]] CallStatus call_status_of(std::string_view word);
[[nodiscard]] constexpr bool is_terminal(CallStatus status) {
    return status >= CallStatus::completed;
}

enum class Direction : std::uint8_t { unknown, inbound, outbound_api, outbound_dial };

// POST to a voice URL, an action URL or the tail. CallSid and AccountSid are required (form_missing_field) and must be
// wire ids (form_bad_value, see sid.hpp); everything else may be empty. Values are the sender's: escape, mask or bound
// them before use.
struct VoiceWebhook {
    std::string call_sid{}, account_sid{};
    std::string from{}, to{};
    std::string caller_name{}, forwarded_from{}, parent_call_sid{};
    std::string from_country{}, to_country{}, stir_verstat{}, answered_by{};
    std::string error_code{}, error_url{};  // only on the fallback URL
    std::string stream_sid{};               // on the action of <Connect><Stream>
    std::string digits{}, speech_result{};  // on the action of <Gather>
    std::optional<double> confidence;
    Direction direction = Direction::unknown;
    CallStatus status = CallStatus::unknown;
};
[[nodiscard]] Result<VoiceWebhook> parse_voice_webhook(const Form& form);

// Call progress (StatusCallback). Required: CallSid, AccountSid, CallStatus with a known word.
struct StatusCallback {
    std::string call_sid{}, account_sid{}, parent_call_sid{};
    CallStatus status = CallStatus::unknown;
    std::optional<std::uint32_t> sequence;    // SequenceNumber, from 0
    std::optional<std::uint32_t> duration_s;  // CallDuration, on terminal statuses
    std::optional<std::uint32_t> sip_response;
    std::string timestamp{};  // RFC 2822, as sent
    std::string answered_by{}, error_code{};
};
[[nodiscard]] Result<StatusCallback> parse_status_callback(const Form& form);

enum class StreamEvent : std::uint8_t { unknown, started, stopped, error };
// Media stream status. Required: CallSid, AccountSid, StreamSid, StreamEvent with a known word.
struct StreamCallback {
    std::string call_sid{}, account_sid{}, stream_sid{}, stream_name{};
    StreamEvent event = StreamEvent::unknown;
    std::string error{};                      // text, at most 512 bytes kept
    std::optional<std::uint32_t> error_code;  // StreamErrorCode, or a 31xxx found in the text
    std::string timestamp{};                  // ISO 8601, as sent
};
[[nodiscard]] Result<StreamCallback> parse_stream_callback(const Form& form);

// The state of a call as its reports tell it. Reports may be lost, doubled and reordered; the outcome depends only on
// which of them arrived: a terminal status beats every other, among numbered reports the highest SequenceNumber wins,
// an unnumbered report (a webhook's own CallStatus) can only advance the status.
class CallProgress {
public:
    enum class Merge : std::uint8_t {
        advanced,   // the status changed
        recorded,   // newer, same status
        stale,      // something newer or terminal is known already
        duplicate,  // this very report is known already
    };
    Merge merge(CallStatus status, std::optional<std::uint32_t> sequence);
    [[nodiscard]] CallStatus status() const;
    [[nodiscard]] bool ended() const { return is_terminal(status()); }

private:
    struct Report {
        CallStatus status = CallStatus::unknown;
        std::uint32_t sequence = 0;
    };
    std::optional<Report> numbered_;
    CallStatus unnumbered_ = CallStatus::unknown;
};

}  // namespace parley::twilio

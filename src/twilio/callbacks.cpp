#include "parley/twilio/callbacks.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>
#include <utility>

#include "parley/twilio/sid.hpp"

namespace parley::twilio {
namespace {

constexpr std::array<std::string_view, 10> kStatusWords{"unknown",   "queued", "initiated", "ringing",   "in-progress",
                                                        "completed", "busy",   "failed",    "no-answer", "canceled"};
constexpr std::size_t kMaxErrorText = 512;

// Copies the two identifiers every callback carries.
error_code read_ids(const Form& form, std::string& call_sid, std::string& account_sid) {
    for (const auto& [name, out] : {std::pair{"CallSid", &call_sid}, std::pair{"AccountSid", &account_sid}}) {
        const auto value = form.find(name);
        if (!value) return errc::form_missing_field;
        if (!is_wire_id(*value)) return errc::form_bad_value;
        *out = *value;
    }
    return {};
}

std::optional<std::uint32_t> number_of(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<double> confidence_of(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !(value >= 0) || value > 1) return std::nullopt;
    return value;
}

// Stream errors are numbered 319xx; some accounts see the number only inside the text.
std::optional<std::uint32_t> error_code_in(std::string_view text) {
    for (std::size_t at = text.find("319"); at != std::string_view::npos; at = text.find("319", at + 1)) {
        const bool starts = at == 0 || text[at - 1] < '0' || text[at - 1] > '9';
        const bool ends = at + 5 >= text.size() || text[at + 5] < '0' || text[at + 5] > '9';
        if (starts && ends) {
            if (const auto code = number_of(text.substr(at, 5)); code && *code >= 31900) return code;
        }
    }
    return std::nullopt;
}

}  // namespace

std::string_view to_string(CallStatus status) {
    return kStatusWords[static_cast<std::size_t>(status)];
}

CallStatus call_status_of(std::string_view word) {
    for (std::size_t i = 1; i < kStatusWords.size(); ++i) {
        if (kStatusWords[i] == word) return static_cast<CallStatus>(i);
    }
    return CallStatus::unknown;
}

Result<VoiceWebhook> parse_voice_webhook(const Form& form) {
    VoiceWebhook out;
    if (const error_code ec = read_ids(form, out.call_sid, out.account_sid)) return ec;
    for (const auto& [name, field] :
         {std::pair{"From", &out.from}, std::pair{"To", &out.to}, std::pair{"CallerName", &out.caller_name}, std::pair{"ForwardedFrom", &out.forwarded_from},
          std::pair{"ParentCallSid", &out.parent_call_sid}, std::pair{"FromCountry", &out.from_country}, std::pair{"ToCountry", &out.to_country},
          std::pair{"StirVerstat", &out.stir_verstat}, std::pair{"AnsweredBy", &out.answered_by}, std::pair{"ErrorCode", &out.error_code},
          std::pair{"ErrorUrl", &out.error_url}, std::pair{"StreamSid", &out.stream_sid}, std::pair{"Digits", &out.digits},
          std::pair{"SpeechResult", &out.speech_result}}) {
        *field = form.get(name);
    }
    out.confidence = confidence_of(form.get("Confidence"));
    out.status = call_status_of(form.get("CallStatus"));
    const std::string_view direction = form.get("Direction");
    out.direction = direction == "inbound"         ? Direction::inbound
                    : direction == "outbound-api"  ? Direction::outbound_api
                    : direction == "outbound-dial" ? Direction::outbound_dial
                                                   : Direction::unknown;
    return out;
}

Result<StatusCallback> parse_status_callback(const Form& form) {
    StatusCallback out;
    if (const error_code ec = read_ids(form, out.call_sid, out.account_sid)) return ec;
    if (!form.has("CallStatus")) return make_error_code(errc::form_missing_field);
    out.status = call_status_of(form.get("CallStatus"));
    if (out.status == CallStatus::unknown) return make_error_code(errc::form_bad_value);
    out.parent_call_sid = form.get("ParentCallSid");
    out.sequence = number_of(form.get("SequenceNumber"));
    out.duration_s = number_of(form.get("CallDuration"));
    out.sip_response = number_of(form.get("SipResponseCode"));
    out.timestamp = form.get("Timestamp");
    out.answered_by = form.get("AnsweredBy");
    out.error_code = form.get("ErrorCode");
    return out;
}

Result<StreamCallback> parse_stream_callback(const Form& form) {
    StreamCallback out;
    if (const error_code ec = read_ids(form, out.call_sid, out.account_sid)) return ec;
    const auto sid = form.find("StreamSid");
    const auto event = form.find("StreamEvent");
    if (!sid || !event) return make_error_code(errc::form_missing_field);
    out.event = *event == "stream-started"   ? StreamEvent::started
                : *event == "stream-stopped" ? StreamEvent::stopped
                : *event == "stream-error"   ? StreamEvent::error
                                             : StreamEvent::unknown;
    if (!is_wire_id(*sid) || out.event == StreamEvent::unknown) return make_error_code(errc::form_bad_value);
    out.stream_sid = *sid;
    out.stream_name = form.get("StreamName");
    out.error = form.get("StreamError").substr(0, kMaxErrorText);
    out.error_code = number_of(form.get("StreamErrorCode"));
    if (!out.error_code) out.error_code = error_code_in(out.error);
    out.timestamp = form.get("Timestamp");
    return out;
}

CallStatus CallProgress::status() const {
    const CallStatus numbered = numbered_ ? numbered_->status : CallStatus::unknown;
    if (is_terminal(numbered)) return numbered;
    return std::max(numbered, unnumbered_);
}

CallProgress::Merge CallProgress::merge(CallStatus reported, std::optional<std::uint32_t> sequence) {
    if (reported == CallStatus::unknown) return Merge::stale;
    const CallStatus before = status();
    if (sequence) {
        const auto rank = [](const Report& r) { return std::tuple(is_terminal(r.status), r.sequence, r.status); };
        const Report report{reported, *sequence};
        if (numbered_ && rank(report) == rank(*numbered_)) return Merge::duplicate;
        if (numbered_ && rank(report) < rank(*numbered_)) return Merge::stale;
        numbered_ = report;
    } else {
        if (reported == unnumbered_) return Merge::duplicate;
        if (reported < unnumbered_) return Merge::stale;
        unnumbered_ = reported;
    }
    if (status() != before) return Merge::advanced;
    return is_terminal(before) ? Merge::stale : Merge::recorded;
}

}  // namespace parley::twilio

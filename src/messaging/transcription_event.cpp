#include "parley/messaging/transcription_event.hpp"

#include <charconv>

#include <nlohmann/json.hpp>

#include "parley/twilio/sid.hpp"

namespace parley::messaging {

using nlohmann::json;

namespace {

constexpr std::size_t kMostText = 16 * 1024;

std::optional<double> decimal(std::string_view text) {
    double value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size() || !(value >= 0 && value <= 1)) return std::nullopt;
    return value;
}

// {"transcript":"hello there","confidence":0.93}
bool read_data(std::string_view text, TranscriptionEvent& event) {
    const auto data = json::parse(text, nullptr, false);
    if (!data.is_object()) return false;
    const auto words = data.find("transcript");
    if (words == data.end() || !words->is_string()) return false;
    event.text = words->get<std::string>().substr(0, kMostText);
    const auto confidence = data.find("confidence");
    if (confidence != data.end() && confidence->is_number())
        event.confidence = confidence->get<double>();
    else if (confidence != data.end() && confidence->is_string())
        event.confidence = decimal(confidence->get_ref<const std::string&>());
    return true;
}

}  // namespace

std::optional<TranscriptionEvent> read_transcription(const twilio::Form& form) {
    using Kind = TranscriptionEvent::Kind;
    TranscriptionEvent event;
    event.call_sid = form.get("CallSid");
    event.sid = form.get("TranscriptionSid");
    if (!twilio::is_call_sid(event.call_sid) || !twilio::is_sid(event.sid, "GT")) return std::nullopt;
    const auto name = form.get("TranscriptionEvent");
    if (name == "transcription-started")
        event.kind = Kind::started;
    else if (name == "transcription-content")
        event.kind = Kind::content;
    else if (name == "transcription-stopped")
        event.kind = Kind::stopped;
    else if (name == "transcription-error")
        event.kind = Kind::error;
    else
        return std::nullopt;
    event.track = form.get("Track").substr(0, 20);
    event.language = form.get("LanguageCode").substr(0, 20);
    event.timestamp = form.get("Timestamp").substr(0, 40);
    const auto sequence = form.get("SequenceId");
    std::from_chars(sequence.data(), sequence.data() + sequence.size(), event.sequence);
    if (event.kind == Kind::content) {
        if (event.track != "inbound_track" && event.track != "outbound_track") return std::nullopt;
        if (!read_data(form.get("TranscriptionData"), event)) return std::nullopt;
        event.final_words = form.get("Final") == "true";
        event.stability = decimal(form.get("Stability"));
    }
    if (event.kind == Kind::error) {
        event.code = form.get("TranscriptionErrorCode").substr(0, 10);
        event.words = form.get("TranscriptionError").substr(0, 300);
    }
    return event;
}

std::optional<VoicemailText> read_voicemail_text(const twilio::Form& form) {
    VoicemailText told;
    told.call_sid = form.get("CallSid");
    told.recording_sid = form.get("RecordingSid");
    told.sid = form.get("TranscriptionSid");
    // Some answers carry only the address, which ends with it.
    if (const auto url = form.get("RecordingUrl"); told.recording_sid.empty() && !url.empty())
        told.recording_sid = url.substr(url.rfind('/') + 1).substr(0, 64);
    if (!twilio::is_call_sid(told.call_sid) || !twilio::is_sid(told.recording_sid, "RE") || (!told.sid.empty() && !twilio::is_sid(told.sid, "TR")))
        return std::nullopt;
    const auto status = form.get("TranscriptionStatus");
    if (status != "completed" && status != "failed") return std::nullopt;
    told.completed = status == "completed";
    if (told.completed) told.text = form.get("TranscriptionText").substr(0, kMostText);
    return told;
}

std::string voicemail_fact(const VoicemailText& told) {
    json fact{{"recording_sid", told.recording_sid}, {"transcription", told.completed ? "completed" : "failed"}};
    if (!told.sid.empty()) fact["transcription_sid"] = told.sid;
    if (told.completed) fact["transcript"] = told.text;
    return fact.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string transcript_fact(const TranscriptionEvent& event) {
    using Kind = TranscriptionEvent::Kind;
    json fact;
    switch (event.kind) {
        case Kind::content:
            if (!event.final_words || event.text.empty()) return {};
            fact = {{"track", event.track},
                    {"who", event.track == "inbound_track" ? "caller" : "agent"},
                    {"text", event.text},
                    {"final", true},
                    {"source", "twilio"},
                    {"sequence", event.sequence},
                    {"transcription_sid", event.sid}};
            if (!event.timestamp.empty()) fact["at"] = event.timestamp;
            if (event.confidence) fact["confidence"] = *event.confidence;
            break;
        case Kind::started:
            fact = {{"text", "transcription started"}, {"transcription_sid", event.sid}};
            break;
        case Kind::stopped:
            fact = {{"text", "transcription stopped"}, {"transcription_sid", event.sid}};
            break;
        case Kind::error:
            fact = {{"text", "transcription failed"}, {"transcription_sid", event.sid}, {"code", event.code}, {"reason", event.words}};
            break;
    }
    return fact.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace parley::messaging

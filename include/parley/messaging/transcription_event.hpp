#pragma once
// What Twilio's live transcription tells. Pure.

#include <cstdint>
#include <optional>
#include <string>

#include "parley/twilio/form.hpp"

namespace parley::messaging {

struct TranscriptionEvent {
    enum class Kind : std::uint8_t { started, content, stopped, error } kind = Kind::started;
    std::string call_sid, sid, track, language, timestamp;
    std::uint32_t sequence = 0;
    // content
    std::string text;
    bool final_words = false;
    std::optional<double> confidence, stability;
    // error
    std::string code, words;
};
// Nothing: it is none of these, or its inner JSON is not what it should be.
[[nodiscard]] std::optional<TranscriptionEvent> read_transcription(const twilio::Form& form);

// What <Record transcribe> tells once, minutes later: of a recording, not of a call under way.
struct VoicemailText {
    std::string call_sid, recording_sid, sid, text;
    bool completed = false;  // false: it failed, and there is no text
};
[[nodiscard]] std::optional<VoicemailText> read_voicemail_text(const twilio::Form& form);
// As a `voicemail` fact: it joins the one with the same recording_sid.
[[nodiscard]] std::string voicemail_fact(const VoicemailText& told);

// As a fact of the call's record: of final words `transcript`, of the rest `note`. Empty: nothing worth keeping (partial words).
[[nodiscard]] std::string transcript_fact(const TranscriptionEvent& event);

}  // namespace parley::messaging

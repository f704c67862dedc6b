#pragma once
// <ConversationRelay> as the carrier understands it.

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/sim/twiml_document.hpp"

namespace parley::sim {

// Which input may do something: cut speech short, or be reported.
struct RelayInputs {
    bool speech = true, dtmf = true;
};
[[nodiscard]] bool read_inputs(std::string_view text, RelayInputs& out);  // none dtmf speech any, true, false

struct RelayLanguage {
    std::string code, tts_provider, voice, transcription_provider, speech_model;
};

struct RelaySettings {
    std::string url, welcome;
    RelayInputs welcome_interruptible, interruptible, report{false, false};
    std::string tts_language, transcription_language, tts_provider, voice, transcription_provider;
    std::chrono::milliseconds speech_before_interrupt{200};  // by interruptSensitivity
    std::chrono::milliseconds silence{600};                  // that ends the caller's turn, by speechTimeout
    bool keys = false, preemptible = false, partials = false, ignore_backchannel = false;
    bool speaker_events = false, tokens_played = false, debugging = false;
    std::vector<RelayLanguage> languages;
    std::vector<std::pair<std::string, std::string>> parameters;
    std::vector<std::string> problems;  // error 64101 each
    [[nodiscard]] bool knows_language(std::string_view code) const;
};

// Attributes in the documentation's spelling and in that of the libraries, which write four of them in lower case.
[[nodiscard]] RelaySettings read_relay_settings(const TwimlElement& noun);

}  // namespace parley::sim

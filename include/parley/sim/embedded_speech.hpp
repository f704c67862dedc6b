#pragma once
// The caller's voice and ear on the embedded engines. Several calls may use one object at once; engines are pooled
// inside.

#include <memory>
#include <stdexcept>
#include <string>

#include "parley/sim/speech_ports.hpp"

namespace parley::sim {

struct EmbeddedSpeechSettings {
    std::string default_voice = "rms";  // not the gateway's own, so that nobody talks to himself
    std::string model = "/usr/share/pocketsphinx/model/en-us";
    double accept = 0.7;  // a phrase counts as heard from this confidence on
};

// Throws std::runtime_error when an engine or a model is missing.
[[nodiscard]] std::shared_ptr<CallerVoice> make_embedded_voice(const EmbeddedSpeechSettings& settings = {});
[[nodiscard]] std::shared_ptr<CallerEar> make_embedded_ear(const EmbeddedSpeechSettings& settings = {});

}  // namespace parley::sim

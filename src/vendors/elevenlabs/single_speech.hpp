#pragma once

#include "parley/vendors/elevenlabs/speech.hpp"

namespace parley::vendors::elevenlabs {

// …/stream-input: one socket a text, the next one connected while a text is spoken.
[[nodiscard]] std::unique_ptr<TtsStream> make_single_speech(const Endpoint& endpoint, const Link& link, TtsSink& sink);

}  // namespace parley::vendors::elevenlabs

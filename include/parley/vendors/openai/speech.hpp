#pragma once
// OpenAI text to speech: POST …/v1/audio/speech, one request a text. It has no µ-law: headerless PCM16 at 24 kHz comes,
// chunked while the synthesis runs, and is brought to 8 kHz here.
//
// Endpoint: base_url holds the /v1 (a host alone gets it); `model` gpt-4o-mini-tts by default, `voice` marin by default. Options: speed 0.25
// to 4, instructions. Source: platform.openai.com, API reference, audio, 2026.

#include <memory>
#include <string>
#include <string_view>

#include "parley/net/http_message.hpp"
#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/link.hpp"
#include "parley/vendors/tts.hpp"

namespace parley::vendors::openai {

inline constexpr std::string_view kDefaultSpeechModel = "gpt-4o-mini-tts";
inline constexpr std::string_view kDefaultSpeechVoice = "marin";
inline constexpr std::size_t kMostSpeechCharacters = 4096;
inline constexpr int kSpeechHz = 24000;

// Codec, pure.
[[nodiscard]] std::string speech_url(const Endpoint& endpoint);
[[nodiscard]] net::HttpHeaders speech_headers(const Endpoint& endpoint);
[[nodiscard]] std::string speech_body(const Endpoint& endpoint, std::string_view text);
// The voices know no markup; control characters become spaces.
[[nodiscard]] std::string escape_speech(std::string_view text);
// One sentence if a 2xx reply of this content type cannot be headerless PCM (JSON, WAV, MP3, …); else empty.
[[nodiscard]] std::string speech_wrong_type(std::string_view content_type);

[[nodiscard]] std::unique_ptr<TtsStream> make_speech(const Endpoint& endpoint, const Link& link, TtsSink& sink);
// Empty: fine; else one sentence.
[[nodiscard]] std::string check_speech(const Endpoint& endpoint);

}  // namespace parley::vendors::openai

#pragma once
// ElevenLabs text to speech over WebSocket: many contexts on one socket (…/multi-stream-input, the default; one context
// a text), or one socket a text (…/stream-input, option socket=single). µ-law, 8 kHz, with the times of the characters.
//
// Endpoint: `voice` is the voice id (must be given), `model` eleven_flash_v2_5 by default, `language` ISO 639-1 (its
// first two letters are sent, and only to models that allow it). Options: stability, similarity_boost, style 0 to 1,
// speed 0.7 to 1.2, use_speaker_boost, auto_mode (default true: texts are whole sentences), enable_logging,
// enable_ssml_parsing, apply_text_normalization auto|on|off, socket multi|single. Source: elevenlabs.io/docs, API
// reference, text to speech WebSockets, 2026.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/net/http_message.hpp"
#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/failure.hpp"
#include "parley/vendors/link.hpp"
#include "parley/vendors/tts.hpp"

namespace parley::vendors::elevenlabs {

inline constexpr std::string_view kDefaultSpeechModel = "eleven_flash_v2_5";
inline constexpr std::size_t kMostContexts = 5;  // the vendor's bound for a socket; the socket dies (1008) beyond it
// Contexts asked for at a time: the one that is heard and the next. The others wait here, so that cancelled contexts,
// which occupy a place until their isFinal, leave room for new ones.
inline constexpr std::size_t kContextsAhead = 2;
inline constexpr std::chrono::seconds kSpeechKeepAlive{10};  // the vendor closes after 20 s without a message

// Codec, pure.
// --------------------------------------------------------------------------------------------------------------------------

[[nodiscard]] bool single_socket(const Endpoint& endpoint);
[[nodiscard]] std::string speech_url(const Endpoint& endpoint);
[[nodiscard]] net::HttpHeaders speech_headers(const Endpoint& endpoint);
// `<` and `>` become spaces (`<break …>` would be obeyed); with enable_ssml_parsing & < > are written as entities
// instead; `[` and `]` become spaces for the v3 models, which take them for stage directions.
[[nodiscard]] std::string escape_speech(const Endpoint& endpoint, std::string_view text);
[[nodiscard]] std::string escape_speech(std::string_view text);
// What opens a context (or with an empty id the single one), speaks one text and ends it: settings, text with flush,
// close.
[[nodiscard]] std::vector<std::string> context_messages(const Endpoint& endpoint, std::string_view context, std::string_view text);
[[nodiscard]] std::string single_init(const Endpoint& endpoint);
[[nodiscard]] std::vector<std::string> single_messages(std::string_view text);
inline constexpr std::string_view kMultiKeepAlive = R"({"text":""})";
inline constexpr std::string_view kSingleKeepAlive = R"({"text":" "})";  // an empty text would end that one
inline constexpr std::string_view kCloseSocket = R"({"close_socket":true})";

struct SpeechCharacter {
    std::string utf8;
    double start_ms = 0, duration_ms = 0;  // from the beginning of this message's audio
};
// Views and spans are valid until the next call of the decoder.
struct SpeechMessage {
    bool malformed = false;  // no JSON object, or audio that is no base64
    std::string context;     // empty: none was named
    std::span<const std::uint8_t> audio;
    bool is_final = false;
    std::vector<SpeechCharacter> characters;
    std::optional<Failure> error;
};

// Reads the vendor's messages many times a second: the message is copied once into a padded buffer, base64 decoded
// where it stands in there.
class SpeechDecoder {
public:
    SpeechDecoder();
    ~SpeechDecoder();
    [[nodiscard]] const SpeechMessage& decode(std::string_view text);

private:
    struct State;
    std::unique_ptr<State> state_;
};
// The vendor's error codes (invalid_api_key, quota_exceeded, …) in our vocabulary.
[[nodiscard]] Failure speech_failure(std::string_view error, std::string_view message, int close_code);
// Of a socket that ended: its close reason may name such a code; an idle one is session_limit, not the vendor's fault.
[[nodiscard]] Failure speech_lost(Failure failure);

// Client.
// -------------------------------------------------------------------------------------------------------------------------------

[[nodiscard]] std::unique_ptr<TtsStream> make_speech(const Endpoint& endpoint, const Link& link, TtsSink& sink);
// Empty: fine; else one sentence.
[[nodiscard]] std::string check_speech(const Endpoint& endpoint);

}  // namespace parley::vendors::elevenlabs

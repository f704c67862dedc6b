#pragma once
// Cartesia text to speech (Sonic): one socket (wss …/tts/websocket), one context a text. µ-law, 8 kHz, with the times
// of the words.
//
// Endpoint: `voice` is the voice id (must be given), `model` sonic-3.5 by default, `language` ISO 639-1 (its first two
// letters, en by default). Options: speed 0.6 to 1.5, volume 0.5 to 2, emotion, version (the API's date, 2026-03-01 by
// default; from 2026-08-14 on the voice is written as a plain id, before as an object). Source: docs.cartesia.ai, TTS
// WebSocket, 2026.

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

namespace parley::vendors::cartesia {

inline constexpr std::string_view kDefaultSonicModel = "sonic-3.5";
inline constexpr std::string_view kDefaultVersion = "2026-03-01";
inline constexpr std::string_view kPlainVoiceSince = "2026-08-14";
// Contexts asked for at a time: the one that is heard and the next. Each counts against the plan's concurrency.
inline constexpr std::size_t kContextsAhead = 2;

// Codec, pure.
// --------------------------------------------------------------------------------------------------------------------------

[[nodiscard]] std::string sonic_url(const Endpoint& endpoint);
[[nodiscard]] net::HttpHeaders sonic_headers(const Endpoint& endpoint);
// `<` and `>` become spaces: <break/>, <spell>, <emotion/> and their like would be obeyed; `[` and `]` as well
// ([laughter]).
[[nodiscard]] std::string escape_sonic(std::string_view text);
// The whole text in one message, the last of its context, generated at once.
[[nodiscard]] std::string sonic_request(const Endpoint& endpoint, std::string_view context, std::string_view text);
[[nodiscard]] std::string sonic_cancel(std::string_view context);

struct SonicWord {
    std::string text;
    double end_s = 0;  // from the beginning of the context
};
// Views and spans are valid until the next call of the decoder.
struct SonicMessage {
    enum class Type : std::uint8_t { malformed, chunk, timestamps, done, error, other } type = Type::malformed;
    std::string context;                  // empty: none was named
    std::span<const std::uint8_t> audio;  // chunk
    std::vector<SonicWord> words;         // timestamps
    std::optional<Failure> error;         // error
};

// Reads the vendor's messages many times a second: the message is copied once into a padded buffer, base64 decoded
// where it stands in there.
class SonicDecoder {
public:
    SonicDecoder();
    ~SonicDecoder();
    [[nodiscard]] const SonicMessage& decode(std::string_view text);

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Client.
// -------------------------------------------------------------------------------------------------------------------------------

[[nodiscard]] std::unique_ptr<TtsStream> make_sonic(const Endpoint& endpoint, const Link& link, TtsSink& sink);
// Empty: fine; else one sentence.
[[nodiscard]] std::string check_sonic(const Endpoint& endpoint);

}  // namespace parley::vendors::cartesia

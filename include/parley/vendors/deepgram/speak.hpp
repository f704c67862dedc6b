#pragma once
// Deepgram text to speech: the socket of the Aura voices (wss …/v1/speak) and the same as one request a text (POST
// …/v1/speak). µ-law, 8 kHz.
//
// Endpoint: `model` (else `voice`) is a voice such as aura-2-thalia-en, the default. Options: speed 0.7 to 1.5,
// mip_opt_out true or false, transport socket (default) or rest. The socket has no identity for audio: what comes
// belongs to the oldest text not yet answered by Flushed. Source: developers.deepgram.com, text to speech, WebSocket
// and REST, 2026.

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "parley/net/http_client.hpp"
#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/link.hpp"
#include "parley/vendors/tts.hpp"

namespace parley::vendors::deepgram {

inline constexpr std::string_view kDefaultVoice = "aura-2-thalia-en";
inline constexpr std::size_t kMostSpeakCharacters = 2000;  // a Speak message or a REST body
// The vendor ignores a Flush beyond 20 within 60 s (and then gives no audio): from this many on another socket takes
// over.
inline constexpr std::size_t kFlushesBeforeNewSocket = 18;
inline constexpr std::chrono::seconds kFlushWindow{60};

// Codec, pure.
// --------------------------------------------------------------------------------------------------------------------------

[[nodiscard]] std::string speak_url(const Endpoint& endpoint);       // wss://…/v1/speak?…
[[nodiscard]] std::string speak_rest_url(const Endpoint& endpoint);  // https://…/v1/speak?…
[[nodiscard]] net::HttpHeaders speak_headers(const Endpoint& endpoint);
// The Aura voices know no markup; control characters become spaces.
[[nodiscard]] std::string escape_speak(std::string_view text);
// Speak messages of at most 2000 characters each, cut at a space where there is one, and one Flush.
[[nodiscard]] std::vector<std::string> speak_messages(std::string_view text);
[[nodiscard]] std::string speak_rest_body(std::string_view text);
// One sentence if a 2xx reply's content type is not audio/mulaw (or says another rate than 8000); else empty.
[[nodiscard]] std::string speak_rest_wrong_type(std::string_view content_type);
inline constexpr std::string_view kClear = R"({"type":"Clear"})";
inline constexpr std::string_view kClose = R"({"type":"Close"})";

struct SpeakMetadata {
    std::string request_id;
};
struct SpeakFlushed {};
struct SpeakCleared {};
struct SpeakWarning {
    std::string code, description;
};
struct SpeakOther {};      // a type this codec does not know
struct SpeakMalformed {};  // no JSON object with a type
using SpeakEvent = std::variant<SpeakMetadata, SpeakFlushed, SpeakCleared, SpeakWarning, SpeakOther, SpeakMalformed>;
[[nodiscard]] SpeakEvent parse_speak(std::string_view text);
[[nodiscard]] bool speak_warning_is_limit(const SpeakWarning& warning);  // something asked for is ignored because there was too much of it
// Reads the vendor's code (NET-0001, DATA-0001, …) out of a close reason: an idle or aged socket is session_limit, not
// the vendor's fault.
[[nodiscard]] Failure speak_lost(Failure failure);

// Clients.
// ------------------------------------------------------------------------------------------------------------------------------

[[nodiscard]] std::unique_ptr<TtsStream> make_speak(const Endpoint& endpoint, const Link& link,
                                                    TtsSink& sink);  // socket, or as `transport` says
[[nodiscard]] std::unique_ptr<TtsStream> make_speak_rest(const Endpoint& endpoint, const Link& link, TtsSink& sink);
// Empty: fine; else one sentence.
[[nodiscard]] std::string check_speak(const Endpoint& endpoint);

}  // namespace parley::vendors::deepgram

#pragma once
// ConversationRelay's text socket: what Twilio tells us (setup, prompt, dtmf, interrupt, error, info) and what it is told (text, play, sendDigits,
// language, end). Reading is tolerant, since Twilio adds messages and fields without notice: those are ignored and counted. Writing is strict by
// construction, since Twilio closes after ten messages in a row it does not understand. Pure; nothing throws.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "parley/base/result.hpp"
#include "parley/twilio/error.hpp"

namespace parley::twilio {

// --- from Twilio ----------------------------------------------------------------------------------------------------------

inline constexpr std::size_t kMaxRelayMessageBytes = 64 * 1024;
inline constexpr std::size_t kMaxRelayParameters = 64;          // customParameters; more are not read
inline constexpr std::size_t kMaxRelayParameterBytes = 512;     // of a name or a value; longer ones are not read
inline constexpr std::size_t kMaxRelayFieldBytes = 512;         // of every other short field; longer: errc::schema
inline constexpr std::size_t kMaxRelaySpeechBytes = 16 * 1024;  // of a prompt or of heard words; longer ones are cut at a character

struct RelaySetup {
    std::string session_id{};  // VX…, new for each socket
    std::string call_sid{}, account_sid{};
    std::string parent_call_sid{}, application_sid{}, from{}, to{}, forwarded_from{}, caller_name{};  // empty: absent, null or ""
    std::string direction{};                                                                          // inbound, outbound-api
    std::string call_type{};                                                                          // PSTN, SIP, CLIENT
    std::string call_status{};                                                                        // upper case: RINGING, IN_PROGRESS
    std::vector<std::pair<std::string, std::string>> parameters{};
    [[nodiscard]] std::string_view parameter(std::string_view name) const;
};
struct RelayPrompt {
    std::string text{};      // of the whole utterance so far, also when it is not the last; may be empty
    std::string language{};  // BCP-47, or a primary tag alone; may be empty
    bool last = true;
};
struct RelayDtmf {
    char digit = 0;  // 0-9 * # A-D
};
struct RelayInterrupt {
    std::string heard{};                 // of what was being spoken; empty: nothing
    std::chrono::milliseconds after{0};  // since it began; -1: not told
};
struct RelayError {
    std::string description{};
};
struct RelayInfo {
    std::string name{}, value{};  // roundTripDelayMs, agentSpeaking, clientSpeaking, tokensPlayed, configUpdated, …
};
struct RelayUnknown {
    std::string type{};  // cut at 64 bytes
};
using RelayMessage = std::variant<RelaySetup, RelayPrompt, RelayDtmf, RelayInterrupt, RelayError, RelayInfo, RelayUnknown>;

struct RelayRead {
    RelayMessage message;
    std::uint32_t ignored = 0;  // fields and parameters that are unknown or beyond a limit
};

// Errors: too_big; json (also: a key twice, deeper than kMaxJsonDepth); schema (no object, no `type`, a required field missing or of the wrong type).
[[nodiscard]] Result<RelayRead> read_relay_message(std::string_view text);

// --- to Twilio ------------------------------------------------------------------------------------------------------------

// What may cut speech short; for `interruptible`.
enum class RelayInput : std::uint8_t { none, dtmf, speech, any };
[[nodiscard]] std::string_view name_of(RelayInput input);

struct RelayText {
    std::string_view token{};     // with the blanks it needs; may be empty to close a cycle
    bool last = false;            // ends the talk cycle
    std::string_view language{};  // empty: the session's
    std::optional<RelayInput> interruptible{};
    std::optional<bool> preemptible{};
};
struct RelayPlay {
    std::string_view source{};
    std::uint32_t loop = 1;  // 0: up to 1000 times
    std::optional<bool> preemptible{}, interruptible{};
};

// Text that is not UTF-8 is written with U+FFFD where it is broken.
[[nodiscard]] std::string relay_text(const RelayText& text);
[[nodiscard]] std::string relay_play(const RelayPlay& play);
// errc::schema unless 1 to 64 of `0-9 w # *`.
[[nodiscard]] Result<std::string> relay_digits(std::string_view digits);
// At least one of both, each 2 to 35 letters, digits and hyphens; else errc::schema.
[[nodiscard]] Result<std::string> relay_language(std::string_view tts, std::string_view transcription);
// The data is a string for Twilio whatever it holds; empty: left out. errc::too_big beyond kMaxHandoffBytes.
inline constexpr std::size_t kMaxHandoffBytes = 4000;
[[nodiscard]] Result<std::string> relay_end(std::string_view handoff_data);

// --- what our own `end` says ------------------------------------------------------------------------------------------------

// JSON text in handoffData: {"reasonCode":…,"reason":…,"target":…}; target is left out when empty.
struct Handoff {
    std::string code{};    // a word: transferred, agent_completed, …
    std::string reason{};  // for people
    std::string target{};
};
[[nodiscard]] std::string handoff_text(const Handoff& handoff);  // within kMaxHandoffBytes: a long reason is cut
// Nothing unless it is such an object; other keys are ignored.
[[nodiscard]] std::optional<Handoff> read_handoff(std::string_view text);

}  // namespace parley::twilio

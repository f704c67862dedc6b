#pragma once
// <Say> with SSML, <Play>, <Pause>, <Gather>, <Record>.

#include <string>
#include <variant>
#include <vector>

#include "parley/twilio/twiml/values.hpp"

namespace parley::twilio::twiml {

// One piece of spoken text. Built by the functions in `ssml`; what may stand inside what is checked when it is added.
struct Ssml {
    enum class Tag : std::uint8_t { text, break_, emphasis, lang, p, s, phoneme, prosody, say_as, sub, w };
    Tag tag = Tag::text;
    std::string text{};
    Text strength{}, time{};         // break: "medium"; "500ms" or "2s", at most 10 s
    Text level{};                    // emphasis
    Text language{};                 // lang (xml:lang)
    Text alphabet{}, ph{};           // phoneme
    Text volume{}, rate{}, pitch{};  // prosody
    Text interpret_as{}, format{};   // say-as
    Text alias{};                    // sub
    Text role{};                     // w
    std::vector<Ssml> children{};
};

namespace ssml {
using Children = std::vector<Ssml>;
[[nodiscard]] Ssml text(std::string value);
[[nodiscard]] Ssml break_(Text strength, Text time = {});
[[nodiscard]] Ssml emphasis(Text level, Children children);
[[nodiscard]] Ssml lang(std::string language, Children children);
[[nodiscard]] Ssml p(Children children);
[[nodiscard]] Ssml s(Children children);
[[nodiscard]] Ssml phoneme(std::string alphabet, std::string ph, std::string text);
[[nodiscard]] Ssml prosody(Text volume, Text rate, Text pitch, Children children);
[[nodiscard]] Ssml say_as(std::string interpret_as, std::string text, Text format = {});
[[nodiscard]] Ssml sub(std::string alias, std::string text);
[[nodiscard]] Ssml w(Text role, Children children);
}  // namespace ssml

struct Say {
    std::string text{};  // spoken before the SSML pieces; text and pieces together 1..4096 characters, 3000 with Polly
    Text voice{};
    Text language{};
    Integer loop{};  // 0 = until hang-up, at most 1000
    std::vector<Ssml> ssml{};
};

struct Play {
    std::string url{};  // may be empty when `digits` is given
    Integer loop{};
    Text digits{};  // 0-9 * # A-D w W
};

struct Pause {
    Integer length{};  // seconds
};

using Prompting = std::variant<Say, Play, Pause>;

struct Gather {
    Text action{};
    Text method{};
    Text input{};  // "dtmf", "speech", "dtmf speech"
    Integer timeout{};
    Text finish_on_key{};  // one of 0-9 * #, or "" for none
    Integer num_digits{};
    Text speech_timeout{};  // seconds or "auto"
    Integer max_speech_time{};
    Text language{};
    Text hints{};
    Text speech_model{};
    Flag enhanced{};
    Flag profanity_filter{};
    Flag action_on_empty_result{};
    Text partial_result_callback{};
    Text partial_result_callback_method{};
    Flag barge_in{};
    Flag debug{};
    std::vector<Prompting> prompts{};
};

struct Record {
    Text action{};
    Text method{};
    Integer timeout{};
    Text finish_on_key{};
    Integer max_length{};
    Flag play_beep{};
    Text trim{};
    RecordingStatusCallback recording_status_callback{};
    Flag transcribe{};
    Text transcribe_callback{};
    Text recording_configuration_id{};
};

}  // namespace parley::twilio::twiml

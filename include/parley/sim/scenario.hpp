#pragma once
// What one caller does, as a small YAML file or built in code. Every key is checked; a mistake is told with
// file:line:column and the nearest valid name.

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "parley/sim/line_faults.hpp"
#include "parley/sim/speech_ports.hpp"

namespace parley::sim {

using std::chrono::milliseconds;

// Phrases that must have been heard in the agent's turn. Each phrase is looked for among the others and the
// distractors.
struct Expectation {
    std::vector<std::string> any, all;     // one of `any` (when not empty) and each of `all`
    std::vector<std::string> none;         // must not have been heard
    std::vector<std::string> distractors;  // sentences the ear may confuse them with
};

struct SayStep {
    std::string text;
    std::optional<VoiceStyle> style;  // otherwise the scenario's
};
struct PlayStep {
    std::filesystem::path file;
    std::string text;  // what is said in it, for the transcript and for <Gather input="speech">; may be empty
};
struct PauseStep {
    milliseconds length{0};
};
struct DtmfStep {
    std::string keys;     // 0-9 * # A-D, w = half a second, W = a second
    bool in_band = true;  // tones also go into the sound
    milliseconds tone{120}, gap{80};
};
struct WaitStep {
    enum class For : std::uint8_t { agent_silence, agent_speech, text, hangup, answer } what = For::agent_silence;
    milliseconds silence{700};   // agent_silence: after the agent has spoken since the caller's last words, so long quiet
    Expectation text;            // text: look each time the agent pauses
    milliseconds within{30000};  // then the step fails
};
struct InterruptStep {
    milliseconds after{1000};  // into the agent's running (or next) stretch of speech
    std::variant<SayStep, PlayStep> what;
    milliseconds within{30000};  // for the agent to begin
};
struct ExpectStep {
    Expectation expectation;
};
struct HangupStep {
    enum class How : std::uint8_t { stop, no_stop, reset } how = How::stop;
};
using StepAction = std::variant<SayStep, PlayStep, PauseStep, DtmfStep, WaitStep, InterruptStep, ExpectStep, HangupStep>;

struct Step {
    StepAction action;
    std::string where;  // "line:column" of the file, empty when built in code
};

struct Scenario {
    std::string name = "call";
    std::string from, to;  // empty: the carrier's own choice
    VoiceStyle voice;
    LineFaults line;
    std::vector<std::string> vocabulary;  // sentences the agent is known to say: the ear's help for the transcript
    milliseconds longest{300000};         // then the caller gives up and the call has failed
    std::vector<Step> steps;              // at the end the caller hangs up
    // Every phrase named anywhere in the scenario, without repetition.
    [[nodiscard]] std::vector<std::string> all_phrases() const;
};

class ScenarioError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Throws ScenarioError. Relative file names are taken from the scenario's own directory.
[[nodiscard]] std::shared_ptr<const Scenario> load_scenario(const std::filesystem::path& file);
[[nodiscard]] std::shared_ptr<const Scenario> parse_scenario(std::string_view yaml, std::string_view name_in_errors,
                                                             const std::filesystem::path& directory = {});
// A caller that plays one recording after the agent's greeting, listens, and hangs up.
[[nodiscard]] std::shared_ptr<const Scenario> wav_scenario(const std::filesystem::path& file);

}  // namespace parley::sim

#include "parley/sim/scenario.hpp"

#include <gtest/gtest.h>

namespace parley::sim {
namespace {

using std::chrono::milliseconds;

std::string complaint(std::string_view yaml) {
    try {
        (void)parse_scenario(yaml, "x.yaml");
    } catch (const ScenarioError& e) {
        return e.what();
    }
    return "none";
}

TEST(ScenarioFile, ReadsEveryStep) {
    const auto scenario = parse_scenario(R"(
name: all
from: "+14155550100"
caller: {voice: awb, speed: 1.2}
line:
  packet_loss: 0.01
  jitter: 20ms
  burst: {every: 2s, hold: 200ms}
  stall: {at: 5s, for: 2s, drops: true}
  marks: {lost: 0.1, late: 0.2, delay: 300ms, duplicated: 0.3, reordered: 0.4}
  clock: 1.02
  noise_dbfs: -50
  seed: 7
vocabulary: [one, two]
longest: 3min
steps:
  - wait_for: agent_silence 700ms
  - say: hello
  - say: {text: slow, speed: 0.8}
  - wait_for: {text: {any: [a, b]}, within: 5s}
  - interrupt: {after: 1.2s, into: reply, say: stop}
  - dtmf: "12#"
  - dtmf: {keys: "1w2", in_band: false, tone: 80ms}
  - pause: 1.5s
  - expect: {all: [a], none: [c], distractors: [d]}
  - hangup: reset
)",
                                         "x.yaml");
    EXPECT_EQ(scenario->line.burst_hold, milliseconds(200));
    EXPECT_TRUE(scenario->line.stall_drops);
    EXPECT_DOUBLE_EQ(scenario->line.clock, 1.02);
    EXPECT_EQ(scenario->longest, std::chrono::minutes(3));
    ASSERT_EQ(scenario->steps.size(), 10u);
    EXPECT_EQ(std::get<WaitStep>(scenario->steps[0].action).silence, milliseconds(700));
    EXPECT_EQ(std::get<SayStep>(scenario->steps[2].action).style->voice, "awb");
    EXPECT_DOUBLE_EQ(std::get<SayStep>(scenario->steps[2].action).style->speed, 0.8);
    EXPECT_EQ(std::get<WaitStep>(scenario->steps[3].action).within, milliseconds(5000));
    EXPECT_EQ(std::get<InterruptStep>(scenario->steps[4].action).after, milliseconds(1200));
    EXPECT_EQ(std::get<HangupStep>(scenario->steps[9].action).how, HangupStep::How::reset);
    EXPECT_EQ(scenario->all_phrases(), (std::vector<std::string>{"one", "two", "a", "b", "c", "d"}));
}

struct Bad {
    const char* name;
    const char* yaml;
    const char* at;
    const char* says;
};
class BadScenario : public testing::TestWithParam<Bad> {};
TEST_P(BadScenario, IsRefusedWithItsPlace) {
    const auto text = complaint(GetParam().yaml);
    EXPECT_TRUE(text.starts_with(std::string("x.yaml:") + GetParam().at + ": ")) << text;
    EXPECT_NE(text.find(GetParam().says), std::string::npos) << text;
}
INSTANTIATE_TEST_SUITE_P(
    cases, BadScenario,
    testing::Values(Bad{"key", "name: x\nstep: []\n", "2:1", "did you mean 'steps'"}, Bad{"step", "steps:\n  - sya: hello\n", "2:5", "did you mean 'say'"},
                    Bad{"two_kinds", "steps:\n  - {say: a, pause: 1s}\n", "2:5", "exactly one"}, Bad{"unit", "steps:\n  - pause: 5\n", "2:12", "duration"},
                    Bad{"keys", "steps:\n  - dtmf: 12x\n", "2:11", "keys are"}, Bad{"file", "steps:\n  - play: nowhere.wav\n", "2:11", "no such file"},
                    Bad{"wait", "steps:\n  - wait_for: agent_silense 1s\n", "2:15", "did you mean 'agent_silence'"},
                    Bad{"probability", "line: {packet_loss: 2}\nsteps: []\n", "1:21", "from 0"}, Bad{"no_steps", "name: x\n", "1:1", "'steps'"},
                    Bad{"empty_expect", "steps:\n  - expect: {distractors: [a]}\n", "2:13", "expects nothing"},
                    Bad{"hangup", "steps:\n  - hangup: slam\n", "2:13", "one of stop"}, Bad{"yaml", "steps: [\n", "2:1", ""},
                    Bad{"twice", "name: a\nname: b\nsteps: []\n", "2:1", "twice"}),
    [](const auto& c) { return c.param.name; });

TEST(ScenarioFile, TheShippedOnesAreValid) {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(std::string(PARLEY_SOURCE_DIR) + "/config/scenarios")) {
        EXPECT_NO_THROW((void)load_scenario(entry.path())) << entry.path();
        ++count;
    }
    EXPECT_GE(count, 3);
}

}  // namespace
}  // namespace parley::sim

// The embedded receptionist, by ear: what the caller heard, and whether the gateway's own record of it is true. And
// calls recorded earlier, run through today's code.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "gateway_under_test.hpp"
#include "parley/call/call_file.hpp"
#include "parley/sim/embedded_speech.hpp"
#include "sounds.hpp"

namespace parley::scenarios {
namespace {

using nlohmann::json;
using testing::HasSubstr;

struct Line {
    Instant at{};
    json in, out;
};
std::vector<Line> read_call_file(const std::filesystem::path& path) {
    std::vector<Line> lines;
    std::ifstream in(path);
    for (std::string text; std::getline(in, text);) {
        auto parsed = json::parse(text, nullptr, false);
        if (!parsed.is_object() || !parsed.contains("t")) continue;
        lines.push_back({Instant(parsed["t"].get<std::int64_t>()), parsed.value("in", json()), parsed.value("out", json())});
    }
    return lines;
}

// With UPDATE_REFERENCE=1 the recorded calls of the tests below are made anew.
void keep_recorded(const std::filesystem::path& file, const std::string& name) {
    if (std::getenv("UPDATE_REFERENCE") == nullptr) return;
    std::filesystem::create_directories(PARLEY_TEST_DATA);
    std::ofstream(std::filesystem::path(PARLEY_TEST_DATA) / name, std::ios::binary) << std::ifstream(file, std::ios::binary).rdbuf();
}

Sections receptionist(const std::string& frames) {
    Sections setup;
    setup.more =
        "recording: {enabled: true, directory: recordings, retain_days: 1}\ncall_files: {enabled: true, retain_days: 1, directory: "
        "calls, frames: " +
        frames + "}\n";
    setup.agents = "  receptionist:\n    default: true\n    script: \"" PARLEY_SOURCE_DIR "/config/scripts/receptionist.yaml\"\n";
    return setup;
}

sim::CallReport speak(const GatewayUnderTest& gateway, const std::string& scenario, sim::LineFaults line = {}) {
    auto options = gateway.carrier();
    options.voice = sim::make_embedded_voice();
    options.ear = sim::make_embedded_ear();
    sim::SimCarrier carrier(options);
    auto parsed = std::make_shared<sim::Scenario>(*sim::parse_scenario(scenario, "scenario.yaml"));
    parsed->line = line;
    return carrier.place_call(gateway.plan(parsed)).report.get();
}

// Everything the gateway believes the caller heard, up to its first interruption, against what the simulator knows was
// played.
void compare_with_truth(const std::vector<Line>& lines, const sim::CallReport& report, double tolerance_ms) {
    double believed_ms = 0;
    std::string heard, spoken, barged_in;
    bool found = false;
    std::map<int, std::string> texts;
    for (const auto& line : lines) {
        if (line.out.is_null()) continue;
        const auto type = line.out.value("type", "");
        if (type == "speak") spoken += line.out["text"].get<std::string>() + " ";
        if (type == "barged_in") {
            found = true;
            barged_in = line.out["heard"];
        }
        if (type == "agent_said") {
            believed_ms += line.out["heard_for_us"].get<double>() / 1000;
            heard = line.out["heard"];
            if (line.out["interrupted"].get<bool>()) found = true;
        }
        // The words follow the decision in one step of the core; what is said next belongs to the next reply.
        if (found && (type == "begin_utterance" || type == "start_reply")) break;
    }
    ASSERT_TRUE(found) << "the call file knows of no interruption";
    ASSERT_FALSE(report.streams.empty());
    ASSERT_FALSE(report.streams[0].clears.empty());
    const double truth_ms = static_cast<double>(report.streams[0].clears[0].heard) / 8;
    std::printf("at the interruption: believed heard %.0f ms, really heard %.0f ms, words: \"%s\"\n", believed_ms, truth_ms, heard.c_str());
    EXPECT_LE(believed_ms, truth_ms + 20) << "the gateway claims words the caller never heard";
    EXPECT_GE(believed_ms, truth_ms - tolerance_ms);
    EXPECT_FALSE(heard.empty());
    EXPECT_EQ(spoken.find(heard), 0U) << "not the beginning of what was spoken: " << heard;
    EXPECT_LT(heard.size(), spoken.size() - 20) << "it was cut";
}

constexpr const char* kInterrupting = R"(
name: interrupting
caller: {voice: rms}
steps:
  - interrupt: {after: 1200ms, say: where are you located}
  - wait_for: {agent_silence: 700ms}
  - hangup
)";

TEST(ReceptionistSlow, KnowsAtAnInterruptionWhatTheCallerHeard) {
    const GatewayUnderTest gateway(receptionist("digest"));
    const auto report = speak(gateway, kInterrupting);
    for (const auto& failure : report.failures) ADD_FAILURE() << failure;
    EXPECT_EQ(report.ended_by, "caller");
    EXPECT_TRUE(report.notifications.empty());
    ASSERT_TRUE(eventually([&] { return !gateway.events("call.ended").empty(); }));
    const auto ended = gateway.events("call.ended").at(0);
    EXPECT_EQ(ended["reason"], "caller_hung_up");
    EXPECT_GE(ended["interruptions"].get<int>(), 1);

    // The call file, once the disk's thread has written its last line.
    const std::filesystem::path file = ended["call_file"].get<std::string>();
    const auto replayed = [&] {
        std::ifstream in(file);
        return call::replay_call_file(in);
    };
    ASSERT_TRUE(eventually([&] { return replayed().complete; }));
    const auto result = replayed();
    EXPECT_TRUE(result.identical) << result.error << " line " << result.line << ": " << result.recorded << " / " << result.replayed;
    EXPECT_GT(result.inputs, 100U);
    EXPECT_GT(result.frames, 200U);
    compare_with_truth(read_call_file(file), report, 60);
    keep_recorded(file, "receptionist_interrupted.jsonl");

    // The recording: two channels of about the call's length, the caller left, the agent right.
    const std::filesystem::path wav = ended["recording"].get<std::string>();
    std::ifstream in(wav, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    ASSERT_GT(bytes.size(), 44U);
    EXPECT_EQ(bytes.substr(0, 4), "RIFF");
    EXPECT_EQ(bytes[22], 2) << "stereo";
    const double recorded_ms = static_cast<double>(bytes.size() - 44) / 32;
    const double stream_ms = report.streams[0].ended_ms - report.streams[0].opened_ms;
    EXPECT_NEAR(recorded_ms, stream_ms, 500);
    sim::Pcm8k left, right;
    for (std::size_t i = 44; i + 3 < bytes.size(); i += 4) {
        left.push_back(static_cast<std::int16_t>(static_cast<std::uint8_t>(bytes[i]) | static_cast<std::uint8_t>(bytes[i + 1]) << 8));
        right.push_back(static_cast<std::int16_t>(static_cast<std::uint8_t>(bytes[i + 2]) | static_cast<std::uint8_t>(bytes[i + 3]) << 8));
    }
    EXPECT_GT(sim::level_dbfs(left), -45);
    EXPECT_GT(sim::level_dbfs(right), -45);
}

TEST(ReceptionistSlow, ClaimsNoMoreThanWasHeardOnABadLine) {
    const GatewayUnderTest gateway(receptionist("full"));
    sim::LineFaults line;
    line.marks_lost = 0.3;
    line.marks_late = 0.3;
    line.marks_duplicated = 0.3;
    line.jitter = sim::milliseconds(30);
    const auto report = speak(gateway, R"(
name: bad line
caller: {voice: rms}
steps:
  - interrupt: {after: 2000ms, say: where are you located}
  - wait_for: {agent_silence: 900ms}
  - hangup
)",
                              line);
    for (const auto& failure : report.failures) ADD_FAILURE() << failure;
    ASSERT_TRUE(eventually([&] { return !gateway.events("call.ended").empty(); }));
    const std::filesystem::path file = gateway.events("call.ended").at(0)["call_file"].get<std::string>();
    call::ReplayResult result;
    ASSERT_TRUE(eventually([&] {
        std::ifstream in(file);
        result = call::replay_call_file(in);
        return result.complete;
    }));
    EXPECT_TRUE(result.identical) << result.error << " line " << result.line << ": " << result.recorded << " / " << result.replayed;
    // Nobody can know better than the marks that came: the tolerance below is wider, the bound above is not.
    compare_with_truth(read_call_file(file), report, 150);
    keep_recorded(file, "receptionist_bad_line.jsonl");
}

TEST(ReceptionistSlow, DigitsAreInput) {
    const GatewayUnderTest gateway(receptionist("digest"));
    const auto report = speak(gateway, R"(
name: keys
caller: {voice: rms}
steps:
  - wait_for: agent_speech
  - pause: 500ms
  - dtmf: {keys: "3", in_band: false}
  - wait_for: {agent_silence: 700ms}
  - expect:
      all: ["twelve harbour street"]
      distractors: ["ninety main street", "seven market square"]
  - hangup
)");
    for (const auto& failure : report.failures) ADD_FAILURE() << failure;
    ASSERT_TRUE(eventually([&] { return !gateway.events("call.ended").empty(); }));
    EXPECT_EQ(gateway.events("call.ended").at(0)["reason"], "caller_hung_up");
}

TEST(ReceptionistSlow, CompletedEndsACallWhoseSocketIsStillOpen) {
    const GatewayUnderTest gateway(receptionist("digest"));
    sim::SimCarrier carrier(gateway.carrier());
    auto placed = carrier.place_call(gateway.plan());
    ASSERT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 1; }));
    sim::Form form{{"AccountSid", kAccount}, {"CallSid", placed.call_sid}, {"CallStatus", "completed"}};
    EXPECT_EQ(gateway.webhook("status", form).status, 204);
    EXPECT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 0; }, std::chrono::seconds(4)));
    ASSERT_FALSE(gateway.events("call.ended").empty());
    EXPECT_EQ(gateway.events("call.ended").at(0)["reason"], "caller_hung_up");
    (void)carrier.end_call(placed.call_sid);
    EXPECT_TRUE(placed.report.get().passed());
}

// --- recorded calls
// --------------------------------------------------------------------------------------------------------

class RecordedCall : public testing::TestWithParam<std::string> {};
TEST_P(RecordedCall, RunsThroughTodaysCodeAsItDidThen) {
    std::ifstream in(std::filesystem::path(PARLEY_TEST_DATA) / (GetParam() + ".jsonl"));
    ASSERT_TRUE(in);
    const auto result = call::replay_call_file(in);
    EXPECT_TRUE(result.identical) << result.error << " line " << result.line << "\n  then: " << result.recorded << "\n  now:  " << result.replayed;
    EXPECT_TRUE(result.complete);
    EXPECT_GT(result.inputs, 100U);
    EXPECT_GT(result.outputs, 20U);
}
INSTANTIATE_TEST_SUITE_P(files, RecordedCall, testing::Values("receptionist_interrupted", "receptionist_bad_line"), [](const auto& c) { return c.param; });

TEST(RecordedCallDifference, IsFoundAndShown) {
    std::ifstream in(std::filesystem::path(PARLEY_TEST_DATA) / "receptionist_interrupted.jsonl");
    std::string text{std::istreambuf_iterator<char>(in), {}};
    // Somebody claims that the agent said something else.
    const auto at = text.find("\"type\":\"speak\"");
    ASSERT_NE(at, std::string::npos);
    const auto words = text.find("\"text\":\"", at);
    text.insert(words + 8, "Not ");
    std::istringstream changed(text);
    const auto result = call::replay_call_file(changed);
    EXPECT_FALSE(result.identical);
    EXPECT_EQ(result.line, static_cast<std::uint64_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(words), '\n') + 1));
    EXPECT_THAT(result.recorded, HasSubstr("Not "));
    EXPECT_FALSE(result.context.empty());
}

}  // namespace
}  // namespace parley::scenarios

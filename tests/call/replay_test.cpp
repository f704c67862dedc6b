#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <sstream>

#include "parley/audio/g711.hpp"
#include "parley/audio/vad.hpp"
#include "parley/call/call_file.hpp"

namespace parley::call {
namespace {

using namespace std::chrono_literals;
using namespace conversation;

// A short call written the way a live one is: caller frames through voice activity into the core, a reply, a hang-up.
class CallFile : public testing::Test {
protected:
    CallFile() : path_(std::filesystem::temp_directory_path() / ("parley-call-" + std::to_string(::getpid()) + ".jsonl")) {
        CallFileHeader header;
        header.call_sid = "CA00000000000000000000000000000001";
        header.frames = FrameDetail::full;
        CallFileWriter file(disk_, path_.string(), header);
        Machine machine(header.settings);
        audio::Vad vad(header.vad);
        Commands commands;
        auto feed = [&](const Event& event, Instant at, bool voice = false) {
            file.input(at, event, voice);
            commands.clear();
            machine.on(event, at, commands);
            for (const auto& command : commands) {
                file.output(at, command);
                if (const auto* start = std::get_if<StartReply>(&command)) reply_ = start->reply;
                if (const auto* speak = std::get_if<Speak>(&command)) segment_ = speak->segment;
                if (const auto* begin = std::get_if<BeginUtterance>(&command)) utterance_ = begin->utterance;
            }
        };
        feed(Started{}, 0us);
        feed(ReplyText{.reply = reply_, .text = "Hello there."}, 10ms);
        feed(ReplyFinished{.reply = reply_, .then = ReplyThen::listen, .target = {}}, 11ms);
        feed(SegmentAudio{.segment = segment_, .samples = 1600}, 12ms);
        feed(SegmentSynthesized{.segment = segment_}, 13ms);
        for (int i = 0; i < 10; ++i) feed(FrameHandedOver{.segment = segment_, .samples = 160}, 20ms + i * 1ms);
        std::size_t n = 0;
        for (int i = 0; i < 300; ++i) {
            const Instant at = 500ms + i * 20ms;
            std::array<std::int16_t, 160> pcm{};
            for (auto& sample : pcm) {
                // Pulses of a voice: 120 Hz with harmonics, between 1 s and 2.4 s.
                const auto t = static_cast<double>(n++) / 8000;
                double x = 0;
                if (i >= 50 && i < 120)
                    for (int h = 1; h < 12; ++h) x += std::sin(2 * std::numbers::pi * 120 * h * t) / h;
                sample = static_cast<std::int16_t>(x * 5000 + static_cast<double>((n * 7919) % 13) - 6);
            }
            std::array<std::uint8_t, 160> mulaw{};
            audio::mulaw_encode(pcm, mulaw);
            audio::mulaw_decode(mulaw, pcm);
            file.frame(at, mulaw);
            const auto edge = vad.push(pcm).edge;
            if (edge == audio::VadResult::started) feed(CallerSpeechStarted{}, at, true);
            if (edge == audio::VadResult::stopped) feed(CallerSpeechStopped{}, at, true);
            edges_ += edge == audio::VadResult::none ? 0 : 1;
        }
        feed(TimerFired{.timer = TimerId::endpoint}, 7s);
        feed(TranscriptFinal{.utterance = utterance_, .text = "what are your hours", .confidence = 0.9}, 7100ms);
        feed(CarrierStopped{.reason = EndReason::caller_hung_up}, 8s);
        file.finish("test");
        disk_.drain();
        std::ifstream in(path_);
        std::ostringstream all;
        all << in.rdbuf();
        text_ = all.str();
    }
    ~CallFile() override { std::filesystem::remove(path_); }

    static ReplayResult replay(const std::string& text) {
        std::istringstream in(text);
        return replay_call_file(in);
    }
    std::string replaced(const std::string& what, const std::string& with) const {
        auto copy = text_;
        const auto at = copy.find(what);
        EXPECT_NE(at, std::string::npos) << what;
        copy.replace(at, what.size(), with);
        return copy;
    }

    DiskWriter disk_{1 << 22, {}};
    std::filesystem::path path_;
    std::string text_;
    ReplyId reply_ = 0;
    SegmentId segment_ = 0;
    UtteranceId utterance_ = 0;
    int edges_ = 0;
};

TEST_F(CallFile, replays_identically) {
    ASSERT_EQ(edges_, 2) << "the caller's words must have been noticed, or the test proves nothing";
    const auto result = replay(text_);
    EXPECT_TRUE(result.identical) << result.error << "\n" << result.line << "\n" << result.recorded << "\n" << result.replayed;
    EXPECT_TRUE(result.complete);
    EXPECT_GT(result.outputs, 5U);
    EXPECT_EQ(result.frames, 300U);
}

TEST_F(CallFile, a_command_the_code_would_not_give_is_the_first_difference) {
    const auto result = replay(replaced("Hello there.", "Hello world."));  // the input changes, so the recorded Speak no longer fits
    EXPECT_FALSE(result.identical);
    EXPECT_NE(result.recorded, result.replayed);
    EXPECT_GT(result.line, 1U);
    EXPECT_FALSE(result.context.empty());
}

TEST_F(CallFile, a_missing_voice_edge_is_a_difference) {
    auto text = text_;
    const auto at = text.find(",\"vad\":true");
    ASSERT_NE(at, std::string::npos);
    const auto begin = text.rfind('\n', at) + 1;
    text.erase(begin, text.find('\n', at) - begin + 1);
    const auto result = replay(text);
    EXPECT_FALSE(result.identical);
    EXPECT_NE((result.recorded + result.replayed).find("voice activity"), std::string::npos);
}

TEST_F(CallFile, a_file_cut_short_is_told_apart_from_a_whole_one) {
    const auto result = replay(text_.substr(0, text_.rfind("{\"end\"")));
    EXPECT_TRUE(result.identical);
    EXPECT_FALSE(result.complete);
}

TEST_F(CallFile, rubbish_is_an_error_with_its_line) {
    EXPECT_NE(replay("").error, "");
    EXPECT_NE(replay("{}\n").error.find("line 1"), std::string::npos);
    EXPECT_NE(replay(text_ + "nonsense\n").error.find("not a JSON object"), std::string::npos);
    EXPECT_NE(replay(replaced("\"settings\":{", "\"settings\":[{")).error, "");
    EXPECT_NE(replay(replaced("\"in\":{\"type\":\"started\"", "\"in\":{\"type\":\"stated\"")).error, "");
}

}  // namespace
}  // namespace parley::call

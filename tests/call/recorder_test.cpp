#include "parley/call/recorder.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "parley/audio/wav.hpp"

namespace parley::call {
namespace {

using namespace std::chrono_literals;

class RecorderTest : public testing::Test {
protected:
    RecorderTest() : path_(std::filesystem::temp_directory_path() / ("parley-recorder-" + std::to_string(::getpid()) + ".wav")) {}
    ~RecorderTest() override { std::filesystem::remove(path_); }

    audio::WavAudio read() {
        disk_.drain();
        auto wav = audio::read_wav(path_.string());
        EXPECT_TRUE(wav) << wav.error().message();
        return wav ? *wav : audio::WavAudio{};
    }
    std::filesystem::path path_;
    std::vector<error_code> errors_;
    DiskWriter disk_{1 << 20, [this](const std::string&, error_code why) { errors_.push_back(why); }};
};

TEST_F(RecorderTest, lays_the_caller_left_and_the_agent_right_where_it_played) {
    Recorder recorder(disk_, path_.string());
    const std::vector<std::int16_t> caller(160, 100), agent(160, 200);
    for (int i = 0; i < 150; ++i) {
        const Instant at = (i + 1) * 20ms;
        if (i == 100) recorder.agent(agent, at);
        recorder.caller(caller, at);
    }
    recorder.finish();
    const auto wav = read();
    ASSERT_EQ(wav.channels, 2);
    ASSERT_EQ(wav.samples.size(), 2U * 150 * 160);
    EXPECT_EQ(wav.samples[0], 100);
    const auto at = 101U * 160;  // 2020 ms
    EXPECT_EQ(wav.samples[2 * at - 1], 0);
    EXPECT_EQ(wav.samples[2 * at + 1], 200);
    EXPECT_EQ(wav.samples[2 * (at + 159) + 1], 200);
    EXPECT_EQ(wav.samples[2 * (at + 160) + 1], 0);
}

TEST_F(RecorderTest, what_must_not_be_kept_is_silent_on_the_callers_side_alone) {
    Recorder recorder(disk_, path_.string());
    const std::vector<std::int16_t> caller(160, 100), agent(160, 200);
    for (int i = 0; i < 300; ++i) {  // 6 s
        recorder.agent(agent, (i + 1) * 20ms);
        recorder.caller(caller, (i + 1) * 20ms);
    }
    recorder.silence_caller(1s, 2500ms);   // on the disk already
    recorder.silence_caller(5500ms, 60s);  // still here, and beyond the end
    recorder.finish();
    const auto wav = read();
    ASSERT_GE(wav.samples.size(), 2U * 300 * 160);
    for (std::size_t frame = 400; frame < 300U * 160; frame += 100) {
        const bool silent = (frame >= 8000 && frame < 20000) || frame >= 44000;
        ASSERT_EQ(wav.samples[2 * frame], silent ? 0 : 100) << frame;
        ASSERT_EQ(wav.samples[2 * frame + 1], 200) << frame;
    }
    EXPECT_TRUE(errors_.empty());
}

TEST_F(RecorderTest, a_clear_takes_back_what_was_never_played) {
    Recorder recorder(disk_, path_.string());
    const std::vector<std::int16_t> caller(160, 1), agent(160, 200);
    for (int i = 0; i < 10; ++i) recorder.agent(agent, 100ms + i * 20ms);
    recorder.caller(caller, 20ms);
    recorder.cleared(200ms);
    recorder.finish();
    const auto wav = read();
    EXPECT_EQ(wav.samples[2 * (8 * 199) + 1], 200);
    EXPECT_EQ(wav.samples[2 * (8 * 200) + 1], 0);
}

TEST_F(RecorderTest, the_file_is_a_whole_recording_at_any_moment) {
    Recorder recorder(disk_, path_.string());
    const std::vector<std::int16_t> caller(160, 7);
    for (int i = 0; i < 500; ++i) recorder.caller(caller, (i + 1) * 20ms);
    const auto wav = read();  // the process might die now
    EXPECT_GE(wav.samples.size() / 2, 7U * 8000);
    EXPECT_EQ(wav.samples[0], 7);
}

TEST(DiskWriter, a_full_disk_is_reported_once_and_the_writer_goes_on) {
    if (::access("/dev/full", W_OK) != 0) FAIL() << "/dev/full is part of every Linux";
    const auto good = std::filesystem::temp_directory_path() / ("parley-disk-" + std::to_string(::getpid()));
    std::vector<std::pair<std::string, error_code>> errors;
    {
        DiskWriter disk(1 << 20, [&](const std::string& path, error_code why) { errors.emplace_back(path, why); });
        const auto full = disk.open("/dev/full");
        const auto file = disk.open(good.string());
        for (int i = 0; i < 5; ++i) {
            EXPECT_TRUE(disk.write(full, "lost"));
            EXPECT_TRUE(disk.write(file, "kept"));
        }
        error_code closed;
        disk.close(full, [&](error_code ec) { closed = ec; });
        disk.close(file);
        disk.drain();
        EXPECT_EQ(closed.value(), ENOSPC);
        EXPECT_EQ(disk.counters().errors, 1U);
    }
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].first, "/dev/full");
    std::ifstream in(good);
    std::string text;
    in >> text;
    EXPECT_EQ(text, "keptkeptkeptkeptkept");
    std::filesystem::remove(good);
}

TEST(DiskWriter, what_does_not_fit_its_queue_is_refused_not_waited_for) {
    DiskWriter disk(10, {});
    EXPECT_FALSE(disk.write(disk.open("/dev/null"), std::string(11, 'x')));
    EXPECT_EQ(disk.counters().dropped_blocks, 1U);
}

}  // namespace
}  // namespace parley::call

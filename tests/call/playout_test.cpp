#include "parley/call/playout.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace parley::call {
namespace {

using namespace std::chrono_literals;

struct Sent {
    conversation::SegmentId segment;
    Instant plays_at;
    std::vector<std::int16_t> pcm;
};

class Collector : public PlayoutSink {
public:
    void play_frame(conversation::SegmentId segment, std::span<const std::int16_t> frame, Instant plays_at) override {
        frames.push_back({segment, plays_at, {frame.begin(), frame.end()}});
        order.push_back('f');
    }
    void play_mark(std::uint32_t mark) override {
        marks.push_back(mark);
        order.push_back('m');
    }
    void segment_played_out(conversation::SegmentId segment) override { played_out.push_back(segment); }
    void play_bed(std::span<const std::int16_t> frame, Instant plays_at) override {
        bed.push_back({0, plays_at, {frame.begin(), frame.end()}});
        order.push_back('b');
    }
    void behind_bed(std::uint32_t samples) override {
        behind.push_back(samples);
        order.push_back('<');
    }
    std::vector<Sent> frames, bed;
    std::vector<std::uint32_t> behind;
    std::vector<std::uint32_t> marks;
    std::vector<conversation::SegmentId> played_out;
    std::string order;
};

std::vector<std::int16_t> loud(std::size_t samples) {
    return std::vector<std::int16_t>(samples, 4000);
}

TEST(Playout, keeps_the_carrier_filled_so_far_ahead_and_no_further) {
    Collector out;
    Playout playout({.ahead = 120ms}, out);
    playout.begin(1);
    playout.append(1, loud(8000));
    playout.pump(0us);
    EXPECT_EQ(out.frames.size(), 6U);  // 120 ms
    for (int tick = 1; tick <= 10; ++tick) {
        playout.pump(tick * 20ms);
        EXPECT_EQ(out.frames.size(), static_cast<std::size_t>(6 + tick));
    }
    for (std::size_t i = 1; i < out.frames.size(); ++i) EXPECT_EQ(out.frames[i].plays_at - out.frames[i - 1].plays_at, 20ms);
}

TEST(Playout, a_late_tick_catches_up_to_the_schedule_without_a_burst_beyond_it) {
    Collector out;
    Playout playout({.ahead = 100ms}, out);
    playout.begin(1);
    playout.append(1, loud(16000));
    playout.pump(0us);
    const auto before = out.frames.size();
    playout.pump(60ms);  // two ticks were missed
    EXPECT_EQ(out.frames.size(), before + 3);
    // A pause longer than what is ahead: the carrier has run dry; only `ahead` is sent again, not all that was missed.
    playout.pump(3s);
    EXPECT_EQ(out.frames.size(), before + 3 + 5);
    EXPECT_EQ(playout.underruns(), 1U);
}

TEST(Playout, the_last_frame_is_padded_and_a_mark_stands_behind_the_utterance) {
    Collector out;
    Playout playout({.ahead = 200ms}, out);
    playout.begin(7);
    playout.append(7, loud(200));
    playout.pump(0us);
    EXPECT_EQ(out.frames.size(), 1U);  // 40 samples wait for more
    playout.finish(7);
    playout.pump(0us);
    ASSERT_EQ(out.frames.size(), 2U);
    EXPECT_EQ(out.frames[1].pcm[39], 4000);
    EXPECT_EQ(out.frames[1].pcm[40], 0);
    EXPECT_EQ(out.order, "ffm");
    EXPECT_EQ(out.played_out, std::vector<conversation::SegmentId>{7});
    EXPECT_TRUE(playout.idle());
}

TEST(Playout, marks_stand_at_pauses_and_at_twice_the_interval_without_one) {
    Collector out;
    Playout playout({.ahead = 10s, .mark_every = 200ms}, out);
    playout.begin(1);
    auto audio = loud(160 * 12);
    audio.insert(audio.end(), 160, 0);  // a pause in frame 13
    const auto more = loud(160 * 25);
    audio.insert(audio.end(), more.begin(), more.end());
    playout.append(1, audio);
    playout.pump(0us);
    EXPECT_EQ(out.order.substr(0, 14), "fffffffffffffm");
    EXPECT_EQ(out.order.substr(14, 21), std::string(20, 'f') + "m");  // 400 ms of unbroken speech
}

TEST(Playout, what_was_dropped_never_leaves_and_late_audio_of_it_is_refused) {
    Collector out;
    Playout playout({.ahead = 100ms}, out);
    playout.begin(1);
    playout.append(1, loud(8000));
    playout.pump(0us);
    const auto sent = out.frames.size();
    playout.drop_all();
    playout.carrier_cleared(10ms);
    playout.pump(20ms);
    EXPECT_EQ(out.frames.size(), sent);
    EXPECT_FALSE(playout.append(1, loud(160)));
    playout.begin(2);
    playout.append(2, loud(1600));
    playout.pump(20ms);
    ASSERT_GT(out.frames.size(), sent);
    EXPECT_EQ(out.frames[sent].segment, 2U);
    EXPECT_EQ(out.frames[sent].plays_at, 20ms);
}

TEST(Playout, ducking_ramps_to_a_quarter_and_back_without_a_step) {
    Collector out;
    Playout playout({.ahead = 10s}, out);
    playout.begin(1);
    playout.append(1, loud(160 * 10));
    playout.duck(true);
    playout.pump(0us);
    for (std::size_t i = 1; i < out.frames.size(); ++i) EXPECT_LE(out.frames[i].pcm[0], out.frames[i - 1].pcm[0]);
    EXPECT_EQ(out.frames.back().pcm[0], 1000);
    playout.duck(false);
    playout.append(1, loud(160 * 10));
    playout.pump(0us);
    EXPECT_EQ(out.frames.back().pcm[0], 4000);
}

TEST(Playout, a_segment_is_bounded) {
    Collector out;
    Playout playout({.ahead = 100ms, .segment_bound = 1s}, out);
    playout.begin(1);
    EXPECT_TRUE(playout.append(1, loud(8000)));
    EXPECT_FALSE(playout.append(1, loud(1)));
}

// --- a bed ----------------------------------------------------------------------------------------------------------------

hold::HoldPlayer music() {
    return hold::HoldPlayer(hold::Strategy::music, {.text = nullptr, .audio = nullptr, .music = std::make_shared<const std::vector<std::int16_t>>(16000, 8000)},
                            {.fade_in = 0ms});
}

TEST(PlayoutBed, fills_what_speech_leaves_and_keeps_the_schedule) {
    Collector out;
    Playout playout({.ahead = 120ms}, out);
    auto bed = music();
    playout.bed(&bed);
    for (int tick = 0; tick <= 10; ++tick) playout.pump(tick * 20ms);
    EXPECT_EQ(out.bed.size(), 16U);
    EXPECT_TRUE(out.marks.empty()) << "nobody asks how much of it was heard";
    EXPECT_TRUE(out.frames.empty());
    playout.begin(1);
    playout.append(1, loud(1600));
    for (int tick = 11; tick <= 30; ++tick) playout.pump(tick * 20ms);
    EXPECT_EQ(out.frames.size(), 10U);
    EXPECT_EQ(out.frames.front().plays_at, out.bed[15].plays_at + 20ms) << "right behind";
    // Starved in the middle of its segment: what is left of the bed covers it.
    EXPECT_GT(out.bed.size(), 16U);
    EXPECT_TRUE(bed.released());
}

TEST(PlayoutBed, speech_is_told_how_much_of_the_bed_lies_before_it) {
    Collector out;
    Playout playout({.ahead = 120ms}, out);
    auto bed = music();
    playout.bed(&bed);
    for (int tick = 0; tick <= 10; ++tick) playout.pump(tick * 20ms);
    playout.begin(1);
    playout.append(1, loud(3200));
    playout.pump(220ms);
    ASSERT_EQ(out.behind.size(), 1U);
    EXPECT_EQ(out.behind[0], 800U) << "100 ms, and the first frame of speech makes it 120";
    EXPECT_NE(out.order.find("b<f"), std::string::npos);
    for (int tick = 12; tick <= 20; ++tick) playout.pump(tick * 20ms);
    EXPECT_EQ(out.behind.size(), 1U) << "once";
    // Of a bed that fell silent long ago nothing lies anywhere.
    Collector later;
    Playout other({.ahead = 120ms}, later);
    hold::HoldPlayer words(hold::Strategy::text, {.text = std::make_shared<const std::vector<std::int16_t>>(1600, 8000), .audio = nullptr, .music = nullptr});
    other.bed(&words);
    for (int tick = 0; tick <= 50; ++tick) other.pump(tick * 20ms);
    EXPECT_EQ(later.bed.size(), 10U);
    other.begin(1);
    other.append(1, loud(1600));
    other.pump(1020ms);
    EXPECT_TRUE(later.behind.empty());
    EXPECT_EQ(later.frames.front().plays_at, 1020ms);
}

TEST(PlayoutBed, is_mixed_under_the_first_speech_until_it_is_over) {
    Collector out;
    Playout playout({.ahead = 120ms}, out);
    auto bed = music();
    playout.bed(&bed);
    for (int tick = 0; tick <= 10; ++tick) playout.pump(tick * 20ms);
    playout.begin(1);
    playout.append(1, loud(8000 * 3));
    playout.finish(1);
    for (int tick = 11; tick <= 200; ++tick) playout.pump(tick * 20ms);
    EXPECT_EQ(out.frames[0].pcm[0] > 11000, true) << "both";
    EXPECT_NEAR(out.frames[5].pcm.back(), 4000 + 1600, 50) << "ducked";
    EXPECT_EQ(out.frames[40].pcm[0], 4000) << "0.8 s later it is gone";
    EXPECT_FALSE(playout.has_bed());
    EXPECT_EQ(out.bed.size(), 16U) << "and does not come back";
}

TEST(PlayoutBed, does_not_come_back_behind_a_clear) {
    Collector out;
    Playout playout({.ahead = 120ms}, out);
    auto bed = music();
    playout.bed(&bed);
    playout.pump(0us);
    playout.begin(1);
    playout.append(1, loud(8000));
    playout.pump(20ms);
    playout.drop_all();
    playout.carrier_cleared(40ms);
    const auto before = out.bed.size();
    for (int tick = 2; tick <= 50; ++tick) playout.pump(tick * 20ms);
    EXPECT_EQ(out.bed.size(), before);
}

}  // namespace
}  // namespace parley::call

#include "parley/sim/play_buffer.hpp"

#include <gtest/gtest.h>

#include <random>

namespace parley::sim {
namespace {

struct Speaker {
    PlayBuffer buffer;
    Mulaw heard;
    std::vector<PlayBuffer::MarkReturn> returned;

    void to(Sample at) { buffer.advance(at, heard, returned); }
    Sample add(Sample n, std::uint8_t code) { return buffer.append(Mulaw(static_cast<std::size_t>(n), code)); }
    [[nodiscard]] std::string names() const {
        std::string out;
        for (const auto& mark : returned) out += mark.name;
        return out;
    }
};

TEST(PlayBuffer, PlaysEightSamplesAMillisecondAndSilenceWhenEmpty) {
    Speaker s;
    s.to(100);
    EXPECT_EQ(s.add(50, 1), 0);
    s.to(120);
    s.to(110);  // the past: nothing
    s.to(200);
    ASSERT_EQ(s.heard.size(), 200u);
    for (std::size_t i = 0; i < 200; ++i) EXPECT_EQ(s.heard[i], i >= 100 && i < 150 ? 1 : kMulawSilence) << i;
    ASSERT_EQ(s.buffer.segments().size(), 1u) << "one run, however it was played";
    EXPECT_EQ(s.buffer.segments()[0].at, 100);
    EXPECT_EQ(s.buffer.segments()[0].length, 50);
}

TEST(PlayBuffer, ReturnsAMarkWithTheLastSampleBeforeIt) {
    Speaker s;
    (void)s.add(100, 1);
    s.buffer.mark("a", s.returned);
    (void)s.add(100, 2);
    s.buffer.mark("b", s.returned);
    EXPECT_EQ(s.buffer.next_mark_at(), 100);
    s.to(99);
    EXPECT_EQ(s.names(), "");
    s.to(100);
    EXPECT_EQ(s.names(), "a");
    s.to(1000);
    EXPECT_EQ(s.names(), "ab");
    EXPECT_EQ(s.returned[0].at, 100);
    EXPECT_EQ(s.returned[1].at, 200) << "its own time, not that of the next look";
    EXPECT_FALSE(s.returned[1].cleared);
}

TEST(PlayBuffer, AMarkInAnEmptyBufferReturnsAtOnce) {
    Speaker s;
    s.to(77);
    s.buffer.mark("m", s.returned);
    ASSERT_EQ(s.returned.size(), 1u);
    EXPECT_EQ(s.returned[0].at, 77);
}

TEST(PlayBuffer, ClearReturnsAllMarksInOrderAndLeavesTheTail) {
    Speaker s;
    (void)s.add(100, 1);
    s.buffer.mark("a", s.returned);
    (void)s.add(300, 2);
    s.buffer.mark("b", s.returned);
    s.buffer.mark("b", s.returned);
    s.to(50);
    EXPECT_EQ(s.buffer.clear(s.returned), 400 - 50 - kFrameSamples);
    EXPECT_EQ(s.names(), "abb");
    EXPECT_TRUE(s.returned[0].cleared && s.returned[2].cleared);
    EXPECT_EQ(s.buffer.pending_marks(), 0u);
    s.to(1000);
    EXPECT_EQ(s.buffer.played(), 50 + kFrameSamples);
    EXPECT_EQ(s.buffer.appended(), s.buffer.played() + s.buffer.discarded());
}

TEST(PlayBuffer, DiscardsWhatDoesNotFit) {
    PlayBuffer::Limits limits;
    limits.queued = 1000;
    Speaker s;
    s.buffer = PlayBuffer(limits);
    EXPECT_EQ(s.add(900, 1), 0);
    EXPECT_EQ(s.add(200, 2), 100);
    EXPECT_EQ(s.add(5, 3), 5);
    s.to(500);
    EXPECT_EQ(s.add(200, 3), 0);
    EXPECT_EQ(s.buffer.appended(), 1200);
}

// Whatever the order of calls: every sample is heard once, in order, or discarded; each mark comes back once, in order,
// and not before the sound queued in front of it.
TEST(PlayBuffer, KeepsItsBooksUnderAnySchedule) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        std::mt19937_64 random(seed);
        const auto draw = [&](Sample below) { return static_cast<Sample>(random() % static_cast<std::uint64_t>(below)); };
        Speaker s;
        std::vector<std::int64_t> mark_offset;
        Sample clock = 0;
        for (int step = 0; step < 200; ++step) {
            switch (draw(5)) {
                case 0:
                case 1: {
                    const auto n = draw(500);
                    EXPECT_EQ(s.add(n, static_cast<std::uint8_t>(draw(200))), 0);
                    break;
                }
                case 2:
                    s.buffer.mark(std::to_string(mark_offset.size()), s.returned);
                    mark_offset.push_back(s.buffer.appended());
                    break;
                case 3:
                    s.to(clock += draw(400));
                    break;
                default:
                    if (draw(4) == 0) s.buffer.clear(s.returned);
            }
            ASSERT_EQ(s.buffer.appended(), s.buffer.played() + s.buffer.discarded() + s.buffer.queued());
            ASSERT_EQ(static_cast<Sample>(s.heard.size()), s.buffer.now());
        }
        s.to(clock += 200'000);
        ASSERT_EQ(s.returned.size(), mark_offset.size()) << seed;
        std::int64_t expected_offset = -1;
        for (const auto& segment : s.buffer.segments()) {
            ASSERT_GT(segment.offset, expected_offset);
            expected_offset = segment.offset + segment.length - 1;
        }
        for (std::size_t i = 0; i < s.returned.size(); ++i) {
            ASSERT_EQ(s.returned[i].name, std::to_string(i)) << seed;
            if (s.returned[i].cleared) continue;
            std::int64_t heard_before = 0;
            for (const auto& segment : s.buffer.segments()) {
                if (segment.at < s.returned[i].at) heard_before = segment.offset + std::min(segment.length, s.returned[i].at - segment.at);
            }
            ASSERT_LE(heard_before, mark_offset[i]) << seed;
        }
    }
}

}  // namespace
}  // namespace parley::sim

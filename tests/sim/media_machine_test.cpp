// The stream machine in virtual time: faults of the line, limits, order.

#include "parley/sim/media_machine.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace parley::sim {
namespace {

using nlohmann::json;

StreamSetup setup() {
    StreamSetup out;
    out.account_sid = "AC1";
    out.call_sid = "CA1";
    out.stream_sid = "MZ1";
    out.name = "MZ1";
    return out;
}

struct Bench {
    explicit Bench(LineFaults faults = {}) : machine(setup(), faults, 0, speaker) {}

    void frames(int count) {
        for (int i = 0; i < count; ++i) {
            machine.on_frame(Track::inbound, Mulaw(kFrameSamples, 0x10), now);
            to(now + kFrameSamples);
        }
    }
    void to(Sample at) {
        now = at;
        std::vector<PlayBuffer::MarkReturn> returned;
        speaker.advance(now, heard, returned);
        machine.on_marks(returned, now);
        std::string message;
        while (machine.take(now, message)) sent.push_back({now, json::parse(message)});
    }
    void receive(const json& message) { machine.on_text(message.dump(), speaker, now); }
    void media(Sample n) {
        const std::string payload(static_cast<std::size_t>(n / 3 * 4), '/');
        receive({{"event", "media"}, {"streamSid", "MZ1"}, {"media", {{"payload", payload}}}});
    }
    void mark(const std::string& name) { receive({{"event", "mark"}, {"streamSid", "MZ1"}, {"mark", {{"name", name}}}}); }
    [[nodiscard]] std::vector<std::pair<Sample, json>> of(const std::string& event) const {
        std::vector<std::pair<Sample, json>> out;
        for (const auto& one : sent) {
            if (one.second["event"] == event) out.push_back(one);
        }
        return out;
    }
    [[nodiscard]] std::string mark_names() const {
        std::string out;
        for (const auto& one : of("mark")) out += one.second["mark"]["name"].get<std::string>();
        return out;
    }

    PlayBuffer speaker;
    MediaMachine machine;
    Mulaw heard;
    Sample now = 0;
    std::vector<std::pair<Sample, json>> sent;
};

TEST(MediaMachine, SequenceNumbersHaveNoGapWhateverTheLineDoes) {
    LineFaults faults;
    faults.packet_loss = 0.2;
    faults.jitter = std::chrono::milliseconds(60);
    faults.burst_every = std::chrono::milliseconds(1000);
    faults.burst_hold = std::chrono::milliseconds(300);
    faults.marks_late = 0.3;
    faults.marks_duplicated = 0.3;
    faults.marks_reordered = 0.3;
    faults.marks_lost = 0.2;
    for (faults.seed = 1; faults.seed <= 30; ++faults.seed) {
        Bench bench(faults);
        for (int i = 0; i < 50; ++i) {
            bench.media(240);
            bench.mark(std::to_string(i));
            bench.machine.on_dtmf('1', bench.now);
            bench.frames(5);
        }
        bench.to(bench.now + 80000);
        bench.machine.stop(bench.now);
        bench.to(bench.now + 1);
        long expected = 1;
        Sample last_due = 0;
        long last_timestamp = -1;
        for (const auto& [at, message] : bench.sent) {
            ASSERT_GE(at, last_due);
            last_due = at;
            if (message["event"] == "connected") continue;
            ASSERT_EQ(message["sequenceNumber"], std::to_string(expected++));
            if (message["event"] != "media") continue;
            const auto timestamp = std::stol(message["media"]["timestamp"].get<std::string>());
            ASSERT_GT(timestamp, last_timestamp) << "order is kept";
            last_timestamp = timestamp;
        }
        EXPECT_EQ(bench.sent.back().second["event"], "stop");
        EXPECT_EQ(bench.of("media").size() + bench.machine.frames_lost(), 250u);
        EXPECT_GT(bench.machine.frames_lost(), 10u);
        // The truth about each mark equals what was sent.
        std::map<std::string, int> seen;
        for (const auto& [at, message] : bench.of("mark")) ++seen[message["mark"]["name"]];
        for (const auto& mark : bench.machine.marks()) {
            EXPECT_TRUE(mark.returned_at);
            EXPECT_EQ(mark.sent, seen[mark.name]) << mark.name << " seed " << faults.seed;
        }
    }
}

TEST(MediaMachine, AStallHoldsOrDropsTheSound) {
    for (const bool drops : {false, true}) {
        LineFaults faults;
        faults.stall_at = std::chrono::milliseconds(200);
        faults.stall_for = std::chrono::milliseconds(400);
        faults.stall_drops = drops;
        Bench bench(faults);
        bench.frames(60);
        const auto media = bench.of("media");
        EXPECT_EQ(media.size(), drops ? 40u : 60u);
        for (const auto& [at, message] : media) EXPECT_FALSE(at > 200 * 8 && at < 600 * 8);
        if (!drops) {
            EXPECT_EQ(std::count_if(media.begin(), media.end(), [](const auto& one) { return one.first == 600 * 8; }), 20);
        }
    }
}

TEST(MediaMachine, LateReorderedAndLostMarks) {
    LineFaults late;
    late.marks_late = 1;
    late.marks_delay = std::chrono::milliseconds(500);
    Bench a(late);
    a.mark("x");
    a.to(3999);
    EXPECT_EQ(a.mark_names(), "");
    a.to(4000);
    EXPECT_EQ(a.mark_names(), "x");

    LineFaults reordered;
    reordered.marks_reordered = 1;
    Bench b(reordered);
    b.mark("1");
    b.mark("2");
    b.to(10);
    EXPECT_EQ(b.mark_names(), "21");
    b.mark("3");
    b.to(7000);
    EXPECT_EQ(b.mark_names(), "21");
    b.to(9000);
    EXPECT_EQ(b.mark_names(), "213") << "a reordered mark without successor is late, not lost";

    LineFaults lost;
    lost.marks_lost = 1;
    Bench c(lost);
    c.mark("x");
    c.to(80000);
    EXPECT_EQ(c.mark_names(), "");
    EXPECT_EQ(c.machine.marks()[0].sent, 0);
    EXPECT_TRUE(c.machine.marks()[0].returned_at) << "the truth knows that it was reached";
}

TEST(MediaMachine, TenMinutesFitAndMoreDoesNot) {
    Bench bench;
    for (int i = 0; i < 600; ++i) bench.media(7998);
    EXPECT_EQ(bench.machine.overflow_samples(), 0u);
    EXPECT_TRUE(bench.machine.take_notices().empty());
    bench.media(7998);
    EXPECT_EQ(bench.machine.overflow_samples(), 7998u * 601 - 4'800'000);
    bench.media(7998);
    const auto notices = bench.machine.take_notices();
    ASSERT_EQ(notices.size(), 1u) << "told once";
    EXPECT_EQ(notices[0].code, 31931);
}

TEST(MediaMachine, AReaderThatDoesNotReadLosesSoundAndIsToldSo) {
    Bench bench;
    for (int i = 0; i < 1000; ++i) bench.machine.on_frame(Track::inbound, Mulaw(kFrameSamples, 0x10), i * kFrameSamples);
    const auto notices = bench.machine.take_notices();
    ASSERT_EQ(notices.size(), 1u);
    EXPECT_EQ(notices[0].code, 31930);
    bench.to(1000 * kFrameSamples);
    EXPECT_LT(bench.of("media").size(), 400u);
    EXPECT_EQ(bench.of("media").size() + bench.machine.frames_lost(), 1000u);
}

TEST(MediaMachine, ClearTruthCountsWhatWasHeard) {
    Bench bench;
    bench.media(24000);
    bench.to(8000);
    bench.receive({{"event", "clear"}, {"streamSid", "MZ1"}});
    ASSERT_EQ(bench.machine.clears().size(), 1u);
    const auto clear = bench.machine.clears()[0];
    EXPECT_EQ(clear.appended, 24000);
    EXPECT_EQ(clear.heard, 8000 + kFrameSamples);
    EXPECT_EQ(clear.dropped, 24000 - clear.heard);
    bench.to(40000);
    EXPECT_EQ(bench.speaker.played(), clear.heard);
}

}  // namespace
}  // namespace parley::sim

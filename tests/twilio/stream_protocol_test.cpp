#include "parley/twilio/stream_protocol.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>

namespace parley::twilio {
namespace {

using namespace std::chrono_literals;

std::string base64_of(std::size_t samples) {
    std::string payload((samples + 2) / 3 * 4, 'A');
    for (std::size_t pad = 0; pad < (3 - samples % 3) % 3; ++pad) payload[payload.size() - 1 - pad] = '=';
    return payload;
}
const std::string kFrame = base64_of(160);

// A stream as Twilio plays it, with knobs; what came out is kept as words.
struct Rig {
    explicit Rig(StreamLimits limits = {}) : protocol(Instant(0), limits) {}

    StreamProtocol protocol;
    Instant now{0};
    std::uint64_t sequence = 0;
    std::uint64_t timestamp = 0;
    std::string sid = "MZ1";
    std::map<std::string, int> faults;
    std::vector<std::string> words;
    std::uint64_t delivered = 0, filled = 0, stale = 0;
    int closes = 0;
    std::string closed;

    void take(const StreamActions& actions) {
        for (const StreamAction& action : actions) {
            if (const auto* d = std::get_if<DeliverAudio>(&action)) delivered += d->samples, stale += d->stale ? d->samples : 0, words.emplace_back("audio");
            if (const auto* f = std::get_if<FillSilence>(&action)) filled += f->samples, words.push_back("fill " + std::to_string(f->samples));
            if (const auto* c = std::get_if<CountFault>(&action)) ++faults[std::string(to_string(c->fault))];
            if (const auto* c = std::get_if<CloseStream>(&action)) ++closes, closed = std::to_string(c->code) + " " + std::string(c->reason);
            if (const auto* d = std::get_if<DigitPressed>(&action)) words.push_back(std::string("digit ") + d->digit);
            if (const auto* m = std::get_if<MarkEchoed>(&action)) words.push_back("mark " + std::string(m->name));
            if (std::holds_alternative<StreamStarted>(action)) words.emplace_back("start");
            if (std::holds_alternative<StreamStopped>(action)) words.emplace_back("stop");
            if (std::holds_alternative<OutboundAudio>(action)) words.emplace_back("outbound");
        }
    }
    void say(const StreamMessage& message) {
        StreamActions out;
        protocol.on_message(message, now, out);
        take(out);
    }
    void start(std::string_view encoding = "audio/x-mulaw", std::uint64_t rate = 8000, std::uint64_t channels = 1) {
        StartMessage s;
        s.sequence = {++sequence, true};
        s.stream_sid = sid, s.account_sid = "AC1", s.call_sid = "CA1", s.encoding = encoding;
        s.sample_rate = {rate, true}, s.channels = {channels, true}, s.inbound_track = true;
        say(s);
    }
    MediaMessage frame() {
        MediaMessage m;
        m.sequence = {++sequence, true}, m.chunk = {1, true}, m.timestamp_ms = {timestamp, true};
        m.stream_sid = sid, m.payload = kFrame;
        timestamp += 20;
        return m;
    }
    void frames(int count) {
        for (int i = 0; i < count; ++i) {
            now += 20ms;
            say(frame());
        }
    }
    void bad(errc e) {
        StreamActions out;
        protocol.on_bad_message(make_error_code(e), now, out);
        take(out);
    }
    void timer() {
        StreamActions out;
        protocol.on_timer(now, out);
        take(out);
    }
    int fault(const char* kind) { return faults.contains(kind) ? faults[kind] : 0; }
};

TEST(StreamProtocol, an_ordinary_call_has_no_fault) {
    Rig rig;
    rig.say(ConnectedMessage{});
    rig.start();
    rig.frames(500);
    EXPECT_TRUE(rig.protocol.mark_sent("m"));
    rig.say(MarkMessage{{++rig.sequence, true}, "MZ1", "m"});
    rig.say(DtmfMessage{{++rig.sequence, true}, "MZ1", "5"});
    rig.frames(10);
    rig.say(StopMessage{{++rig.sequence, true}, "MZ1", {}, {}});
    EXPECT_TRUE(rig.faults.empty());
    EXPECT_EQ(rig.delivered, 510U * 160);
    EXPECT_EQ(rig.filled + rig.stale, 0U);
    EXPECT_EQ(rig.words.front(), "start");
    EXPECT_EQ(rig.words.back(), "stop");
    EXPECT_EQ(rig.protocol.marks_outstanding(), 0U);
    EXPECT_EQ(rig.closes, 0);
    EXPECT_EQ(rig.protocol.deadline(), rig.now + 1s);
    rig.now += 999ms;
    rig.timer();
    EXPECT_EQ(rig.closes, 0);
    rig.now += 1ms;
    rig.timer();
    EXPECT_EQ(rig.closed, "1000 stopped");
}

TEST(StreamProtocol, no_start_in_time) {  // M1
    Rig rig;
    EXPECT_EQ(rig.protocol.deadline(), Instant(5s));
    rig.now = 4999ms;
    rig.timer();
    EXPECT_EQ(rig.closes, 0);
    rig.say(ConnectedMessage{});  // does not count as a start
    rig.now = 5s;
    rig.timer();
    EXPECT_EQ(rig.closed, "1008 no_start");
    EXPECT_EQ(rig.protocol.deadline(), std::nullopt);
}

TEST(StreamProtocol, media_before_start) {  // M2
    Rig rig;
    rig.frames(50);  // one second
    EXPECT_EQ(rig.closes, 0);
    EXPECT_EQ(rig.delivered, 0U);
    rig.frames(1);
    EXPECT_EQ(rig.closed, "1008 media_before_start");
    Rig late;
    late.frames(50);
    late.start();
    late.frames(1);
    EXPECT_EQ(late.delivered, 160U);
}

TEST(StreamProtocol, one_byte_frames_before_start_are_bounded) {
    Rig rig;
    for (int i = 0; i < 1000; ++i) {
        auto m = rig.frame();
        m.payload = "AA==";
        rig.say(m);
    }
    EXPECT_EQ(rig.closed, "1008 media_before_start");
}

TEST(StreamProtocol, second_start) {  // M3
    Rig rig;
    rig.start();
    rig.start();
    EXPECT_EQ(rig.closed, "1008 duplicate_start");
    EXPECT_EQ(rig.fault("order"), 1);
    rig.start();
    rig.frames(3);
    EXPECT_EQ(rig.closes, 1);
    EXPECT_EQ(rig.delivered, 0U);
}

TEST(StreamProtocol, another_stream_sid) {  // M6
    Rig rig;
    rig.start();
    rig.sid = "MZ2";
    rig.frames(9);
    EXPECT_EQ(rig.closes, 0);
    rig.sid = "MZ1";
    rig.frames(1);
    EXPECT_EQ(rig.delivered, 160U);
    rig.sid = "MZ2";
    rig.frames(1);
    EXPECT_EQ(rig.closed, "1008 stream_sid");
    EXPECT_EQ(rig.fault("stream_sid"), 10);
    EXPECT_EQ(rig.delivered, 160U);
}

TEST(StreamProtocol, malformed_messages) {  // M10, M31
    Rig rig;
    rig.start();
    for (int i = 0; i < 19; ++i) rig.bad(i % 2 == 0 ? errc::schema : errc::json);
    EXPECT_EQ(rig.closes, 0);
    rig.bad(errc::schema);
    EXPECT_EQ(rig.closed, "1008 schema");
    EXPECT_EQ(rig.fault("schema") + rig.fault("json"), 20);
}

TEST(StreamProtocol, base64_faults_only_count) {  // M11
    Rig rig;
    rig.start();
    for (int i = 0; i < 100; ++i) rig.bad(errc::base64);
    EXPECT_EQ(rig.closes, 0);
    EXPECT_EQ(rig.fault("base64"), 100);
}

TEST(StreamProtocol, too_big_and_binary) {  // M13, M16
    Rig rig;
    rig.start();
    rig.bad(errc::too_big);
    EXPECT_EQ(rig.closed, "1009 too_big");
    Rig binary;
    StreamActions out;
    binary.protocol.on_binary(Instant(0), out);
    binary.take(out);
    EXPECT_EQ(binary.closed, "1003 binary");
}

TEST(StreamProtocol, media_format) {  // M27
    for (const auto& [encoding, rate, channels] : {std::tuple{"audio/x-alaw", 8000U, 1U}, {"audio/x-mulaw", 16000U, 1U}, {"audio/x-mulaw", 8000U, 2U}}) {
        Rig rig;
        rig.start(encoding, rate, channels);
        EXPECT_EQ(rig.closed, "1003 media_format");
        EXPECT_TRUE(rig.words.empty());
    }
}

TEST(StreamProtocol, odd_payload_sizes) {  // M12
    Rig rig;
    rig.start();
    for (const std::size_t size : {0UL, 1UL, 159UL, 161UL, 16'000UL}) {
        rig.now += 2s;
        const std::string payload = base64_of(size);
        auto m = rig.frame();
        m.payload = payload;
        m.timestamp_ms.valid = false;
        rig.say(m);
    }
    EXPECT_EQ(rig.delivered, 1U + 159 + 161 + 16'000);
    EXPECT_EQ(rig.fault("base64"), 1);
    EXPECT_EQ(rig.closes, 0);
}

TEST(StreamProtocol, duplicates_are_dropped) {  // M7
    Rig rig;
    rig.start();
    rig.frames(3);
    auto m = rig.frame();
    rig.say(m);
    rig.say(m);
    m.sequence.value -= 2;
    rig.say(m);
    EXPECT_EQ(rig.delivered, 4U * 160);
    EXPECT_EQ(rig.fault("sequence"), 2);
}

TEST(StreamProtocol, gaps_are_filled_up_to_200_ms) {  // M7
    for (const auto& [lost, want] : {std::pair{1, 160U}, {5, 800U}, {10, 1600U}, {11, 1600U}, {40, 1600U}}) {
        Rig rig;
        rig.start();
        rig.frames(5);
        for (int i = 0; i < lost; ++i) (void)rig.frame();
        rig.now += 20ms * lost;
        rig.frames(5);
        EXPECT_EQ(rig.filled, want) << lost;
        EXPECT_EQ(rig.delivered, 10U * 160);
        EXPECT_EQ(rig.fault("sequence"), 1);
        EXPECT_EQ(rig.fault("timestamp"), 0);
    }
}

TEST(StreamProtocol, network_loss_leaves_only_the_timestamp_behind) {
    Rig rig;
    rig.start();
    rig.frames(5);
    rig.timestamp += 60;
    rig.frames(5);
    EXPECT_EQ(rig.filled, 480U);
    EXPECT_TRUE(rig.faults.empty());
}

TEST(StreamProtocol, other_messages_between_frames_are_no_gap) {
    Rig rig;
    rig.start();
    rig.frames(2);
    rig.sequence += 3;  // three messages of a kind we never saw
    rig.frames(2);
    EXPECT_EQ(rig.filled, 0U);
    EXPECT_EQ(rig.fault("sequence"), 1);
}

TEST(StreamProtocol, late_frames_are_heard_when_they_come) {
    Rig rig;
    rig.start();
    rig.frames(2);
    const auto late = rig.frame();
    rig.frames(1);
    rig.say(late);
    rig.frames(1);
    EXPECT_EQ(rig.delivered, 5U * 160);
    EXPECT_EQ(rig.closes, 0);
}

TEST(StreamProtocol, sequence_wraps_or_starts_again) {
    Rig rig;
    rig.start();
    rig.frames(100);
    rig.sequence = 0;
    rig.frames(100);
    EXPECT_EQ(rig.delivered, 200U * 160);
    EXPECT_EQ(rig.fault("sequence"), 1);
    rig.sequence = UINT64_MAX - 2;
    rig.frames(1);
    rig.sequence = 0;
    rig.frames(1);
    EXPECT_EQ(rig.delivered, 202U * 160);
}

TEST(StreamProtocol, sequence_that_is_no_number) {
    Rig rig;
    rig.start();
    for (int i = 0; i < 5; ++i) {
        rig.now += 20ms;
        auto m = rig.frame();
        m.sequence = {};
        rig.say(m);
    }
    EXPECT_EQ(rig.delivered, 5U * 160);
    EXPECT_EQ(rig.fault("sequence"), 5);
}

TEST(StreamProtocol, mad_timestamps_change_nothing) {  // M8
    for (const std::int64_t jump : std::initializer_list<std::int64_t>{-1000, 600'000, -20, 1LL << 45, INT64_MAX}) {
        Rig rig;
        rig.start();
        rig.frames(100);
        rig.timestamp = static_cast<std::uint64_t>(static_cast<std::int64_t>(rig.timestamp) + std::min(jump, INT64_MAX - 1'000'000));
        rig.frames(1);
        EXPECT_GE(rig.fault("timestamp"), 1) << jump;
        rig.frames(100);
        EXPECT_EQ(rig.delivered, 201U * 160) << jump;
        EXPECT_EQ(rig.filled, 0U) << jump;
        EXPECT_EQ(rig.closes, 0);
    }
    Rig still;
    still.start();
    still.frames(1);
    for (int i = 0; i < 50; ++i) {
        still.timestamp = 0;
        still.frames(1);
    }
    EXPECT_EQ(still.delivered, 51U * 160);
    EXPECT_EQ(still.filled, 0U);
}

TEST(StreamProtocol, odd_frame_lengths_do_not_drift_into_gaps) {
    Rig rig;
    rig.start();
    const std::string payload = base64_of(161);
    std::uint64_t samples = 0;
    for (int i = 0; i < 2000; ++i) {
        rig.now += 20ms;
        auto m = rig.frame();
        m.payload = payload;
        m.timestamp_ms.value = samples / 8;
        samples += 161;
        rig.say(m);
    }
    EXPECT_EQ(rig.filled, 0U);
    EXPECT_EQ(rig.fault("timestamp"), 0);
}

TEST(StreamProtocol, faster_than_twice_real_time) {  // M19
    Rig fast;
    fast.start();
    for (int i = 0; i < 5000 && fast.closes == 0; ++i) {
        fast.now += 200us;  // 100 times
        fast.say(fast.frame());
    }
    EXPECT_EQ(fast.closed, "1008 rate");
    // 5 s of burst, and twice what passed meanwhile.
    EXPECT_LE(fast.delivered, 8000U * 5 + 8000U / 2);
    EXPECT_GE(fast.delivered, 8000U * 5 - 160);

    Rig twice;
    twice.start();
    for (int i = 0; i < 5000; ++i) {
        twice.now += 10ms;
        twice.say(twice.frame());
    }
    EXPECT_EQ(twice.closes, 0);
    EXPECT_EQ(twice.delivered, 5000U * 160);
}

TEST(StreamProtocol, message_flood) {
    Rig rig;
    rig.start();
    for (int i = 0; i < 10'000 && rig.closes == 0; ++i) rig.say(UnknownMessage{"x"});
    EXPECT_EQ(rig.closed, "1008 rate");
    EXPECT_LE(rig.fault("unknown_event"), 5000);
}

TEST(StreamProtocol, burst_after_a_stall_is_stale_beyond_a_second) {  // M20
    Rig rig;
    rig.start();
    rig.frames(100);
    rig.now += 4s;
    for (int i = 0; i < 200; ++i) rig.say(rig.frame());  // four seconds at once
    EXPECT_NEAR(static_cast<double>(rig.stale), 8000.0 * 3, 8000.0 * 0.1);
    const auto stale = rig.stale;
    rig.frames(100);
    EXPECT_EQ(rig.stale, stale);
    EXPECT_EQ(rig.delivered, 400U * 160);
    EXPECT_EQ(rig.closes, 0);
}

TEST(StreamProtocol, a_stall_whose_audio_never_comes_does_not_deafen) {
    Rig rig;
    rig.start();
    rig.frames(100);
    rig.now += 4s;  // timestamps and numbers go on as if nothing had been
    rig.frames(200);
    EXPECT_LE(rig.stale, 8000U / 2);
    const auto stale = rig.stale;
    rig.frames(200);
    EXPECT_EQ(rig.stale, stale);
}

TEST(StreamProtocol, both_tracks) {  // M28
    Rig rig;
    rig.start();
    for (int i = 0; i < 100; ++i) {
        rig.frames(1);
        auto m = rig.frame();
        rig.timestamp -= 20;
        m.track = Track::outbound;
        rig.say(m);
    }
    EXPECT_EQ(rig.delivered, 100U * 160);
    EXPECT_EQ(std::count(rig.words.begin(), rig.words.end(), "outbound"), 1);
    EXPECT_TRUE(rig.faults.empty());
    EXPECT_EQ(rig.filled, 0U);
}

TEST(StreamProtocol, a_stream_of_both_tracks_delivers_both_each_within_its_own_rate) {
    StreamLimits limits;
    limits.both_tracks = true;
    Rig rig(limits);
    rig.start();
    for (int i = 0; i < 100; ++i) {
        rig.frames(1);
        auto m = rig.frame();
        rig.timestamp -= 20;
        m.track = Track::outbound;
        rig.say(m);
    }
    EXPECT_EQ(rig.delivered, 100U * 160);
    EXPECT_EQ(std::count(rig.words.begin(), rig.words.end(), "outbound"), 100);
    EXPECT_TRUE(rig.faults.empty());
    // One side alone beyond its rate ends the stream.
    for (int i = 0; i < 1000 && rig.closes == 0; ++i) {
        auto m = rig.frame();
        m.track = Track::outbound;
        rig.say(m);
    }
    EXPECT_EQ(rig.closed, "1008 rate");
}

TEST(StreamProtocol, stop_without_start_and_media_after_stop) {  // M24
    Rig rig;
    rig.say(StopMessage{});
    EXPECT_EQ(rig.fault("order"), 1);
    EXPECT_FALSE(rig.protocol.stopped());
    rig.start();
    rig.say(StopMessage{});
    EXPECT_TRUE(rig.protocol.stopped());
    rig.frames(5);
    rig.say(StopMessage{});
    rig.say(DtmfMessage{{++rig.sequence, true}, "MZ1", "5"});
    rig.say(MarkMessage{{++rig.sequence, true}, "MZ1", "m"});
    EXPECT_EQ(rig.delivered, 0U);
    EXPECT_EQ(rig.fault("order"), 9);
    EXPECT_EQ(std::count(rig.words.begin(), rig.words.end(), "stop"), 1);
}

TEST(StreamProtocol, digits) {  // M26
    Rig rig;
    rig.say(DtmfMessage{{1, true}, "MZ1", "5"});
    EXPECT_EQ(rig.fault("order"), 1);
    rig.start();
    for (const std::string_view digit : {"0", "9", "*", "#", "A", "D"}) rig.say(DtmfMessage{{++rig.sequence, true}, "MZ1", digit});
    EXPECT_EQ(rig.words.size(), 7U);
    for (const std::string_view digit : {"", "E", "12", "a", "\u0661", " "}) rig.say(DtmfMessage{{++rig.sequence, true}, "MZ1", digit});
    EXPECT_EQ(rig.fault("dtmf"), 6);
    rig.now += 10s;
    const auto before = rig.words.size();
    for (int i = 0; i < 1000; ++i) {
        rig.now += 1ms;
        rig.say(DtmfMessage{{++rig.sequence, true}, "MZ1", "1"});
    }
    EXPECT_LE(rig.words.size() - before, 40U);
    EXPECT_GE(rig.words.size() - before, 20U);
}

TEST(StreamProtocol, marks) {  // M21
    Rig rig;
    rig.start();
    const auto echo = [&](std::string_view name) { rig.say(MarkMessage{{++rig.sequence, true}, "MZ1", name}); };
    for (const char* name : {"a", "b", "b", "c"}) EXPECT_TRUE(rig.protocol.mark_sent(name));
    echo("a");
    EXPECT_EQ(rig.fault("mark"), 0);
    echo("a");    // twice
    echo("zzz");  // unknown
    EXPECT_EQ(rig.fault("mark"), 2);
    echo("c");  // out of order, still heard
    EXPECT_EQ(rig.fault("mark"), 3);
    echo("b");
    echo("b");
    EXPECT_EQ(rig.words, (std::vector<std::string>{"start", "mark a", "mark c", "mark b", "mark b"}));
    EXPECT_EQ(rig.protocol.marks_outstanding(), 0U);
}

TEST(StreamProtocol, outstanding_marks_are_bounded) {
    Rig rig;
    rig.start();
    for (int i = 0; i < 255; ++i) EXPECT_TRUE(rig.protocol.mark_sent(std::to_string(i)));
    EXPECT_TRUE(rig.protocol.mark_sent("255"));
    EXPECT_FALSE(rig.protocol.mark_sent("256"));
    rig.say(MarkMessage{{++rig.sequence, true}, "MZ1", "0"});
    EXPECT_TRUE(rig.protocol.mark_sent("256"));
}

TEST(StreamProtocol, unknown_events_and_second_connected) {  // M9
    Rig rig;
    rig.say(ConnectedMessage{});
    rig.say(ConnectedMessage{});
    rig.start();
    rig.say(UnknownMessage{"novelty"});
    EXPECT_EQ(rig.fault("order"), 1);
    EXPECT_EQ(rig.fault("unknown_event"), 1);
    EXPECT_EQ(rig.closes, 0);
}

// Whatever comes in whatever order: one close at most, nothing after it, nothing before start, each sequence number
// delivered at most once between resets, silence never above the bound, and never more than the capacity of actions.
TEST(StreamProtocol, random_histories_keep_the_invariants) {
    for (unsigned seed = 0; seed < 400; ++seed) {
        std::mt19937 random(seed);
        Rig rig;
        for (int step = 0; step < 600; ++step) {
            rig.now += Instant(random() % 40'000);
            const bool closed_before = rig.closes > 0;
            const bool started_before = rig.protocol.started();
            const auto words_before = rig.words.size();
            const auto filled_before = rig.filled;
            const auto delivered_before = rig.delivered;
            switch (random() % 24) {
                case 0:
                    rig.say(ConnectedMessage{});
                    break;
                case 1:
                    if (random() % 4 == 0 || !started_before) rig.start();
                    break;
                case 2:
                    rig.bad(random() % 3 == 0 ? errc::base64 : errc::schema);
                    break;
                case 3:
                    rig.say(DtmfMessage{{random() % 700, random() % 8 != 0}, "MZ1", "1"});
                    break;
                case 4:
                    rig.say(MarkMessage{{random() % 700, true}, "MZ1", random() % 2 == 0 ? "a" : "b"});
                    break;
                case 5:
                    (void)rig.protocol.mark_sent(random() % 2 == 0 ? "a" : "b");
                    break;
                case 6:
                    if (random() % 20 == 0) rig.say(StopMessage{});
                    break;
                case 7:
                    rig.timer();
                    break;
                case 8: {
                    auto m = rig.frame();
                    m.timestamp_ms = {random(), random() % 4 != 0};
                    rig.say(m);
                    break;
                }
                case 9: {
                    auto m = rig.frame();
                    m.sequence = {random() % 3 == 0 ? std::uint64_t{random()} << 32 : random() % 600, random() % 4 != 0};
                    rig.say(m);
                    break;
                }
                default:
                    rig.say(rig.frame());
            }
            ASSERT_LE(rig.closes, 1);
            ASSERT_LE(rig.filled - filled_before, 1600U);
            if (closed_before) {
                ASSERT_EQ(rig.words.size(), words_before);
            }
            if (!started_before) {
                ASSERT_EQ(rig.delivered, delivered_before);
            }
        }
    }
}

}  // namespace
}  // namespace parley::twilio

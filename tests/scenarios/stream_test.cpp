// The media socket against peers that break the rules, and calls that lose their stream.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app_server.hpp"
#include "gateway_under_test.hpp"
#include "raw_stream.hpp"
#include "sounds.hpp"

namespace parley::scenarios {
namespace {

using nlohmann::json;
using sim::test::AppServer;
using sim::test::Seen;
using sim::test::StreamPeer;
using testing::HasSubstr;

sim::test::HttpResponseOut no_page(const Seen&) {
    return sim::test::reply("", "text/plain", 404);
}

double rejected(const GatewayUnderTest& gateway, const std::string& reason) {
    return gateway.metric("parley_stream_rejected_total{reason=\"" + reason + "\"}");
}
double faults(const GatewayUnderTest& gateway, const std::string& kind) {
    return gateway.metric("parley_stream_protocol_errors_total{kind=\"" + kind + "\"}");
}

// A live echo call on a raw socket.
struct LiveCall {
    explicit LiveCall(const GatewayUnderTest& gateway_, const std::string& seed = "live") : gateway(gateway_), stream(gateway_) {
        stream.start(sid, gateway.mint(sid, seed));
        EXPECT_TRUE(works(0x21));
    }
    [[nodiscard]] bool works(std::uint8_t code) {
        stream.media(code);
        return stream.next_audio() == std::string(160, static_cast<char>(code));
    }
    const GatewayUnderTest& gateway;
    std::string sid = sim::make_sid("CA");
    RawStream stream;
};

TEST(StreamSlow, ASocketThatNeverStartsIsClosed) {
    const GatewayUnderTest gateway;
    RawStream silent(gateway);
    ASSERT_TRUE(silent.open());
    EXPECT_EQ(silent.close_code(), 1008U);
    EXPECT_TRUE(eventually([&] { return rejected(gateway, "no_start") == 1; }));
    EXPECT_TRUE(eventually([&] { return !gateway.events("stream.rejected").empty(); }));
    RawStream greeting_only(gateway);
    greeting_only.connected();
    EXPECT_EQ(greeting_only.close_code(), 1008U);
    EXPECT_TRUE(eventually([&] { return rejected(gateway, "no_start") == 2; }));
    EXPECT_EQ(gateway.metric("parley_calls_started_total{dir=\"in\"}"), 0);
}

TEST(StreamSlow, MediaThatStopsComingEndsTheCall) {
    const GatewayUnderTest gateway;
    LiveCall call(gateway);
    (void)call.stream.close_code();
    ASSERT_TRUE(eventually([&] { return !gateway.events("call.ended").empty(); }));
    EXPECT_EQ(gateway.events("call.ended").at(0)["reason"], "media_timeout");
}

TEST(Stream, ASecondStartEndsTheStreamOnce) {
    const GatewayUnderTest gateway;
    LiveCall call(gateway);
    call.stream.json(call.stream.start_message(call.sid, gateway.mint(call.sid, "again")));
    EXPECT_EQ(call.stream.close_code(), 1008U);
    EXPECT_EQ(rejected(gateway, "duplicate_start"), 1);
    ASSERT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 0; }));
    EXPECT_EQ(gateway.events("call.ended").size(), 1U);
    EXPECT_EQ(gateway.events("call.ended").at(0)["reason"], "protocol");
}

TEST(Stream, ASecondSocketLeavesALiveCallAlone) {
    const GatewayUnderTest gateway;
    LiveCall call(gateway);
    RawStream second(gateway);
    second.start(call.sid, gateway.mint(call.sid, "second"));
    EXPECT_EQ(second.close_code(), 1008U);
    EXPECT_EQ(rejected(gateway, "already_attached"), 1);
    for (std::uint8_t code = 0x31; code < 0x36; ++code) EXPECT_TRUE(call.works(code));
    EXPECT_EQ(gateway.metric("parley_calls_active{dir=\"in\"}"), 1);
    EXPECT_EQ(gateway.metric("parley_calls_started_total{dir=\"in\"}"), 1);
}

TEST(Stream, AResumeTokenTakesALiveCallOver) {
    const GatewayUnderTest gateway;
    LiveCall call(gateway);
    RawStream second(gateway);
    second.start(call.sid, gateway.mint(call.sid, "resume", 1));
    EXPECT_EQ(call.stream.close_code(), 1000U) << "the old socket goes in peace";
    second.media(0x44);
    EXPECT_EQ(second.next_audio(), std::string(160, 0x44));
    EXPECT_FALSE(gateway.events("stream.takeover").empty());
    EXPECT_EQ(gateway.metric("parley_calls_active{dir=\"in\"}"), 1);
}

TEST(Stream, ManySocketsForOneCallLeaveExactlyOneOwner) {
    const GatewayUnderTest gateway;
    for (int round = 0; round < 10; ++round) {
        const auto sid = sim::make_sid("CA");
        std::vector<std::future<bool>> owners;
        for (int i = 0; i < 4; ++i) {
            owners.push_back(std::async(std::launch::async, [&, i] {
                RawStream stream(gateway);
                stream.start(sid, gateway.mint(sid, "racer-" + std::to_string(i)));
                stream.media(0x22);
                const bool mine = !stream.next_audio().empty();
                // The owner stays until the others have been turned away.
                if (mine && !eventually([&] { return rejected(gateway, "already_attached") >= 3 * (round + 1); })) return false;
                return mine;
            }));
        }
        int count = 0;
        for (auto& owner : owners) count += owner.get() ? 1 : 0;
        EXPECT_EQ(count, 1);
    }
    ASSERT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 0; }));
}

TEST(Stream, ForeignStreamIdsAreDroppedAndTheTenthIsTheLast) {
    const GatewayUnderTest gateway;
    LiveCall call(gateway);
    const auto foreign = sim::make_sid("MZ");
    for (int i = 0; i < 9; ++i) call.stream.media(0x55, foreign);
    EXPECT_TRUE(call.works(0x23)) << "none of the foreign sound came back before it";
    EXPECT_EQ(faults(gateway, "stream_sid"), 9);
    call.stream.media(0x55, foreign);
    EXPECT_EQ(call.stream.close_code(), 1008U);
    EXPECT_EQ(call.stream.read_before_close, 0U);
    EXPECT_EQ(rejected(gateway, "stream_sid"), 1);
}

TEST(Stream, MalformedMessagesAreDroppedAndTheTwentiethIsTheLast) {
    const GatewayUnderTest gateway;
    LiveCall call(gateway);
    const std::vector<std::string> broken{"[]",
                                          "null",
                                          "{}",
                                          "42",
                                          "\"media\"",
                                          R"({"event":null})",
                                          R"({"event":7})",
                                          R"({"event":"media"})",
                                          R"({"event":"media","media":null})",
                                          R"({"event":"media","streamSid":7,"media":{"payload":"////"}})",
                                          R"({"event":"media","streamSid":")" + call.stream.stream_sid + R"(","media":{}})",
                                          R"({"event":"media","streamSid":")" + call.stream.stream_sid + R"(","media":[]})",
                                          R"({"event":"media","streamSid":")" + call.stream.stream_sid + R"(","media":{"payload":5}})",
                                          R"({"event":"dtmf","streamSid":")" + call.stream.stream_sid + R"("})",
                                          R"({"event":"mark","streamSid":")" + call.stream.stream_sid + R"(","mark":{}})",
                                          "{",
                                          "",
                                          "not json at all",
                                          R"({"event":"media",})"};
    ASSERT_EQ(broken.size(), 19U);
    for (std::size_t i = 0; i < broken.size(); ++i) {
        call.stream.text(broken[i]);
        ASSERT_TRUE(call.works(static_cast<std::uint8_t>(0x30 + i))) << "after " << broken[i];
    }
    call.stream.text("{");
    EXPECT_EQ(call.stream.close_code(), 1008U);
    EXPECT_EQ(faults(gateway, "schema") + faults(gateway, "json"), 20);
    ASSERT_TRUE(eventually([&] { return !gateway.events("call.ended").empty(); }));
    EXPECT_EQ(gateway.events("call.ended").at(0)["reason"], "protocol");
}

TEST(Stream, AnOversizedMessageEndsTheStream) {
    const GatewayUnderTest gateway;
    LiveCall call(gateway);
    call.stream.text(R"({"event":"media","streamSid":")" + call.stream.stream_sid + R"(","media":{"payload":")" + std::string(70'000, 'A') + R"("}})");
    EXPECT_EQ(call.stream.close_code(), 1009U);
    ASSERT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 0; }));
    EXPECT_EQ(faults(gateway, "too_big"), 1);
}

TEST(Stream, ABinaryMessageEndsTheStream) {
    const GatewayUnderTest gateway;
    LiveCall call(gateway);
    call.stream.binary("\x01\x02\x03");
    EXPECT_EQ(call.stream.close_code(), 1003U);
    EXPECT_EQ(faults(gateway, "binary"), 1);
    EXPECT_EQ(rejected(gateway, "binary"), 1);
}

TEST(Stream, StopWithTheSocketLeftOpenIsClosedForThePeer) {
    const GatewayUnderTest gateway;
    LiveCall call(gateway);
    call.stream.stop(call.sid);
    call.stream.media(0x66);
    call.stream.media(0x66);
    EXPECT_EQ(call.stream.close_code(), 1000U);
    EXPECT_EQ(call.stream.read_before_close, 0U) << "nothing is echoed behind `stop`";
    EXPECT_GE(faults(gateway, "order"), 1);
    ASSERT_TRUE(eventually([&] { return !gateway.events("call.ended").empty(); }));
    EXPECT_EQ(gateway.events("call.ended").at(0)["reason"], "caller_hung_up");
}

TEST(Stream, StopWithoutStartIsIgnored) {
    const GatewayUnderTest gateway;
    RawStream stream(gateway);
    const auto sid = sim::make_sid("CA");
    stream.stop(sid);
    stream.start(sid, gateway.mint(sid, "x"));
    stream.media(0x27);
    EXPECT_EQ(stream.next_audio(), std::string(160, 0x27));
    EXPECT_GE(faults(gateway, "order"), 1);
}

struct Format {
    const char* name;
    json value;
};
class ForeignFormat : public testing::TestWithParam<Format> {};
TEST_P(ForeignFormat, IsRefusedBeforeAnyBrain) {
    AppServer bot(no_page, [](StreamPeer& peer) {
        while (!peer.read().is_null()) {
        }
    });
    Sections setup;
    setup.agents = "  desk: {default: true, brain: bot, bot: \"" + bot.url("/bot", "ws") + "\"}\n";
    const GatewayUnderTest gateway(setup);
    const auto sid = sim::make_sid("CA");
    RawStream stream(gateway);
    stream.connected();
    auto message = stream.start_message(sid, gateway.mint(sid, "x"));
    message["start"]["mediaFormat"] = GetParam().value;
    stream.json(message);
    EXPECT_EQ(stream.close_code(), 1003U);
    EXPECT_TRUE(eventually([&] { return rejected(gateway, "media_format") == 1; }));
    EXPECT_TRUE(bot.requests().empty()) << "no brain was started";
    EXPECT_EQ(gateway.metric("parley_calls_started_total{dir=\"in\"}"), 0);
}
INSTANTIATE_TEST_SUITE_P(cases, ForeignFormat,
                         testing::Values(Format{"pcm", json{{"encoding", "audio/l16"}, {"sampleRate", 8000}, {"channels", 1}}},
                                         Format{"rate", json{{"encoding", "audio/x-mulaw"}, {"sampleRate", 16000}, {"channels", 1}}},
                                         Format{"stereo", json{{"encoding", "audio/x-mulaw"}, {"sampleRate", 8000}, {"channels", 2}}}),
                         [](const auto& c) { return c.param.name; });

TEST(Stream, ATokenHoldsOnceForItsOwnCallAndUnchanged) {
    AppServer bot(no_page, [](StreamPeer& peer) {
        while (!peer.read().is_null()) {
        }
    });
    Sections setup;
    setup.agents = "  desk: {default: true, brain: bot, bot: \"" + bot.url("/bot", "ws") + "\"}\n";
    const GatewayUnderTest gateway(setup);
    const auto sid = sim::make_sid("CA");
    const auto refused = [&](const std::string& call_sid, const std::map<std::string, std::string>& parameters) {
        RawStream stream(gateway);
        stream.start(call_sid, parameters);
        stream.media(0x20);
        return stream.close_code();
    };
    EXPECT_EQ(refused(sid, {}), 1008U) << "missing";
    EXPECT_EQ(refused(sid, {{"t", ""}}), 1008U) << "empty";
    EXPECT_EQ(refused(sid, {{"t", "AAAA"}}), 1008U) << "too short";
    auto tampered = gateway.mint(sid, "a");
    auto& first = tampered.at("t");
    first[first.size() / 2] = first[first.size() / 2] == 'A' ? 'B' : 'A';
    EXPECT_EQ(refused(sid, tampered), 1008U) << "tampered";
    EXPECT_EQ(refused(sim::make_sid("CA"), gateway.mint(sid, "b")), 1008U) << "of another call";
    EXPECT_EQ(refused(sid, gateway.mint(sid, "c", 0, std::chrono::seconds(300))), 1008U) << "expired";
    EXPECT_EQ(refused(sid, gateway.mint(sid, "d", 0, std::chrono::seconds(0), "nobody")), 1008U) << "of an agent that does not exist";
    EXPECT_EQ(rejected(gateway, "token"), 7);
    EXPECT_EQ(gateway.metric("parley_security_events_total{kind=\"stream_token\"}"), 7);
    EXPECT_TRUE(bot.requests().empty()) << "no brain was started";
    EXPECT_EQ(gateway.metric("parley_calls_started_total{dir=\"in\"}"), 0);

    const auto right = gateway.mint(sid, "e");
    {
        RawStream stream(gateway);
        stream.start(sid, right);
        ASSERT_TRUE(eventually([&] { return !bot.requests().empty(); }));
        stream.stop(sid);
        EXPECT_EQ(stream.close_code(), 1000U);
    }
    EXPECT_EQ(refused(sid, right), 1008U) << "used before";
    EXPECT_EQ(bot.requests().size(), 1U);
}

TEST(Stream, ABrowserIsTurnedAway) {
    const GatewayUnderTest gateway;
    const RawStream stream(gateway, {.signature_token = kToken, .spoiled = {}, .origin = "https://evil.example"});
    EXPECT_FALSE(stream.open());
    EXPECT_EQ(stream.status(), 403);
    EXPECT_EQ(rejected(gateway, "origin"), 1);
    EXPECT_EQ(gateway.metric("parley_security_events_total{kind=\"origin\"}"), 1);
}

// --- a call that loses its stream
// ------------------------------------------------------------------------------------------

// A bot that echoes, and breaks its first socket's peer off by being told to.
TEST(Resume, ALostStreamIsOpenedAgainAndTheCallGoesOn) {
    const GatewayUnderTest gateway;
    const auto sid = sim::make_sid("CA");
    const auto document = gateway.webhook("voice", call_form(sid)).body;
    const auto parameters_of = [](const std::string& text) {
        const std::string open = "<Parameter name=\"t\" value=\"";
        const auto at = text.find(open);
        EXPECT_NE(at, std::string::npos) << text;
        if (at == std::string::npos) return std::map<std::string, std::string>{};
        const auto from = at + open.size();
        return std::map<std::string, std::string>{{"t", text.substr(from, text.find('"', from) - from)}};
    };
    auto next = document;
    for (int resume = 0; resume <= 2; ++resume) {
        RawStream stream(gateway);
        stream.start(sid, parameters_of(next));
        stream.media(static_cast<std::uint8_t>(0x30 + resume));
        EXPECT_EQ(stream.next_audio(), std::string(160, static_cast<char>(0x30 + resume))) << "stream " << resume;
        stream.reset();
        // Twilio comes to the tail, perhaps before the gateway has noticed the reset.
        const auto tail = gateway.webhook("after?agent=desk&resume=" + std::to_string(resume), call_form(sid, "in-progress"));
        next = tail.body;
        EXPECT_EQ(gateway.webhook("after?agent=desk&resume=" + std::to_string(resume), call_form(sid, "in-progress")).body, next) << "delivered again";
    }
    EXPECT_THAT(next, HasSubstr("<Say")) << "enough: sorry, and good bye";
    EXPECT_THAT(next, HasSubstr("<Hangup"));
    EXPECT_EQ(gateway.metric("parley_calls_started_total{dir=\"in\"}"), 3);
    EXPECT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 0; }));
    for (const auto& line : gateway.events("call.ended")) EXPECT_EQ(line["reason"], "carrier_lost");
}

}  // namespace
}  // namespace parley::scenarios

// Media streams over real sockets against a scripted application; the line runs faster than real, and every figure is
// taken from the stream's own clock.

#include <gtest/gtest.h>

#include "app_server.hpp"
#include "parley/sim/carrier.hpp"
#include "parley/sim/signature.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;
using test::AppServer;
using test::Seen;
using test::StreamPeer;
using test::twiml;

constexpr const char* kToken = "5f2a9c0d7b1e4863a0c9d2f17e6b5a48";

CarrierOptions quick(double speed = 10) {
    CarrierOptions options;
    options.auth_token = Secret(kToken);
    options.speed = speed;
    return options;
}

std::shared_ptr<const Scenario> steps(const std::string& yaml, const std::string& head = "") {
    return parse_scenario(head + "steps:\n" + yaml, "test.yaml");
}

// An application whose voice URL connects to its own stream, and whose action hangs up.
struct StreamApp {
    explicit StreamApp(AppServer::Stream on_stream, std::string attributes = "", std::string inside = "")
        : app(
              [this, attributes, inside](const Seen& seen) {
                  if (seen.path() != "/voice") return twiml("<Hangup/>");
                  return twiml("<Connect action=\"/after\"><Stream url=\"" + app.url("/media", "ws") + "\" " + attributes + ">" + inside +
                               "</Stream></Connect><Say>Never.</Say>");
              },
              std::move(on_stream)) {}
    CallReport call(CarrierOptions options, std::shared_ptr<const Scenario> scenario = nullptr) {
        SimCarrier carrier(std::move(options));
        CallPlan plan;
        plan.voice_url = app.url("/voice");
        plan.scenario = std::move(scenario);
        auto report = carrier.place_call(plan).report.get();
        app.settle();
        return report;
    }
    AppServer app;
};

TEST(Stream, HandshakeHasExactlyTheCarriersHeaders) {
    StreamApp app([](StreamPeer& peer) {
        peer.start();
        peer.close();
    });
    (void)app.call(quick());
    const auto seen = app.app.requests("/media");
    ASSERT_EQ(seen.size(), 1u);
    std::vector<std::string> names;
    for (const auto& [name, value] : seen[0].headers) names.push_back(name);
    EXPECT_EQ(names, (std::vector<std::string>{"host", "upgrade", "connection", "sec-websocket-version", "sec-websocket-key", "user-agent",
                                               "x-twilio-signature", "accept-encoding"}));
    EXPECT_EQ(seen[0].header("user-agent"), "Twilio.TmeWs/1.0");
    EXPECT_EQ(seen[0].header("x-twilio-signature"), sign(kToken, app.app.url("/media", "ws")));
    EXPECT_EQ(seen[0].header("upgrade"), "websocket");
    EXPECT_EQ(seen[0].header("sec-websocket-version"), "13");
}

TEST(Stream, MessagesComeInTheirShapeOnASteadyClock) {
    json connected, start;
    std::vector<json> media;
    StreamApp app(
        [&](StreamPeer& peer) {
            connected = peer.read();
            start = peer.read();
            for (int i = 0; i < 40; ++i) media.push_back(peer.read());
            peer.close();
        },
        "", "<Parameter name=\"tenant\" value=\"acme\"/><Parameter name=\"tenant\" value=\"last wins\"/>");
    const auto report = app.call(quick());
    EXPECT_EQ(connected, json::parse(R"({"event":"connected","protocol":"Call","version":"1.0.0"})"));
    EXPECT_EQ(start["sequenceNumber"], "1");
    EXPECT_EQ(start["start"]["mediaFormat"], json::parse(R"({"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1})"));
    EXPECT_EQ(start["start"]["customParameters"], json({{"tenant", "last wins"}}));
    EXPECT_EQ(start["start"]["tracks"], json::array({"inbound"}));
    EXPECT_EQ(start["start"]["callSid"], report.call_sid);
    EXPECT_EQ(start["start"]["streamSid"], start["streamSid"]);
    ASSERT_EQ(media.size(), 40u);
    const auto first = std::stoll(media[0]["media"]["timestamp"].get<std::string>());
    EXPECT_LT(first, 20) << "the running frame of the line";
    for (std::size_t i = 0; i < media.size(); ++i) {
        ASSERT_EQ(media[i]["event"], "media");
        EXPECT_EQ(media[i]["sequenceNumber"], std::to_string(i + 2));
        EXPECT_EQ(media[i]["media"]["chunk"], std::to_string(i + 1));
        EXPECT_EQ(media[i]["media"]["timestamp"], std::to_string(first + 20 * static_cast<long long>(i)));
        EXPECT_EQ(media[i]["media"]["track"], "inbound");
        EXPECT_EQ(media[i]["media"]["payload"].get<std::string>().size(), 216u);
        EXPECT_EQ(media[i]["streamSid"], start["streamSid"]);
    }
}

TEST(Stream, PlaysWhatItGetsAndReturnsMarksWhenTheyAreReached) {
    std::vector<std::string> order;
    StreamApp app([&](StreamPeer& peer) {
        peer.start();
        peer.mark("empty");
        peer.media(Mulaw(1600, 0x10));
        peer.mark("one");
        peer.media(Mulaw(800, 0x20));
        peer.mark("two");
        for (int i = 0; i < 3; ++i) order.push_back(peer.read_until("mark")["mark"]["name"]);
        peer.close();
    });
    const auto report = app.call(quick(4));
    EXPECT_EQ(order, (std::vector<std::string>{"empty", "one", "two"}));
    ASSERT_EQ(report.streams.size(), 1u);
    const auto& stream = report.streams[0];
    EXPECT_EQ(stream.appended, 2400);
    EXPECT_EQ(stream.played, 2400);
    EXPECT_EQ(stream.discarded, 0);
    // The marks came back exactly where the sound before them ended, and the sound is in the heard track, code for
    // code.
    ASSERT_EQ(stream.marks.size(), 3u);
    Sample heard = 0;
    for (const auto& segment : stream.heard) {
        for (Sample i = 0; i < segment.length; ++i) {
            const auto offset = segment.offset + i;
            ASSERT_EQ(report.heard[static_cast<std::size_t>(segment.at + i)], offset < 1600 ? 0x10 : 0x20);
        }
        heard += segment.length;
        if (segment.offset + segment.length == 1600 || segment.offset < 1600) continue;
        EXPECT_EQ(stream.marks[2].returned_at, segment.at + segment.length);
    }
    EXPECT_EQ(heard, 2400);
    EXPECT_EQ(stream.marks[1].offset, 1600);
    EXPECT_EQ(app.app.requests("/after").size(), 1u);
    EXPECT_EQ(value_of(app.app.requests("/after")[0].form, "StreamSid"), stream.sid);
}

TEST(Stream, ClearReturnsAllMarksAndWhatWasQueuedIsNeverHeard) {
    std::vector<std::string> order;
    StreamApp app([&](StreamPeer& peer) {
        peer.start();
        for (const char* name : {"a", "b", "c"}) {
            peer.media(Mulaw(80000, 0x10));
            peer.mark(name);
        }
        peer.read_until("media");
        peer.clear();
        peer.mark("behind");
        for (int i = 0; i < 4; ++i) order.push_back(peer.read_until("mark")["mark"]["name"]);
        peer.close();
    });
    const auto report = app.call(quick(1));
    EXPECT_EQ(order, (std::vector<std::string>{"a", "b", "c", "behind"}));
    const auto& stream = report.streams[0];
    ASSERT_EQ(stream.clears.size(), 1u);
    EXPECT_LT(stream.played, 80000);
    EXPECT_EQ(stream.appended, stream.played + stream.discarded);
    EXPECT_EQ(stream.clears[0].heard, stream.played) << "the truth at the clear, the tail included";
    for (const auto& mark : stream.marks) EXPECT_EQ(mark.cleared, mark.name != "behind");
}

TEST(Stream, InvalidMessagesAreIgnoredAndToldOnce) {
    StreamApp app([](StreamPeer& peer) {
        peer.start();
        const auto sid = peer.sid;
        peer.send_raw("not json");
        peer.send_raw("[1,2]");
        peer.send({{"event", "media"}, {"media", {{"payload", "////"}}}});
        peer.send({{"event", "media"}, {"streamSid", "MZ0"}, {"media", {{"payload", "////"}}}});
        peer.send({{"event", "media"}, {"streamSid", sid}, {"media", {{"payload", "////"}, {"track", "outbound"}}}});
        peer.send({{"event", "media"}, {"streamSid", sid}, {"media", {{"payload", "no base64!"}}}});
        peer.send({{"event", "media"}, {"streamSid", sid}, {"media", {{"payload", 7}}}});
        peer.send({{"event", "mark"}, {"streamSid", sid}});
        peer.send({{"event", "clear"}, {"streamSid", sid}, {"now", true}});
        peer.send({{"event", "hangup"}, {"streamSid", sid}});
        peer.send_binary("xxxx");
        peer.send_binary("yyyy");
        peer.mark("end");
        peer.read_until("mark");
        peer.close();
    });
    const auto report = app.call(quick());
    EXPECT_EQ(report.streams[0].invalid_messages, 12u);
    EXPECT_EQ(report.streams[0].appended, 0);
    EXPECT_EQ(std::count_if(report.notifications.begin(), report.notifications.end(), [](const auto& n) { return n.code == 31951; }), 1);
    EXPECT_EQ(std::count_if(report.notifications.begin(), report.notifications.end(), [](const auto& n) { return n.code == 31950; }), 1);
    EXPECT_TRUE(report.has_notification(31951));
}

TEST(Stream, MoreThanTheBufferHoldsIsDiscarded) {
    StreamApp app([](StreamPeer& peer) {
        peer.start();
        for (int i = 0; i < 3; ++i) peer.media(Mulaw(8000, 0x10));
        peer.mark("m");
        peer.clear();
        peer.read_until("mark");
        peer.close();
    });
    auto options = quick();
    options.play_buffer.queued = 12000;
    const auto report = app.call(std::move(options));
    EXPECT_TRUE(report.has_notification(31931));
    EXPECT_GT(report.streams[0].overflow_samples, 8000u);
}

TEST(Stream, KeysArriveAsDtmfAndInTheSound) {
    std::string digits;
    StreamApp app([&](StreamPeer& peer) {
        peer.start();
        peer.media(to_mulaw(ToneVoice().speak("press", {})));
        for (int i = 0; i < 3; ++i) {
            const auto message = peer.read_until("dtmf");
            if (message.is_null()) break;
            digits += message["dtmf"]["digit"].get<std::string>();
            EXPECT_EQ(message["dtmf"]["track"], "inbound_track");
        }
        peer.close();
    });
    const auto report = app.call(quick(), steps("  - wait_for: agent_speech\n  - dtmf: \"1w2#\"\n  - wait_for: hangup\n"));
    EXPECT_EQ(digits, "12#");
    EXPECT_GT(level_dbfs(from_mulaw(report.said)), -40);
}

struct Ending {
    const char* name;
    AppServer::Stream server;
    const char* caller;
    int error;
    int close_code;
    bool stop_seen;
};
class StreamEnds : public testing::TestWithParam<Ending> {};
TEST_P(StreamEnds, AsTheTableSays) {
    bool stop_seen = false;
    StreamApp app(
        [&](StreamPeer& peer) {
            peer.start();
            if (GetParam().server) {
                GetParam().server(peer);
            } else {
                peer.media(to_mulaw(ToneVoice().speak("now hang up", {})));
                stop_seen = !peer.read_until("stop").is_null();
                while (!peer.read().is_null()) {
                }  // answers the close frame
            }
        },
        "name=\"main\" statusCallback=\"/stream\"");
    const auto report = app.call(quick(), GetParam().caller == nullptr ? nullptr : steps(GetParam().caller));
    EXPECT_EQ(report.streams[0].error, GetParam().error) << report.streams[0].error_text;
    EXPECT_EQ(report.streams[0].close_code, GetParam().close_code);
    EXPECT_EQ(stop_seen, GetParam().stop_seen);
    EXPECT_EQ(report.status, "completed");
    std::vector<std::string> events;
    for (const auto& seen : app.app.requests("/stream")) {
        events.emplace_back(value_of(seen.form, "StreamEvent"));
        EXPECT_EQ(value_of(seen.form, "StreamName"), "main");
        EXPECT_FALSE(has_field(seen.form, "From"));
    }
    std::sort(events.begin(), events.end());
    EXPECT_EQ(events, (std::vector<std::string>{GetParam().error != 0 ? "stream-error" : "stream-started",
                                                GetParam().error != 0 ? "stream-started" : "stream-stopped"}));
    EXPECT_EQ(app.app.requests("/after").size(), 1u) << "the action is requested in any case";
}
INSTANTIATE_TEST_SUITE_P(table, StreamEnds,
                         testing::Values(Ending{"server_closes", [](StreamPeer& peer) { peer.close(1000); }, nullptr, 0, 1000, false},
                                         Ending{"server_closes_1011", [](StreamPeer& peer) { peer.close(1011); }, nullptr, 31921, 1011, false},
                                         Ending{"server_vanishes", [](StreamPeer& peer) { peer.vanish(); }, nullptr, 31903, 0, false},
                                         Ending{"bad_frame",
                                                [](StreamPeer& peer) {
                                                    boost::system::error_code ec;
                                                    const unsigned char reserved[] = {0xB1, 0x00};
                                                    boost::asio::write(peer.ws().next_layer(), boost::asio::buffer(reserved), ec);
                                                    while (!peer.read().is_null()) {
                                                    }
                                                },
                                                nullptr, 31924, 0, false},
                                         Ending{"caller_hangs_up", nullptr, "  - wait_for: agent_speech\n  - hangup\n", 0, 0, true},
                                         Ending{"caller_without_stop", nullptr, "  - wait_for: agent_speech\n  - hangup: no_stop\n", 0, 0, false},
                                         Ending{"caller_resets", nullptr, "  - wait_for: agent_speech\n  - hangup: {how: reset}\n", 0, 0, false}),
                         [](const auto& c) { return c.param.name; });

struct Refusal {
    const char* name;
    const char* url;
    int code;
};
class StreamRefused : public testing::TestWithParam<Refusal> {};
TEST_P(StreamRefused, IsNotedAndTheFlowGoesOn) {
    AppServer app([&](const Seen& seen) {
        if (seen.path() != "/voice") return twiml("<Hangup/>");
        return twiml("<Connect action=\"/after\"><Stream " + std::string(GetParam().url) + "/></Connect>");
    });
    auto options = quick();
    options.plain_streams = false;
    SimCarrier carrier(std::move(options));
    CallPlan plan;
    plan.voice_url = app.url("/voice");
    const auto report = carrier.place_call(plan).report.get();
    EXPECT_TRUE(report.has_notification(GetParam().code));
    EXPECT_EQ(app.requests("/after").size(), 1u);
}
INSTANTIATE_TEST_SUITE_P(cases, StreamRefused,
                         testing::Values(Refusal{"plain", "url=\"ws://127.0.0.1:9/x\"", 31922}, Refusal{"https", "url=\"https://127.0.0.1/x\"", 31922},
                                         Refusal{"malformed", "url=\"media\"", 31923}, Refusal{"query", "url=\"wss://127.0.0.1:9/x?a=1\"", 31920},
                                         Refusal{"both_tracks", "url=\"wss://127.0.0.1:9/x\" track=\"both_tracks\"", 31941},
                                         Refusal{"connector", "connectorName=\"x\"", 31940}, Refusal{"nobody", "url=\"wss://127.0.0.1:9/x\"", 31902}),
                         [](const auto& c) { return c.param.name; });

TEST(Stream, AnyAnswerButAnUpgradeIsAHandshakeFailure) {
    StreamApp app([](StreamPeer&) {});
    app.app.refuse_upgrades = true;
    EXPECT_TRUE(app.call(quick()).has_notification(31920));
}

TEST(Stream, AnEchoedSubprotocolEndsTheStream) {
    StreamApp app([](StreamPeer& peer) { peer.read(); });
    app.app.decorate = [](test::websocket::response_type& response) { response.set(test::http::field::sec_websocket_protocol, "audio.twilio.com"); };
    EXPECT_TRUE(app.call(quick()).has_notification(31924));
}

TEST(Stream, ForksSendBothTracksAndPlayNothing) {
    std::map<std::string, int> tracks;
    json start;
    AppServer app(
        [&](const Seen&) {
            return twiml("<Start><Stream name=\"fork\" track=\"both_tracks\" url=\"" + app.url("/media", "ws") +
                         "\"/></Start><Say>Something to hear.</Say><Stop><Stream name=\"fork\"/></Stop><Pause length=\"1\"/>");
        },
        [&](StreamPeer& peer) {
            start = peer.start();
            peer.media(Mulaw(8000, 0x10));
            while (!peer.read_until("media").is_null()) {
            }
            for (const auto& message : peer.seen) {
                if (message["event"] == "media") ++tracks[message["media"]["track"]];
            }
        });
    SimCarrier carrier(quick());
    CallPlan plan;
    plan.voice_url = app.url("/voice");
    const auto report = carrier.place_call(plan).report.get();
    app.settle();
    EXPECT_EQ(start["start"]["tracks"], json::array({"inbound", "outbound"}));
    EXPECT_GT(tracks["inbound"], 5);
    EXPECT_GT(tracks["outbound"], 5);
    EXPECT_EQ(std::count(report.heard.begin(), report.heard.end(), 0x10), 0) << "a fork is not played";
    EXPECT_LT(report.streams[0].ended_ms, report.ended_ms) << "ended by <Stop>, before the call";
}

TEST(Caller, InterruptsTheReplyAndTheReportKnowsWhenItStopped) {
    StreamApp app([](StreamPeer& peer) {
        peer.start();
        const auto tone = to_mulaw(ToneVoice().speak(std::string(150, 'x'), {}));  // nine seconds
        peer.media(tone);
        bool cleared = false;
        for (;;) {
            const auto message = peer.read();
            if (message.is_null() || message["event"] == "stop") return;
            if (message["event"] != "media" || cleared) continue;
            const auto sound = from_base64(message["media"]["payload"].get<std::string>());
            if (level_dbfs(from_mulaw(*sound)) < -45) continue;
            peer.clear();
            cleared = true;
            peer.media(Mulaw(8000, kMulawSilence));  // a second to think
            peer.media(to_mulaw(ToneVoice().speak("yes?", {})));
        }
    });
    const auto report = app.call(quick(4), steps("  - interrupt: {after: 1.2s, into: reply, say: \"wait a moment\"}\n"
                                                 "  - wait_for: agent_silence 700ms\n  - hangup\n"));
    EXPECT_TRUE(report.passed()) << (report.failures.empty() ? "" : report.failures[0]);
    ASSERT_EQ(report.turns.size(), 1u);
    EXPECT_TRUE(report.turns[0].interruption);
    ASSERT_TRUE(report.turns[0].stopped_after_ms);
    ASSERT_TRUE(report.turns[0].answered_after_ms);
    ASSERT_GE(report.agent_speech.size(), 2u);
    const auto begun = static_cast<double>(report.agent_speech[0].from) / 8.0;
    const auto interrupted = (report.turns[0].caller_from_ms - *report.answered_ms) * 4;
    EXPECT_NEAR(interrupted - begun, 1200, 60);
}

TEST(Caller, WithoutAnEarAnExpectationFailsHonestly) {
    StreamApp app([](StreamPeer& peer) {
        peer.start();
        peer.media(to_mulaw(ToneVoice().speak("hello", {})));
        while (!peer.read_until("media").is_null()) {
        }
    });
    const auto report = app.call(quick(), steps("  - wait_for: agent_silence 500ms\n  - expect: hello\n"));
    EXPECT_FALSE(report.passed());
    ASSERT_EQ(report.expectations.size(), 1u);
    EXPECT_FALSE(report.expectations[0].passed);
}

// An ear that knows tones: it tells which phrase the ToneVoice would have had to speak to make this sound, by its
// length.
class ToneEar final : public CallerEar {
public:
    std::vector<Recognised> recognise(std::span<const std::int16_t> pcm, const std::vector<std::string>& phrases) override {
        const auto voiced = voiced_part(pcm);
        if (!voiced) return {};
        const auto characters = static_cast<std::size_t>((voiced->to - voiced->from + 240) / 480);
        for (const auto& phrase : phrases) {
            if (phrase.size() == characters) return {{phrase, 0.9}};
        }
        return {};
    }
};

TEST(Caller, ExpectationsAreJudgedOnWhatWasHeardAndNotOnWhatWasSent) {
    const auto app = [](bool clear_it) {
        return std::make_unique<StreamApp>([clear_it](StreamPeer& peer) {
            peer.start();
            peer.media(to_mulaw(ToneVoice().speak("we are open until noon", {})));
            if (clear_it) {
                peer.clear();
                peer.media(Mulaw(3200, kMulawSilence));  // what had left before the clear is a stretch of its own
                peer.media(to_mulaw(ToneVoice().speak("no idea", {})));
            }
            while (!peer.read_until("media").is_null()) {
            }
        });
    };
    const auto scenario = steps(
        "  - wait_for: {agent_silence: 500ms, within: 10s}\n"
        "  - expect: {any: [we are open until noon], distractors: [no idea, it is seven]}\n  - hangup\n");
    for (const bool clear_it : {false, true}) {
        auto options = quick(4);
        options.ear = std::make_shared<ToneEar>();
        const auto report = app(clear_it)->call(std::move(options), scenario);
        ASSERT_EQ(report.expectations.size(), 1u);
        EXPECT_EQ(report.expectations[0].passed, !clear_it);
        EXPECT_EQ(report.passed(), !clear_it);
        EXPECT_EQ(report.expectations[0].heard, std::vector<std::string>{clear_it ? "no idea" : "we are open until noon"});
        ASSERT_FALSE(report.transcript.empty());
        EXPECT_TRUE(report.transcript[0].recognised);
    }
}

}  // namespace
}  // namespace parley::sim

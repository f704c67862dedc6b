// Calls that go well: the echo, and a media-stream bot behind the bridge.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app_server.hpp"
#include "gateway_under_test.hpp"
#include "parley/sim/base64.hpp"
#include "parley/sim/identifiers.hpp"
#include "sounds.hpp"

namespace parley::scenarios {
namespace {

using nlohmann::json;
using sim::test::AppServer;
using sim::test::Seen;
using sim::test::StreamPeer;
using testing::HasSubstr;
using testing::Not;

sim::CarrierOptions with_sounds(const GatewayUnderTest& gateway) {
    auto options = gateway.carrier();
    options.voice = std::make_shared<SoundVoice>();
    return options;
}

sim::CallReport call(const GatewayUnderTest& gateway, std::shared_ptr<const sim::Scenario> scenario) {
    sim::SimCarrier carrier(with_sounds(gateway));
    return carrier.place_call(gateway.plan(std::move(scenario))).report.get();
}

std::string last_document(const sim::CallReport& report) {
    std::string out;
    for (const auto& hook : report.webhooks)
        if (!hook.document.empty()) out = hook.document;
    return out;
}

std::vector<std::string> said_by_carrier(const sim::CallReport& report) {
    std::vector<std::string> out;
    for (const auto& line : report.transcript)
        if (line.who == sim::TranscriptLine::Who::carrier) out.push_back(line.text);
    return out;
}

TEST(EchoCall, GivesTheCallersSoundBackWholeAndUnchanged) {
    const GatewayUnderTest gateway;
    const auto report = call(gateway, steps({pause(200), say("noise 11 2000"), pause(600), hang_up()}));
    EXPECT_EQ(report.status, "completed");
    EXPECT_EQ(report.ended_by, "caller");
    EXPECT_TRUE(report.notifications.empty()) << report.notifications.front().text;
    ASSERT_EQ(report.streams.size(), 1U);
    const auto& stream = report.streams[0];
    EXPECT_EQ(stream.invalid_messages, 0U);
    EXPECT_EQ(stream.frames_lost, 0U);

    // What was heard is one piece of what was said: nothing lost, nothing changed, nothing of anybody else.
    const auto heard = played_of(report, stream);
    ASSERT_GT(heard.size(), 8U * 2300);
    const auto at = std::search(report.said.begin(), report.said.end(), heard.begin(), heard.end());
    EXPECT_NE(at, report.said.end()) << "the echo is not what was said";
    const auto [from, to] = voiced_range(heard);
    EXPECT_NEAR(static_cast<double>(to - from), 2000 * 8, 8) << "the whole noise came back";

    EXPECT_EQ(gateway.metric("parley_calls_started_total{dir=\"in\"}"), 1);
    EXPECT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 0; }));
    EXPECT_EQ(gateway.metric("parley_calls_ended_total{dir=\"in\",reason=\"caller_hung_up\",result=\"success\"}") +
                  gateway.metric("parley_calls_ended_total{dir=\"in\",result=\"success\",reason=\"caller_hung_up\"}"),
              1);
    EXPECT_GE(gateway.metric("parley_media_frames_total{dir=\"in\"}"), 100);
    EXPECT_EQ(gateway.metric("parley_metric_label_overflow_total"), 0);
}

TEST(EchoCall, TheDoorsDocumentHasStreamTokenAndTail) {
    const GatewayUnderTest gateway;
    const auto sid = sim::make_sid("CA");
    const auto answer = gateway.webhook("voice", call_form(sid));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.content_type, "text/xml; charset=utf-8");
    EXPECT_THAT(answer.body, HasSubstr("<Connect><Stream"));
    EXPECT_THAT(answer.body, HasSubstr("url=\"wss://voice.example.test/webhooks/twilio/media\""));
    EXPECT_THAT(answer.body, HasSubstr("<Parameter name=\"t\" value=\""));
    EXPECT_THAT(answer.body, HasSubstr("https://voice.example.test/webhooks/twilio/after?agent=desk&amp;resume=0</Redirect>"));
    EXPECT_LT(answer.body.find("<Connect>"), answer.body.find("<Redirect"));
}

// --- the bridge
// ------------------------------------------------------------------------------------------------------------

Sections bot_sections(const std::string& url, const std::string& more = {}) {
    Sections setup;
    setup.agents = "  desk:\n    default: true\n    brain: bot\n    bot: \"" + url + "\"\n" + more;
    return setup;
}

sim::test::HttpResponseOut no_page(const Seen&) {
    return sim::test::reply("", "text/plain", 404);
}

TEST(BotCall, TheBotMeetsTwilioItself) {
    std::vector<json> seen;
    AppServer bot(no_page, [&](StreamPeer& peer) {
        peer.start();
        peer.media(sim::Mulaw(1600, 0x20));  // 200 ms
        peer.mark("greeting");
        for (;;) {
            const auto message = peer.read_until("media");
            if (message.is_null()) break;
        }
        seen = peer.seen;
    });
    const GatewayUnderTest gateway(bot_sections(bot.url("/bot?x=1", "ws"), "    bot_headers: {Authorization: \"Bearer parley-test-secret\"}\n"));
    sim::DtmfStep keys;
    keys.keys = "5";
    keys.in_band = false;
    const auto report = call(gateway, steps({pause(400), keys, say("noise 3 600"), pause(300), hang_up()}));
    EXPECT_EQ(report.status, "completed");
    EXPECT_TRUE(report.passed()) << report.failures.front();
    EXPECT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 0; }));

    const auto requests = bot.requests("/bot");
    ASSERT_EQ(requests.size(), 1U);
    EXPECT_EQ(requests[0].target, "/bot?x=1");
    EXPECT_EQ(requests[0].header("Authorization"), "Bearer parley-test-secret");

    ASSERT_TRUE(eventually([&] { return !seen.empty() && seen.back()["event"] == "stop"; }));
    ASSERT_GE(seen.size(), 4U);
    EXPECT_EQ(seen[0], json::parse(R"({"event":"connected","protocol":"Call","version":"1.0.0"})"));
    const auto& start = seen[1];
    EXPECT_EQ(start["event"], "start");
    EXPECT_EQ(start["sequenceNumber"], "1");
    EXPECT_EQ(start["start"]["callSid"], report.call_sid);
    EXPECT_EQ(start["start"]["accountSid"], kAccount);
    EXPECT_EQ(start["start"]["streamSid"], start["streamSid"]);
    EXPECT_EQ(start["start"]["tracks"], json::array({"inbound"}));
    EXPECT_EQ(start["start"]["mediaFormat"], json::parse(R"({"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1})"));
    const auto& parameters = start["start"]["customParameters"];
    EXPECT_EQ(parameters.value("from", ""), "+14155550100");
    EXPECT_EQ(parameters.value("to", ""), kNumber);
    for (const auto* token : {"t", "t2", "t3", "t4"}) EXPECT_FALSE(parameters.contains(token)) << "the gateway's token is nobody else's business";

    // Every message counts up; the caller's sound arrives unchanged.
    sim::Mulaw arrived;
    int marks = 0, digits = 0, chunk = 0;
    for (std::size_t i = 1; i < seen.size(); ++i) {
        EXPECT_EQ(seen[i]["sequenceNumber"], std::to_string(i));
        EXPECT_EQ(seen[i]["streamSid"], start["streamSid"]);
        const auto event = seen[i]["event"].get<std::string>();
        if (event == "mark") {
            ++marks;
            EXPECT_EQ(seen[i]["mark"]["name"], "greeting");
        } else if (event == "dtmf") {
            ++digits;
            EXPECT_EQ(seen[i]["dtmf"]["digit"], "5");
        } else if (event == "media") {
            EXPECT_EQ(seen[i]["media"]["track"], "inbound");
            EXPECT_EQ(seen[i]["media"]["chunk"], std::to_string(++chunk));
            const auto codes = sim::from_base64(seen[i]["media"]["payload"].get<std::string>());
            ASSERT_TRUE(codes);
            arrived.insert(arrived.end(), codes->begin(), codes->end());
        }
    }
    EXPECT_EQ(marks, 1);
    EXPECT_EQ(digits, 1);
    EXPECT_EQ(seen.back()["event"], "stop");
    EXPECT_EQ(seen.back()["stop"]["callSid"], report.call_sid);
    EXPECT_NE(std::search(report.said.begin(), report.said.end(), arrived.begin(), arrived.end()), report.said.end()) << "the bot did not hear what was said";
    EXPECT_GT(arrived.size(), 8U * 1000);

    // And the caller heard the bot.
    ASSERT_EQ(report.streams.size(), 1U);
    EXPECT_EQ(report.streams[0].played, 1600);
    EXPECT_EQ(played_of(report, report.streams[0]), sim::Mulaw(1600, 0x20));
    EXPECT_EQ(report.streams[0].invalid_messages, 0U);
    ASSERT_EQ(report.streams[0].marks.size(), 1U);
    EXPECT_EQ(report.streams[0].marks[0].name, "greeting");
}

TEST(BotCall, ClearSilencesTheCarrierAndReturnsItsMarks) {
    std::vector<std::string> marks;
    AppServer bot(no_page, [&](StreamPeer& peer) {
        peer.start();
        peer.media(sim::Mulaw(8000 * 5, 0x20));
        peer.mark("end");
        for (int i = 0; i < 20; ++i) peer.read_until("media");
        peer.clear();
        const auto mark = peer.read_until("mark");
        if (!mark.is_null()) marks.push_back(mark["mark"]["name"]);
        peer.close();
    });
    const GatewayUnderTest gateway(bot_sections(bot.url("/bot", "ws")));
    const auto report = call(gateway, steps({until_hangup()}));
    ASSERT_TRUE(report.passed()) << report.failures.front();
    EXPECT_EQ(marks, std::vector<std::string>{"end"});
    ASSERT_EQ(report.streams.size(), 1U);
    ASSERT_EQ(report.streams[0].clears.size(), 1U);
    EXPECT_GT(report.streams[0].discarded, 8000 * 3);
    EXPECT_LT(report.streams[0].played, 8000 * 2);
}

TEST(BotCall, ABotThatClosesNormallyHasFinishedTheCall) {
    AppServer bot(no_page, [](StreamPeer& peer) {
        peer.start();
        for (int i = 0; i < 10; ++i) peer.read_until("media");
        peer.close(1000);
    });
    const GatewayUnderTest gateway(bot_sections(bot.url("/bot", "ws")));
    const auto report = call(gateway, steps({until_hangup()}));
    EXPECT_TRUE(report.passed()) << report.failures.front();
    EXPECT_EQ(report.ended_by, "document");
    EXPECT_THAT(last_document(report), HasSubstr("<Hangup"));
    EXPECT_THAT(last_document(report), Not(HasSubstr("<Say")));
    ASSERT_EQ(report.streams.size(), 1U);
    EXPECT_EQ(report.streams[0].close_code, 1000);
    EXPECT_EQ(gateway.events("call.ended").at(0)["reason"], "agent_completed");
}

TEST(BotCall, ABotThatBreaksOffIsApologisedFor) {
    AppServer bot(no_page, [](StreamPeer& peer) {
        peer.start();
        for (int i = 0; i < 10; ++i) peer.read_until("media");
        peer.vanish();
    });
    const GatewayUnderTest gateway(bot_sections(bot.url("/bot", "ws")));
    const auto report = call(gateway, steps({until_hangup()}));
    EXPECT_EQ(report.ended_by, "document");
    EXPECT_THAT(said_by_carrier(report), testing::ElementsAre(HasSubstr("sorry")));
    EXPECT_EQ(gateway.events("call.ended").at(0)["reason"], "brain_failed");
}

TEST(BotCall, AnUnreachableBotIsApologisedFor) {
    std::string url;
    {
        AppServer gone(no_page, [](StreamPeer&) {});
        url = gone.url("/bot", "ws");
    }
    const GatewayUnderTest gateway(bot_sections(url));
    const auto report = call(gateway, steps({until_hangup()}));
    EXPECT_TRUE(report.passed()) << report.failures.front();
    EXPECT_EQ(report.ended_by, "document");
    EXPECT_EQ(report.status, "completed");
    EXPECT_THAT(said_by_carrier(report), testing::ElementsAre(HasSubstr("sorry")));
    EXPECT_FALSE(gateway.events("provider.unreachable").empty());
    EXPECT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 0; }));
}

TEST(BotCall, AnUnreachableBotHandsTheCallToItsFallbackNumber) {
    std::string url;
    {
        AppServer gone(no_page, [](StreamPeer&) {});
        url = gone.url("/bot", "ws");
    }
    const GatewayUnderTest gateway(bot_sections(url, "    fallback_number: \"+15550199\"\n"));
    const auto report = call(gateway, steps({until_hangup()}));
    EXPECT_THAT(last_document(report), HasSubstr("+15550199</"));
    EXPECT_THAT(last_document(report), HasSubstr("<Dial"));
}

TEST(BotCall, WhatABotMustNotSayNeverReachesTheCarrier) {
    AppServer bot(no_page, [](StreamPeer& peer) {
        peer.start();
        peer.send_raw("{");
        peer.send_raw(R"({"event":"media"})");
        peer.send({{"event", "media"}, {"streamSid", "MZ00000000000000000000000000000000"}, {"media", {{"payload", "////"}}}});
        peer.send({{"event", "dance"}, {"streamSid", peer.sid}});
        // Fields Twilio does not know: taken off on the way.
        peer.send({{"event", "media"},
                   {"streamSid", peer.sid},
                   {"extra", 1},
                   {"media", {{"payload", sim::base64(std::span<const std::uint8_t>(sim::Mulaw(160, 0x30)))}, {"track", "outbound"}}}});
        peer.send_binary("xx");
        peer.media(sim::Mulaw(160, 0x40));
        for (int i = 0; i < 10; ++i) peer.read_until("media");
        peer.close();
    });
    const GatewayUnderTest gateway(bot_sections(bot.url("/bot", "ws")));
    const auto report = call(gateway, steps({until_hangup()}));
    ASSERT_EQ(report.streams.size(), 1U);
    EXPECT_EQ(report.streams[0].invalid_messages, 0U);
    EXPECT_TRUE(report.notifications.empty()) << report.notifications.front().text;
    auto wanted = sim::Mulaw(160, 0x30);
    wanted.insert(wanted.end(), 160, 0x40);
    EXPECT_EQ(played_of(report, report.streams[0]), wanted);
    EXPECT_EQ(gateway.events("call.ended").at(0)["reason"], "agent_completed");
}

}  // namespace
}  // namespace parley::scenarios

// <Connect><ConversationRelay>: the carrier's side against a scripted application; the line runs faster than real and the voice is tones.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app_server.hpp"
#include "parley/sim/carrier.hpp"
#include "parley/sim/signature.hpp"
#include "relay_order.hpp"
#include "relay_speech.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;
using test::AppServer;
using test::Seen;
using test::StreamPeer;
using test::twiml;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kToken = "5f2a9c0d7b1e4863a0c9d2f17e6b5a48";

CarrierOptions quick(double speed = 5) {
    CarrierOptions options;
    options.auth_token = Secret(kToken);
    options.speed = speed;
    return options;
}

std::shared_ptr<const Scenario> steps(const std::string& yaml) {
    return parse_scenario("steps:\n" + yaml, "test.yaml");
}

// An application whose voice URL answers with a relay to its own socket, and whose action hangs up.
struct RelayApp {
    explicit RelayApp(AppServer::Stream on_socket, std::string attributes = "", std::string inside = "", std::string path = "/relay")
        : app(
              [this, attributes, inside, path](const Seen& seen) {
                  if (seen.path() != "/voice") return twiml("<Hangup/>");
                  const auto url = attributes.find(" url=") == std::string::npos ? " url=\"" + app.url(path, "ws") + "\" " : "";
                  return twiml("<Connect action=\"/after\"><ConversationRelay" + url + attributes + ">" + inside +
                               "</ConversationRelay></Connect><Say>Never.</Say>");
              },
              std::move(on_socket)) {}
    CallReport call(CarrierOptions options, std::shared_ptr<const Scenario> scenario = nullptr) {
        SimCarrier carrier(std::move(options));
        CallPlan plan;
        plan.voice_url = app.url("/voice");
        plan.scenario = std::move(scenario);
        auto report = carrier.place_call(plan).report.get();
        app.settle();
        return report;
    }
    [[nodiscard]] Form action() const {
        const auto seen = app.requests("/after");
        return seen.empty() ? Form{} : seen.front().form;
    }
    AppServer app;
};

json text(const std::string& token, bool last) {
    return {{"type", "text"}, {"token", token}, {"last", last}};
}
json read_type(StreamPeer& peer, const std::string& type) {
    for (;;) {
        auto message = peer.read();
        if (message.is_null() || message["type"] == type) return message;
    }
}

TEST(Relay, SetupComesFirstAndEndGoesToTheAction) {
    json setup;
    RelayApp app(
        [&](StreamPeer& peer) {
            setup = peer.read();
            peer.send({{"type", "end"}, {"handoffData", R"({"reasonCode":"live-agent","reason":"a & b"})"}});
            EXPECT_TRUE(peer.read().is_null());
            EXPECT_EQ(peer.ws().reason().code, 1000);
            EXPECT_EQ(std::string(peer.ws().reason().reason.c_str()), "Closing websocket session");
        },
        "", "<Parameter name=\"tenant\" value=\"acme\"/>", "/relay?t=1");
    const auto report = app.call(quick());
    EXPECT_EQ(setup["type"], "setup");
    EXPECT_THAT(setup["sessionId"].get<std::string>(), StartsWith("VX"));
    EXPECT_EQ(setup["callSid"], report.call_sid);
    EXPECT_EQ(setup["callStatus"], "RINGING");
    EXPECT_EQ(setup["callType"], "PSTN");
    EXPECT_EQ(setup["direction"], "inbound");
    EXPECT_EQ(setup["customParameters"], (json{{"tenant", "acme"}}));
    const auto upgrades = app.app.requests("/relay");
    ASSERT_EQ(upgrades.size(), 1U);
    EXPECT_EQ(upgrades[0].header("x-twilio-signature"), sign(kToken, app.app.url("/relay?t=1", "ws"))) << "the query is signed";
    const auto action = app.action();
    EXPECT_EQ(value_of(action, "SessionId"), setup["sessionId"].get<std::string>());
    EXPECT_EQ(value_of(action, "SessionStatus"), "ended");
    EXPECT_TRUE(has_field(action, "SessionDuration"));
    EXPECT_EQ(value_of(action, "HandoffData"), R"({"reasonCode":"live-agent","reason":"a & b"})");
    EXPECT_EQ(value_of(action, "CallStatus"), "in-progress");
    EXPECT_FALSE(has_field(action, "ErrorCode"));
}

TEST(Relay, SpeechBecomesPromptsAndTokensBecomeSpeech) {
    std::vector<json> seen;
    RelayApp app(
        [&](StreamPeer& peer) {
            for (;;) {
                auto message = peer.read();
                if (message.is_null()) break;
                seen.push_back(message);
                if (message["type"] != "prompt" || !message["last"].get<bool>()) continue;
                peer.send(text("We are ", false));
                peer.send(text("open. Until ", false));
                peer.send(text("five.", false));
                peer.send(text("", true));
            }
        },
        "welcomeGreeting=\"Hello there.\" partialPrompts=\"true\" events=\"speaker-events tokens-played\" debug=\"debugging\" language=\"en-GB\"");
    const auto report =
        app.call(quick(), steps("  - wait_for: {agent_silence: 500ms}\n  - say: when are you open today\n  - wait_for: {agent_silence: 700ms}\n"));
    EXPECT_TRUE(report.passed()) << testing::PrintToString(report.failures);
    ASSERT_EQ(report.relays.size(), 1U);
    const auto& relay = report.relays[0];
    EXPECT_EQ(relay.status, "completed");
    ASSERT_EQ(relay.cycles.size(), 2U);
    EXPECT_EQ(relay.cycles[0].heard, "Hello there.");
    EXPECT_TRUE(relay.cycles[0].greeting);
    EXPECT_EQ(relay.cycles[1].text, "We are open. Until five.");
    EXPECT_EQ(relay.cycles[1].heard, "We are open. Until five.");
    EXPECT_TRUE(relay.cycles[1].closed);
    EXPECT_THAT(relay.prompts, ElementsAre("when are you open today"));
    EXPECT_GT(relay.partial_prompts, 0U);
    std::string partial, order;
    for (const auto& one : seen) {
        if (one["type"] == "prompt" && !one["last"].get<bool>()) {
            EXPECT_THAT(one["voicePrompt"].get<std::string>(), StartsWith(partial)) << "cumulative";
            partial = one["voicePrompt"];
        }
        if (one["type"] == "prompt") EXPECT_EQ(one["lang"], "en-GB");
        if (one["type"] == "info" && one["name"] != "roundTripDelayMs") order += one["name"].get<std::string>() + "=" + one["value"].get<std::string>() + ";";
    }
    EXPECT_EQ(order,
              "agentSpeaking=on;agentSpeaking=off;tokensPlayed=Hello there.;clientSpeaking=on;clientSpeaking=off;agentSpeaking=on;"
              "tokensPlayed=We are ;tokensPlayed=open. Until ;agentSpeaking=off;tokensPlayed=five.;")
        << "what was played is told";
    EXPECT_EQ(std::ranges::count_if(seen, [](const json& one) { return one["type"] == "info" && one["name"] == "roundTripDelayMs"; }), 1);
    EXPECT_EQ(value_of(app.action(), "SessionStatus"), "completed");
    EXPECT_EQ(value_of(app.action(), "CallStatus"), "completed");
}

constexpr const char* kLong = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen.";

TEST(Relay, AnInterruptionTellsWhatWasHeardAndDropsTheRest) {
    std::vector<json> seen;
    RelayApp app([&](StreamPeer& peer) {
        peer.read();
        peer.send(text(std::string(kLong) + " ", false));
        peer.send(text("And this is never heard by anybody. ", false));
        for (;;) {
            auto message = peer.read();
            if (message.is_null()) break;
            seen.push_back(message);
            if (message["type"] == "prompt") {
                peer.send(text("All right.", true));
            }
        }
    });
    const auto report = app.call(quick(), steps("  - interrupt: {after: 2s, say: wait a moment please}\n  - wait_for: {agent_silence: 700ms}\n"));
    EXPECT_TRUE(report.passed()) << testing::PrintToString(report.failures);
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[0]["type"], "interrupt");
    const auto heard = seen[0]["utteranceUntilInterrupt"].get<std::string>();
    EXPECT_THAT(std::string(kLong), StartsWith(heard));
    EXPECT_GT(heard.size(), 10U);
    EXPECT_LT(heard.size(), 80U);
    const auto after = seen[0]["durationUntilInterruptMs"].get<int>();
    EXPECT_GT(after, 1900);
    EXPECT_LT(after, 4000);
    EXPECT_EQ(seen[1]["type"], "prompt");
    const auto& relay = report.relays.at(0);
    ASSERT_EQ(relay.cycles.size(), 2U);
    EXPECT_TRUE(relay.cycles[0].interrupted);
    EXPECT_EQ(relay.cycles[0].heard, heard);
    EXPECT_EQ(relay.cycles[1].text, "All right.");
    EXPECT_EQ(relay.tokens_after_interrupt, 0U);
    // Nothing sounded between the interruption and the answer.
    ASSERT_EQ(report.turns.size(), 1U);
    ASSERT_TRUE(report.turns[0].stopped_after_ms);
}

TEST(Relay, WhatMayNotInterruptIsSwallowedOrReported) {
    for (const bool reported : {false, true}) {
        std::vector<json> seen;
        RelayApp app(
            [&](StreamPeer& peer) {
                peer.read();
                peer.send(text(kLong, true));
                for (auto message = peer.read(); !message.is_null(); message = peer.read()) seen.push_back(message);
            },
            std::string("interruptible=\"none\" dtmfDetection=\"true\"") + (reported ? " reportInputDuringAgentSpeech=\"any\"" : ""));
        const auto report = app.call(
            quick(), steps("  - interrupt: {after: 800ms, say: stop now}\n  - dtmf: {keys: \"5\", in_band: false}\n  - wait_for: {agent_silence: 900ms}\n"));
        EXPECT_EQ(report.relays.at(0).interruptions.size(), 0U);
        EXPECT_EQ(report.relays.at(0).cycles.at(0).heard, kLong);
        if (!reported) {
            EXPECT_TRUE(seen.empty()) << seen.front();
            EXPECT_EQ(report.relays.at(0).unheard_prompts, 1U);
            continue;
        }
        std::string kinds;
        for (const auto& one : seen) kinds += one["type"].get<std::string>() + ";";
        EXPECT_THAT(kinds, HasSubstr("prompt;"));
        EXPECT_THAT(kinds, HasSubstr("dtmf;"));
    }
}

TEST(Relay, AMessageMayBeMoreOrLessInterruptibleThanTheSession) {
    std::vector<json> seen;
    RelayApp app(
        [&](StreamPeer& peer) {
            peer.read();
            peer.send({{"type", "text"}, {"token", kLong}, {"last", true}, {"interruptible", "dtmf"}});
            for (auto message = peer.read(); !message.is_null(); message = peer.read()) seen.push_back(message);
        },
        "interruptible=\"false\" dtmfDetection=\"true\"");
    const auto report = app.call(quick(), steps("  - wait_for: agent_speech\n  - pause: 1s\n  - dtmf: {keys: \"5#\", in_band: false}\n  - pause: 500ms\n"));
    ASSERT_EQ(seen.size(), 3U);
    EXPECT_EQ(seen[0]["type"], "interrupt");
    EXPECT_EQ(seen[1], (json{{"type", "dtmf"}, {"digit", "5"}}));
    EXPECT_EQ(seen[2]["digit"], "#");
    EXPECT_TRUE(report.relays.at(0).interruptions.at(0).by_key);
}

TEST(Relay, KeysNeedDtmfDetection) {
    std::vector<json> seen;
    RelayApp app([&](StreamPeer& peer) {
        for (auto message = peer.read(); !message.is_null(); message = peer.read()) seen.push_back(message);
    });
    (void)app.call(quick(), steps("  - dtmf: {keys: \"12\", in_band: false}\n  - pause: 300ms\n"));
    EXPECT_EQ(seen.size(), 1U) << "setup and nothing else";
}

TEST(Relay, PreemptibleSpeechMakesWay) {
    RelayApp app([&](StreamPeer& peer) {
        peer.read();
        peer.send({{"type", "text"}, {"token", kLong}, {"last", true}, {"preemptible", true}});
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        peer.send(text("News.", true));
        (void)peer.read();
    });
    const auto report = app.call(quick(), steps("  - wait_for: {agent_silence: 900ms}\n"));
    ASSERT_EQ(report.relays.at(0).cycles.size(), 2U);
    EXPECT_TRUE(report.relays[0].cycles[0].interrupted);
    EXPECT_EQ(report.relays[0].cycles[1].heard, "News.");
    EXPECT_TRUE(report.relays[0].interruptions.empty()) << "nobody is told: it was asked for";
}

TEST(Relay, BadMessagesAreToldAndTenInARowEndIt) {
    std::vector<json> seen;
    RelayApp app([&](StreamPeer& peer) {
        peer.read();
        peer.send({{"type", "text"}, {"token", "a"}, {"last", "true"}});
        peer.send({{"type", "end"}, {"handoffData", {{"reasonCode", "x"}}}});
        peer.send(text("Good.", true));  // resets the count
        for (int i = 0; i < 9; ++i) peer.send_raw("{\"foo\":\"bar\"}");
        peer.send_binary("x");
        for (auto message = peer.read(); !message.is_null(); message = peer.read()) seen.push_back(message);
        EXPECT_EQ(peer.ws().reason().code, 1007);
        EXPECT_EQ(std::string(peer.ws().reason().reason.c_str()), "Too many consecutive malformed messages");
    });
    const auto report = app.call(quick());
    ASSERT_EQ(seen.size(), 12U);
    EXPECT_EQ(seen[2], (json{{"type", "error"}, {"description", "Invalid message received: {\"foo\":\"bar\"}"}}));
    EXPECT_TRUE(report.has_notification(64107));
    EXPECT_EQ(report.relays.at(0).invalid_messages, 12U);
    EXPECT_EQ(value_of(app.action(), "SessionStatus"), "failed");
    EXPECT_EQ(value_of(app.action(), "ErrorCode"), "64105");
}

TEST(Relay, AConnectionThatBreaksFails) {
    RelayApp app([&](StreamPeer& peer) {
        peer.read();
        peer.vanish();
    });
    const auto report = app.call(quick());
    EXPECT_EQ(report.relays.at(0).error, 64105);
    EXPECT_EQ(value_of(app.action(), "SessionStatus"), "failed");
    EXPECT_EQ(value_of(app.action(), "CallStatus"), "in-progress");
    RelayApp proper([&](StreamPeer& peer) {
        peer.read();
        peer.close(1000);
    });
    (void)proper.call(quick());
    EXPECT_EQ(value_of(proper.action(), "SessionStatus"), "ended");
    RelayApp faulty([&](StreamPeer& peer) { EXPECT_TRUE(read_type(peer, "nothing").is_null()); });
    auto options = quick();
    options.relay_faults.drop_after = std::chrono::milliseconds(400);
    (void)faulty.call(options);
    EXPECT_EQ(value_of(faulty.action(), "ErrorCode"), "64105");
}

TEST(Relay, NoSocketIs64102) {
    RelayApp app([](StreamPeer&) {});
    app.app.refuse_upgrades = true;
    const auto report = app.call(quick());
    EXPECT_TRUE(report.has_notification(64102));
    EXPECT_EQ(value_of(app.action(), "ErrorCode"), "64102");
    EXPECT_EQ(value_of(app.action(), "SessionDuration"), "0");
    RelayApp https([](StreamPeer&) {}, " url=\"https://gw.example.com/relay\"");
    EXPECT_TRUE(https.call(quick()).has_notification(64102));
}

struct Attributes {
    const char* name;
    const char* attributes;
    bool good;
};
class RelayAttributes : public testing::TestWithParam<Attributes> {};
TEST_P(RelayAttributes, AreChecked) {
    const auto document =
        parse_twiml(std::string("<Response><Connect><ConversationRelay url=\"wss://a.example/r\" ") + GetParam().attributes +
                    "><Language code=\"de-DE\" ttsProvider=\"Google\" voice=\"de-DE-Chirp3-HD-Aoede\"/></ConversationRelay></Connect></Response>");
    ASSERT_EQ(document.error, 0);
    EXPECT_TRUE(document.warnings.empty()) << document.warnings.front().text;
    const auto settings = read_relay_settings(*document.verbs.at(0).child("ConversationRelay"));
    EXPECT_EQ(settings.problems.empty(), GetParam().good) << testing::PrintToString(settings.problems);
}
INSTANTIATE_TEST_SUITE_P(
    table, RelayAttributes,
    testing::Values(Attributes{"none", "", true},
                    Attributes{"camel", "speechTimeout=\"700\" ignoreBackchannel=\"true\" deepgramSmartFormat=\"false\" backgroundNoiseReduction=\"x\"", true},
                    Attributes{"lower", "speechtimeout=\"700\" ignorebackchannel=\"true\" deepgramsmartformat=\"false\" backgroundnoisereduction=\"x\"", true},
                    Attributes{"lower_bad", "speechtimeout=\"70\"", false}, Attributes{"provider", "ttsProvider=\"Polly\"", false},
                    Attributes{"case", "transcriptionProvider=\"deepgram\"", true},
                    Attributes{"voice_prefix", "ttsProvider=\"Google\" voice=\"Google.en-US-Neural2-F\"", false},
                    Attributes{"voice_language", "ttsProvider=\"Google\" voice=\"de-DE-Neural2-F\"", false},
                    Attributes{"voice", "ttsProvider=\"Google\" voice=\"en-US-Neural2-F\"", true},
                    Attributes{"interruptible", "interruptible=\"speech\" welcomeGreetingInterruptible=\"false\"", true},
                    Attributes{"interruptible_bad", "interruptible=\"maybe\"", false}, Attributes{"boolean", "dtmfDetection=\"yes\"", false},
                    Attributes{"multi", "transcriptionLanguage=\"multi\"", true},
                    Attributes{"multi_google", "transcriptionLanguage=\"multi\" transcriptionProvider=\"Google\"", false},
                    Attributes{"eot", "eotThreshold=\"0.95\"", false}, Attributes{"sensitivity", "interruptSensitivity=\"extreme\"", false},
                    Attributes{"language", "language=\"en_US\"", false}),
    [](const auto& c) { return c.param.name; });

TEST(Relay, WrongAttributesAre64101AndTheActionIsAsked) {
    RelayApp app([](StreamPeer&) {}, "ttsProvider=\"Festival\"");
    const auto report = app.call(quick());
    EXPECT_TRUE(report.has_notification(64101));
    EXPECT_EQ(value_of(app.action(), "ErrorCode"), "64101");
    EXPECT_TRUE(app.app.requests("/relay").empty());
}

TEST(Relay, PlaysSendsDigitsAndSwitchesTheLanguage) {
    AppServer files([](const Seen&) { return test::reply(wav_bytes(Pcm8k(4000, 5000)), "audio/wav"); });
    RelayApp app(
        [&](StreamPeer& peer) {
            peer.read();
            peer.send({{"type", "play"}, {"source", files.url("/hold.wav")}, {"loop", 2}});
            peer.send({{"type", "sendDigits"}, {"digits", "1w2"}});
            peer.send({{"type", "language"}, {"ttsLanguage", "es-ES"}, {"transcriptionLanguage", "es-ES"}});
            peer.send({{"type", "text"}, {"token", "Hola."}, {"last", true}, {"lang", "es-ES"}});
            peer.send({{"type", "text"}, {"token", "Salut."}, {"last", true}, {"lang", "fr-FR"}});
            EXPECT_EQ(read_type(peer, "prompt")["lang"], "es-ES");
        },
        "", "<Language code=\"es-ES\"/>");
    const auto report = app.call(quick(), steps("  - wait_for: {agent_silence: 900ms}\n  - say: hola\n  - pause: 1s\n"));
    const auto& relay = report.relays.at(0);
    EXPECT_THAT(relay.plays, ElementsAre(files.url("/hold.wav")));
    EXPECT_EQ(files.requests().size(), 1U);
    EXPECT_EQ(relay.digits_sent, "1w2");
    EXPECT_THAT(relay.languages, ElementsAre("es-ES/es-ES"));
    EXPECT_EQ(relay.invalid_messages, 1U) << "French is not configured";
    ASSERT_EQ(relay.cycles.size(), 3U);
    EXPECT_EQ(relay.cycles[2].language, "es-ES");
}

TEST(Relay, FaultsOfItsMessages) {
    std::string kinds;
    json interrupted;
    RelayApp app([&](StreamPeer& peer) {
        peer.read();
        peer.send(text(kLong, true));
        for (;;) {
            test::beast::flat_buffer buffer;
            test::beast::error_code ec;
            peer.ws().read(buffer, ec);
            if (ec) break;
            const auto message = json::parse(test::beast::buffers_to_string(buffer.data()), nullptr, false);
            if (message.is_discarded())
                kinds += "broken;";
            else if (message["type"] == "prompt")
                kinds += message["voicePrompt"].get<std::string>() + ";";
            else
                kinds += message["type"].get<std::string>() + ";";
            if (!message.is_discarded() && message["type"] == "interrupt") interrupted = message;
        }
    });
    auto options = quick();
    options.relay_faults.empty_prompts = options.relay_faults.duplicated_prompts = options.relay_faults.malformed_frames =
        options.relay_faults.duration_as_text = true;
    (void)app.call(options, steps("  - interrupt: {after: 1s, say: hello you}\n  - pause: 2s\n"));
    EXPECT_EQ(kinds, "interrupt;broken;weather;;hello you;hello you;");
    EXPECT_TRUE(interrupted["durationUntilInterruptMs"].is_string());
}

TEST(Relay, ACallUpdateEndsItAndGoesOnElsewhere) {
    std::atomic<bool> live{false};
    RelayApp app([&](StreamPeer& peer) {
        peer.read();
        live = true;
        EXPECT_TRUE(peer.read().is_null());
        EXPECT_EQ(peer.ws().reason().code, 1000);
    });
    SimCarrier carrier(quick());
    CallPlan plan;
    plan.voice_url = app.app.url("/voice");
    auto placed = carrier.place_call(plan);
    while (!live) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT_EQ(carrier.redirect_call(placed.call_sid, {}, "POST", "<Response><Hangup/></Response>"), CallUpdate::done);
    const auto report = placed.report.get();
    EXPECT_EQ(report.ended_by, "document");
    EXPECT_EQ(report.relays.at(0).status, "ended");
    EXPECT_TRUE(app.app.requests("/after").empty());
}

TEST(RelaySpeech, HoldsBackWhatIsNoSentenceYet) {
    RelaySpeech speech;
    speech.token("It costs 3.50 euros. And", false, {});
    auto first = speech.take();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->text, "It costs 3.50 euros. ");
    EXPECT_TRUE(speech.place(speech.ticket(), 0, 8000));
    EXPECT_FALSE(speech.take()) << "the tail waits for `last`";
    speech.token(" more.", true, {});
    auto second = speech.take();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->text, "And more.");
    EXPECT_TRUE(speech.place(speech.ticket(), 8000, 12000));
    EXPECT_EQ(speech.cycles(4000).at(0).heard, "It costs");
    EXPECT_EQ(speech.cycles(12000).at(0).heard, "It costs 3.50 euros. And more.");
    EXPECT_FALSE(speech.busy(12000));
    speech.token("", true, {});
    EXPECT_EQ(speech.empty_cycles(), 1U);
}

TEST(RelaySpeech, ASoundThatComesAfterTheCutIsNotPlayed) {
    RelaySpeech speech;
    speech.token("One. Two. ", false, {});
    ASSERT_TRUE(speech.take());
    const auto ticket = speech.ticket();
    EXPECT_EQ(speech.drop(0).heard, "");
    EXPECT_FALSE(speech.place(ticket, 0, 8000));
    EXPECT_FALSE(speech.take());
}

}  // namespace
}  // namespace parley::sim

// Numbers that do more than open a stream: what Twilio is told, and what callers hear who go through it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway_under_test.hpp"
#include "parley/sim/identifiers.hpp"
#include "parley/store/call_records.hpp"
#include "sounds.hpp"

namespace parley::scenarios {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Sections with_agents(std::string agents, std::string more = {}) {
    Sections sections;
    sections.agents = std::move(agents);
    sections.more = std::move(more);
    return sections;
}

// An agent that answers like this, and by echo where it has to.
Sections desk(const std::string& lines, std::string more = {}) {
    return with_agents("  desk:\n    default: true\n    brain: echo\n" + lines, std::move(more));
}

std::string answer_of(const GatewayUnderTest& gateway, const std::string& sid) {
    const auto answer = gateway.webhook("voice", call_form(sid));
    EXPECT_EQ(answer.status, 200);
    return answer.body;
}

// The URL of an attribute, as it can be requested again: below the webhooks, unescaped.
std::string route_of(const std::string& document, const std::string& attribute) {
    const auto open = attribute + "=\"";
    const auto at = document.find(open);
    if (at == std::string::npos) return {};
    auto url = document.substr(at + open.size(), document.find('"', at + open.size()) - at - open.size());
    for (auto amp = url.find("&amp;"); amp != std::string::npos; amp = url.find("&amp;", amp + 1)) url.replace(amp, 5, "&");
    const std::string prefix = "/webhooks/twilio/";
    return url.substr(url.find(prefix) + prefix.size());
}

sim::Form in_call(const std::string& sid, sim::Form extra = {}) {
    auto form = call_form(sid, "in-progress");
    for (auto& field : extra) form.push_back(std::move(field));
    return form;
}

std::vector<std::string> said(const sim::CallReport& report) {
    std::vector<std::string> out;
    for (const auto& line : report.transcript)
        if (line.who == sim::TranscriptLine::Who::carrier) out.push_back(line.text);
    return out;
}

std::string everything(const sim::CallReport& report) {
    std::string all;
    for (const auto& text : said(report)) all += text + " | ";
    return all;
}

sim::StepAction quiet(unsigned ms = 700) {
    return sim::WaitStep{.what = sim::WaitStep::For::agent_silence, .silence = sim::milliseconds(ms), .text = {}, .within = std::chrono::seconds(60)};
}
sim::StepAction keys(const char* text) {
    return sim::DtmfStep{.keys = text};
}

sim::CallReport place(const GatewayUnderTest& gateway, std::shared_ptr<const sim::Scenario> scenario, std::map<std::string, sim::DialTarget> numbers = {},
                      double speed = 4) {
    auto options = gateway.carrier();
    options.speed = speed;
    options.numbers = std::move(numbers);
    sim::SimCarrier carrier(std::move(options));
    return carrier.place_call(gateway.plan(std::move(scenario))).report.get();
}

json record_of(const GatewayUnderTest& gateway, const std::string& sid, const std::string& wanted) {
    json found;
    const store::CallRecords records({.directory = gateway.data().string(), .read_only = true});
    EXPECT_TRUE(eventually([&] {
        const auto text = records.read(sid);
        found = text ? json::parse(*text, nullptr, false) : json();
        return found.is_object() && found.dump().find(wanted) != std::string::npos;
    })) << wanted
        << " in " << found.dump();
    return found;
}

// --- what Twilio is told ---------------------------------------------------------------------------------------------------

struct Mode {
    const char* name;
    const char* lines;
    std::vector<const char*> wanted;
};
class AnswerModes : public testing::TestWithParam<Mode> {};
TEST_P(AnswerModes, AreWritten) {
    const GatewayUnderTest gateway(desk(GetParam().lines));
    const auto sid = sim::make_sid("CA");
    const auto first = answer_of(gateway, sid);
    for (const auto* part : GetParam().wanted) EXPECT_THAT(first, HasSubstr(part));
    EXPECT_EQ(answer_of(gateway, sid), first) << "delivered twice";
    EXPECT_EQ(gateway.metric("parley_calls_active{dir=\"in\"}"), 0);
}
INSTANTIATE_TEST_SUITE_P(
    modes, AnswerModes,
    testing::Values(
        Mode{"stream", "", {"<Connect><Stream", "after?agent=desk&amp;resume=0"}},
        Mode{"reject", "    answer: reject\n    reject: {reason: busy}\n", {"<Response><Reject reason=\"busy\"/></Response>"}},
        Mode{"hangup", "    answer: hangup\n", {"<Response><Hangup/></Response>"}},
        Mode{"forward",
             "    answer: forward\n    forward: {to: [\"+4930111111\", \"sip:a@b.example\"], timeout: 15s, caller_id: \"+4930999999\", record: true}\n",
             {"<Dial action=\"https://voice.example.test/webhooks/twilio/dialed?agent=desk&amp;via=forward&amp;step=0\"", "timeout=\"15\"",
              "callerId=\"+4930999999\"", "answerOnBridge=\"true\"", "record=\"record-from-answer-dual\"", "/webhooks/twilio/recording\"",
              "<Number>+4930111111</Number></Dial>"}},
        Mode{"at_once",
             "    answer: forward\n    forward: {to: [\"+4930111111\", \"client:ann\"], at_once: true, whisper: A call for the desk.}\n",
             {"<Number url=\"https://voice.example.test/webhooks/twilio/whisper?agent=desk\">+4930111111</Number>", ">ann</Client></Dial>"}},
        Mode{"sip",
             "    answer: sip\n    sip: {uri: \"sip:desk@pbx.example\", username: u, password: s3cretpass, headers: {X-Line: \"1\"}}\n",
             {"via=sip", "username=\"u\"", "password=\"s3cretpass\"", "sip:desk@pbx.example", "X-Line"}},
        Mode{"conference",
             "    answer: conference\n    conference: {room: \"r-{from}\", wait: silence, beep: onEnter, muted: true, max_participants: 5, end_on_exit: true, "
             "record: true}\n",
             {"<Conference", "waitUrl=\"\"", "beep=\"onEnter\"", "muted=\"true\"", "maxParticipants=\"5\"", "endConferenceOnExit=\"true\"",
              "record=\"record-from-start\"", ">r-+14155550100</Conference>"}},
        Mode{"voicemail",
             "    answer: voicemail\n    say_voice: Polly.Amy-Neural\n    say_language: en-GB\n    voicemail_prompt: Speak now.\n    voicemail_max: 30s\n    "
             "voicemail_transcribe: true\n",
             {"<Say voice=\"Polly.Amy-Neural\" language=\"en-GB\">Speak now.</Say><Record", "maxLength=\"30\"", "finishOnKey=\"#\"", "transcribe=\"true\"",
              "/webhooks/twilio/voicemail-text\"", "recorded?agent=desk&amp;asked=0\"", "/webhooks/twilio/recording\"", "<Redirect"}},
        Mode{"listen",
             "    answer: listen\n    listen: {to: \"+4930111111\"}\n",
             {"<Start><Stream", "url=\"wss://voice.example.test/webhooks/twilio/listen\"", "track=\"both_tracks\"", "<Parameter", "</Start><Dial",
              "via=listen"}},
        Mode{"closed",
             "    answer: stream\n    hours: {time_zone: Europe/Berlin, holidays: [\"01-01..12-31\"], closed: [voicemail], closed_text: We are closed.}\n",
             {"<Say>We are closed.</Say><Redirect method=\"POST\">https://voice.example.test/webhooks/twilio/answer?agent=desk&amp;closed=1</Redirect>"}},
        Mode{"open",
             "    answer: hangup\n    hours: {time_zone: Europe/Berlin, open: [daily], closed: [voicemail], closed_text: We are closed.}\n",
             {"<Response><Hangup/></Response>"}}),
    [](const auto& mode) { return std::string(mode.param.name); });

TEST(Flows, CallsThatNeedNoPlaceTakeNone) {
    auto sections = desk("    answer: forward\n    forward: {to: \"+4930111111\"}\n");
    sections.limits = "  max_calls: 1\n";
    const GatewayUnderTest gateway(sections);
    for (int i = 0; i < 3; ++i) EXPECT_THAT(answer_of(gateway, sim::make_sid("CA")), HasSubstr("<Dial"));
}

TEST(Flows, ForwardTriesEachThenTheNextAnswerThenSaysSorry) {
    const GatewayUnderTest gateway(
        desk("    answer: [forward, sip]\n    forward: {to: [\"+4930111111\", \"client:ann\"]}\n    sip: {uri: \"sip:desk@pbx.example\"}\n"));
    const auto sid = sim::make_sid("CA");
    auto document = answer_of(gateway, sid);
    const auto ended = [&](const char* status) {
        const auto route = route_of(document, "action");
        const sim::Form extra{{"DialCallStatus", status}, {"DialCallSid", sim::make_sid("CA")}};
        document = gateway.webhook(route, in_call(sid, extra)).body;
        EXPECT_EQ(gateway.webhook(route, in_call(sid, extra)).body, document) << "delivered twice";
    };
    ended("busy");
    EXPECT_THAT(document, AllOf(HasSubstr("<Client"), HasSubstr("step=1")));
    ended("no-answer");
    EXPECT_THAT(document, AllOf(HasSubstr("sip:desk@pbx.example"), HasSubstr("at=1&amp;via=sip")));
    ended("failed");
    EXPECT_THAT(document, AllOf(HasSubstr("<Say>We are sorry"), HasSubstr("<Hangup/>")));
    const auto record = record_of(gateway, sid, "sip:desk@pbx.example");
    EXPECT_EQ(record.dump().find("\"result\":\"busy\"") != std::string::npos, true) << record.dump();
    std::size_t transfers = 0;
    for (auto at = record.dump().find("\"mode\":"); at != std::string::npos; at = record.dump().find("\"mode\":", at + 1)) ++transfers;
    EXPECT_EQ(transfers, 3U) << record.dump();
}

TEST(Flows, AnAnsweredForwardEndsTheCall) {
    const GatewayUnderTest gateway(desk("    answer: [forward, voicemail]\n    forward: {to: \"+4930111111\"}\n"));
    const auto sid = sim::make_sid("CA");
    const auto route = route_of(answer_of(gateway, sid), "action");
    EXPECT_THAT(gateway.webhook(route, in_call(sid, {{"DialCallStatus", "completed"}, {"DialBridged", "true"}})).body, HasSubstr("<Response><Hangup"));
    EXPECT_THAT(gateway.webhook(route, in_call(sid, {{"DialCallStatus", "completed"}, {"DialBridged", "false"}, {"DialCallSid", sim::make_sid("CA")}})).body,
                HasSubstr("<Record"))
        << "whoever answered pressed no key";
}

TEST(Flows, TheWhisperAsksForAKey) {
    const GatewayUnderTest gateway(desk("    answer: forward\n    forward: {to: \"+4930111111\", whisper: A call for the desk., confirm: true}\n"));
    const auto document = answer_of(gateway, sim::make_sid("CA"));
    const auto child = sim::make_sid("CA");
    const auto asked = gateway.webhook(route_of(document, "url"), in_call(child)).body;
    EXPECT_THAT(asked, AllOf(HasSubstr("<Gather"), HasSubstr("A call for the desk."), HasSubstr("</Gather><Hangup/>")));
    EXPECT_THAT(gateway.webhook(route_of(asked, "action"), in_call(child, {{"Digits", "5"}})).body, Not(HasSubstr("<Hangup")));
    EXPECT_THAT(gateway.webhook(route_of(asked, "action"), in_call(child, {{"Digits", ""}})).body, HasSubstr("<Hangup"));
}

TEST(Flows, AStreamThatNeverCameIsFollowedByTheNextAnswer) {
    const GatewayUnderTest gateway(desk("    answer: [stream, voicemail]\n"));
    const auto sid = sim::make_sid("CA");
    const auto opened = answer_of(gateway, sid);
    EXPECT_THAT(opened, HasSubstr("<Stream"));
    auto failed =
        in_call(sid, {{"StreamSid", sim::make_sid("MZ")}, {"StreamEvent", "stream-error"}, {"StreamErrorCode", "31920"}, {"StreamError", "handshake"}});
    EXPECT_EQ(gateway.webhook("stream", failed).status, 204);
    const auto next = gateway.webhook("after?agent=desk&resume=0", in_call(sid)).body;
    EXPECT_THAT(next, HasSubstr("<Record"));
    EXPECT_EQ(gateway.webhook("after?agent=desk&resume=0", in_call(sid)).body, next);
    EXPECT_FALSE(gateway.events("answer.failed").empty());
}

TEST(Flows, WithoutAnotherAnswerALostStreamIsOpenedAgain) {
    const GatewayUnderTest gateway;
    const auto sid = sim::make_sid("CA");
    (void)answer_of(gateway, sid);
    EXPECT_THAT(gateway.webhook("after?agent=desk&resume=0", in_call(sid)).body, HasSubstr("<Stream"));
}

TEST(Flows, AMessageTooShortIsAskedForOnceMore) {
    const GatewayUnderTest gateway(desk("    answer: voicemail\n"));
    const auto sid = sim::make_sid("CA");
    auto document = answer_of(gateway, sid);
    const auto recorded = [&](sim::Form extra) { return gateway.webhook(route_of(document, "action"), in_call(sid, std::move(extra))).body; };
    document = recorded({{"RecordingSid", sim::make_sid("RE")}, {"RecordingDuration", "1"}, {"Digits", "#"}});
    EXPECT_THAT(document, AllOf(HasSubstr("I did not get a message."), HasSubstr("<Record"), HasSubstr("asked=1")));
    EXPECT_THAT(recorded({{"RecordingSid", sim::make_sid("RE")}, {"RecordingDuration", "1"}}), HasSubstr("<Response><Hangup"));
    const auto kept = recorded({{"RecordingSid", "RE00000000000000000000000000000009"}, {"RecordingDuration", "9"}});
    EXPECT_THAT(kept, AllOf(HasSubstr("Your message has been kept"), HasSubstr("<Hangup/>")));
    (void)record_of(gateway, sid, "RE00000000000000000000000000000009");
}

TEST(Flows, ForeignAndOldAddressesAreHarmless) {
    const GatewayUnderTest gateway(desk("    answer: [\"menu:main\", hangup]\n", "menus:\n  main: {say: Press one., keys: {\"1\": hangup}}\n"));
    for (const auto* route : {"menu", "menu?agent=nobody&menu=main", "dialed", "dialed?agent=nobody", "whisper?agent=nobody", "recorded",
                              "recorded?agent=nobody", "gather", "gather?agent=nobody", "answer?agent=nobody", "menu?agent=desk&menu=gone&at=1",
                              "menu?agent=desk&menu=main&try=99999&n=101&path=..&go=nonsense", "answer?agent=desk&at=77"}) {
        const auto answer = gateway.webhook(route, in_call(sim::make_sid("CA")));
        EXPECT_EQ(answer.status, 200) << route;
        EXPECT_THAT(answer.body, HasSubstr("</Response>")) << route;
    }
    for (const auto* route : {"menu", "dialed", "whisper", "recorded", "gather", "answer"})
        EXPECT_EQ(gateway.webhook(route, in_call(sim::make_sid("CA")), {.token = {}, .spoiled = "AAAA"}).status, 403) << route;
}

// --- what callers hear --------------------------------------------------------------------------------------------------------

const char* const kHouse =
    "menus:\n"
    "  main: {say: Main menu., keys: {\"1\": \"menu:sales\", \"2\": hangup}, timeout: 20s, invalid: Wrong key., no_input: Nothing heard., then: voicemail}\n"
    "  sales: {say: Sales menu., keys: {\"1\": \"menu:offers\", \"*\": back}, timeout: 20s, then: back}\n"
    "  offers: {say: Offers menu., keys: {\"5\": {to: hangup, say: The offer is a boat.}, \"*\": back}, timeout: 20s, invalid: Wrong key., then: back}\n";

TEST(FlowCalls, ThreeLevelsDeepWithAWrongKeyAndBack) {
    const GatewayUnderTest gateway(desk("    answer: menu:main\n", kHouse));
    const auto report = place(gateway,
                              steps({pause(3000), keys("1"), pause(3000), keys("1"), pause(3000), keys("7"), pause(3000), keys("*"), pause(3000), keys("1"),
                                     pause(3000), keys("5"), until_hangup()}),
                              {}, 2);
    EXPECT_TRUE(report.passed()) << testing::PrintToString(report.failures);
    EXPECT_EQ(report.ended_by, "document");
    EXPECT_TRUE(report.notifications.empty()) << report.notifications.front().text;
    // The way through is what counts, not how often a busy machine makes the menus ask.
    std::vector<std::string> way;
    for (const auto& text : said(report))
        if (text != "Nothing heard." && text != "Sorry, I did not hear anything." && (way.empty() || way.back() != text)) way.push_back(text);
    EXPECT_THAT(way,
                ElementsAre("Main menu.", "Sales menu.", "Offers menu.", "Wrong key.", "Offers menu.", "Sales menu.", "Offers menu.", "The offer is a boat."));
}

TEST(FlowCalls, WordsChooseInAMenu) {
    const GatewayUnderTest gateway(
        desk("    answer: menu:main\n",
             "menus:\n  main: {say: \"What is it about?\", speech: {hangup: [nothing at all], \"menu:sales\": [sales, buy something]}, timeout: 6s}\n"
             "  sales: {say: Sales menu., speech: {hangup: {phrases: [goodbye], say: See you.}}, timeout: 6s}\n"));
    const auto report = place(gateway, steps({quiet(), say("I want to buy something"), quiet(1500), say("well goodbye"), until_hangup()}), {}, 2);
    EXPECT_EQ(everything(report), "What is it about? | Sales menu. | See you. | ");
}

TEST(FlowCalls, NobodyAnswersSoAMessageIsLeft) {
    const GatewayUnderTest gateway(
        desk("    answer: [forward, voicemail]\n    forward: {to: [\"+4930111111\", \"+4930222222\"], timeout: 5s}\n    voicemail_prompt: Speak now.\n    "
             "voicemail_silence: 4s\n"));
    const auto report = place(gateway, steps({quiet(), say("please call me back about the boat we saw in the harbour on sunday"), until_hangup(60)}),
                              {{"+4930111111", {.answer = sim::DialTarget::Answer::no_answer}}, {"+4930222222", {.answer = sim::DialTarget::Answer::busy}}});
    EXPECT_TRUE(report.passed()) << testing::PrintToString(report.failures);
    EXPECT_TRUE(report.notifications.empty()) << report.notifications.front().text;
    EXPECT_THAT(everything(report), StartsWith("Speak now. | "));
    EXPECT_THAT(everything(report), HasSubstr("Your message has been kept"));
    const auto record = record_of(gateway, report.call_sid, "recording_sid");
    EXPECT_THAT(record.dump(), AllOf(HasSubstr("no-answer"), HasSubstr("busy"), HasSubstr("+4930222222")));
    EXPECT_EQ(gateway.events("voicemail.kept").size(), 1U);
}

TEST(FlowCalls, ASilentCallerLeavesNoMessage) {
    const GatewayUnderTest gateway(
        desk("    answer: voicemail\n    voicemail_prompt: Speak now.\n    voicemail_again: Once more.\n    voicemail_silence: 1s\n"));
    const auto report = place(gateway, steps({until_hangup(60)}));
    EXPECT_EQ(everything(report), "Speak now. | Once more. | ");
    EXPECT_EQ(report.ended_by, "document");
}

TEST(FlowCalls, ClosedHoursAreSaidAndTheirAnswerFollows) {
    const GatewayUnderTest gateway(
        desk("    answer: stream\n    voicemail_prompt: Speak now.\n    voicemail_silence: 4s\n"
             "    hours: {time_zone: Europe/Berlin, holidays: [\"01-01..12-31\"], closed: voicemail, closed_text: We are closed.}\n"));
    const auto report = place(gateway, steps({quiet(), say("well then please call me back tomorrow at nine"), until_hangup(60)}));
    EXPECT_THAT(everything(report), StartsWith("We are closed. | Speak now. | Thank you."));
}

// --- the same brain without a stream --------------------------------------------------------------------------------------------

Sections gather_agent(const std::string& lines = {}) {
    const std::string script = std::string(PARLEY_SOURCE_DIR) + "/config/scripts/receptionist.yaml";
    return with_agents("  desk:\n    default: true\n    brain: embedded\n    script: \"" + script +
                       "\"\n    greeting: Hello there.\n    answer: [gather, voicemail]\n    gather: {timeout: 3s, speech_timeout: \"1\"}\n" + lines);
}

TEST(GatherCalls, AConversationOverGatherAndSay) {
    const GatewayUnderTest gateway(gather_agent());
    const auto report = place(gateway, steps({quiet(), say("what are your opening hours"), quiet(1500), say("where are you"), quiet(1500), hang_up()}), {}, 2);
    EXPECT_TRUE(report.passed()) << testing::PrintToString(report.failures);
    EXPECT_TRUE(report.notifications.empty()) << report.notifications.front().text;
    EXPECT_TRUE(report.streams.empty());
    EXPECT_THAT(everything(report), AllOf(StartsWith("Hello there. | "), HasSubstr("nine until five"), HasSubstr("Harbour Street")));
    // One call like any other: counted, listed, ended once, and in the record.
    EXPECT_TRUE(eventually([&] { return gateway.events("call.ended").size() == 1; }));
    EXPECT_EQ(gateway.metric("parley_calls_started_total{dir=\"in\"}"), 1);
    EXPECT_EQ(gateway.metric("parley_calls_active{dir=\"in\"}"), 0);
    const auto record = record_of(gateway, report.call_sid, "caller_hung_up");
    EXPECT_THAT(record.dump(), AllOf(HasSubstr("what are your opening hours"), HasSubstr("nine until five"), HasSubstr("\"answer\":\"gather\"")));
}

TEST(GatherCalls, SilenceIsAskedAboutThenTheCallEnds) {
    const GatewayUnderTest gateway(gather_agent());
    const auto report = place(gateway, steps({until_hangup(90)}));
    EXPECT_EQ(everything(report), "Hello there. | Are you still there? | I did not hear anything. Are you still there? | I cannot hear you. Goodbye. | ");
    EXPECT_EQ(report.ended_by, "document");
}

TEST(GatherCalls, RepeatedAndOldRequestsChangeNothing) {
    const GatewayUnderTest gateway(gather_agent());
    const auto sid = sim::make_sid("CA");
    const auto greeting = answer_of(gateway, sid);
    EXPECT_THAT(greeting, AllOf(HasSubstr("<Gather"), HasSubstr("input=\"dtmf speech\""), HasSubstr("actionOnEmptyResult=\"true\""),
                                HasSubstr("<Say>Hello there.</Say>"), HasSubstr("turn=1")));
    EXPECT_EQ(answer_of(gateway, sid), greeting);
    const auto route = route_of(greeting, "action");
    const sim::Form asked{{"SpeechResult", "what are your opening hours"}, {"Confidence", "0.9"}};
    std::vector<std::future<HttpAnswer>> both;
    for (int i = 0; i < 3; ++i) both.push_back(std::async(std::launch::async, [&] { return gateway.webhook(route, in_call(sid, asked)); }));
    const auto first = both[0].get().body;
    EXPECT_THAT(first, AllOf(HasSubstr("nine until five"), HasSubstr("turn=2")));
    EXPECT_EQ(both[1].get().body, first);
    EXPECT_EQ(both[2].get().body, first);
    EXPECT_EQ(gateway.webhook(route, in_call(sid, asked)).body, first);
    EXPECT_EQ(gateway.metric("parley_calls_active{dir=\"in\"}"), 1);
    // The caller is gone: the talk ends, once; what comes late is hung up.
    EXPECT_EQ(gateway.webhook("status", call_form(sid, "completed")).status, 204);
    EXPECT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 0; }));
    EXPECT_EQ(gateway.events("call.ended").size(), 1U);
}

TEST(GatherCalls, OneThatBeganElsewhereGoesOn) {
    const GatewayUnderTest gateway(gather_agent());
    const auto sid = sim::make_sid("CA");
    const auto answer = gateway.webhook("gather?agent=desk&talk=00000000&turn=4", in_call(sid, {{"SpeechResult", "what are your opening hours"}})).body;
    EXPECT_THAT(answer, AllOf(HasSubstr("nine until five"), HasSubstr("turn=5")));
    EXPECT_FALSE(gateway.events("gather.lost").empty());
}

}  // namespace
}  // namespace parley::scenarios

// Every speech-to-speech client against its emulated vendor: what a caller says and hears, tools, interruption, and
// what goes wrong.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "parley/vendors/deepgram/agent.hpp"
#include "parley/vendors/elevenlabs/agents.hpp"
#include "parley/vendors/gemini/live.hpp"
#include "parley/vendors/openai/realtime.hpp"
#include "s2s_rig.hpp"

namespace parley::vendors {
namespace {

const S2sVendor kOpenai{"openai", "openai", make_openai_realtime, "/v1", "gpt-realtime-2.1", {}, "/realtime"};
const S2sVendor kOpenaiBeta{"openai_beta", "openai", make_openai_realtime, "/openai", "gpt-4o-realtime", {{"shape", "beta"}}, "/realtime"};
const S2sVendor kOpenaiManual{"openai_manual", "openai", make_openai_realtime, "/v1", "gpt-realtime-2.1", {{"turns", "manual"}}, "/realtime"};
const S2sVendor kDeepgram{"deepgram", "deepgram", make_deepgram_agent, "", "gpt-4o-mini", {}, "/converse"};
const S2sVendor kGemini{"gemini", "gemini", make_gemini_live, "", "gemini-3.1-flash-live-preview", {}, "Bidi"};
const S2sVendor kGeminiOlder{"gemini_content", "gemini", make_gemini_live, "", "gemini-2.5-flash-native-audio-preview", {}, "Bidi"};
const S2sVendor kGeminiManual{"gemini_manual", "gemini", make_gemini_live, "", "gemini-3.1-flash-live-preview", {{"turns", "manual"}}, "Bidi"};
const S2sVendor kElevenlabs{"elevenlabs", "elevenlabs", make_elevenlabs_agents, "", "agent_1", {}, "conversation?agent"};
const S2sVendor kElevenlabsPcm{"elevenlabs_pcm", "elevenlabs", make_elevenlabs_agents, "", "agent_1-pcm_16000", {}, "conversation?agent"};

std::string named(const testing::TestParamInfo<S2sVendor>& info) {
    return info.param.name;
}

// Words as compared: case, stops and blanks apart.
std::string plainly(std::string text) {
    const auto first = text.find_first_not_of(' ');
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

void no_strays(const S2sRig& rig) {
    for (const auto& line : rig.log.lines) {
        EXPECT_EQ(line.find("STRAY"), std::string::npos) << rig.log.all();
        EXPECT_EQ(line.find("TWICE"), std::string::npos) << rig.log.all();
        EXPECT_EQ(line.find("AFTER"), std::string::npos) << rig.log.all();
    }
}

class S2sTurns : public testing::TestWithParam<S2sVendor> {
protected:
    // A whole turn of the caller, told to the vendor where the gateway decides.
    static void ask(S2sRig& rig, const char* text) {
        rig.session->caller_turn_began();
        rig.say(text);
        rig.session->caller_turn_ended();
    }
};

TEST_P(S2sTurns, GreetsAndAnswersTwice) {
    S2sSetup setup;
    setup.instructions = "Dental desk.";
    setup.greeting = kGreeting;
    S2sRig rig(GetParam(), setup);
    ASSERT_TRUE(rig.open()) << rig.log.all();
    EXPECT_FALSE(rig.log.request_id.empty() && std::string_view(GetParam().emulator) != "gemini");
    ASSERT_TRUE(rig.done(1)) << rig.log.all();
    EXPECT_EQ(plainly(rig.log.replies[1].words), kGreeting);
    EXPECT_EQ(rig.meaning(1), kGreeting);

    ask(rig, kQuestion);
    ASSERT_TRUE(rig.done(2)) << rig.log.all();
    EXPECT_EQ(rig.meaning(2), kAnswer);
    EXPECT_EQ(plainly(rig.log.replies[2].words), kAnswer);
    ask(rig, kThanks);
    ASSERT_TRUE(rig.done(3)) << rig.log.all();
    EXPECT_EQ(rig.meaning(3), kWelcome);
    EXPECT_TRUE(rig.run_until([&] { return rig.log.said.size() >= 2; })) << rig.log.all();
    EXPECT_EQ(rig.log.said, (std::vector<std::string>{kQuestion, kThanks}));
    EXPECT_FALSE(rig.log.has("interrupted"));
    EXPECT_EQ(rig.session->late_dropped(), 0U);
    const bool tells_usage = std::string_view(GetParam().emulator) == "openai" || std::string_view(GetParam().emulator) == "gemini";
    EXPECT_EQ(rig.log.output_tokens > 0, tells_usage);
    EXPECT_TRUE(rig.close());
    EXPECT_TRUE(rig.log.failures.empty());
    no_strays(rig);
}

TEST_P(S2sTurns, RunsAToolAndGoesOn) {
    S2sRig rig(GetParam());
    ASSERT_TRUE(rig.open()) << rig.log.all();
    ask(rig, kBooking);
    ASSERT_TRUE(rig.done(1)) << rig.log.all();
    EXPECT_TRUE(rig.log.replies[1].then_tools);
    ASSERT_EQ(rig.log.calls.size(), 1U);
    EXPECT_EQ(rig.log.calls[0].name, "get_slot");
    EXPECT_EQ(nlohmann::json::parse(rig.log.calls[0].arguments), nlohmann::json::parse(R"({"day":"tue"})"));
    rig.session->tool_result(rig.log.calls[0], R"({"free":"10:00"})");
    rig.session->tool_result(rig.log.calls[0],
                             R"({"free":"10:00"})");  // a second answer would be an error at the vendor
    ASSERT_TRUE(rig.done(2)) << rig.log.all();
    EXPECT_FALSE(rig.log.replies[2].then_tools);
    EXPECT_EQ(rig.meaning(2), kFree);
    ask(rig, kThanks);
    ASSERT_TRUE(rig.done(3)) << rig.log.all();
    EXPECT_EQ(rig.meaning(3), kWelcome);
    EXPECT_TRUE(rig.log.failures.empty());
    no_strays(rig);
}

TEST_P(S2sTurns, AnswersDigitsAndWishesUtteredBeforeItIsOpen) {
    S2sRig rig(GetParam());
    rig.session->open();
    rig.session->caller_text(kThanks);
    ASSERT_TRUE(rig.done(1)) << rig.log.all();
    EXPECT_EQ(rig.meaning(1), kWelcome);
    rig.session->respond(std::string("Say exactly this: \"") + kFree + "\"");
    ASSERT_TRUE(rig.done(2)) << rig.log.all();
    EXPECT_EQ(rig.meaning(2), kFree);
    EXPECT_TRUE(rig.log.said.empty()) << rig.log.all();  // he has not said a word
    no_strays(rig);
}

TEST_P(S2sTurns, CutsAnAnswerWhereTheCallerStoppedHearing) {
    sim::Fault fault;
    fault.late_bytes = 300ms;  // the vendor is slow to stop
    S2sRig rig(GetParam(), {}, fault, 8);
    ASSERT_TRUE(rig.open()) << rig.log.all();
    ask(rig, kStory);
    ASSERT_TRUE(rig.run_until([&] { return rig.log.replies.count(1) != 0 && rig.log.replies[1].audio.size() > 8000; })) << rig.log.all();
    ASSERT_FALSE(rig.log.replies[1].done);
    rig.session->truncate(1, 450ms);
    const auto given = rig.log.replies[1].audio.size();
    rig.session->truncate(1, 60s);  // a second one changes nothing
    // The caller goes on, which makes the vendor stop by itself where it has no other way.
    ask(rig, kThanks);
    ASSERT_TRUE(rig.run_until([&] { return !rig.log.replies.empty() && rig.log.replies.rbegin()->first > 1 && rig.log.replies.rbegin()->second.done; }))
        << rig.log.all();
    EXPECT_EQ(rig.meaning(rig.log.replies.rbegin()->first), kWelcome);
    EXPECT_EQ(rig.log.replies[1].audio.size(), given);
    EXPECT_GT(rig.session->late_dropped(), 0U);
    EXPECT_FALSE(rig.log.has("interrupted"));  // it was us
    EXPECT_TRUE(rig.log.failures.empty());
    const auto cuts = rig.received("conversation.item.truncate");
    if (std::string_view(GetParam().emulator) == "openai") {
        ASSERT_EQ(cuts.size(), 1U);
        EXPECT_EQ(nlohmann::json::parse(cuts[0])["audio_end_ms"], 450);
    }
    no_strays(rig);
}

INSTANTIATE_TEST_SUITE_P(vendors, S2sTurns,
                         testing::Values(kOpenai, kOpenaiBeta, kOpenaiManual, kDeepgram, kGemini, kGeminiOlder, kGeminiManual, kElevenlabs, kElevenlabsPcm),
                         named);

class S2sFaults : public testing::TestWithParam<S2sVendor> {
protected:
    // Greets under a fault and tells how it ended.
    static Failure failing(S2sRig& rig) {
        rig.session->open();
        EXPECT_TRUE(rig.run_until([&] { return !rig.log.failures.empty(); })) << rig.log.all();
        rig.run_for(50ms);
        EXPECT_EQ(rig.log.failures.size(), 1U) << rig.log.all();
        EXPECT_FALSE(rig.session->open_now());
        no_strays(rig);
        return rig.log.failures.empty() ? Failure{} : rig.log.failures[0];
    }
    static S2sSetup greeting() {
        S2sSetup setup;
        setup.greeting = kLong;
        return setup;
    }
};

TEST_P(S2sFaults, TheVendorBreaksItsAnswerOff) {
    S2sRig rig(GetParam(), {}, {}, 4);
    ASSERT_TRUE(rig.open()) << rig.log.all();
    rig.say(kStory);
    ASSERT_TRUE(rig.run_until([&] { return rig.log.replies.count(1) != 0 && rig.log.replies[1].audio.size() > 8000; })) << rig.log.all();
    rig.say(kThanks);
    ASSERT_TRUE(rig.run_until([&] { return rig.log.has("interrupted") && rig.log.has("done 1"); })) << rig.log.all();
    ASSERT_TRUE(rig.done(2)) << rig.log.all();
    EXPECT_EQ(rig.meaning(2), kWelcome);
    EXPECT_EQ(std::count(rig.log.lines.begin(), rig.log.lines.end(), "interrupted"), 1);
    // Its memory of what was sent and not heard can still be cut, never behind what was sent.
    const auto sent = static_cast<std::int64_t>(rig.log.replies[1].audio.size() / 8);
    rig.session->truncate(1, std::chrono::milliseconds(sent - 1));
    rig.session->truncate(2, 1h);
    rig.run_for(50ms);
    const auto cuts = rig.received("conversation.item.truncate");
    if (std::string_view(GetParam().emulator) == "openai") {
        ASSERT_EQ(cuts.size(), 1U);
        EXPECT_EQ(nlohmann::json::parse(cuts[0])["audio_end_ms"], sent - 1);
    }
    EXPECT_TRUE(rig.log.failures.empty());
    no_strays(rig);
}

TEST_P(S2sFaults, WrongKey) {
    S2sRig rig(GetParam(), greeting(), {}, 0, "wrong");
    EXPECT_EQ(failing(rig).kind, FailureKind::auth) << rig.log.all();
    EXPECT_FALSE(rig.log.has("open"));
}

TEST_P(S2sFaults, RefusedUpgrade) {
    sim::Fault fault;
    fault.status = 429;
    fault.retry_after = 0.5;
    S2sRig rig(GetParam(), greeting(), fault);
    const auto failure = failing(rig);
    EXPECT_EQ(failure.kind, FailureKind::rate_limited) << failure.reason;
    EXPECT_EQ(failure.status, 429);
    EXPECT_EQ(failure.retry_after, 500ms);
    EXPECT_TRUE(worth_retrying(failure));
}

TEST_P(S2sFaults, CloseCodes) {
    const std::map<int, FailureKind> wanted{
        {1011, FailureKind::server}, {1012, FailureKind::server}, {0, FailureKind::closed}, {1, FailureKind::closed}, {1001, FailureKind::closed}};
    for (const auto& [code, kind] : wanted) {
        sim::Fault fault;
        fault.close_after = 3;
        fault.close_code = code;
        S2sRig rig(GetParam(), greeting(), fault);
        const auto failure = failing(rig);
        EXPECT_EQ(failure.kind, kind) << code << " " << failure.reason;
        EXPECT_EQ(failure.request_id, rig.log.request_id);
    }
}

TEST_P(S2sFaults, MalformedAndGiant) {
    sim::Fault malformed;
    malformed.malformed_after = 0;
    S2sRig one(GetParam(), greeting(), malformed);
    EXPECT_EQ(failing(one).kind, FailureKind::protocol) << one.log.failures[0].reason;
    sim::Fault giant;
    giant.giant_after = 0;
    giant.giant_bytes = 2U << 20U;
    S2sRig two(GetParam(), greeting(), giant);
    EXPECT_EQ(failing(two).kind, FailureKind::too_big) << two.log.failures[0].reason;
}

TEST_P(S2sFaults, WhatIsUnheardOfIsIgnored) {
    sim::Fault fault;
    fault.unknown_event = 0;
    S2sRig rig(GetParam(), {}, fault);
    ASSERT_TRUE(rig.open()) << rig.log.all();
    rig.session->caller_text(kQuestion);
    ASSERT_TRUE(rig.done(1)) << rig.log.all();
    EXPECT_EQ(rig.meaning(1), kAnswer);
}

TEST_P(S2sFaults, OddBytesAndOversizeWords) {
    sim::Fault fault;
    fault.odd_bytes = true;
    fault.oversize_text = 200'000;
    S2sRig rig(GetParam(), {}, fault);
    ASSERT_TRUE(rig.open()) << rig.log.all();
    rig.say(kQuestion);
    ASSERT_TRUE(rig.done(1)) << rig.log.all();
    EXPECT_EQ(rig.meaning(1), kAnswer);
    EXPECT_TRUE(rig.log.failures.empty());
    ASSERT_EQ(rig.log.said.size(), 1U);
    EXPECT_LE(rig.log.said[0].size(), 4096U);
    for (const char c : rig.log.said[0]) ASSERT_GE(c, ' ');
}

TEST_P(S2sFaults, ClosedByUsItIsSilent) {
    S2sRig rig(GetParam(), greeting(), {}, 4);
    ASSERT_TRUE(rig.open()) << rig.log.all();
    ASSERT_TRUE(rig.run_until([&] { return !rig.log.replies.empty(); }));
    EXPECT_TRUE(rig.close());
    const auto lines = rig.log.lines.size();
    rig.run_for(100ms);
    EXPECT_EQ(rig.log.lines.size(), lines) << rig.log.all();
    EXPECT_TRUE(rig.log.failures.empty());
}

INSTANTIATE_TEST_SUITE_P(vendors, S2sFaults, testing::Values(kOpenai, kDeepgram, kGemini, kElevenlabs), named);

TEST(S2sSessionLimit, IsAnnouncedAndNamed) {
    sim::Fault fault;
    fault.session_limit = 400ms;
    fault.close_code = 1001;
    S2sRig openai(kOpenai, {}, fault);
    ASSERT_TRUE(openai.open()) << openai.log.all();
    EXPECT_GT(openai.log.lifetime, 3500s);
    ASSERT_TRUE(openai.run_until([&] { return !openai.log.failures.empty(); }));
    EXPECT_EQ(openai.log.failures[0].kind, FailureKind::session_limit) << openai.log.failures[0].reason;

    S2sRig gemini(kGemini, {}, fault);
    ASSERT_TRUE(gemini.open()) << gemini.log.all();
    EXPECT_EQ(gemini.log.lifetime, 600s);
    ASSERT_TRUE(gemini.run_until([&] { return gemini.log.going_away.has_value(); }));
    EXPECT_EQ(gemini.log.going_away, 200ms);
    ASSERT_TRUE(gemini.run_until([&] { return !gemini.log.failures.empty(); }));
    EXPECT_EQ(gemini.log.failures[0].kind, FailureKind::session_limit) << gemini.log.failures[0].reason;
}

TEST(S2sOpenai, TheBetaShapeIsRefusedWhereItIsRetired) {
    auto vendor = kOpenaiBeta;
    vendor.path = "/v1";
    S2sRig rig(vendor);
    rig.session->open();
    ASSERT_TRUE(rig.run_until([&] { return !rig.log.failures.empty(); }));
    EXPECT_EQ(rig.log.failures[0].kind, FailureKind::refused) << rig.log.failures[0].reason;
    EXPECT_NE(rig.log.failures[0].reason.find("beta_api_shape_disabled"), std::string::npos);
}

TEST(S2sOpenai, AVendorThatIgnoresTheCancelIsNotHeard) {
    sim::Fault fault;
    fault.ignore_cancel = true;
    S2sRig rig(kOpenai, {}, fault, 8);
    ASSERT_TRUE(rig.open()) << rig.log.all();
    rig.say(kStory);
    ASSERT_TRUE(rig.run_until([&] { return rig.log.replies.count(1) != 0 && rig.log.replies[1].audio.size() > 8000; })) << rig.log.all();
    const auto given = rig.log.replies[1].audio.size();
    rig.session->truncate(1, 10s);      // more than was sent: cut at what has come, for the vendor is still making more
    rig.session->caller_text(kThanks);  // waits for the end of the answer nobody hears
    ASSERT_TRUE(rig.done(2)) << rig.log.all();
    EXPECT_EQ(rig.meaning(2), kWelcome);
    EXPECT_EQ(rig.log.replies[1].audio.size(), given);
    EXPECT_GT(rig.session->late_dropped(), 10U);
    EXPECT_EQ(rig.received("response.cancel").size(), 1U);
    const auto cuts = rig.received("conversation.item.truncate");
    ASSERT_EQ(cuts.size(), 1U);
    EXPECT_EQ(nlohmann::json::parse(cuts[0])["audio_end_ms"], given / 8);
    EXPECT_TRUE(rig.log.failures.empty());
    no_strays(rig);
}

TEST(S2sOpenai, CarriesOnWhatWasSaid) {
    S2sSetup setup;
    LmMessage user, call, result, assistant;
    user.text = kBooking;
    call.role = assistant.role = LmMessage::Role::assistant;
    call.calls.push_back({"call_1", "get_slot", R"({"day":"tue"})", ""});
    result.role = LmMessage::Role::tool;
    result.call_id = "call_1";
    result.text = "10:00";
    assistant.text = kFree;
    setup.context = {user, call, result, assistant};
    S2sRig rig(kOpenai, setup);
    ASSERT_TRUE(rig.open());
    rig.session->caller_text(kThanks);
    ASSERT_TRUE(rig.done(1));
    EXPECT_EQ(rig.received("conversation.item.create").size(), 5U);
    EXPECT_TRUE(rig.log.failures.empty());
}

// Something to know, while nobody speaks and while it does: it says nothing to that, and goes on with what it says.
TEST(S2sDeepgram, TakesNotesIntoItsPrompt) {
    S2sSetup setup;
    setup.instructions = "You answer the telephone.";
    S2sRig rig(kDeepgram, setup);
    rig.session->note("Offer ten percent.");
    ASSERT_TRUE(rig.open());
    rig.session->caller_text(kStory);
    ASSERT_TRUE(rig.run_until([&] { return !rig.log.replies.empty(); }));
    rig.session->note("They are in a hurry.");
    ASSERT_TRUE(rig.done(1));
    EXPECT_EQ(rig.meaning(1), kLong);
    ASSERT_TRUE(rig.run_until([&] { return rig.received("UpdatePrompt").size() == 2; }));
    const auto told = rig.received("UpdatePrompt");
    EXPECT_EQ(nlohmann::json::parse(told[0])["prompt"], "You answer the telephone.\n\nOffer ten percent.");
    EXPECT_EQ(nlohmann::json::parse(told[1])["prompt"], "You answer the telephone.\n\nOffer ten percent.\n\nThey are in a hurry.");
    EXPECT_EQ(rig.log.replies.size(), 1U) << rig.log.all();
    EXPECT_TRUE(rig.log.failures.empty());
}

TEST(S2sGemini, TakesNotesBetweenItsAnswers) {
    S2sRig rig(kGeminiOlder, {}, {}, 1);
    ASSERT_TRUE(rig.open());
    rig.session->note("Offer ten percent.");
    rig.session->caller_text(kQuestion);
    ASSERT_TRUE(rig.run_until([&] { return !rig.log.replies.empty(); }));
    rig.session->note("They are in a hurry.");
    EXPECT_EQ(rig.received("They are in a hurry").size(), 0U) << "it would break off what is said";
    ASSERT_TRUE(rig.done(1));
    EXPECT_EQ(rig.meaning(1), kAnswer);
    ASSERT_TRUE(rig.run_until([&] { return rig.received("They are in a hurry").size() == 1; }));
    const auto told = rig.received("Offer ten percent");
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(nlohmann::json::parse(told[0])["clientContent"]["turnComplete"], false);
    EXPECT_EQ(rig.log.replies.size(), 1U) << rig.log.all();
    EXPECT_TRUE(rig.log.failures.empty());
    // One that takes text only as the caller's is not told: it would answer.
    S2sRig newer(kGemini);
    ASSERT_TRUE(newer.open());
    newer.session->note("Offer ten percent.");
    newer.session->caller_text(kThanks);
    ASSERT_TRUE(newer.done(1));
    EXPECT_TRUE(newer.received("Offer ten percent").empty());
}

TEST(S2sGemini, KeepsAHandleAndUsesIt) {
    S2sRig rig(kGemini);
    ASSERT_TRUE(rig.open());
    EXPECT_EQ(rig.session->resume_token(), "");
    rig.session->caller_text(kThanks);
    ASSERT_TRUE(rig.run_until([&] { return !rig.session->resume_token().empty(); }));
    S2sSetup setup;
    setup.resume = rig.session->resume_token();
    setup.greeting = kGreeting;
    S2sRig next(kGemini, setup);
    ASSERT_TRUE(next.open());
    const auto setups = next.received("\"setup\"");
    ASSERT_EQ(setups.size(), 1U);
    EXPECT_EQ(nlohmann::json::parse(setups[0])["setup"]["sessionResumption"]["handle"], setup.resume);
    next.session->caller_text(kThanks);
    ASSERT_TRUE(next.done(1));
    EXPECT_EQ(next.meaning(1), kWelcome);  // it has not greeted again
}

TEST(S2sElevenlabs, AnswersPingsAndSignsOnlyWithAKey) {
    S2sRig rig(kElevenlabs);
    ASSERT_TRUE(rig.open());
    ASSERT_TRUE(rig.run_until([&] { return rig.received("\"pong\"").size() >= 2; }));
    EXPECT_TRUE(rig.log.failures.empty());
    auto open_to_all = kElevenlabs;
    open_to_all.model = "public_agent";
    S2sRig other(open_to_all, {}, {}, 0, "");
    ASSERT_TRUE(other.open()) << other.log.all();
    EXPECT_EQ(other.host.counts().requests, 1U);
}

TEST(S2sElevenlabs, RefusesSoundItCannotConvert) {
    auto vendor = kElevenlabs;
    vendor.model = "agent_1-pcm_44100";
    S2sRig rig(vendor);
    rig.session->open();
    ASSERT_TRUE(rig.run_until([&] { return !rig.log.failures.empty(); }));
    EXPECT_EQ(rig.log.failures[0].kind, FailureKind::bad_audio) << rig.log.failures[0].reason;
}

}  // namespace
}  // namespace parley::vendors

#include "rules.hpp"

#include <gmock/gmock.h>

#include "call_of.hpp"
#include "words.hpp"

namespace parley::analysis::rules {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Words, AreAsTheyAreSpoken) {
    EXPECT_THAT(words_of("It's 3:30 PM, or 3pm; O\xE2\x80\x99Neill!"), ElementsAre("it's", "three", "thirty", "p", "m", "or", "three", "p", "m", "o'neill"));
    EXPECT_THAT(words_of("at 15:00 and 24 or 1234"), ElementsAre("at", "three", "o'clock", "p", "m", "and", "twenty", "four", "or", "1234"));
    EXPECT_THAT(words_of("I am fine"), ElementsAre("i", "am", "fine"));
    EXPECT_TRUE(words_of("...").empty());
    EXPECT_THAT(sentences_of("Dr. Who is in. Yes!\nGo 3.5 on"), ElementsAre("Dr.", "Who is in.", "Yes!", "Go 3.5 on"));
    EXPECT_EQ(shortened("äöü", 3), "ä…");
}

TEST(Rules, SummariseInTheirOwnWords) {
    auto call = call_of({"a: Good morning.", "c: Hello", "c: I would like to book a cleaning for Tuesday please", "a: You are booked for Tuesday at three."});
    call.end_reason = "agent_completed";
    EXPECT_EQ(summary(call),
              "The caller said: \"I would like to book a cleaning for Tuesday please.\" The agent said: \"You are booked for Tuesday at three.\" The call "
              "ended: agent completed.");
    EXPECT_EQ(summary(call_of({})), "Nothing was said.");
}

TEST(Rules, FindWhatIsToBeDone) {
    const auto items =
        action_items(call_of({"c: Can you send me the invoice? I will pay it on Friday.", "a: Sure. I'll email it today. I'll be happy to help."}));
    EXPECT_EQ(
        items,
        json::parse(
            R"([{"who":"agent","text":"Can you send me the invoice?"},{"who":"caller","text":"I will pay it on Friday."},{"who":"agent","text":"I'll email it today."}])"));
}

struct Mood {
    const char* name;
    std::string text;
    const char* label;
};
class Moods : public testing::TestWithParam<Mood> {};
TEST_P(Moods, AreCounted) {
    EXPECT_EQ(sentiment(call_of({"c: " + GetParam().text}))["caller"]["label"], GetParam().label);
}
INSTANTIATE_TEST_SUITE_P(cases, Moods,
                         testing::Values(Mood{"angry", "This is terrible and ridiculous, I am very disappointed.", "negative"},
                                         Mood{"glad", "Wonderful, that is great, thank you!", "positive"},
                                         Mood{"plain", "I would like an appointment on Monday.", "neutral"},
                                         Mood{"turned", "I am not happy, this is not good at all.", "negative"}, Mood{"polite", "Thanks.", "positive"},
                                         Mood{"no_problem", "No problem.", "neutral"}),
                         [](const auto& c) { return c.param.name; });

struct Wanted {
    const char* name;
    std::string text;
    const char* intent;
};
class Intents : public testing::TestWithParam<Wanted> {};
TEST_P(Intents, AreFoundByPhrases) {
    Intent roof;
    roof.name = "roof";
    roof.phrases = {"(leaking | broken) roof"};
    EXPECT_EQ(intent(call_of({"a: Hello, how can I help? You can cancel an appointment.", "c: " + GetParam().text}), {roof})["name"], GetParam().intent);
}
INSTANTIATE_TEST_SUITE_P(cases, Intents,
                         testing::Values(Wanted{"own", "Hi, we have a leaking roof.", "roof"},
                                         Wanted{"book", "I want to make an appointment", "book_appointment"},
                                         Wanted{"cancel", "please cancel my booking", "cancel"},
                                         Wanted{"not_cancel", "I do not want to cancel my booking", "other"}, Wanted{"opt_out", "Stop calling me", "opt_out"},
                                         Wanted{"person", "can I talk to a human", "talk_to_person"}, Wanted{"nothing", "Hm.", "other"}),
                         [](const auto& c) { return c.param.name; });

struct Slot {
    const char* name;
    std::string text, date, time, service;
};
class Appointments : public testing::TestWithParam<Slot> {};
TEST_P(Appointments, AreRead) {
    const auto found = appointment(call_of({"a: We have Monday or Friday, which do you like?", "c: " + GetParam().text}));
    EXPECT_EQ(found.value("date", ""), GetParam().date);
    EXPECT_EQ(found.value("time", ""), GetParam().time);
    EXPECT_EQ(found.value("service", ""), GetParam().service);
}
INSTANTIATE_TEST_SUITE_P(cases, Appointments,
                         testing::Values(Slot{"spoken", "I need a haircut on tuesday at half past three", "tuesday", "15:30", "haircut"},
                                         Slot{"written", "Tuesday at 3:30 PM please", "tuesday", "15:30", ""},
                                         Slot{"iso", "on 2026-12-01 at 15:30", "2026-12-01", "15:30", ""},
                                         Slot{"month", "an appointment for a dental cleaning on December 1st, 9am", "--12-01", "09:00", "dental cleaning"},
                                         Slot{"of", "the third of May at noon", "--05-03", "12:00", ""}, Slot{"bare", "there are three of us", "", "", ""},
                                         Slot{"may", "you may call me", "", "", ""}),
                         [](const auto& c) { return c.param.name; });

TEST(Rules, ReadALead) {
    const auto found = lead(call_of({"c: We are losing orders, our shop is too slow.", "c: The budget is about $20,000 and we need it within three months.",
                                     "c: I'm the owner.", "a: Our price is $5."}));
    EXPECT_EQ(
        found,
        json::parse(
            R"({"budget":"$20,000","timeline":"within three months","decision_maker":true,"pain_points":["We are losing orders, our shop is too slow."]})"));
    EXPECT_EQ(lead(call_of({"c: I have to ask my boss."})), json::parse(R"({"decision_maker":false})"));
    EXPECT_EQ(lead(call_of({"c: our budget is around five thousand dollars"}))["budget"], "five thousand dollars");
}

struct Name {
    const char* name;
    std::string text, want;
};
class Names : public testing::TestWithParam<Name> {};
TEST_P(Names, AreHeard) {
    EXPECT_EQ(name_said(call_of({"a: My name is Robot.", "c: " + GetParam().text})), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(cases, Names,
                         testing::Values(Name{"plain", "My name is Ann Smith.", "Ann Smith"}, Name{"on", "hi this is bob calling about a roof", "Bob"},
                                         Name{"clause", "my name is Ann, and I need help", "Ann"}, Name{"no_name", "This is ridiculous.", ""},
                                         Name{"about", "this is about my bill", ""}, Name{"none", "hello", ""}),
                         [](const auto& c) { return c.param.name; });

TEST(Rules, OperatorsAreExpressionsOrPhrases) {
    Operator custom;
    custom.name = "x";
    custom.rule = "/order (number )?[0-9]{4}/";
    const auto call = call_of({"c: My ORDER number 1234", "a: a leaking roof"});
    EXPECT_EQ(operator_rule(custom, call), json::parse(R"({"result":true,"line":"My ORDER number 1234"})"));
    custom.side = "agent";
    EXPECT_EQ(operator_rule(custom, call)["result"], false);
    custom.rule = "leaking (roof | pipe)";
    EXPECT_EQ(operator_rule(custom, call)["result"], true);
    EXPECT_EQ(wrong_rule("/a(b/").empty(), false);
    EXPECT_EQ(wrong_rule("/(a)\\1/").empty(), false);
    EXPECT_EQ(wrong_rule("(a | b").empty(), false);
    EXPECT_EQ(wrong_rule("a {colour}").empty(), false);
    EXPECT_EQ(wrong_rule("a {weekday}"), "");
}

TEST(Rules, ComplianceIsCheckedWithItsEvidence) {
    const auto run = [](const char* kind, std::vector<std::string> phrases, std::initializer_list<std::string> lines) {
        Check wanted;
        wanted.kind = kind;
        wanted.phrases = std::move(phrases);
        return check(wanted, call_of(lines));
    };
    EXPECT_EQ(run("consent", {}, {"a: This call will be recorded, is that okay?", "c: Yes, sure."})["passed"], true);
    EXPECT_EQ(run("consent", {}, {"a: This call will be recorded, is that okay?", "c: No, I'd rather not."})["passed"], false);
    EXPECT_EQ(run("consent", {}, {"a: Hello.", "c: Yes."})["passed"], false);
    EXPECT_EQ(run("opt_out", {}, {"c: Stop calling me!", "a: I have removed your number."}),
              json::parse(R"({"kind":"opt_out","passed":true,"requested":true,"evidence":"Stop calling me!"})"));
    EXPECT_EQ(run("opt_out", {}, {"c: Stop calling me!", "a: Would you like our new offer?"})["passed"], false);
    EXPECT_EQ(run("opt_out", {}, {"c: Hello"})["requested"], false);
    EXPECT_EQ(run("said", {"terms and conditions"}, {"a: Our Terms and Conditions apply."})["passed"], true);
    EXPECT_EQ(run("said", {"terms and conditions"}, {"c: terms and conditions"})["passed"], false);
    EXPECT_EQ(run("not_said", {"guaranteed return"}, {"a: It is a guaranteed return."})["passed"], false);
    EXPECT_EQ(run("not_said", {"guaranteed return"}, {"a: Hello."})["passed"], true);
}

TEST(Rules, HoursAreThoseOfTheZone) {
    Check wanted;
    wanted.kind = "hours";
    auto call = call_of({});
    call.began_ms = 1'795'233'600'000;  // 2026-11-21T04:00:00Z
    EXPECT_EQ(check(wanted, call)["passed"], false);
    wanted.time_zone = "Asia/Tokyo";  // 13:00 there
    EXPECT_EQ(check(wanted, call)["passed"], true);
    wanted.phrases = {"mon-fri 09:00-17:00"};  // a Saturday
    EXPECT_EQ(check(wanted, call)["passed"], false);
    call.began_ms = 0;
    EXPECT_TRUE(check(wanted, call)["passed"].is_null());
    wanted.time_zone = "Nowhere/Land";
    EXPECT_FALSE(wrong_check(wanted).empty());
}

}  // namespace
}  // namespace parley::analysis::rules

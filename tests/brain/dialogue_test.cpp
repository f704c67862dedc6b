// The dialogue without audio: words in, sentences out.

#include "parley/brain/dialogue.hpp"

#include <gtest/gtest.h>

namespace parley::brain {
namespace {

using conversation::ReplyThen;

std::shared_ptr<const Script> receptionist() {
    static const auto script = load_script(PARLEY_SOURCE_DIR "/config/scripts/receptionist.yaml", nullptr);
    return script;
}

std::string text_of(const DialogueReply& reply) {
    std::string text;
    for (const auto& sentence : reply.sentences) text += sentence + " ";
    return text;
}

bool has(const DialogueReply& reply, std::string_view part) {
    return text_of(reply).find(part) != std::string::npos;
}

class Receptionist : public testing::Test {
protected:
    void SetUp() override { (void)dialogue_.greet(); }
    DialogueReply say(std::string_view text, double confidence = 1) { return dialogue_.heard(text, confidence); }
    Dialogue dialogue_{receptionist(), 1};
};

TEST_F(Receptionist, greets_in_sentences) {
    Dialogue fresh(receptionist(), 3);
    const auto reply = fresh.greet();
    EXPECT_GE(reply.sentences.size(), 3U);
    EXPECT_TRUE(has(reply, "Harbour Dental"));
    EXPECT_EQ(reply.expect, "menu");
    EXPECT_EQ(reply.then, ReplyThen::listen);
}

TEST_F(Receptionist, goes_on_where_it_stood_when_the_call_comes_back) {
    (void)say("I would like to book an appointment on Tuesday");
    const auto kept = dialogue_.saved();
    Dialogue again(receptionist(), 9);
    again.restore(kept);
    EXPECT_EQ(again.state(), dialogue_.state());
    EXPECT_EQ(again.slots(), dialogue_.slots());
    const auto reply = again.returned("nobody could take the call");
    EXPECT_TRUE(has(reply, "nobody could take the call")) << text_of(reply);
    EXPECT_TRUE(has(reply, "time")) << text_of(reply);
}

TEST_F(Receptionist, ignores_a_state_that_is_not_its_own) {
    const auto before = dialogue_.saved();
    for (const auto* foreign :
         {"", "{", "[]", R"({"script":"other","state":"menu"})", R"({"script":"receptionist","state":"no such","slots":{"x":"y"}})", R"({"script":7})"})
        dialogue_.restore(foreign);
    EXPECT_EQ(dialogue_.saved(), before);
}

TEST_F(Receptionist, answers_and_comes_back_to_the_menu) {
    const auto reply = say("um what are your opening hours please");
    EXPECT_TRUE(has(reply, "from nine until five"));
    EXPECT_EQ(reply.expect, "menu");
}

TEST_F(Receptionist, books_in_three_turns) {
    EXPECT_EQ(say("i would like to book an appointment").expect, "when");
    const auto check = say("tuesday at half past three");
    EXPECT_EQ(check.expect, "confirm");
    EXPECT_TRUE(has(check, "Tuesday at three thirty in the afternoon")) << text_of(check);
    EXPECT_EQ(dialogue_.slots().at("day"), "tuesday");
    EXPECT_EQ(dialogue_.slots().at("time"), "15:30");
    EXPECT_TRUE(has(say("yes"), "noted your appointment"));
}

TEST_F(Receptionist, takes_day_and_time_with_the_wish) {
    EXPECT_EQ(say("can i make an appointment on friday at ten").expect, "confirm");
    EXPECT_EQ(dialogue_.slots().at("time"), "10:00");
}

TEST_F(Receptionist, asks_for_what_is_missing) {
    (void)say("appointment");
    auto reply = say("thursday");
    EXPECT_EQ(reply.expect, "when");
    EXPECT_TRUE(has(reply, "Thursday")) << text_of(reply);
    reply = say("at noon");
    EXPECT_EQ(reply.expect, "confirm");
    EXPECT_EQ(dialogue_.slots().at("time"), "12:00");
}

TEST_F(Receptionist, refuses_what_the_business_does_not_offer) {
    (void)say("appointment");
    auto reply = say("saturday at ten");
    EXPECT_TRUE(has(reply, "no appointments on Saturday")) << text_of(reply);
    EXPECT_EQ(dialogue_.slots().count("day"), 0U);
    EXPECT_EQ(dialogue_.slots().at("time"), "10:00");
    reply = say("monday at eight in the evening");
    EXPECT_TRUE(has(reply, "eight in the evening is outside")) << text_of(reply);
    EXPECT_EQ(reply.expect, "when");
}

TEST_F(Receptionist, a_no_takes_the_slots_back_and_a_correction_replaces_one) {
    (void)say("appointment");
    (void)say("tuesday at three");
    const auto reply = say("no thursday");
    EXPECT_TRUE(has(reply, "Thursday at three in the afternoon")) << text_of(reply);
    EXPECT_EQ(say("no thank you").expect, "when");  // a goodbye elsewhere: the state's own intents win
    EXPECT_TRUE(dialogue_.slots().empty());
}

TEST_F(Receptionist, takes_the_keypad_in_every_state) {
    EXPECT_TRUE(has(dialogue_.keyed("1"), "from nine until five"));
    EXPECT_EQ(dialogue_.keyed("2").expect, "when");
    EXPECT_EQ(dialogue_.keyed("2").expect, "when");
    EXPECT_EQ(dialogue_.slots().at("day"), "tuesday");
    EXPECT_EQ(dialogue_.keyed("1530").expect, "confirm");
    EXPECT_EQ(dialogue_.slots().at("time"), "15:30");
    EXPECT_EQ(dialogue_.keyed("1").expect, "callback");
    EXPECT_EQ(dialogue_.keyed("1").expect, "number");
    const auto thanks = dialogue_.keyed("5550123#");
    EXPECT_EQ(thanks.expect, "thanks");
    EXPECT_TRUE(has(thanks, "five five five, zero one two three")) << text_of(thanks);
    const auto person = dialogue_.keyed("0");
    EXPECT_EQ(person.then, ReplyThen::transfer);
    EXPECT_EQ(person.target, "+15550100");
}

TEST_F(Receptionist, is_honest_and_then_offers_something_else) {
    auto reply = say("my dog has eaten the newspaper");
    EXPECT_TRUE(has(reply, "did not understand"));
    EXPECT_EQ(reply.expect, "menu");
    reply = dialogue_.nothing_understood();
    EXPECT_TRUE(has(reply, "press zero"));
    reply = dialogue_.nothing_understood();
    EXPECT_EQ(reply.then, ReplyThen::transfer);
    EXPECT_EQ(reply.target, "voicemail");
}

TEST_F(Receptionist, understanding_resets_the_count_of_failures) {
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(dialogue_.nothing_understood().then, ReplyThen::listen);
        EXPECT_EQ(say("where are you").then, ReplyThen::listen);
    }
}

TEST_F(Receptionist, asks_back_what_it_heard_badly) {
    auto reply = say("cancel my appointment", 0.8);
    EXPECT_TRUE(has(reply, "change or cancel an appointment")) << text_of(reply);
    EXPECT_EQ(reply.expect, "yes_or_no");
    reply = say("yes", 0.9);
    EXPECT_EQ(reply.expect, "offer_person");

    EXPECT_EQ(say("no").expect, "menu");
    EXPECT_EQ(say("operator", 0.8).expect, "yes_or_no");
    EXPECT_EQ(say("no", 0.9).then, ReplyThen::listen);
    // An answer that is neither is taken as a new wish.
    EXPECT_EQ(say("operator", 0.8).expect, "yes_or_no");
    EXPECT_TRUE(has(say("what are your opening hours", 0.9), "from nine until five"));
    // And the keypad answers as well.
    EXPECT_EQ(say("operator", 0.8).expect, "yes_or_no");
    EXPECT_EQ(dialogue_.keyed("1").then, ReplyThen::transfer);
}

TEST_F(Receptionist, repeats) {
    const auto first = say("where are you located");
    const auto again = say("can you repeat that");
    EXPECT_EQ(first.sentences, again.sentences);
}

TEST_F(Receptionist, ends_with_goodbye) {
    const auto reply = say("no that's all thank you");
    EXPECT_EQ(reply.then, ReplyThen::end_call);
    EXPECT_TRUE(has(reply, "Goodbye"));
}

TEST_F(Receptionist, an_interrupted_goodbye_does_not_end_the_call) {
    EXPECT_EQ(say("goodbye").then, ReplyThen::end_call);
    dialogue_.interrupted();
    EXPECT_EQ(dialogue_.state(), "menu");
    EXPECT_EQ(say("wait what are your opening hours").expect, "menu");
}

TEST_F(Receptionist, an_interrupted_transfer_returns_to_where_it_was_decided) {
    (void)say("appointment");
    EXPECT_EQ(say("operator").then, ReplyThen::transfer);
    dialogue_.interrupted();
    EXPECT_EQ(dialogue_.state(), "when");
    EXPECT_EQ(say("tuesday at three").expect, "confirm");
}

TEST_F(Receptionist, an_interrupted_question_may_be_answered_or_overruled) {
    EXPECT_EQ(say("book an appointment").expect, "when");
    dialogue_.interrupted();
    EXPECT_EQ(say("on tuesday at three").expect, "confirm");  // answered early
    (void)say("no");
    (void)say("never mind");
    EXPECT_EQ(say("book an appointment").expect, "when");
    dialogue_.interrupted();
    EXPECT_EQ(say("where are you located").expect, "menu");  // meant for the state before
    (void)say("book an appointment");
    EXPECT_EQ(say("where are you located").expect, "when");  // not interrupted: not understood here
}

TEST_F(Receptionist, keywords_are_found_in_looser_speech) {
    EXPECT_TRUE(has(say("and when are you open then"), "from nine until five"));
    (void)say("i think i would like to book an appointment");
    EXPECT_EQ(say("how about 3:30 pm on Tuesday, if that works").expect, "confirm");
    EXPECT_EQ(dialogue_.slots().at("time"), "15:30");
}

TEST_F(Receptionist, the_same_seed_gives_the_same_words_and_variants_differ) {
    Dialogue a(receptionist(), 42), b(receptionist(), 42);
    std::set<std::string> greetings;
    EXPECT_EQ(text_of(a.greet()), text_of(b.greet()));
    for (int i = 0; i < 10; ++i) EXPECT_EQ(text_of(a.heard("opening hours", 1)), text_of(b.heard("opening hours", 1)));
    for (std::uint64_t seed = 0; seed < 20; ++seed) greetings.insert(text_of(Dialogue(receptionist(), seed).greet()));
    EXPECT_EQ(greetings.size(), 2U);
}

TEST(Pizzeria, is_another_business_without_a_rebuild) {
    const auto script = load_script(PARLEY_SOURCE_DIR "/config/scripts/pizzeria.yaml", nullptr);
    Dialogue dialogue(script, 1);
    EXPECT_TRUE(has(dialogue.greet(), "Napoli Pizza"));
    EXPECT_TRUE(has(dialogue.heard("what is the special", 1), "four cheese"));
    EXPECT_EQ(dialogue.heard("a table on friday at seven in the evening", 1).expect, "guests");
    EXPECT_EQ(dialogue.heard("four", 1).expect, "table_check");
    EXPECT_TRUE(has(dialogue.heard("yes", 1), "table for four, Friday at seven in the evening"));
}

// Whatever is said or keyed, in whatever order: a reply that speaks and leads to a state that exists.
TEST(AnyDialogue, never_falls_silent) {
    const std::vector<std::string> words{"yes",      "no",          "tuesday",  "at three", "book an appointment", "goodbye",       "repeat that", "xyzzy",
                                         "",         "no thursday", "saturday", "cancel",   "five five five one",  "opening hours", "a table",     "order",
                                         "operator", "never mind"};
    for (const auto* name : {"receptionist", "pizzeria"}) {
        const auto script = load_script(std::string(PARLEY_SOURCE_DIR "/config/scripts/") + name + ".yaml", nullptr);
        std::uint64_t random = 1;
        for (int round = 0; round < 200; ++round) {
            Dialogue dialogue(script, static_cast<std::uint64_t>(round));
            (void)dialogue.greet();
            for (int turn = 0; turn < 30; ++turn) {
                random = random * 6364136223846793005ULL + 1442695040888963407ULL;
                const auto pick = random >> 33U;
                DialogueReply reply;
                if (pick % 7 == 0)
                    reply = dialogue.keyed(std::to_string(pick % 2000));
                else if (pick % 7 == 1)
                    reply = dialogue.nothing_understood();
                else
                    reply = dialogue.heard(words[pick % words.size()], static_cast<double>(pick % 100) / 100);
                ASSERT_FALSE(reply.sentences.empty()) << name << " " << dialogue.state();
                ASSERT_TRUE(reply.expect == "yes_or_no" || script->states.contains(reply.expect));
                ASSERT_EQ(text_of(reply).find('{'), std::string::npos);
                if (pick % 5 == 0) dialogue.interrupted();
            }
        }
    }
}

}  // namespace
}  // namespace parley::brain

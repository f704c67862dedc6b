// Keys a reply asks for: its answer, not a turn.
#include <gmock/gmock.h>

#include "parley/conversation/serialise.hpp"
#include "world.hpp"

namespace parley::conversation::testing {
namespace {
using ::testing::HasSubstr;

constexpr auto kAsk = "Type your number please.";  // 1.7 s and 100 ms to synthesise

// The caller has asked something, and the reply waits for a tool.
class Keys : public ::testing::Test {
protected:
    void ask(KeysWanted how) {
        world.brain = [](const StartReply& r) {
            BrainPlan plan;
            if (r.kind == PromptKind::greeting)
                plan.pieces = {"Hello."};
            else
                plan.end = BrainPlan::End::hang;
            return plan;
        };
        world.start();
        world.run_for(3s);
        world.speaks(1s);
        world.run_for(1500ms);
        ASSERT_STREQ(world.machine.state_name(), "reply_pending");
        world.clear_log();
        how.say = kAsk;
        world.send(how);
    }
    void press(const std::string& keys, milliseconds apart = 200ms) {
        for (const char key : keys) {
            world.send(DtmfPressed{key});
            world.run_for(apart);
        }
    }
    [[nodiscard]] std::vector<KeysGiven> given() const { return world.all<KeysGiven>(); }
    // Nothing but KeysGiven tells which keys they were.
    void expect_nowhere(const std::string& keys) const {
        for (const auto& [when, command] : world.log)
            if (!std::holds_alternative<KeysGiven>(command)) EXPECT_THAT(to_json(command), Not(HasSubstr(keys)));
        for (const auto& line : world.machine.context()) EXPECT_THAT(line.text, Not(HasSubstr(keys)));
    }
    World world;
};

TEST_F(Keys, AreTheReplysAnswerAndNoTurn) {
    ask({.ends = '#'});
    world.run_for(4s);
    EXPECT_STREQ(world.machine.state_name(), "collecting_keys");
    press("4711#");
    ASSERT_EQ(given().size(), 1U);
    EXPECT_EQ(given()[0].outcome, KeysOutcome::complete);
    EXPECT_EQ(given()[0].keys, "4711");
    EXPECT_TRUE(world.all<CallerSaid>().empty());
    EXPECT_TRUE(world.all<StartReply>().empty());
    EXPECT_TRUE(world.all<CancelReply>().empty());
    EXPECT_FALSE(world.machine.keys_secret());
    expect_nowhere("4711");
}

TEST_F(Keys, TheFirstCutsTheQuestionShortAndTheReplyGoesOn) {
    ask({.most = 3});
    world.run_for(600ms);
    ASSERT_STREQ(world.machine.state_name(), "collecting_keys");
    press("123");
    EXPECT_EQ(world.all<ClearCarrier>().size(), 1U);
    EXPECT_TRUE(world.all<CancelReply>().empty());
    EXPECT_TRUE(world.all<BargedIn>().empty());
    ASSERT_EQ(given().size(), 1U);  // with the last of three
    EXPECT_EQ(given()[0].keys, "123");
    // What comes right behind is no turn: the caller typed one more, and the ending key.
    press("4#");
    world.run_for(4s);
    EXPECT_TRUE(world.all<CallerSaid>().empty());
    // A later key is.
    press("1#");
    EXPECT_EQ(world.last<CallerSaid>().text, "1");
}

TEST_F(Keys, NothingIsOwedWhileTheyAreWaitedFor) {
    ask({.first_within = 20000ms});
    world.run_for(19s);
    for (const auto& spoken : world.all<Speak>()) EXPECT_EQ(spoken.kind, SpeechKind::operator_text) << spoken.text;
    EXPECT_TRUE(given().empty());
}

TEST_F(Keys, AreAskedForAgainAndThenGivenUp) {
    ask({.first_within = 2000ms, .attempts = 2});
    world.run_for(3700ms);  // 1.8 s of question, then the wait
    EXPECT_EQ(world.all<Speak>().size(), 1U);
    world.run_for(300ms);
    EXPECT_EQ(world.all<Speak>().size(), 2U);
    EXPECT_EQ(world.last<Speak>().text, kAsk);
    world.run_for(4500ms);
    ASSERT_EQ(given().size(), 1U);
    EXPECT_EQ(given()[0].outcome, KeysOutcome::none);
}

TEST_F(Keys, TooFewAreAskedForAgainFromTheBeginning) {
    ask({.least = 4, .gap = 1000ms, .attempts = 2});
    press("12");
    world.run_for(1s);
    EXPECT_EQ(world.all<Speak>().size(), 2U);
    press("9876#");
    ASSERT_EQ(given().size(), 1U);
    EXPECT_EQ(given()[0].keys, "9876");
}

TEST_F(Keys, TheGapEndsThemWhenThereAreEnough) {
    ask({.least = 2, .ends = 0, .gap = 1000ms});
    press("55#", 200ms);  // no key ends it: that is one of them
    world.run_for(700ms);
    EXPECT_TRUE(given().empty());
    world.run_for(200ms);
    ASSERT_EQ(given().size(), 1U);
    EXPECT_EQ(given()[0].keys, "55#");
}

TEST_F(Keys, TheRestOfASecretIsNotShown) {
    ask({.least = 16, .most = 16, .gap = 1000ms, .attempts = 1, .secret = true});
    press("41111111");
    world.run_for(1500ms);
    ASSERT_EQ(given().size(), 1U);
    EXPECT_EQ(given()[0].outcome, KeysOutcome::too_few);
    EXPECT_TRUE(world.machine.keys_secret());
    press("23456789");  // slower than anybody waits
    world.run_for(2s);
    EXPECT_EQ(world.last<CallerSaid>().text, "[8 keys, not shown]");
    EXPECT_EQ(world.last<StartReply>().text, "[8 keys, not shown]");
    expect_nowhere("23456789");
    world.run_for(5s);
    world.speaks(1s);
    EXPECT_FALSE(world.machine.keys_secret());
}

TEST_F(Keys, ACallerWhoSpeaksHasTheFloor) {
    ask({});
    world.run_for(3s);
    world.speaks(1s, "I have no number");
    ASSERT_EQ(given().size(), 1U);
    EXPECT_EQ(given()[0].outcome, KeysOutcome::interrupted);
    EXPECT_EQ(world.all<CancelReply>().size(), 1U);
    world.run_for(3s);
    EXPECT_EQ(world.all<StartReply>().size(), 1U);
}

TEST_F(Keys, TonesHeardAsSpeechDoNotInterrupt) {
    ask({.most = 6});
    world.run_for(4s);
    world.send(CallerSpeechStarted{});
    world.run_for(150ms);  // a tone, told late
    press("12");
    world.send(CallerSpeechStopped{});
    world.speaks(1s);
    press("3456");
    ASSERT_EQ(given().size(), 1U);
    EXPECT_EQ(given()[0].keys, "123456");
}

TEST_F(Keys, AnEndAnswersToo) {
    ask({});
    press("12");
    world.send(CarrierStopped{});
    ASSERT_EQ(given().size(), 1U);
    EXPECT_EQ(given()[0].outcome, KeysOutcome::hung_up);
    EXPECT_TRUE(std::holds_alternative<EndCall>(world.log.back().second));
}

TEST_F(Keys, NobodyIsAskedWithoutAReplyOrTwice) {
    Commands out;
    Machine early({});
    early.on(KeysWanted{}, 0ms, out);
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(std::get<KeysGiven>(out[0]).outcome, KeysOutcome::unavailable);
    ask({});
    world.send(KeysWanted{});
    ASSERT_EQ(given().size(), 1U);
    EXPECT_EQ(given()[0].outcome, KeysOutcome::unavailable);
    press("1#");
    EXPECT_EQ(given().size(), 2U);
    EXPECT_EQ(given()[1].keys, "1");
}

TEST_F(Keys, MaskedOnesAreDecidedTheSame) {
    EXPECT_EQ(keys_masked("4*1A#"), "0*00#");
    ask({.least = 4, .most = 8, .gap = 1000ms});
    press("12#12345678");
    ASSERT_EQ(given().size(), 1U);
    Machine again{Settings{}};
    std::vector<std::string> first, second;
    for (const auto& [when, event] : world.events) {
        Commands out;
        const auto* key = std::get_if<DtmfPressed>(&event);
        again.on(key != nullptr ? Event(DtmfPressed{keys_masked({key->digit}).front()}) : event, when, out);
        for (auto& command : out) {
            if (auto* keys = std::get_if<KeysGiven>(&command))
                EXPECT_EQ(keys->keys, "00000000");
            else
                second.push_back(to_json(command));
        }
    }
    Machine plain{Settings{}};
    for (const auto& [when, event] : world.events) {
        Commands out;
        plain.on(event, when, out);
        for (const auto& command : out)
            if (!std::holds_alternative<KeysGiven>(command)) first.push_back(to_json(command));
    }
    EXPECT_EQ(first, second);
}

}  // namespace
}  // namespace parley::conversation::testing

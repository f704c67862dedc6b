// A call that comes back to its agent, and what an operator puts into it.
#include "world.hpp"

namespace parley::conversation::testing {
namespace {

TEST(Return, goes_on_with_what_was_said_before) {
    World world;
    world.send(Remembered{.agent = true, .text = "good day"});
    world.send(Remembered{.agent = false, .text = "I am Ann"});
    world.send(Remembered{.agent = true, .text = "hello A", .interrupted = true});
    world.send(Started{.back = true, .note = "nobody took the call"});
    const auto first = world.all<StartReply>();
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0].kind, PromptKind::returned);
    EXPECT_EQ(first[0].text, "nobody took the call");
    ASSERT_EQ(world.machine.context().size(), 3U);
    EXPECT_TRUE(world.machine.context()[2].interrupted);
    world.run_for(5s);
    // The note is for the brain; the caller has not said it.
    ASSERT_EQ(world.machine.context().size(), 4U);
    EXPECT_EQ(world.machine.context()[3].side, ContextLine::Side::agent);
    for (const auto& said : world.all<AgentSaid>()) EXPECT_EQ(said.kind, SpeechKind::reply);
}

TEST(Return, remembers_nothing_once_it_runs) {
    World world;
    world.start();
    world.send(Remembered{.agent = true, .text = "forged"});
    EXPECT_TRUE(world.machine.context().empty());
}

TEST(Return, is_greeted_anew_by_an_agent_who_has_only_read_it) {
    World world;
    world.send(Remembered{.agent = false, .text = "I am Ann"});
    world.send(Started{});
    EXPECT_EQ(world.last<StartReply>().kind, PromptKind::greeting);
    EXPECT_EQ(world.machine.context().size(), 1U);
}

TEST(OperatorKeys, sound_and_are_no_part_of_the_memory) {
    World world;
    world.start();
    world.run_for(4s);
    const auto lines = world.machine.context().size();
    world.send(OperatorSay{.text = "12#", .keys = true});
    const auto spoken = world.last<Speak>();
    EXPECT_EQ(spoken.kind, SpeechKind::keys);
    EXPECT_EQ(spoken.text, "12#");
    world.run_for(4s);
    EXPECT_EQ(world.last<AgentSaid>().kind, SpeechKind::keys);
    EXPECT_EQ(world.machine.context().size(), lines);
}

TEST(OperatorKeys, wait_until_the_caller_has_finished) {
    World world;
    world.start();
    world.run_for(4s);
    world.send(CallerSpeechStarted{});
    const auto before = world.all<Speak>().size();
    world.send(OperatorSay{.text = "5", .keys = true});
    EXPECT_EQ(world.all<Speak>().size(), before);
    world.run_for(1s);
    world.send(CallerSpeechStopped{});
    world.run_for(3s);
    bool sounded = false;
    for (const auto& speak : world.all<Speak>()) sounded = sounded || (speak.kind == SpeechKind::keys && speak.text == "5");
    EXPECT_TRUE(sounded);
}

TEST(OperatorHangup, names_where_the_call_goes) {
    World world;
    world.start();
    world.send(OperatorHangup{EndReason::transferred, "queue:support"});
    EXPECT_EQ(world.last<EndCall>().reason, EndReason::transferred);
    EXPECT_EQ(world.last<EndCall>().target, "queue:support");
}

}  // namespace
}  // namespace parley::conversation::testing

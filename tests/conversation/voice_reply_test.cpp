// Replies whose words come while they are spoken, and what a recogniser of its own mind says about turns.
#include <gtest/gtest.h>

#include "parley/conversation/machine.hpp"

namespace parley::conversation {
namespace {
using namespace std::chrono_literals;

struct Call {
    Machine machine{[] {
        Settings settings;
        settings.carrier_delay = 0ms;
        return settings;
    }()};
    Instant now{0};
    Commands out;

    void send(const Event& event, Instant after = 0ms) {
        now += after;
        machine.on(event, now, out);
    }
    template <class C>
    const C* last() const {
        for (auto it = out.rbegin(); it != out.rend(); ++it)
            if (const auto* c = std::get_if<C>(&*it)) return c;
        return nullptr;
    }
    template <class C>
    std::size_t count() const {
        std::size_t n = 0;
        for (const auto& c : out) n += std::holds_alternative<C>(c) ? 1U : 0U;
        return n;
    }
    // So much of the segment's audio comes, and is handed over in real time.
    void play(SegmentId segment, int frames, Instant apart = 20ms) {
        for (int i = 0; i < frames; ++i) {
            send(SegmentAudio{segment, 160});
            send(FrameHandedOver{segment, 160}, apart);
        }
    }
};

TEST(VoiceReply, TheContextHoldsTheWordsThatWereHeard) {
    Call call;
    call.send(Started{});
    const auto reply = call.last<StartReply>()->reply;
    call.send(ReplyVoice{reply});
    const auto* speak = call.last<Speak>();
    ASSERT_NE(speak, nullptr);
    EXPECT_EQ(speak->text, "");
    EXPECT_EQ(speak->reply, reply);
    const auto segment = speak->segment;
    call.send(SegmentText{segment, "Good morning, "});
    call.send(SegmentText{segment, "this is "});
    call.send(SegmentText{segment, "the clin"});
    call.send(SegmentText{segment, "ic."});
    call.play(segment, 100);
    call.send(SegmentSynthesized{segment});
    call.send(ReplyFinished{reply, ReplyThen::listen, {}});
    call.send(TimerFired{TimerId::idle}, 300ms);
    ASSERT_EQ(call.machine.context().size(), 1U);
    EXPECT_EQ(call.machine.context()[0].text, "Good morning, this is the clinic.");
    EXPECT_FALSE(call.machine.context()[0].interrupted);
    EXPECT_EQ(call.last<AgentSaid>()->heard_for, 2000ms);
}

TEST(VoiceReply, AnInterruptedOneSaysHowLongItWasHeard) {
    Call call;
    call.send(Started{});
    const auto reply = call.last<StartReply>()->reply;
    call.send(ReplyVoice{reply});
    const auto segment = call.last<Speak>()->segment;
    call.send(SegmentAudio{segment, 80000});
    call.play(segment, 50, 15ms);  // a quarter of a second ahead
    call.send(CallerSpeechStarted{});
    call.send(VendorHeardCaller{}, 100ms);  // no need to wait for more
    EXPECT_EQ(call.count<ClearCarrier>(), 1U);
    const auto* said = call.last<AgentSaid>();
    ASSERT_NE(said, nullptr);  // although no word of it is known
    EXPECT_TRUE(said->interrupted);
    EXPECT_EQ(said->reply, reply);
    EXPECT_GT(said->heard_for, 800ms);
    EXPECT_LE(said->heard_for, 850ms);
    EXPECT_EQ(call.count<CancelReply>(), 1U);
    EXPECT_TRUE(call.machine.context().empty());
}

TEST(VoiceReply, AnAnswerNobodyAskedForBeginsATurn) {
    Call call;
    call.send(Started{});
    call.send(ReplyText{1, "Hello."});
    const auto greeting = call.last<Speak>()->segment;
    call.send(ReplyFinished{1, ReplyThen::listen, {}});
    call.play(greeting, 20);
    call.send(SegmentSynthesized{greeting});
    call.send(TimerFired{TimerId::idle}, 500ms);
    const auto before = call.count<StartReply>();
    call.send(VendorAnswers{"a quiet question"});
    EXPECT_EQ(call.count<StartReply>(), before + 1);
    EXPECT_EQ(call.last<StartReply>()->text, "a quiet question");
    call.send(VendorAnswers{"another"});  // one at a time
    EXPECT_EQ(call.count<StartReply>(), before + 1);
}

TEST(VendorTurn, AnEndTakenBackDoesNotEndTheTurn) {
    Call call;
    call.send(Started{});
    call.send(ReplyText{1, "Hello."});
    const auto greeting = call.last<Speak>()->segment;
    call.send(ReplyFinished{1, ReplyThen::listen, {}});
    call.play(greeting, 20);
    call.send(SegmentSynthesized{greeting});
    call.send(CallerSpeechStarted{}, 1s);
    const auto utterance = call.last<BeginUtterance>()->utterance;
    call.send(CallerSpeechStopped{}, 1s);
    call.send(VendorEndOfTurn{utterance, 0.5});  // shortens the wait only
    call.send(VendorTurnResumed{utterance}, 100ms);
    call.send(TimerFired{TimerId::endpoint}, 300ms);
    EXPECT_EQ(call.count<FinishUtterance>(), 0U);
    call.send(TimerFired{TimerId::endpoint}, 300ms);
    EXPECT_EQ(call.count<FinishUtterance>(), 1U);
}

}  // namespace
}  // namespace parley::conversation

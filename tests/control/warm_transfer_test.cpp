#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "parley/control/warm_transfer.hpp"

namespace parley::control {
namespace {

using namespace std::chrono_literals;
using rest::CallStatus;
using Phase = WarmTransfer::Phase;

constexpr TimePoint kStart{1000h};

WarmTransfer begun() {
    return WarmTransfer({}, kStart);
}

TEST(WarmTransfer, Accepted) {
    auto warm = begun();
    EXPECT_FALSE(warm.on_person(CallStatus::ringing, kStart + 1s).take_back);
    warm.on_person(CallStatus::in_progress, kStart + 5s);
    EXPECT_EQ(warm.phase(), Phase::briefing);
    warm.on_briefing(kStart + 5s);
    const auto step = warm.on_answer(true, kStart + 10s);
    EXPECT_FALSE(step.take_back || step.hang_up_person);
    warm.on_person_joined();
    EXPECT_EQ(warm.phase(), Phase::joined);
    EXPECT_EQ(warm.result(), WarmResult::accepted);
    // What comes behind is the talk's own end.
    EXPECT_FALSE(warm.on_person(CallStatus::completed, kStart + 60s).take_back);
    EXPECT_FALSE(warm.on_caller_gone().hang_up_person);
    EXPECT_FALSE(warm.on_time(kStart + 2h).take_back);
}

TEST(WarmTransfer, NotTakenForAnyReasonBringsTheCallerBackOnce) {
    struct Case {
        WarmResult result;
        std::function<WarmTransfer::Step(WarmTransfer&)> act;
        bool hangs_up;
    };
    const std::vector<Case> cases{
        {WarmResult::busy, [](WarmTransfer& w) { return w.on_person(CallStatus::busy, kStart); }, false},
        {WarmResult::no_answer, [](WarmTransfer& w) { return w.on_person(CallStatus::no_answer, kStart); }, false},
        {WarmResult::failed, [](WarmTransfer& w) { return w.on_person(CallStatus::failed, kStart); }, false},
        {WarmResult::failed, [](WarmTransfer& w) { return w.on_person_failed(); }, false},
        {WarmResult::no_answer, [](WarmTransfer& w) { return w.on_time(kStart + 36s); }, true},
        {WarmResult::hung_up,
         [](WarmTransfer& w) {
             w.on_briefing(kStart);
             return w.on_person(CallStatus::completed, kStart + 1s);
         },
         false},
        {WarmResult::refused,
         [](WarmTransfer& w) {
             w.on_briefing(kStart);
             return w.on_answer(false, kStart + 1s);
         },
         false},
        {WarmResult::silent,
         [](WarmTransfer& w) {
             w.on_briefing(kStart);
             return w.on_silence();
         },
         false},
        {WarmResult::silent,
         [](WarmTransfer& w) {
             w.on_briefing(kStart);
             return w.on_time(kStart + 41s);
         },
         true},
        {WarmResult::machine,
         [](WarmTransfer& w) {
             w.on_briefing(kStart);
             return w.on_machine();
         },
         true},
        {WarmResult::failed,
         [](WarmTransfer& w) {
             w.on_briefing(kStart);
             w.on_answer(true, kStart);
             return w.on_not_joined();
         },
         true},
    };
    for (const auto& one : cases) {
        auto warm = begun();
        const auto step = one.act(warm);
        SCOPED_TRACE(name(one.result));
        EXPECT_TRUE(step.take_back);
        EXPECT_FALSE(step.note.empty());
        EXPECT_EQ(step.hang_up_person, one.hangs_up);
        EXPECT_EQ(warm.result(), one.result);
        EXPECT_EQ(warm.phase(), Phase::over);
        for (const auto status : {CallStatus::busy, CallStatus::completed, CallStatus::in_progress})
            EXPECT_FALSE(warm.on_person(status, kStart + 2h).take_back);
        EXPECT_FALSE(warm.on_time(kStart + 3h).take_back);
        EXPECT_FALSE(warm.on_answer(true, kStart + 3h).take_back);
        EXPECT_EQ(warm.phase(), Phase::over);
    }
}

TEST(WarmTransfer, NobodyIsTakenOutOfAConversationOnAGuess) {
    auto warm = begun();
    warm.on_briefing(kStart);
    warm.on_answer(true, kStart);
    auto step = warm.on_time(kStart + 11s);
    EXPECT_TRUE(step.verify);
    EXPECT_FALSE(step.take_back);
    EXPECT_FALSE(warm.on_time(kStart + 12s).verify) << "asked once in a while";
    EXPECT_TRUE(warm.on_time(kStart + 22s).verify);
    warm.on_person_joined();
    EXPECT_FALSE(warm.on_time(kStart + 60s).verify);
    EXPECT_FALSE(warm.on_not_joined().take_back);
    EXPECT_EQ(warm.result(), WarmResult::accepted);
}

TEST(WarmTransfer, AnEndBehindAnAnswerIsLookedIntoBeforeTheCallerIsTakenBack) {
    auto warm = begun();
    warm.on_briefing(kStart);
    warm.on_answer(true, kStart);
    const auto step = warm.on_person(CallStatus::completed, kStart + 1s);
    EXPECT_TRUE(step.verify);
    EXPECT_FALSE(step.take_back);
    EXPECT_EQ(warm.phase(), Phase::accepted);
    EXPECT_TRUE(warm.on_not_joined().take_back);
}

TEST(WarmTransfer, TheCallerHangsUpWhileWaiting) {
    auto ringing = begun();
    auto step = ringing.on_caller_gone();
    EXPECT_TRUE(step.hang_up_person);
    EXPECT_FALSE(step.tell_person_gone);
    EXPECT_FALSE(step.take_back);
    EXPECT_EQ(ringing.result(), WarmResult::caller_left);

    auto listening = begun();
    listening.on_briefing(kStart);
    step = listening.on_caller_gone();
    EXPECT_TRUE(step.tell_person_gone) << "somebody who listens hears why";
    EXPECT_FALSE(listening.on_answer(true, kStart + 1s).take_back);
    EXPECT_EQ(listening.phase(), Phase::over);
}

TEST(WarmTransfer, EveryOrderOfWhatTheCarrierSaysEndsInOneWay) {
    // The briefing was refused; its call's callbacks come as they like, also before the document was asked for.
    std::vector<int> order{0, 1, 2, 3};
    do {
        auto warm = begun();
        int taken_back = 0;
        for (const int what : order) {
            WarmTransfer::Step step;
            if (what == 0) step = warm.on_person(CallStatus::ringing, kStart);
            if (what == 1) step = warm.on_person(CallStatus::in_progress, kStart);
            if (what == 2) step = warm.on_answer(false, kStart);
            if (what == 3) step = warm.on_person(CallStatus::completed, kStart);
            taken_back += step.take_back ? 1 : 0;
        }
        EXPECT_EQ(taken_back, 1);
        EXPECT_EQ(warm.phase(), Phase::over);
    } while (std::next_permutation(order.begin(), order.end()));
}

}  // namespace
}  // namespace parley::control

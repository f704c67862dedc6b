// Catalogue W12: callbacks duplicated, out of order, in every order there is.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "parley/control/dial_state.hpp"

namespace parley::control {
namespace {

using rest::CallStatus;

struct Fact {
    std::optional<CallStatus> status;
    std::optional<AnsweredBy> who;
};

void tell(DialState& state, const Fact& fact) {
    if (fact.status) state.on_status(*fact.status, fact.status == CallStatus::completed ? std::optional(12) : std::nullopt);
    if (fact.who) state.on_answered_by(*fact.who);
}

// Every order of these facts ends the same; on the way nothing goes back. Answers how many orders there were.
std::size_t every_order(const std::vector<Fact>& facts, MachinePolicy policy, DialReason reason) {
    std::vector<std::size_t> order(facts.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::size_t orders = 0;
    do {
        DialState state(policy);
        auto before = state.status();
        for (const auto i : order) {
            tell(state, facts[i]);
            EXPECT_GE(state.status(), before);
            before = state.status();
        }
        EXPECT_EQ(state.status(), DialStatus::over);
        EXPECT_EQ(state.reason(), reason) << name(state.reason());
        EXPECT_TRUE(state.certain());
        ++orders;
    } while (std::next_permutation(order.begin(), order.end()));
    return orders;
}

TEST(DialState, W12EveryOrderOfCallbacksGivesTheSameEnd) {
    const Fact queued{CallStatus::queued, {}}, initiated{CallStatus::initiated, {}}, ringing{CallStatus::ringing, {}}, answered{CallStatus::in_progress, {}},
        completed{CallStatus::completed, {}};
    const Fact human{{}, AnsweredBy::human}, machine{{}, AnsweredBy::machine_end}, start{{}, AnsweredBy::machine_start}, fax{{}, AnsweredBy::fax};
    std::size_t orders = 0;
    orders += every_order({queued, initiated, ringing, answered, completed, human}, MachinePolicy::drop, DialReason::answered);
    orders += every_order({initiated, ringing, answered, completed, start, machine}, MachinePolicy::drop, DialReason::machine);
    orders += every_order({initiated, ringing, answered, answered, completed, completed}, MachinePolicy::ignore, DialReason::answered);
    orders += every_order({initiated, ringing, answered, completed, fax, fax}, MachinePolicy::hangup, DialReason::fax);
    for (const auto& [end, reason] : {std::pair{CallStatus::busy, DialReason::busy},
                                      {CallStatus::no_answer, DialReason::no_answer},
                                      {CallStatus::failed, DialReason::failed},
                                      {CallStatus::canceled, DialReason::canceled}})
        orders += every_order({queued, initiated, ringing, Fact{end, {}}, Fact{end, {}}}, MachinePolicy::ignore, reason);
    EXPECT_EQ(orders, 4U * 720U + 4U * 120U);
}

TEST(DialState, LostFactsLeaveWhatIsKnown) {
    DialState state(MachinePolicy::ignore);
    EXPECT_TRUE(state.on_status(CallStatus::completed, 7));
    EXPECT_EQ(state.reason(), DialReason::answered);
    EXPECT_EQ(state.duration(), 7);
    EXPECT_FALSE(state.on_status(CallStatus::ringing));
    EXPECT_FALSE(state.on_status(CallStatus::other));
    EXPECT_FALSE(state.on_status(CallStatus::busy));  // a call ends once
    EXPECT_EQ(state.reason(), DialReason::answered);
}

TEST(DialState, WhatWasOnlyAssumedGivesWayToTheCarriersWord) {
    DialState state(MachinePolicy::ignore);
    EXPECT_TRUE(state.on_lost());
    EXPECT_EQ(state.reason(), DialReason::unknown);
    EXPECT_FALSE(state.certain());
    EXPECT_FALSE(state.on_status(CallStatus::ringing));  // over stays over until an end is told
    EXPECT_TRUE(state.on_status(CallStatus::busy));
    EXPECT_EQ(state.reason(), DialReason::busy);
    EXPECT_TRUE(state.certain());
    EXPECT_FALSE(state.on_lost());
}

TEST(DialState, OneStepAndOnlyForMachines) {
    using Step = DialState::Step;
    const auto step = [](MachinePolicy policy, std::initializer_list<AnsweredBy> verdicts) {
        DialState state(policy);
        state.on_status(CallStatus::in_progress);
        EXPECT_EQ(state.take_step(), Step::none) << "somebody answered: no reason to touch the call (W16)";
        Step taken = Step::none;
        for (const auto who : verdicts) {
            state.on_answered_by(who);
            if (const auto now = state.take_step(); now != Step::none) {
                EXPECT_EQ(taken, Step::none) << "one step a call";
                taken = now;
            }
        }
        return taken;
    };
    EXPECT_EQ(step(MachinePolicy::drop, {AnsweredBy::human}), Step::none);
    EXPECT_EQ(step(MachinePolicy::drop, {AnsweredBy::unknown}), Step::none);
    EXPECT_EQ(step(MachinePolicy::drop, {AnsweredBy::machine_start}), Step::none);
    EXPECT_EQ(step(MachinePolicy::drop, {AnsweredBy::machine_start, AnsweredBy::machine_end, AnsweredBy::machine_end}), Step::drop);
    EXPECT_EQ(step(MachinePolicy::drop, {AnsweredBy::fax}), Step::hang_up);
    EXPECT_EQ(step(MachinePolicy::hangup, {AnsweredBy::machine_start, AnsweredBy::machine_end}), Step::hang_up);
    EXPECT_EQ(step(MachinePolicy::hangup, {AnsweredBy::human}), Step::none);
    EXPECT_EQ(step(MachinePolicy::ignore, {AnsweredBy::machine_end, AnsweredBy::fax}), Step::none);
    DialState over(MachinePolicy::drop);
    over.on_answered_by(AnsweredBy::machine_end);
    over.on_status(CallStatus::completed);
    EXPECT_EQ(over.take_step(), Step::none);
}

TEST(DialState, WordsOfTwiliosAreTaken) {
    EXPECT_EQ(answered_by("machine_end_beep"), AnsweredBy::machine_end);
    EXPECT_EQ(answered_by("machine_end_silence"), AnsweredBy::machine_end);
    EXPECT_EQ(answered_by("machine_end_other"), AnsweredBy::machine_end);
    EXPECT_EQ(answered_by("machine_start"), AnsweredBy::machine_start);
    EXPECT_EQ(answered_by("human"), AnsweredBy::human);
    EXPECT_EQ(answered_by("fax"), AnsweredBy::fax);
    EXPECT_EQ(answered_by("unknown"), AnsweredBy::unknown);
    EXPECT_FALSE(answered_by("Human"));
    EXPECT_FALSE(answered_by(""));
}

}  // namespace
}  // namespace parley::control

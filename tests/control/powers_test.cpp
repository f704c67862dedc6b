#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_carrier.hpp"
#include "parley/control/powers.hpp"

namespace parley::control {
namespace {

using namespace std::chrono_literals;
using flows::Destination;
using Kind = Destination::Kind;
using rest::CallStatus;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kCall = "CA0123456789abcdef0123456789abcdef";
const std::string kOther = "CA1123456789abcdef0123456789abcdef";
const std::string kRoom = "CF0123456789abcdef0123456789abcdef";

class PowersOverCalls : public testing::Test {
protected:
    PowersOverCalls() {
        settings.public_url = "https://voice.example.test";
        settings.warm.ring = 25s;
        settings.beat = settings.return_again = 1ms;
        powers.emplace(settings, Powers::Services{.log = log,
                                                  .metrics = metrics,
                                                  .registry = registry,
                                                  .carrier = carrier,
                                                  .guard = guard,
                                                  .guard_mutex = guard_mutex,
                                                  .records = nullptr,
                                                  .errands = errands,
                                                  .running = [] { return std::size_t{0}; }});
    }
    ~PowersOverCalls() override { run(loop, end()); }
    net::Task<bool> end() {
        co_await errands.end();
        co_return true;
    }
    // The call is with its agent; what the agent is told ends up in `told`.
    void stream() {
        ASSERT_EQ(registry.admit(kCall, Clock::now()), call::Admission::admitted);
        ASSERT_TRUE(registry.attach(kCall, "front", [this](const call::OperatorCommand& command) { told.push_back(command); }, Clock::now()));
    }
    void left(conversation::EndReason reason = conversation::EndReason::transferred) {
        call::Outcome outcome;
        outcome.agent = "front";
        outcome.reason = reason;
        outcome.planned = true;
        outcome.memory.lines.push_back({conversation::ContextLine::Side::caller, "I want a new window.", false});
        registry.finished(kCall, std::move(outcome), Clock::now());
    }
    void conference(std::initializer_list<std::string> people) {
        carrier.names["blue"] = kRoom;
        for (const auto& sid : people) {
            rest::Participant person;
            person.call_sid = sid;
            person.conference_sid = kRoom;
            carrier.rooms[kRoom].push_back(person);
        }
    }
    PowerResult act(net::Task<PowerResult> task) { return run(loop, std::move(task)); }
    std::string url_of_last_update() { return carrier.updated.empty() ? "" : carrier.updated.back().second.url.value_or(""); }
    void pass() {
        loop.restart();
        loop.run_for(2ms);
    }
    template <class Done>
    void until(Done done) {
        for (int i = 0; i < 5000 && !done(); ++i) pass();
        ASSERT_TRUE(done());
    }
    const Parties parties{"+14155550100", "+4930999999", false};

    boost::asio::io_context loop;
    std::shared_ptr<MemoryLog> lines = std::make_shared<MemoryLog>();
    Log log = Log::to({}, lines);
    Metrics metrics{MetricsSettings{}};
    call::Registry registry{{}};
    FakeCarrier carrier;
    DialGuard guard{[] {
        DialLimits limits;
        limits.calls_per_second = 1000;
        return limits;
    }()};
    std::mutex guard_mutex;
    net::Errands errands{loop.get_executor(), log};
    Powers::Settings settings;
    std::optional<Powers> powers;
    std::vector<call::OperatorCommand> told;
};

TEST_F(PowersOverCalls, AStreamIsEndedSoThatItsTailTransfers) {
    stream();
    const auto result = act(powers->transfer(kCall, {.to = {Kind::queue, "support"}}, By{}));
    EXPECT_TRUE(result.ok());
    ASSERT_EQ(told.size(), 1U);
    const auto& end = std::get<call::EndNow>(told[0]);
    EXPECT_EQ(end.reason, conversation::EndReason::transferred);
    EXPECT_EQ(end.target, "queue:support");
    EXPECT_TRUE(carrier.updated.empty()) << "W16: no REST update tears a running stream";
    EXPECT_EQ(lines->count("control.transfer"), 1U);
    EXPECT_EQ(metrics.control_actions.at("transfer", "none").value(), 1U);
}

TEST_F(PowersOverCalls, ACallElsewhereIsRedirected) {
    stream();
    left();
    const auto result = act(powers->transfer(kCall, {.to = {Kind::number, "+4930123456"}}, By{}));
    EXPECT_TRUE(result.ok()) << result.sentence;
    EXPECT_THAT(url_of_last_update(), testing::MatchesRegex("https://voice.example.test/webhooks/twilio/go\\?to=%2B4930123456&wish=[0-9a-f]+&agent=front"));
    for (const auto& line : lines->lines()) EXPECT_THAT(line, testing::Not(HasSubstr("4930123456"))) << "no whole number in a log line";
    carrier.on_update = [](const std::string&, const rest::CallUpdate&) -> rest::Outcome<rest::Call> { return failure(rest::Failure::invalid, 21220); };
    EXPECT_EQ(act(powers->transfer(kCall, {.to = {Kind::agent, "back"}}, By{})).why, Refusal::over);
    carrier.on_update = [](const std::string&, const rest::CallUpdate&) -> rest::Outcome<rest::Call> { return failure(rest::Failure::not_found); };
    EXPECT_EQ(act(powers->transfer(kCall, {.to = {Kind::agent, "back"}}, By{})).why, Refusal::no_such_call);
    EXPECT_EQ(act(powers->transfer("CA1", {.to = {Kind::agent, "back"}}, By{})).why, Refusal::invalid);
}

TEST_F(PowersOverCalls, NoPowerCallsAPremiumNumber) {
    stream();
    EXPECT_EQ(act(powers->transfer(kCall, {.to = {Kind::number, "+19005550100"}}, By{})).why, Refusal::not_allowed);
    EXPECT_EQ(act(powers->transfer(kCall, {.to = {Kind::warm, "+19005550100"}}, By{})).why, Refusal::not_allowed);
    JoinWish wish;
    wish.to = "+881612345678";
    wish.caller_id = "+4930999999";
    EXPECT_EQ(act(powers->join(kCall, wish, By{})).why, Refusal::not_allowed);
    EXPECT_TRUE(told.empty());
    EXPECT_TRUE(carrier.added.empty());
    EXPECT_EQ(metrics.security_events.at("policy").value(), 3U);
}

TEST_F(PowersOverCalls, HoldAndResume) {
    stream();
    EXPECT_TRUE(act(powers->hold(kCall, By{})).ok());
    EXPECT_EQ(std::get<call::EndNow>(told.at(0)).target, "park:hold-" + kCall);
    left();
    powers->entered_queue(kCall, "front", parties, queue_of_slot(hold_slot_of(kCall)));
    EXPECT_TRUE(act(powers->hold(kCall, By{})).ok()) << "already";
    EXPECT_TRUE(act(powers->resume(kCall, By{})).ok());
    EXPECT_EQ(url_of_last_update(), "https://voice.example.test/webhooks/twilio/return?agent=front");
    EXPECT_THAT(registry.take_memory(kCall).note, HasSubstr("on hold"));
}

TEST_F(PowersOverCalls, InAConferenceOneIsHeldMutedAndToldAlone) {
    conference({kCall, kOther});
    EXPECT_TRUE(act(powers->hold(kCall, By{})).ok());
    EXPECT_TRUE(act(powers->resume(kCall, By{})).ok());
    EXPECT_TRUE(act(powers->mute(kCall, true, By{})).ok());
    EXPECT_TRUE(act(powers->mute(kCall, false, By{})).ok());
    EXPECT_TRUE(act(powers->say(kCall, "Hello.", By{})).ok());
    EXPECT_TRUE(act(powers->keys(kCall, "12#", By{})).ok());
    ASSERT_EQ(carrier.changed.size(), 6U);
    EXPECT_EQ(carrier.changed[0].second.hold, true);
    EXPECT_EQ(carrier.changed[1].second.hold, false);
    EXPECT_EQ(carrier.changed[2].second.muted, true);
    EXPECT_EQ(carrier.changed[3].second.muted, false);
    const auto text = carrier.changed[4].second.announce_url.value();
    EXPECT_EQ(powers->spoken(text.substr(text.find("id=") + 3)).value().text, "Hello.");
    const auto digits = carrier.changed[5].second.announce_url.value();
    EXPECT_EQ(powers->spoken(digits.substr(digits.find("id=") + 3)).value().digits, "12#");
    EXPECT_TRUE(act(powers->announce(kCall, "Everybody.", By{})).ok());
    EXPECT_EQ(carrier.announced.at(0).first, kRoom);
}

TEST_F(PowersOverCalls, WhereItIsNotPossibleASentenceSaysSo) {
    for (auto& result : {act(powers->mute(kCall, true, By{})), act(powers->announce(kCall, "x", By{})), act(powers->say(kCall, "x", By{})),
                         act(powers->keys(kCall, "1", By{})), act(powers->resume(kCall, By{}))}) {
        EXPECT_EQ(result.why, Refusal::state);
        EXPECT_TRUE(result.sentence.ends_with('.')) << result.sentence;
    }
    JoinWish coach;
    coach.to = "+4930123456";
    coach.caller_id = "+4930999999";
    coach.coach = kCall;
    EXPECT_EQ(act(powers->join(kCall, coach, By{})).why, Refusal::state);
    EXPECT_EQ(act(powers->keys(kCall, "12E", By{})).why, Refusal::invalid);
    EXPECT_EQ(act(powers->redirect(kCall, "http://example.com/x", By{})).why, Refusal::invalid);
    EXPECT_EQ(act(powers->park(kCall, "a b", By{})).why, Refusal::invalid);
}

TEST_F(PowersOverCalls, KeysAndWordsGoThroughTheAgentWhileItHasTheCall) {
    stream();
    EXPECT_TRUE(act(powers->keys(kCall, "12w#", By{})).ok());
    EXPECT_TRUE(act(powers->say(kCall, "One moment.", By{})).ok());
    EXPECT_EQ(std::get<call::KeysNow>(told.at(0)).keys, "12w#");
    EXPECT_EQ(std::get<call::SayNow>(told.at(1)).text, "One moment.");
}

TEST_F(PowersOverCalls, TwoPeopleInADialAreMovedIntoAConferenceTheOtherSideFirst) {
    rest::Call leg;
    leg.sid = kOther;
    carrier.legs[kCall] = {leg};
    JoinWish wish;
    wish.to = "+4930123456";
    wish.caller_id = "+4930999999";
    const auto result = act(powers->join(kCall, wish, By{}));
    EXPECT_TRUE(result.ok()) << result.sentence;
    ASSERT_EQ(carrier.updated.size(), 2U);
    EXPECT_EQ(carrier.updated[0].first, kOther);
    EXPECT_EQ(carrier.updated[1].first, kCall);
    EXPECT_THAT(carrier.updated[0].second.url.value(), HasSubstr("room-in?room=room-" + kCall));
    ASSERT_EQ(carrier.added.size(), 1U);
    EXPECT_EQ(carrier.added[0].first, "room-" + kCall);
    EXPECT_FALSE(result.fact("call_sid").empty());
}

TEST_F(PowersOverCalls, ACoachIsHeardByOneAlone) {
    conference({kCall, kOther});
    JoinWish wish;
    wish.to = "+4930123456";
    wish.caller_id = "+4930999999";
    wish.coach = kOther;
    EXPECT_TRUE(act(powers->join(kOther, wish, By{})).ok());
    ASSERT_EQ(carrier.added.size(), 1U);
    EXPECT_EQ(carrier.added[0].first, kRoom);
    EXPECT_EQ(carrier.added[0].second.coaching, true);
    EXPECT_EQ(carrier.added[0].second.call_sid_to_coach, kOther);
    EXPECT_TRUE(carrier.updated.empty());
}

TEST_F(PowersOverCalls, RecordingsAreStartedPausedResumedAndStopped) {
    EXPECT_FALSE(act(powers->record(kCall, Tape::start, By{})).fact("recording_sid").empty());
    EXPECT_TRUE(act(powers->record(kCall, Tape::pause, By{})).ok());
    EXPECT_TRUE(act(powers->record(kCall, Tape::resume, By{})).ok());
    EXPECT_TRUE(act(powers->record(kCall, Tape::stop, By{})).ok());
    EXPECT_THAT(carrier.tapes, ElementsAre("start " + kCall, "pause " + kCall, "resume " + kCall, "stop " + kCall));
}

TEST_F(PowersOverCalls, ParkAndPickUp) {
    stream();
    const auto parked = act(powers->park(kCall, "blue", By{}));
    EXPECT_TRUE(parked.ok());
    EXPECT_EQ(parked.fact("queue"), "park-blue");
    left();
    powers->entered_queue(kCall, "front", parties, "park-blue");
    EXPECT_TRUE(act(powers->pick_up(kCall, {Kind::agent, "billing"}, By{})).ok());
    EXPECT_THAT(url_of_last_update(), HasSubstr("go?to=agent%3Abilling"));
    EXPECT_TRUE(act(powers->pick_up(kCall, {}, By{})).ok());
    EXPECT_THAT(url_of_last_update(), HasSubstr("return?agent=front"));
}

TEST_F(PowersOverCalls, W19AHangUpThatFailsClosesTheStream) {
    stream();
    carrier.on_hang_up = [](const std::string&, bool) -> rest::Outcome<> { return failure(rest::Failure::unavailable); };
    EXPECT_TRUE(act(powers->hang_up(kCall, By{})).ok()) << "no lost hang-up";
    EXPECT_EQ(std::get<call::EndNow>(told.at(0)).reason, conversation::EndReason::operator_hangup);
    EXPECT_EQ(lines->count("twilio_rest.failed"), 1U);
    left(conversation::EndReason::operator_hangup);
    EXPECT_EQ(act(powers->hang_up(kCall, By{})).why, Refusal::unavailable) << "nothing is left to close: said so";
}

class WarmPowers : public PowersOverCalls {
protected:
    // The caller waits and the person rings; the transfer's identifier.
    std::string begin() {
        stream();
        act(powers->transfer(kCall, {.to = {Kind::warm, "+4930123456"}, .summary = "A window is wanted."}, By{}));
        left();
        EXPECT_EQ(powers->begin_warm(kCall, "front", parties, "+4930123456").room, "room-" + kCall);
        settle(loop);
        EXPECT_EQ(carrier.created.size(), 1U);
        person_url = carrier.created.at(0).url.value();
        carrier.updated.clear();
        return person_url.substr(person_url.find("w=") + 2);
    }
    std::string person_url;
};

TEST_F(WarmPowers, ThePersonIsCalledFromOurNumberAndHearsTheSummary) {
    const auto id = begin();
    EXPECT_EQ(carrier.created[0].to, "+4930123456");
    EXPECT_EQ(carrier.created[0].from, "+4930999999") << "the number the caller called";
    EXPECT_EQ(carrier.created[0].timeout, 25);
    EXPECT_THAT(powers->briefing(id).value(), HasSubstr("A window is wanted."));
    powers->begin_warm(kCall, "front", parties, "+4930123456");  // the same webhook again
    settle(loop);
    EXPECT_EQ(carrier.created.size(), 1U) << "nobody is called twice";
}

TEST_F(WarmPowers, WithoutASummaryTheCallersLastWordsAreSaid) {
    stream();
    left();
    powers->begin_warm(kCall, "front", parties, "+4930123456");
    settle(loop);
    const auto url = carrier.created.at(0).url.value();
    EXPECT_THAT(powers->briefing(url.substr(url.find("w=") + 2)).value(), HasSubstr("I want a new window."));
}

TEST_F(WarmPowers, Accepted) {
    const auto id = begin();
    ASSERT_TRUE(powers->briefing(id));
    const auto next = powers->warm_answer(id, Powers::Verdict::takes);
    EXPECT_TRUE(next.joins);
    EXPECT_EQ(next.room, "room-" + kCall);
    settle(loop);
    EXPECT_TRUE(carrier.updated.empty());
    EXPECT_TRUE(powers->warm_answer(id, Powers::Verdict::takes).joins) << "the same answer again";
}

TEST_F(WarmPowers, RefusedBringsTheCallerBackWithANote) {
    const auto id = begin();
    ASSERT_TRUE(powers->briefing(id));
    EXPECT_FALSE(powers->warm_answer(id, Powers::Verdict::refuses).joins);
    settle(loop);
    ASSERT_EQ(carrier.updated.size(), 1U);
    EXPECT_EQ(carrier.updated[0].first, kCall);
    EXPECT_EQ(url_of_last_update(), "https://voice.example.test/webhooks/twilio/return?agent=front");
    const auto memory = registry.take_memory(kCall);
    EXPECT_THAT(memory.note, HasSubstr("did not want"));
    EXPECT_FALSE(memory.lines.empty()) << "the agent remembers its caller";
}

TEST_F(WarmPowers, AskedAgainOnceThenSilenceCountsAsNobody) {
    const auto id = begin();
    ASSERT_TRUE(powers->briefing(id));
    EXPECT_TRUE(powers->warm_answer(id, Powers::Verdict::unclear).again);
    EXPECT_FALSE(powers->warm_answer(id, Powers::Verdict::silent).joins);
    settle(loop);
    EXPECT_THAT(url_of_last_update(), HasSubstr("return?agent=front"));
}

TEST_F(WarmPowers, TheCallerGoesWhileThePersonListens) {
    const auto id = begin();
    const auto sid = kOther;
    powers->warm_status(id, sid, CallStatus::in_progress);
    ASSERT_TRUE(powers->briefing(id));
    powers->on_room({.event = "participant-leave", .conference_sid = kRoom, .room = "room-" + kCall, .call_sid = kCall, .label = "caller", .sequence = 3});
    settle(loop);
    ASSERT_EQ(carrier.updated.size(), 1U) << "a sentence, then the end";
    EXPECT_THAT(carrier.updated[0].second.twiml.value_or(""), HasSubstr("has hung up"));
    EXPECT_FALSE(powers->briefing(id));
    EXPECT_TRUE(powers->warm_answer(id, Powers::Verdict::takes).caller_gone);
    EXPECT_THAT(url_of_last_update(), testing::Not(HasSubstr("return")));
}

TEST_F(WarmPowers, TheCallerGoesWhileItRings) {
    begin();
    powers->caller_left_room(kCall);
    settle(loop);
    ASSERT_EQ(carrier.hung_up.size(), 1U);
    EXPECT_TRUE(carrier.hung_up[0].second);
}

TEST_F(WarmPowers, AMachineIsNobody) {
    const auto id = begin();
    powers->warm_status(id, kOther, CallStatus::in_progress);
    powers->warm_machine(id, "human");
    settle(loop);
    EXPECT_TRUE(carrier.updated.empty());
    powers->warm_machine(id, "machine_start");
    settle(loop);
    EXPECT_THAT(url_of_last_update(), HasSubstr("return?agent=front"));
    EXPECT_FALSE(carrier.hung_up.empty());
}

TEST_F(WarmPowers, APersonWhoCannotBeCalledBringsTheCallerBack) {
    carrier.on_create = [](const rest::CallCreate&) -> rest::Outcome<rest::Call> { return failure(rest::Failure::invalid, 21211); };
    stream();
    left();
    powers->begin_warm(kCall, "front", parties, "+4930123456");
    settle(loop);
    settle(loop);
    EXPECT_THAT(url_of_last_update(), HasSubstr("return?agent=front"));
    // An agent sent its caller to a forbidden number: nobody is called there.
    carrier.created.clear();
    powers->begin_warm(kCall, "front", parties, "+19005550100");
    settle(loop);
    settle(loop);
    EXPECT_TRUE(carrier.created.empty());
}

TEST_F(WarmPowers, ACallerIsAskedBackUntilItIsDone) {
    const auto id = begin();
    int refused = 3;
    carrier.on_update = [&](const std::string& sid, const rest::CallUpdate&) -> rest::Outcome<rest::Call> {
        if (refused-- > 0) return failure(rest::Failure::unavailable);
        rest::Call call;
        call.sid = sid;
        return call;
    };
    ASSERT_TRUE(powers->briefing(id));
    powers->warm_answer(id, Powers::Verdict::refuses);
    errands.start(powers->watch());
    until([&] { return carrier.updated.size() >= 4; });
    for (int i = 0; i < 20; ++i) pass();
    EXPECT_EQ(carrier.updated.size(), 4U) << "and not any more then";
    EXPECT_THAT(url_of_last_update(), HasSubstr("return?agent=front"));
    EXPECT_EQ(lines->count("transfer.not_taken_back"), 3U);
}

TEST_F(WarmPowers, ACallerWhoCannotBeAskedBackLosesItsRoomAndFindsTheWayBackItself) {
    const auto id = begin();
    conference({kCall});
    carrier.names["room-" + kCall] = kRoom;
    carrier.on_update = [&](const std::string&, const rest::CallUpdate&) -> rest::Outcome<rest::Call> { return failure(rest::Failure::unavailable); };
    ASSERT_TRUE(powers->briefing(id));
    powers->warm_answer(id, Powers::Verdict::refuses);
    errands.start(powers->watch());
    until([&] { return !carrier.ended.empty(); });
    EXPECT_EQ(carrier.ended.at(0), kRoom);
    EXPECT_TRUE(powers->came_back(kCall)) << "behind the closed room its agent comes";
    const auto tries = carrier.updated.size();
    for (int i = 0; i < 20; ++i) pass();
    EXPECT_EQ(carrier.updated.size(), tries);
}

TEST_F(PowersOverCalls, WhomNobodyJoinsGoesBackToItsAgent) {
    stream();
    left();
    carrier.names["room-" + kCall] = kRoom;
    powers->came_from(kCall, "agent=front&at=1");
    powers->entered_room(kCall, "front", parties, "room-" + kCall);
    conference({kCall, kOther});
    powers->joined_status(kCall, kOther, CallStatus::ringing);
    settle(loop);
    EXPECT_TRUE(carrier.updated.empty());
    powers->joined_status(kCall, kOther, CallStatus::busy);
    settle(loop);
    settle(loop);
    EXPECT_EQ(url_of_last_update(), "https://voice.example.test/webhooks/twilio/return?agent=front&at=1") << "to the answer it was in";
    EXPECT_THAT(registry.take_memory(kCall).note, HasSubstr("could not be reached"));
    powers->came_back(kCall);
    // A third one is still there.
    carrier.updated.clear();
    conference({random_sid("CA")});
    powers->joined_status(kCall, kOther, CallStatus::completed);
    settle(loop);
    settle(loop);
    EXPECT_TRUE(carrier.updated.empty());
}

TEST_F(PowersOverCalls, WhoIsAloneInARoomBecauseTheThirdCouldNotBeAddedGoesBack) {
    carrier.on_add = [] { return failure(rest::Failure::unavailable); };
    powers->entered_room(kCall, "front", parties, "elsewhere");
    JoinWish wish;
    wish.to = "+4930123456";
    wish.caller_id = "+4930999999";
    EXPECT_FALSE(act(powers->join(kCall, wish, By{})).ok());
    until([&] { return url_of_last_update().find("return?agent=front") != std::string::npos; });
}

TEST_F(PowersOverCalls, ALegIsNotStrandedInAConference) {
    rest::Call leg;
    leg.sid = kOther;
    carrier.legs[kCall] = {leg};
    powers->entered_room(kCall, "front", parties, "elsewhere");
    bool first = true;
    carrier.on_update = [&](const std::string& sid, const rest::CallUpdate&) -> rest::Outcome<rest::Call> {
        if (sid == kCall && std::exchange(first, false)) return failure(rest::Failure::unavailable);
        rest::Call call;
        call.sid = sid;
        return call;
    };
    JoinWish wish;
    wish.to = "+4930123456";
    wish.caller_id = "+4930999999";
    EXPECT_FALSE(act(powers->join(kCall, wish, By{})).ok());
    until([&] { return url_of_last_update().find("return?agent=front") != std::string::npos; });
    ASSERT_EQ(carrier.hung_up.size(), 1U);
    EXPECT_EQ(carrier.hung_up[0].first, kOther);
}

TEST_F(WarmPowers, AnOldTransferInTheSameRoomDoesNotHideThePresentOne) {
    DialLimits many;
    many.calls_per_second = many.calls_per_minute = 1000;
    many.per_destination_per_hour = 1000;
    guard.set(many);
    for (int i = 0; i < 8; ++i) {  // enough that whichever order the book has, an old one comes first
        const auto url = [&] {
            powers->begin_warm(kCall, "front", parties, "+4930123456");
            settle(loop);
            return carrier.created.back().url.value();
        }();
        const auto id = url.substr(url.find("w=") + 2);
        powers->warm_status(id, kOther, CallStatus::busy);
        settle(loop);
        powers->came_back(kCall);
    }
    powers->begin_warm(kCall, "front", parties, "+4930123456");
    settle(loop);
    EXPECT_EQ(powers->waiting(), 1U);
    powers->on_room({.event = "participant-leave", .conference_sid = kRoom, .room = "room-" + kCall, .call_sid = kCall, .label = "caller", .sequence = 3});
    EXPECT_EQ(powers->waiting(), 0U);
}

TEST_F(WarmPowers, ATransferThatFailedAllowsNoLaterOne) {
    carrier.on_update = [](const std::string&, const rest::CallUpdate&) -> rest::Outcome<rest::Call> { return failure(rest::Failure::unavailable); };
    EXPECT_FALSE(act(powers->transfer(kCall, {.to = {Kind::warm, "+4930123456"}}, By{})).ok());
    DialLimits none;
    none.calls_per_minute = 0;
    none.calls_per_second = 0;
    guard.set(none);
    powers->begin_warm(kCall, "front", parties, "+4930123456");
    settle(loop);
    EXPECT_TRUE(carrier.created.empty()) << "the guard is asked again";
}

TEST_F(WarmPowers, AtTheEndOfADrainTheCallerComesBackUnlessThePersonHasTakenTheCall) {
    const auto id = begin();
    EXPECT_EQ(powers->waiting(), 1U);
    powers->close();
    settle(loop);
    settle(loop);
    EXPECT_THAT(url_of_last_update(), HasSubstr("return?agent=front"));
    carrier.updated.clear();
    powers->came_back(kCall);
    powers->begin_warm(kCall, "front", parties, "+4930123456");
    settle(loop);
    const auto url = carrier.created.back().url.value();
    powers->warm_answer(url.substr(url.find("w=") + 2), Powers::Verdict::takes);
    powers->close();
    settle(loop);
    EXPECT_TRUE(carrier.updated.empty());
}

TEST_F(WarmPowers, AfterARestartNobodyIsToldThatTheCallerHasGone) {
    EXPECT_FALSE(powers->knows_warm("0123456789ab"));
    const auto next = powers->warm_answer("0123456789ab", Powers::Verdict::takes);
    EXPECT_TRUE(next.unknown);
    EXPECT_FALSE(next.caller_gone);
    carrier.names["room-" + kCall] = kRoom;
    conference({kCall});
    powers->entered_room(kCall, "front", parties, "room-" + kCall);
    powers->warm_orphaned(kCall, "front", kOther, CallStatus::completed);
    settle(loop);
    settle(loop);
    EXPECT_THAT(url_of_last_update(), HasSubstr("return?agent=front"));
}

TEST_F(PowersOverCalls, ConferenceEventsMayComeInAnyOrder) {
    const RoomEvent join{.event = "participant-join", .conference_sid = kRoom, .room = "blue", .call_sid = kCall, .label = {}, .sequence = 1};
    RoomEvent hold = join, leave = join;
    hold.event = "participant-hold";
    hold.hold = true;
    hold.sequence = 2;
    leave.event = "participant-leave";
    leave.sequence = 3;
    std::vector<const RoomEvent*> order{&join, &hold, &leave};
    std::sort(order.begin(), order.end());
    do {
        Powers fresh(settings, Powers::Services{.log = log,
                                                .metrics = metrics,
                                                .registry = registry,
                                                .carrier = carrier,
                                                .guard = guard,
                                                .guard_mutex = guard_mutex,
                                                .records = nullptr,
                                                .errands = errands,
                                                .running = [] { return std::size_t{0}; }});
        for (const auto* event : order) {
            fresh.on_room(*event);
            fresh.on_room(*event);
        }
        // It has left, whatever came last: nobody is looked for there first.
        EXPECT_EQ(act(fresh.mute(kCall, true, By{})).why, Refusal::state);
    } while (std::next_permutation(order.begin(), order.end()));
}

}  // namespace
}  // namespace parley::control

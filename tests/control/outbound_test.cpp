#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_carrier.hpp"
#include "parley/base/ids.hpp"
#include "parley/control/outbound.hpp"

namespace parley::control {
namespace {

using namespace std::chrono_literals;
using rest::CallStatus;
using testing::HasSubstr;

class OutboundCalls : public testing::Test {
protected:
    OutboundCalls() {
        limits.enabled = true;
        limits.calls_per_second = 1000;
        limits.calls_per_minute = 1000;
        limits.per_destination_per_hour = 100;
        limits.allowed_prefixes = {"+49"};
        guard.set(limits);
        settings.public_url = "https://voice.example.test";
        settings.from = "+4930999999";
        settings.look_after = 0ms;
        settings.look_every = 1ms;
        outbound.emplace(settings, Outbound::Services{.log = log,
                                                      .metrics = metrics,
                                                      .registry = registry,
                                                      .carrier = carrier,
                                                      .guard = guard,
                                                      .guard_mutex = guard_mutex,
                                                      .records = nullptr,
                                                      .errands = errands,
                                                      .agent_exists = [](std::string_view name) { return name == "front"; },
                                                      .drop_text = [](std::string_view) { return std::string("Please call us back."); }});
    }
    ~OutboundCalls() override { run(loop, end()); }
    net::Task<bool> end() {
        co_await errands.end();
        co_return true;
    }
    static DialWish wish(MachinePolicy machine = MachinePolicy::ignore) {
        DialWish wish;
        wish.agent = "front";
        wish.to = "+4930123456";
        wish.machine = machine;
        return wish;
    }
    Outbound::Placed place(DialWish wanted = wish()) { return run(loop, outbound->place(std::move(wanted), By{})); }
    DialView view(const std::string& key) { return outbound->view(key).value(); }

    boost::asio::io_context loop;
    std::shared_ptr<MemoryLog> lines = std::make_shared<MemoryLog>();
    Log log = Log::to({}, lines);
    Metrics metrics{MetricsSettings{}};
    call::Registry registry{{}};
    FakeCarrier carrier;
    DialLimits limits;
    DialGuard guard{DialLimits{}};
    std::mutex guard_mutex;
    net::Errands errands{loop.get_executor(), log};
    Outbound::Settings settings;
    std::optional<Outbound> outbound;
};

TEST_F(OutboundCalls, AskForWhatIsWanted) {
    auto wanted = wish(MachinePolicy::drop);
    wanted.record = true;
    wanted.ring = 20s;
    wanted.time_limit = 90s;
    wanted.caller_id = "+4930888888";
    const auto placed = place(wanted);
    ASSERT_EQ(placed.why, Refusal::none) << placed.sentence;
    ASSERT_EQ(carrier.created.size(), 1U);
    const auto& asked = carrier.created[0];
    EXPECT_EQ(asked.to, "+4930123456");
    EXPECT_EQ(asked.from, "+4930999999");
    EXPECT_EQ(asked.url, "https://voice.example.test/webhooks/twilio/outbound?dial=" + placed.dial.id + "&agent=front");
    EXPECT_EQ(asked.status_callback, "https://voice.example.test/webhooks/twilio/outbound-status?dial=" + placed.dial.id);
    EXPECT_THAT(asked.status_callback_event, testing::ElementsAre("initiated", "ringing", "answered", "completed"));
    EXPECT_EQ(asked.machine_detection, "DetectMessageEnd");
    EXPECT_EQ(asked.async_amd, true);
    EXPECT_THAT(asked.async_amd_status_callback.value_or(""), HasSubstr("/outbound-amd?dial="));
    EXPECT_EQ(asked.timeout, 20);
    EXPECT_EQ(asked.time_limit, 90);
    EXPECT_EQ(asked.record, true);
    EXPECT_EQ(asked.caller_id, "+4930888888");
    EXPECT_EQ(placed.dial.status, DialStatus::queued);
    EXPECT_FALSE(placed.dial.call_sid.empty());
    EXPECT_EQ(lines->count("dial.placed"), 1U);
}

TEST_F(OutboundCalls, TheirEndIsToldAlsoWhenNobodyAnswered) {
    std::vector<std::string> told, ended;
    auto services = Outbound::Services{.log = log,
                                       .metrics = metrics,
                                       .registry = registry,
                                       .carrier = carrier,
                                       .guard = guard,
                                       .guard_mutex = guard_mutex,
                                       .records = nullptr,
                                       .errands = errands,
                                       .agent_exists = [](std::string_view) { return true; },
                                       .drop_text = [](std::string_view) { return std::string(); }};
    services.placed = [&](const std::string&, const std::string& sid, std::chrono::seconds) { told.push_back(sid); };
    services.over = [&](const std::string& sid) { ended.push_back(sid); };
    outbound.emplace(settings, std::move(services));
    const auto first = place();
    EXPECT_THAT(told, testing::ElementsAre(first.dial.call_sid));
    EXPECT_TRUE(ended.empty());
    EXPECT_TRUE(outbound->on_status(first.dial.id, first.dial.call_sid, rest::CallStatus::ringing, {}, {}));
    EXPECT_TRUE(ended.empty());
    EXPECT_TRUE(outbound->on_status(first.dial.id, first.dial.call_sid, rest::CallStatus::no_answer, {}, {}));
    EXPECT_THAT(ended, testing::ElementsAre(first.dial.call_sid));
    EXPECT_TRUE(outbound->on_status(first.dial.id, first.dial.call_sid, rest::CallStatus::no_answer, {}, {}));
    EXPECT_EQ(ended.size(), 1U);
}

TEST_F(OutboundCalls, WrongWishesAreNamedAndCostNothing) {
    const auto refused = [&](auto change, const char* field) {
        auto wanted = wish();
        change(wanted);
        const auto placed = place(wanted);
        EXPECT_EQ(placed.why, Refusal::invalid) << field;
        EXPECT_EQ(placed.field, field);
        EXPECT_FALSE(placed.sentence.empty());
    };
    refused([](DialWish& w) { w.agent = "nobody"; }, "agent");
    refused([](DialWish& w) { w.to = "030 12"; }, "to");
    refused([](DialWish& w) { w.from = "me"; }, "from");
    refused([](DialWish& w) { w.ring = 4s; }, "ring_seconds");
    refused([](DialWish& w) { w.time_limit = 25h; }, "time_limit_seconds");
    refused([](DialWish& w) { w.send_digits = "12E"; }, "send_digits");
    refused([](DialWish& w) { w.sip_user = "me"; }, "sip_user");
    refused([](DialWish& w) { w.parameters[""] = "x"; }, "parameters");
    EXPECT_TRUE(carrier.created.empty());
    EXPECT_EQ(outbound->running(), 0U);
}

TEST_F(OutboundCalls, ForbiddenNumbersAreSecurityEvents) {
    auto wanted = wish();
    wanted.to = "+19005550100";
    const auto placed = place(wanted);
    EXPECT_EQ(placed.why, Refusal::not_allowed);
    EXPECT_THAT(placed.sentence, HasSubstr("allowed_prefixes"));
    EXPECT_TRUE(carrier.created.empty());
    EXPECT_EQ(metrics.dials_refused.at("prefix").value(), 1U);
    EXPECT_EQ(metrics.security_events.at("policy").value(), 1U);
    EXPECT_EQ(lines->count("security.dial_refused"), 1U);
}

TEST_F(OutboundCalls, WhoeverLooksAfterPlacesIsAskedFirstAndToldAfterwards) {
    std::vector<std::string> told;
    std::optional<Veto> veto = Veto{"quiet_hours", "It is late there."};
    outbound.emplace(settings, Outbound::Services{.log = log,
                                                  .metrics = metrics,
                                                  .registry = registry,
                                                  .carrier = carrier,
                                                  .guard = guard,
                                                  .guard_mutex = guard_mutex,
                                                  .records = nullptr,
                                                  .errands = errands,
                                                  .agent_exists = [](std::string_view) { return true; },
                                                  .drop_text = [](std::string_view) { return std::string(); },
                                                  .may_place = [&](std::string, std::string, std::string,
                                                                   std::chrono::seconds) -> net::Task<std::optional<Veto>> { co_return veto; },
                                                  .placed = [&](const std::string&, const std::string& sid, std::chrono::seconds) { told.push_back(sid); }});
    const auto refused = place();
    EXPECT_EQ(refused.why, Refusal::not_allowed);
    EXPECT_EQ(refused.sentence, "It is late there.");
    EXPECT_TRUE(carrier.created.empty());
    EXPECT_TRUE(told.empty()) << "it had no place";
    EXPECT_EQ(metrics.dials_refused.at("quiet_hours").value(), 1U);
    EXPECT_EQ(lines->count("dial.denied"), 1U);
    veto.reset();
    const auto placed = place();
    EXPECT_EQ(placed.why, Refusal::none);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0], placed.dial.call_sid);
    auto forbidden = wish();
    forbidden.to = "+19005550100";
    EXPECT_EQ(place(forbidden).why, Refusal::not_allowed);
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[1], "") << "its place is free again";
}

TEST_F(OutboundCalls, ACreateThatThrowsOrNamesNoCallTakesNoPlace) {
    carrier.on_create = [](const rest::CallCreate&) -> rest::Outcome<rest::Call> { throw std::runtime_error("broken"); };
    EXPECT_EQ(place().why, Refusal::unknown);
    carrier.on_create = [](const rest::CallCreate&) -> rest::Outcome<rest::Call> { return rest::Call{}; };
    EXPECT_EQ(place().why, Refusal::unknown);
    EXPECT_EQ(outbound->running(), 0U);
    EXPECT_EQ(metrics.dials_active.at().value(), 0);
}

TEST_F(OutboundCalls, ALostCallThatWasTakenBackIsHungUpWhenItIsHeardOf) {
    carrier.on_create = [](const rest::CallCreate&) -> rest::Outcome<rest::Call> { return failure(rest::Failure::unknown); };
    const auto sid = random_sid("CA");
    const auto id = place().dial.id;
    EXPECT_TRUE(run(loop, outbound->cancel(id, By{})).ok());
    outbound->on_status(id, sid, CallStatus::ringing, {}, {});
    outbound->on_status(id, sid, CallStatus::ringing, {}, {});
    settle(loop);
    ASSERT_EQ(carrier.hung_up.size(), 1U);
    EXPECT_EQ(carrier.hung_up[0].first, sid);
    EXPECT_FALSE(outbound->answering(id, sid).wanted);
    EXPECT_TRUE(outbound->answering(id, sid).known);
    EXPECT_FALSE(outbound->answering("nothing-we-know", sid).known);
}

TEST_F(OutboundCalls, WhatRingsIsTakenBackWhenTheGatewayGoes) {
    const auto ringing = place().dial, talking = place().dial;
    outbound->on_status(talking.id, talking.call_sid, CallStatus::in_progress, {}, {});
    EXPECT_EQ(outbound->ringing(), 1U);
    outbound->cancel_ringing();
    settle(loop);
    ASSERT_EQ(carrier.hung_up.size(), 1U);
    EXPECT_EQ(carrier.hung_up[0].first, ringing.call_sid);
}

TEST_F(OutboundCalls, CallbacksMayComeBeforeTheAnswerToTheCreate) {
    const auto sid = random_sid("CA");
    carrier.on_create = [&](const rest::CallCreate& asked) -> rest::Outcome<rest::Call> {
        const auto url = asked.status_callback.value();
        const auto id = url.substr(url.find("dial=") + 5);
        EXPECT_TRUE(outbound->on_status(id, sid, CallStatus::ringing, {}, {}));
        rest::Call call;
        call.sid = sid;
        call.status = CallStatus::queued;
        return call;
    };
    const auto placed = place();
    EXPECT_EQ(placed.dial.call_sid, sid);
    EXPECT_EQ(placed.dial.status, DialStatus::ringing) << "queued is behind it";
    EXPECT_FALSE(outbound->on_status(placed.dial.id, random_sid("CA"), CallStatus::completed, {}, {})) << "another call's callback";
    EXPECT_FALSE(outbound->on_status("nobody", random_sid("CA"), CallStatus::completed, {}, {}));
    EXPECT_EQ(view(sid).status, DialStatus::ringing);
}

TEST_F(OutboundCalls, W16NoUpdateBecauseSomebodyAnswered) {
    const auto placed = place(wish(MachinePolicy::drop));
    const auto& id = placed.dial.id;
    const auto& sid = placed.dial.call_sid;
    for (const auto status : {CallStatus::in_progress, CallStatus::ringing, CallStatus::in_progress, CallStatus::initiated})
        outbound->on_status(id, sid, status, {}, {});
    EXPECT_TRUE(outbound->answering(id, sid).wanted);
    outbound->on_answered_by(id, sid, "human", 1200);
    outbound->on_answered_by(id, sid, "unknown", {});
    outbound->on_answered_by(id, sid, "machine_start", {});
    settle(loop);
    EXPECT_TRUE(carrier.updated.empty());
    EXPECT_TRUE(carrier.hung_up.empty());
}

TEST_F(OutboundCalls, AMachineIsToldTheMessageOnce) {
    const auto placed = place(wish(MachinePolicy::drop));
    const auto& id = placed.dial.id;
    const auto& sid = placed.dial.call_sid;
    outbound->on_status(id, sid, CallStatus::in_progress, {}, {});
    outbound->on_answered_by(id, sid, "machine_end_beep", 4000);
    outbound->on_answered_by(id, sid, "machine_end_beep", 4000);
    settle(loop);
    ASSERT_EQ(carrier.updated.size(), 1U);
    EXPECT_EQ(carrier.updated[0].first, sid);
    EXPECT_EQ(carrier.updated[0].second.url, "https://voice.example.test/webhooks/twilio/drop?dial=" + id);
    EXPECT_EQ(outbound->drop_text(id), "Please call us back.");
    EXPECT_TRUE(carrier.hung_up.empty());
    outbound->on_status(id, sid, CallStatus::completed, 9, {});
    EXPECT_EQ(view(id).reason, DialReason::machine);
    EXPECT_EQ(metrics.dials_ended.at("machine").value(), 1U);
    EXPECT_EQ(metrics.dials_active.at().value(), 0);
}

TEST_F(OutboundCalls, MachinesAndFaxesAreHungUpOnAndALostDropEndsTheCall) {
    const auto machine = place(wish(MachinePolicy::hangup));
    outbound->on_answered_by(machine.dial.id, machine.dial.call_sid, "machine_start", {});
    const auto fax = place(wish(MachinePolicy::drop));
    outbound->on_answered_by(fax.dial.id, fax.dial.call_sid, "fax", {});
    settle(loop);
    ASSERT_EQ(carrier.hung_up.size(), 2U);
    EXPECT_FALSE(carrier.hung_up[0].second);

    carrier.on_update = [](const std::string&, const rest::CallUpdate&) -> rest::Outcome<rest::Call> { return failure(rest::Failure::unavailable); };
    const auto lost = place(wish(MachinePolicy::drop));
    outbound->on_answered_by(lost.dial.id, lost.dial.call_sid, "machine_end_other", {});
    settle(loop);
    EXPECT_EQ(carrier.hung_up.back().first, lost.dial.call_sid);
    EXPECT_EQ(lines->count("twilio_rest.failed"), 1U);
}

TEST_F(OutboundCalls, W13TheEndIsFoundByAskingWhenNobodyTellsIt) {
    settings.look_after = 0ms;
    auto wanted = wish();
    const auto placed = place(wanted);
    outbound->on_status(placed.dial.id, placed.dial.call_sid, CallStatus::in_progress, {}, {});
    carrier.on_fetch = [&](const std::string& sid) -> rest::Outcome<rest::Call> {
        rest::Call call;
        call.sid = sid;
        call.status = carrier.fetched.size() < 2 ? CallStatus::in_progress : CallStatus::completed;
        call.duration = 42;
        return call;
    };
    errands.start(outbound->watch());
    loop.restart();
    for (const auto until = Clock::now() + 10s; Clock::now() < until && !view(placed.dial.id).duration;) loop.run_for(5ms);
    EXPECT_EQ(view(placed.dial.id).status, DialStatus::over);
    EXPECT_EQ(view(placed.dial.id).reason, DialReason::answered);
    EXPECT_EQ(view(placed.dial.id).duration, 42);
    EXPECT_EQ(lines->count("call.reaped"), 1U);
    EXPECT_EQ(metrics.dials_active.at().value(), 0) << "the gauge returns to 0";
}

TEST_F(OutboundCalls, ACallTheCarrierDoesNotKnowIsOverAndUnknown) {
    const auto placed = place();
    outbound->on_status(placed.dial.id, placed.dial.call_sid, CallStatus::in_progress, {}, {});
    errands.start(outbound->watch());
    loop.restart();
    for (const auto until = Clock::now() + 10s; Clock::now() < until && view(placed.dial.id).status != DialStatus::over;) loop.run_for(5ms);
    EXPECT_EQ(view(placed.dial.id).reason, DialReason::unknown);
}

TEST_F(OutboundCalls, W22AnUnknownOutcomeIsSaidAndCorrectedByALaterCallback) {
    carrier.on_create = [](const rest::CallCreate&) -> rest::Outcome<rest::Call> { return failure(rest::Failure::unknown); };
    const auto placed = place();
    EXPECT_EQ(placed.why, Refusal::unknown);
    EXPECT_EQ(lines->count("dial.unknown_outcome"), 1U);
    EXPECT_EQ(view(placed.dial.id).reason, DialReason::unknown);
    EXPECT_EQ(carrier.created.size(), 1U) << "one wish never becomes two calls";
    // It did ring there after all.
    const auto sid = random_sid("CA");
    EXPECT_TRUE(outbound->on_status(placed.dial.id, sid, CallStatus::no_answer, {}, {}));
    EXPECT_EQ(view(placed.dial.id).reason, DialReason::no_answer);
}

TEST_F(OutboundCalls, ARefusedCreateIsAFailedCall) {
    carrier.on_create = [](const rest::CallCreate&) -> rest::Outcome<rest::Call> { return failure(rest::Failure::invalid, 21210); };
    const auto placed = place();
    EXPECT_EQ(placed.why, Refusal::invalid);
    EXPECT_EQ(view(placed.dial.id).reason, DialReason::failed);
    EXPECT_FALSE(view(placed.dial.id).sentence.empty());
    EXPECT_EQ(outbound->running(), 0U);
}

TEST_F(OutboundCalls, W21NobodyAnsweredAndNothingWasOpened) {
    const auto placed = place();
    outbound->on_status(placed.dial.id, placed.dial.call_sid, CallStatus::no_answer, {}, 487);
    EXPECT_EQ(view(placed.dial.id).reason, DialReason::no_answer);
    EXPECT_EQ(view(placed.dial.id).sip_code, 487);
    EXPECT_FALSE(outbound->answering(placed.dial.id, placed.dial.call_sid).wanted) << "a late or forged question for the answer gets none";
    EXPECT_EQ(registry.active() + registry.waiting(Clock::now()), 0U);
}

TEST_F(OutboundCalls, ARingingCallIsCanceledAndAnAnsweredOneHungUp) {
    const auto ringing = place();
    outbound->on_status(ringing.dial.id, ringing.dial.call_sid, CallStatus::ringing, {}, {});
    EXPECT_TRUE(run(loop, outbound->cancel(ringing.dial.id, By{})).ok());
    ASSERT_EQ(carrier.hung_up.size(), 1U);
    EXPECT_TRUE(carrier.hung_up[0].second) << "canceled, so that an answer in this moment is seen";

    // Answered in that very moment: 21220, and then it is hung up.
    carrier.on_hang_up = [](const std::string&, bool early) -> rest::Outcome<> {
        if (early) return failure(rest::Failure::invalid, 21220);
        return rest::Outcome<>();
    };
    const auto racing = place();
    EXPECT_TRUE(run(loop, outbound->cancel(racing.dial.call_sid, By{})).ok());
    EXPECT_EQ(carrier.hung_up.size(), 3U);

    const auto answered = place();
    outbound->on_status(answered.dial.id, answered.dial.call_sid, CallStatus::in_progress, {}, {});
    EXPECT_TRUE(run(loop, outbound->cancel(answered.dial.id, By{})).ok());
    EXPECT_FALSE(carrier.hung_up.back().second);
    EXPECT_EQ(run(loop, outbound->cancel("nobody", By{})).why, Refusal::no_such_call);
}

TEST_F(OutboundCalls, AgentsAreToldWhatTheCallIsAbout) {
    auto wanted = wish();
    wanted.parameters = {{"appointment", "Tuesday at nine"}, {"customer", "Ms Smith"}};
    const auto placed = place(wanted);
    const auto answering = outbound->answering(placed.dial.id, placed.dial.call_sid);
    EXPECT_TRUE(answering.wanted);
    EXPECT_THAT(answering.note, HasSubstr("customer: Ms Smith"));
    EXPECT_EQ(view(placed.dial.id).status, DialStatus::in_progress);
}

TEST_F(OutboundCalls, TheBookIsBounded) {
    settings.kept = 10;
    limits.at_once = 1000;
    guard.set(limits);
    outbound.emplace(settings, Outbound::Services{.log = log,
                                                  .metrics = metrics,
                                                  .registry = registry,
                                                  .carrier = carrier,
                                                  .guard = guard,
                                                  .guard_mutex = guard_mutex,
                                                  .records = nullptr,
                                                  .errands = errands,
                                                  .agent_exists = [](std::string_view) { return true; },
                                                  .drop_text = [](std::string_view) { return std::string(); }});
    for (int i = 0; i < 40; ++i) EXPECT_EQ(place().why, Refusal::none);
    EXPECT_LE(outbound->newest(100).size(), 10U);
}

}  // namespace
}  // namespace parley::control

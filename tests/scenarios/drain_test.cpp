// The end of a gateway, and its change of mind: drain, the second signal, reload.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "gateway_under_test.hpp"
#include "parley/sim/identifiers.hpp"
#include "sounds.hpp"

namespace parley::scenarios {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Drain, LiveCallsFinishUndisturbedAndTheProcessEndsWithThem) {
    GatewayUnderTest gateway;
    auto options = gateway.carrier();
    options.voice = std::make_shared<SoundVoice>();
    sim::SimCarrier carrier(options);
    auto placed = carrier.place_call(gateway.plan(steps({pause(400), say("noise 21 3000"), pause(500), hang_up()})));
    ASSERT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 1; }));
    ::raise(SIGTERM);
    ASSERT_TRUE(eventually([&] { return gateway.admin("/readyz").status == 503; }));
    EXPECT_EQ(gateway.admin("/livez").status, 200);
    EXPECT_EQ(gateway.metric("parley_ready"), 0);
    EXPECT_EQ(gateway.metric("parley_calls_active{dir=\"in\"}"), 1);
    const auto report = placed.report.get();
    EXPECT_EQ(report.ended_by, "caller") << "not the drain";
    ASSERT_EQ(report.streams.size(), 1U);
    const auto heard = played_of(report, report.streams[0]);
    EXPECT_NE(std::search(report.said.begin(), report.said.end(), heard.begin(), heard.end()), report.said.end());
    const auto [from, to] = voiced_range(heard);
    EXPECT_NEAR(static_cast<double>(to - from), 3000 * 8, 8);
    EXPECT_EQ(gateway.stopped_within(std::chrono::seconds(10)), 0);
    EXPECT_EQ(gateway.events("drain.started").size(), 1U);
    EXPECT_TRUE(gateway.events("drain.forced").empty());
    EXPECT_EQ(gateway.events("call.ended").at(0)["reason"], "caller_hung_up");
}

TEST(Drain, TheSecondSignalEndsTheCallsThatAreLeft) {
    GatewayUnderTest gateway;
    sim::SimCarrier carrier(gateway.carrier());
    std::vector<sim::SimCarrier::Placed> calls;
    for (int i = 0; i < 3; ++i) calls.push_back(carrier.place_call(gateway.plan()));
    ASSERT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 3; }));
    ::raise(SIGTERM);
    ASSERT_TRUE(eventually([&] { return gateway.admin("/readyz").status == 503; }));
    const auto second = Clock::now();
    ::raise(SIGTERM);
    EXPECT_EQ(gateway.stopped_within(std::chrono::seconds(10)), 0);
    const auto took = Clock::now() - second;
    std::printf("the second signal took %.0f ms\n", std::chrono::duration<double, std::milli>(took).count());
    EXPECT_EQ(gateway.events("drain.forced").size(), 1U);
    const auto ended = gateway.events("call.ended");
    EXPECT_EQ(ended.size(), 3U);
    for (const auto& line : ended) EXPECT_EQ(line["reason"], "shutdown");
}

TEST(Drain, TheBudgetEndsACallThatNeverFinishes) {
    GatewayUnderTest gateway(with_server("  drain: 1s\n"));
    sim::SimCarrier carrier(gateway.carrier());
    auto placed = carrier.place_call(gateway.plan());
    ASSERT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 1; }));
    gateway.gateway().stop();
    EXPECT_EQ(gateway.stopped_within(std::chrono::seconds(10)), 0);
    EXPECT_EQ(gateway.events("drain.deadline").size(), 1U);
    ASSERT_EQ(gateway.events("call.ended").size(), 1U);
    EXPECT_EQ(gateway.events("call.ended").at(0)["reason"], "shutdown");
}

TEST(Drain, WhoComesLateIsServedToTheEnd) {
    GatewayUnderTest gateway(with_server("  drain_accept_grace: 6s\n"));
    gateway.gateway().stop();
    ASSERT_TRUE(eventually([&] { return gateway.admin("/readyz").status == 503; }));
    auto options = gateway.carrier();
    options.voice = std::make_shared<SoundVoice>();
    sim::SimCarrier carrier(options);
    const auto report = carrier.place_call(gateway.plan(steps({pause(400), say("noise 33 3000"), pause(400), hang_up()}))).report.get();
    EXPECT_EQ(report.ended_by, "caller");
    EXPECT_EQ(report.streams.size(), 1U);
    EXPECT_EQ(gateway.stopped_within(std::chrono::seconds(10)), 0);
    ASSERT_EQ(gateway.events("call.ended").size(), 1U);
    EXPECT_EQ(gateway.events("call.ended").at(0)["reason"], "caller_hung_up");
}

TEST(Drain, AnIdleGatewayStopsAtOnce) {
    GatewayUnderTest gateway;
    gateway.gateway().stop();
    EXPECT_EQ(gateway.stopped_within(std::chrono::seconds(5)), 0);
}

TEST(Reload, ABadFileChangesNothing) {
    GatewayUnderTest gateway;
    std::ofstream(gateway.config_file()) << "version: 1\nagents: {desk: {brian: echo}}\n";
    ::raise(SIGHUP);
    ASSERT_TRUE(eventually([&] { return !gateway.events("config.rejected").empty(); }));
    EXPECT_THAT(gateway.events("config.rejected").at(0).dump(), HasSubstr("brian"));
    EXPECT_EQ(gateway.metric("parley_config_last_reload_successful"), 0);
    EXPECT_THAT(gateway.webhook("voice", call_form(sim::make_sid("CA"))).body, HasSubstr("<Stream"));
    // And a good one behind it is taken.
    Sections good;
    good.limits = "  max_calls: 1\n";
    gateway.write_config(good);
    ::raise(SIGHUP);
    ASSERT_TRUE(eventually([&] { return !gateway.events("config.reloaded").empty(); }));
    EXPECT_EQ(gateway.metric("parley_config_last_reload_successful"), 1);
    EXPECT_EQ(gateway.metric("parley_calls_limit"), 1);
    EXPECT_THAT(gateway.webhook("voice", call_form(sim::make_sid("CA"))).body, HasSubstr("<Reject reason=\"busy\""));
}

TEST(Reload, ALiveCallKeepsItsAgentAndTheNextOneGetsTheNew) {
    GatewayUnderTest gateway;
    auto options = gateway.carrier();
    options.voice = std::make_shared<SoundVoice>();
    sim::SimCarrier carrier(options);
    auto placed = carrier.place_call(gateway.plan(steps({pause(400), say("noise 9 2500"), pause(300), hang_up()})));
    ASSERT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 1; }));
    Sections other;
    other.agents = "  other: {default: true, brain: echo}\n";
    gateway.write_config(other);
    ::raise(SIGHUP);
    ASSERT_TRUE(eventually([&] { return !gateway.events("config.reloaded").empty(); }));
    EXPECT_THAT(gateway.webhook("voice", call_form(sim::make_sid("CA"))).body, HasSubstr("agent=other"));
    const auto report = placed.report.get();
    EXPECT_EQ(report.ended_by, "caller");
    const auto heard = played_of(report, report.streams.at(0));
    const auto [from, to] = voiced_range(heard);
    EXPECT_NEAR(static_cast<double>(to - from), 2500 * 8, 8);
}

}  // namespace
}  // namespace parley::scenarios

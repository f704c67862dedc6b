// Queues: positions, music, how a caller gets out.

#include <gtest/gtest.h>

#include <random>

#include "pitch.hpp"

namespace parley::sim {
namespace {

using namespace test;

class Line : public testing::Test {
protected:
    static test::HttpResponseOut answer(const Seen& seen) {
        if (seen.path() == "/voice") return twiml("<Enqueue action=\"/left\" waitUrl=\"/wait\" maxQueueSize=\"3\">help</Enqueue>");
        if (seen.path() == "/wait") return twiml("<Say>1700 300</Say><Pause length=\"1\"/>");
        if (seen.path() == "/impatient") return twiml("<Enqueue action=\"/left\" waitUrl=\"/leave\">help</Enqueue>");
        if (seen.path() == "/leave") return twiml("<Say>1700 300</Say><Leave/>");
        if (seen.path() == "/agent") return twiml("<Dial action=\"/served\" timeout=\"10\"><Queue url=\"/your_turn\">help</Queue></Dial>");
        if (seen.path() == "/your_turn") return twiml("<Say>1300 400</Say>");
        if (seen.path() == "/elsewhere") return twiml("<Say>1100 400</Say>");
        return twiml("<Hangup/>");
    }
    SimCarrier::Placed call(const std::string& path, std::vector<Step> steps) {
        CallPlan plan;
        plan.voice_url = app.url(path);
        plan.scenario = person(std::move(steps));
        return carrier.place_call(std::move(plan));
    }
    bool waiting(int count) {
        return eventually([&] {
            const auto view = carrier.queue("help");
            return view && view->current_size == count;
        });
    }
    Seen left(const std::string& sid) {
        const auto all = requests_with(app, "/left", "CallSid", sid);
        EXPECT_EQ(all.size(), 1u);
        return all.empty() ? Seen{} : all[0];
    }

    AppServer app{answer};
    SimCarrier carrier{exchange()};
};

TEST_F(Line, PositionsMoveUpAndTheAgentGetsTheFirst) {
    auto first = call("/voice", {say(700, 60000), until_hangup()});
    ASSERT_TRUE(waiting(1));
    auto second = call("/voice", {until_hangup()});
    ASSERT_TRUE(waiting(2));
    ASSERT_TRUE(eventually([&] { return !requests_with(app, "/wait", "CallSid", second.call_sid).empty(); }));
    EXPECT_EQ(field(requests_with(app, "/wait", "CallSid", second.call_sid)[0], "QueuePosition"), "2");
    EXPECT_EQ(carrier.queue_members("help").at(0).call_sid, first.call_sid);
    EXPECT_EQ(carrier.queue_members("help").at(1).position, 2);
    // Asked for a second time: the first music has been heard.
    ASSERT_TRUE(eventually([&] { return requests_with(app, "/wait", "CallSid", first.call_sid).size() >= 2; }));
    auto agent = call("/agent", {pause(3000), say(900, 800), pause(300)});
    const auto ra = agent.report.get();
    const auto rf = first.report.get();
    EXPECT_GE(heard_ms(ra, 700), 1000);
    EXPECT_GE(heard_ms(rf, 900), 500);
    EXPECT_GE(heard_ms(rf, 1300), 250) << "the agent's document is for the caller";
    EXPECT_LE(heard_ms(ra, 1300), 20);
    EXPECT_GE(heard_ms(rf, 1700), 150) << "music while waiting";
    EXPECT_LE(heard_ms(ra, 1700), 20);
    // Asked for again and again, with the truth of each time.
    ASSERT_TRUE(eventually([&] { return field(requests_with(app, "/wait", "CallSid", second.call_sid).back(), "QueuePosition") == "1"; }));
    const auto again = requests_with(app, "/wait", "CallSid", second.call_sid).back();
    EXPECT_EQ(field(again, "CurrentQueueSize"), "1");
    EXPECT_EQ(field(again, "MaxQueueSize"), "3");
    EXPECT_GE(std::stoi(field(again, "QueueTime")), 1);
    EXPECT_EQ(field(again, "AvgQueueTime"), field(again, "QueueTime"));
    (void)carrier.end_call(second.call_sid);
    (void)second.report.get();

    const auto turn = app.requests("/your_turn").at(0);
    EXPECT_EQ(field(turn, "CallSid"), first.call_sid);
    EXPECT_EQ(field(turn, "DequeingCallSid"), agent.call_sid);
    const auto action = left(first.call_sid);
    EXPECT_EQ(field(action, "QueueResult"), "bridged");
    EXPECT_EQ(field(action, "QueueSid"), carrier.queue("help")->sid);
    EXPECT_EQ(field(left(second.call_sid), "QueueResult"), "hangup");
    const auto served = app.requests("/served").at(0);
    EXPECT_EQ(field(served, "DialCallStatus"), "completed");
    EXPECT_EQ(field(served, "DequeuedCallSid"), first.call_sid);
}

TEST_F(Line, AnAgentWaitsForTheNextCaller) {
    auto agent = call("/agent", {until_hangup()});
    ASSERT_TRUE(eventually([&] { return carrier.queue("help").has_value(); }));
    auto caller = call("/voice", {pause(1200), say(700, 600), pause(300)});
    (void)caller.report.get();
    EXPECT_GE(heard_ms(agent.report.get(), 700), 300);
    EXPECT_EQ(field(left(caller.call_sid), "QueueResult"), "bridged");
}

TEST_F(Line, LeavesByTheDocument) {
    auto caller = call("/impatient", {until_hangup()});
    (void)caller.report.get();
    EXPECT_EQ(field(left(caller.call_sid), "QueueResult"), "leave");
    EXPECT_EQ(carrier.queue("help")->current_size, 0);
}

TEST_F(Line, IsFullAtItsMaximum) {
    std::vector<SimCarrier::Placed> callers;
    for (int i = 0; i < 3; ++i) callers.push_back(call("/voice", {until_hangup()}));
    ASSERT_TRUE(waiting(3));
    auto late = call("/voice", {until_hangup()});
    (void)late.report.get();
    EXPECT_EQ(field(left(late.call_sid), "QueueResult"), "queue-full");
    for (auto& one : callers) (void)carrier.end_call(one.call_sid);
    for (auto& one : callers) (void)one.report.get();
    EXPECT_EQ(carrier.queue("help")->current_size, 0);
}

TEST_F(Line, IsTakenOutOverRest) {
    auto first = call("/voice", {until_hangup()});
    ASSERT_TRUE(waiting(1));
    auto second = call("/voice", {until_hangup()});
    ASSERT_TRUE(waiting(2));
    QueueMemberView out;
    EXPECT_EQ(carrier.dequeue("help", "CA0", app.url("/elsewhere"), "POST", out), QueueOutcome::no_such_member);
    ASSERT_EQ(carrier.dequeue("help", second.call_sid, app.url("/elsewhere"), "POST", out), QueueOutcome::done);
    EXPECT_EQ(out.position, 2);
    EXPECT_GE(heard_ms(second.report.get(), 1100), 250);
    ASSERT_EQ(carrier.dequeue(carrier.queue("help")->sid, "Front", app.url("/elsewhere"), "GET", out), QueueOutcome::done);
    EXPECT_EQ(out.call_sid, first.call_sid);
    EXPECT_GE(heard_ms(first.report.get(), 1100), 250);
    EXPECT_EQ(field(left(first.call_sid), "QueueResult"), "redirected");
    EXPECT_EQ(carrier.dequeue("help", "Front", app.url("/elsewhere"), "GET", out), QueueOutcome::no_such_member);
    EXPECT_EQ(carrier.dequeue("none", "Front", app.url("/elsewhere"), "GET", out), QueueOutcome::no_such_queue);
}

TEST_F(Line, RedirectedCallersTellFromWhere) {
    auto waits = call("/voice", {until_hangup()});
    ASSERT_TRUE(waiting(1));
    ASSERT_EQ(carrier.redirect_call(waits.call_sid, app.url("/elsewhere"), "POST", ""), CallUpdate::done);
    (void)waits.report.get();
    EXPECT_EQ(field(left(waits.call_sid), "QueueResult"), "redirected");
    auto talks = call("/voice", {say(700, 60000), until_hangup()});
    ASSERT_TRUE(waiting(1));
    auto agent = call("/agent", {until_hangup()});
    ASSERT_TRUE(eventually([&] { return !app.requests("/your_turn").empty(); }));
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    ASSERT_EQ(carrier.redirect_call(talks.call_sid, app.url("/elsewhere"), "POST", ""), CallUpdate::done);
    EXPECT_GE(heard_ms(talks.report.get(), 1100), 250);
    EXPECT_GE(heard_ms(agent.report.get(), 700), 200);
    EXPECT_EQ(field(left(talks.call_sid), "QueueResult"), "redirected-from-bridged");
}

TEST_F(Line, QueuesAreMadeChangedAndDeleted) {
    std::string sid, again;
    EXPECT_EQ(carrier.create_queue("sales", 7, sid), QueueOutcome::done);
    EXPECT_EQ(sid.substr(0, 2), "QU");
    EXPECT_EQ(carrier.create_queue("sales", 7, again), QueueOutcome::exists);
    EXPECT_EQ(carrier.update_queue(sid, "shop", 9), QueueOutcome::done);
    EXPECT_EQ(carrier.queue("shop")->max_size, 9);
    EXPECT_EQ(carrier.queues().size(), 1u);
    EXPECT_EQ(carrier.delete_queue(sid), QueueOutcome::done);
    EXPECT_EQ(carrier.delete_queue(sid), QueueOutcome::no_such_queue);
    auto caller = call("/voice", {until_hangup()});
    ASSERT_TRUE(waiting(1));
    EXPECT_EQ(carrier.delete_queue("help"), QueueOutcome::not_empty);
    (void)carrier.end_call(caller.call_sid);
    (void)caller.report.get();
}

// Callers and agents that go at every moment: nobody is left behind, nobody is served twice.
TEST_F(Line, EveryMomentOfAQueue) {
    for (unsigned seed = 1; seed <= 15; ++seed) {
        std::mt19937 random(seed);
        const auto between = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
        SimCarrier busy(exchange(20));
        std::vector<SimCarrier::Placed> placed;
        for (int i = 0; i < 6; ++i) {
            CallPlan plan;
            plan.voice_url = app.url(i % 2 == 0 ? "/voice" : "/agent");
            plan.scenario = person({pause(between(100, 4000))});
            placed.push_back(busy.place_call(std::move(plan)));
            std::this_thread::sleep_for(std::chrono::milliseconds(between(0, 20)));
        }
        const auto victim = static_cast<std::size_t>(between(0, 5));
        if (between(0, 1) == 1) {
            (void)busy.end_call(placed[victim].call_sid);
        } else {
            (void)busy.redirect_call(placed[victim].call_sid, app.url("/elsewhere"), "POST", "");
        }
        for (auto& one : placed) {
            const auto report = one.report.get();
            for (const auto& failure : report.failures) EXPECT_EQ(failure.find("simulator"), std::string::npos) << seed << ": " << failure;
        }
        for (const auto& view : busy.queues()) EXPECT_EQ(view.current_size, 0) << seed;
    }
    std::map<std::string, int> served;
    for (const auto& one : app.requests("/served")) {
        if (const auto sid = field(one, "DequeuedCallSid"); !sid.empty() && field(one, "DialBridged") == "true") ++served[sid];
    }
    for (const auto& [sid, times] : served) EXPECT_EQ(times, 1) << sid;
}

}  // namespace
}  // namespace parley::sim

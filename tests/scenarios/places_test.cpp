// Places with agents beyond a call's first answer: in menus, with the next agent, on hold, on the way back; and the line of those who wait for one. On one
// instance with SQLite and on two with one PostgreSQL, where each request comes to the other one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway_under_test.hpp"
#include "parley/sim/identifiers.hpp"
#include "postgres_server.hpp"

namespace parley::scenarios {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kFront = "+18005551212";
constexpr const char* kBack = "+18005551213";
constexpr const char* kLine = "+18005551214";
constexpr const char* kAgents =
    "  front: {numbers: [\"+18005551212\"], brain: echo, answer: \"menu:main\", policy: {max_calls: 1, full: busy}}\n"
    "  back: {numbers: [\"+18005551213\"], brain: echo, policy: {max_calls: 1, full: voicemail}}\n"
    "  line: {numbers: [\"+18005551214\"], brain: echo, policy: {max_calls: 1, full: queue}}\n";
constexpr const char* kMenus = "menus:\n  main: {say: Press one., keys: {\"1\": \"agent:back\", \"2\": \"+4930123456\"}}\n";

Sections with(const std::string& more) {
    Sections sections;
    sections.limits = "  new_calls_per_second: 500\n";
    sections.agents = kAgents;
    sections.more = more + kMenus;
    return sections;
}

struct Fleet {
    GatewayUnderTest& one;
    GatewayUnderTest& two;
    mutable unsigned turn = 0;
    // Each request to the other instance.
    std::string ask(const std::string& route, const sim::Form& form) const { return (turn++ % 2 == 0 ? one : two).webhook(route, form).body; }
    std::string call(const std::string& sid, const char* number) const { return ask("voice", call_form(sid, "ringing", number)); }
    std::string key(const std::string& sid, const char* digit) const {
        auto form = call_form(sid, "in-progress", kFront);
        form.emplace_back("Digits", digit);
        return ask("menu?agent=front&at=0&menu=main", form);
    }
    // The first new call that is answered like this, sooner or later; empty: none was.
    std::string let_in(const char* number, const std::string& answer) const {
        std::string in;
        (void)eventually(
            [&] {
                in = sim::make_sid("CA");
                if (call(in, number).find(answer) != std::string::npos) return true;
                in.clear();
                std::this_thread::sleep_for(std::chrono::milliseconds(50));
                return false;
            },
            std::chrono::seconds(10));
        return in;
    }
    void over(const std::string& sid) const { (void)ask("status", call_form(sid, "completed")); }
};

std::string sid() {
    return sim::make_sid("CA");
}

void places_go_with_calls(const Fleet& fleet) {
    const auto ann = sid(), bob = sid();
    EXPECT_THAT(fleet.call(ann, kFront), HasSubstr("<Gather"));
    EXPECT_THAT(fleet.call(sid(), kFront), HasSubstr("busy")) << "who is in a menu has the place";
    // To the other agent: its place is taken there and free here.
    EXPECT_THAT(fleet.key(ann, "1"), HasSubstr("<Stream"));
    EXPECT_THAT(fleet.call(sid(), kBack), HasSubstr("<Record")) << "a call that was handed over counts";
    EXPECT_THAT(fleet.call(bob, kFront), HasSubstr("<Gather"));
    // From there nobody else can go to the other one, whose policy says what happens instead; a mailbox takes no place.
    EXPECT_THAT(fleet.key(bob, "1"), HasSubstr("<Record"));
    const auto eve = fleet.let_in(kFront, "<Gather");
    ASSERT_FALSE(eve.empty());
    // To a person and back: the place was given to somebody else meanwhile.
    EXPECT_THAT(fleet.key(eve, "2"), HasSubstr("+4930123456"));
    EXPECT_FALSE(fleet.let_in(kFront, "<Gather").empty());
    EXPECT_THAT(fleet.ask("answer?agent=front&at=0", call_form(eve, "in-progress", kFront)), Not(HasSubstr("<Gather")))
        << "it comes back to an agent that is engaged";
    // The end is told to whichever instance.
    fleet.over(ann);
    EXPECT_FALSE(fleet.let_in(kBack, "<Stream").empty());
}

void held_calls_keep_their_place(const Fleet& fleet) {
    const auto ann = sid();
    EXPECT_THAT(fleet.call(ann, kBack), HasSubstr("<Stream"));
    const auto go = "go?agent=back&wish=" + sid() + "&to=park%3Ahold-" + ann;
    EXPECT_THAT(fleet.ask(go, call_form(ann, "in-progress", kBack)), HasSubstr("<Enqueue"));
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    EXPECT_THAT(fleet.call(sid(), kBack), HasSubstr("<Record")) << "the place of a call on hold was given away";
    EXPECT_THAT(fleet.ask("return?agent=back", call_form(ann, "in-progress", kBack)), HasSubstr("<Stream"));
    EXPECT_THAT(fleet.call(sid(), kBack), HasSubstr("<Record"));
    fleet.over(ann);
    EXPECT_FALSE(fleet.let_in(kBack, "<Stream").empty());
}

void who_waits_is_served_in_order(const Fleet& fleet) {
    const auto ann = sid(), bob = sid(), eve = sid(), dan = sid();
    std::string new_one;
    EXPECT_THAT(fleet.call(ann, kLine), HasSubstr("<Stream"));
    EXPECT_THAT(fleet.call(bob, kLine), HasSubstr("<Enqueue"));
    EXPECT_THAT(fleet.call(eve, kLine), HasSubstr("<Enqueue"));
    const auto wait = [&](const std::string& who, const char* carriers_count) {
        auto form = call_form(who, "in-progress", kLine);
        form.emplace_back("QueuePosition", carriers_count);
        return fleet.ask("full-wait?agent=line", form);
    };
    // Whatever the carrier counts: the order is that of the fleet.
    for (int i = 0; i < 2; ++i) {
        EXPECT_THAT(wait(eve, "3"), HasSubstr("You are number 2."));
        EXPECT_THAT(wait(bob, "4"), HasSubstr("You are number one."));
    }
    fleet.over(ann);
    EXPECT_TRUE(eventually([&] {
        EXPECT_THAT(wait(eve, "3"), Not(HasSubstr("<Leave"))) << "overtaken";
        if (new_one.empty()) new_one = fleet.call(dan, kLine);
        EXPECT_THAT(new_one, HasSubstr("<Enqueue")) << "overtaken by somebody new";
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return wait(bob, "4").find("<Leave") != std::string::npos;
    }));
    auto left = call_form(bob, "in-progress", kLine);
    left.emplace_back("QueueResult", "leave");
    EXPECT_THAT(fleet.ask("full-left?agent=line", left), HasSubstr("<Stream"));
    EXPECT_THAT(wait(eve, "3"), HasSubstr("You are number one."));
    EXPECT_THAT(wait(dan, "5"), HasSubstr("You are number 2."));
    // Who hangs up in the queue is nobody's predecessor any more.
    auto gone = call_form(eve, "completed", kLine);
    gone.emplace_back("QueueResult", "hangup");
    (void)fleet.ask("full-left?agent=line", gone);
    EXPECT_TRUE(eventually([&] { return wait(dan, "5").find("You are number one.") != std::string::npos; }));
}

TEST(Places, GoWithTheirCalls) {
    GatewayUnderTest one(with({}));
    const Fleet fleet{one, one};
    places_go_with_calls(fleet);
}
TEST(PlacesOnPostgres, GoWithTheirCallsBetweenInstances) {
    const test::PostgresDatabase database;
    GatewayUnderTest one(with("store: {url: \"" + database.url() + "\"}\n")), two(with("store: {url: \"" + database.url() + "\"}\n"));
    places_go_with_calls({one, two});
}
TEST(Places, OfCallsOnHoldAreKept) {
    GatewayUnderTest one(with({}));
    held_calls_keep_their_place({one, one});
}
TEST(PlacesOnPostgres, OfCallsOnHoldAreKept) {
    const test::PostgresDatabase database;
    GatewayUnderTest one(with("store: {url: \"" + database.url() + "\"}\n")), two(with("store: {url: \"" + database.url() + "\"}\n"));
    held_calls_keep_their_place({one, two});
}
TEST(Places, WhoWaitsForOneIsServedInOrder) {
    GatewayUnderTest one(with({}));
    who_waits_is_served_in_order({one, one});
}
TEST(PlacesOnPostgres, WhoWaitsForOneIsServedInOrderOfTheFleet) {
    const test::PostgresDatabase database;
    GatewayUnderTest one(with("store: {url: \"" + database.url() + "\"}\n")), two(with("store: {url: \"" + database.url() + "\"}\n"));
    who_waits_is_served_in_order({one, two});
}

}  // namespace
}  // namespace parley::scenarios

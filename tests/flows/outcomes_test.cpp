#include "parley/flows/outcomes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::flows {
namespace {

TEST(Outcomes, ADialledCall) {
    EXPECT_EQ(dialed("completed", "true"), Dialed::talked);
    EXPECT_EQ(dialed("completed", ""), Dialed::talked);
    EXPECT_EQ(dialed("answered", ""), Dialed::talked);
    EXPECT_EQ(dialed("completed", "false"), Dialed::unreached) << "answered, but not let in";
    for (const auto* status : {"busy", "no-answer", "failed", "", "something new"}) EXPECT_EQ(dialed(status, ""), Dialed::unreached) << status;
    EXPECT_EQ(dialed("canceled", ""), Dialed::caller_left);
}

TEST(Outcomes, WhomToRing) {
    ForwardSettings forward;
    for (const auto* to : {"+4930111111", "sip:a@b.example", "client:carol"}) forward.to.push_back(*parse_destination(to));
    EXPECT_THAT(forward_plan(forward, 0).ring, testing::ElementsAre(forward.to[0]));
    EXPECT_FALSE(forward_plan(forward, 0).last);
    EXPECT_TRUE(forward_plan(forward, 2).last);
    EXPECT_TRUE(forward_plan(forward, 3).ring.empty());
    EXPECT_TRUE(forward_plan(forward, 4'000'000'000U).ring.empty());
    forward.at_once = true;
    EXPECT_EQ(forward_plan(forward, 0).ring.size(), 3U);
    EXPECT_TRUE(forward_plan(forward, 1).ring.empty());
}

TEST(Outcomes, AMessage) {
    const VoicemailSettings settings;
    EXPECT_EQ(message(settings, {"RE1", "12", "", 0}), Message::kept);
    EXPECT_EQ(message(settings, {"RE1", "12", "hangup", 0}), Message::kept_gone);
    EXPECT_EQ(message(settings, {"RE1", "1", "#", 0}), Message::ask_again);
    EXPECT_EQ(message(settings, {"RE1", "1", "#", 1}), Message::given_up);
    EXPECT_EQ(message(settings, {"", "", "", 0}), Message::ask_again);
    EXPECT_EQ(message(settings, {"RE1", "1", "hangup", 0}), Message::given_up);
    EXPECT_EQ(message(settings, {"RE1", "-5", "", 0}), Message::ask_again);
    EXPECT_EQ(message(settings, {"RE1", "99999999999999", "", 1}), Message::given_up);
}

TEST(Outcomes, ARoomsName) {
    EXPECT_EQ(room_name("standup", "CA1", "+4930"), "standup");
    EXPECT_EQ(room_name("r-{call_sid}-{from}", "CA1", "+4930"), "r-CA1-+4930");
    EXPECT_EQ(room_name("{from}", "CA1", "sip:a@b c"), "sip-a-b-c");
    EXPECT_EQ(room_name("{from}{from}", "CA1", "{from}"), "-from--from-");
    EXPECT_EQ(room_name(std::string(300, 'x'), "", "").size(), 128U);
}

TEST(Answers, AreReadAndWritten) {
    for (const auto* text : {"stream", "relay", "gather", "menu:main", "forward", "voicemail", "conference", "reject", "sip", "listen", "hangup"}) {
        const auto mode = parse_answer(text);
        ASSERT_TRUE(mode) << text;
        EXPECT_EQ(mode->text(), text);
    }
    for (const auto* text : {"", "menu", "menu:", "menu:a b", "Stream", "voicemail "}) {
        std::string why;
        EXPECT_FALSE(parse_answer(text, &why)) << text;
        EXPECT_NE(why, "");
    }
}

TEST(Answers, ThePlaceTravelsInAQuery) {
    const Position place{"desk-1", true, 3, 2, 1};
    EXPECT_EQ(query_of(place), "agent=desk-1&at=3&closed=1&hops=2&returns=1");
    std::map<std::string, std::string, std::less<>> fields{{"agent", "desk-1"}, {"at", "3"}, {"closed", "1"}, {"hops", "2"}, {"returns", "1"}};
    const auto look = [&](std::string_view name) {
        const auto found = fields.find(name);
        return found == fields.end() ? std::string_view{} : std::string_view(found->second);
    };
    EXPECT_EQ(position_of(look), place);
    fields["at"] = "4000";
    fields["hops"] = "x";
    const auto old = position_of(look);
    EXPECT_EQ(old->at, 0U);
    EXPECT_EQ(old->hops, kMaxHops) << "a bound that cannot be read is used up";
    fields["agent"] = "a&b";
    EXPECT_FALSE(position_of(look));
}

}  // namespace
}  // namespace parley::flows

#include "parley/outbox/webhook_event.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace parley::outbox {
namespace {

using nlohmann::json;
using store::Fact;
using testing::ElementsAre;

store::FactEvent fact(Fact kind, std::string text, std::int64_t at = 1'700'000'000'123) {
    return {.call_sid = "CA1", .fact = kind, .json = std::move(text), .at_ms = at};
}
CallContext call() {
    return join_context({}, "CA1", R"({"direction":"in","from":"+1415","to":"+4930","agent":"front","account":"AC1","secret":"x"})");
}
std::vector<std::string> types(const std::vector<WebhookEvent>& events) {
    std::vector<std::string> all;
    for (const auto& event : events) all.push_back(event.type);
    return all;
}

TEST(WebhookEvent, says_who_what_and_when) {
    const auto events = events_of(fact(Fact::turn, R"({"who":"caller","text":"hello"})"), call(), {});
    ASSERT_EQ(events.size(), 1U);
    const auto body = json::parse(events[0].body);
    EXPECT_EQ(body["id"], events[0].id);
    EXPECT_EQ(body["type"], "turn.completed");
    EXPECT_EQ(body["created"], "2023-11-14T22:13:20.123Z");
    EXPECT_EQ(body["call"], json::parse(R"({"agent":"front","direction":"in","from":"+1415","to":"+4930","account":"AC1","sid":"CA1"})"));
    EXPECT_EQ(body["data"]["text"], "hello");
}

TEST(WebhookEvent, the_same_fact_is_the_same_event) {
    const auto one = events_of(fact(Fact::turn, R"({"text":"a"})"), call(), {}), again = events_of(fact(Fact::turn, R"({"text":"a"})"), {}, {});
    const auto other = events_of(fact(Fact::turn, R"({"text":"a"})", 5), call(), {});
    EXPECT_EQ(one[0].id, again[0].id);
    EXPECT_NE(one[0].id, other[0].id);
    // What happens once in a call is one event, however many facts tell of it.
    EXPECT_EQ(events_of(fact(Fact::end, R"({"reason":"a"})"), call(), {})[0].id, events_of(fact(Fact::end, R"({"reason":"b"})", 7), call(), {})[0].id);
}

TEST(WebhookEvent, an_agents_part_is_not_the_call) {
    const auto left = fact(Fact::end, R"({"reason":"transferred","agent":"front","duration_ms":7})");
    const auto over = fact(Fact::end, R"({"reason":"transferred","agent":"front","duration_ms":900,"concluded":"carrier"})", 1'700'000'009'000);
    const auto part = events_of(left, call(), {}, {.call = false}), whole = events_of(over, call(), {});
    EXPECT_THAT(types(part), ElementsAre("agent.ended"));
    EXPECT_THAT(types(events_of(fact(Fact::end, R"({"reason":"transferred","agent":"back"})"), call(), {}, {.call = false})), ElementsAre("agent.ended"));
    EXPECT_NE(events_of(fact(Fact::end, R"({"reason":"transferred","agent":"back"})"), call(), {}, {.call = false})[0].id, part[0].id);  // each agent's
    EXPECT_THAT(types(whole), ElementsAre("call.ended"));
    EXPECT_EQ(json::parse(whole[0].body)["data"]["duration_ms"], 900);
    EXPECT_FALSE(json::parse(whole[0].body)["data"].contains("concluded"));
    // It was thought to be over, and was not.
    const auto corrected = events_of(left, call(), {}, {.again = 1});
    EXPECT_THAT(types(corrected), ElementsAre("call.ended"));
    EXPECT_NE(corrected[0].id, whole[0].id);
    EXPECT_EQ(json::parse(whole[0].body)["data"]["revision"], 1);
    EXPECT_EQ(json::parse(corrected[0].body)["data"]["revision"], 2);
    EXPECT_EQ(json::parse(corrected[0].body)["data"]["corrects"], whole[0].id);
    EXPECT_EQ(json::parse(events_of(left, call(), {}, {.again = 1, .was_rejected = true})[0].body)["data"]["corrects"],
              events_of(fact(Fact::rejection, R"({"reason":"x"})"), call(), {})[0].id);
}

struct Typed {
    const char* name;
    Fact fact;
    std::string_view json, type;
};
class Types : public testing::TestWithParam<Typed> {};
TEST_P(Types, are_named) {
    EXPECT_EQ(event_type(GetParam().fact, GetParam().json), GetParam().type);
}
INSTANTIATE_TEST_SUITE_P(facts, Types,
                         testing::Values(Typed{"started", Fact::call, R"({"agent":"a"})", "call.started"},
                                         Typed{"a_detail", Fact::call, R"({"answer":"gather"})", ""},
                                         Typed{"answered", Fact::event, R"({"event":"call.answered"})", "call.answered"},
                                         Typed{"taken", Fact::event, R"({"event":"message.taken","text":"x"})", "message.taken"},
                                         Typed{"promised", Fact::event, R"({"event":"callback.promised"})", "callback.promised"},
                                         Typed{"a_state", Fact::event, R"({"event":"taken_over"})", ""},
                                         Typed{"transfer_sent", Fact::transfer, R"({"result":"sent"})", "transfer.started"},
                                         Typed{"transfer_over", Fact::transfer, R"({"result":"answered"})", "transfer.completed"},
                                         Typed{"recording", Fact::recording, R"({"status":"completed"})", "recording.completed"},
                                         Typed{"recording_begun", Fact::recording, R"({"status":"in-progress"})", ""},
                                         Typed{"sms_in", Fact::message, R"({"direction":"in"})", "message.received"},
                                         Typed{"sms_status", Fact::message, R"({"direction":"out","status":"delivered"})", "message.delivered"},
                                         Typed{"analysis", Fact::analysis, R"({"summary":"x"})", "analysis.completed"},
                                         Typed{"no_object", Fact::turn, "[]", ""}, Typed{"broken", Fact::turn, "{", ""}),
                         [](const auto& c) { return c.param.name; });

TEST(WebhookEvent, only_what_is_wanted) {
    WebhookSettings settings;
    settings.events = {"call.*", "analysis.completed"};
    EXPECT_TRUE(events_of(fact(Fact::turn, "{}"), call(), settings).empty());
    EXPECT_THAT(types(events_of(fact(Fact::end, "{}"), call(), settings)), ElementsAre("call.ended"));
    EXPECT_THAT(types(events_of(fact(Fact::analysis, "{}"), call(), settings)), ElementsAre("analysis.completed"));
}

TEST(Alerts, follow_their_event_and_name_it) {
    WebhookSettings settings;
    settings.events = {"call.ended"};
    settings.alerts = {{.name = "upset", .on = "analysis.completed", .pointer = "/sentiment/caller", .is = "below", .value = "-0.5"},
                       {.name = "hot_lead", .on = "analysis.*", .pointer = "/lead/score", .is = "above", .value = "80"}};
    const auto events = events_of(fact(Fact::analysis, R"({"sentiment":{"caller":-0.8},"lead":{"score":75}})"), call(), settings);
    ASSERT_THAT(types(events), ElementsAre("alert.upset"));
    const auto body = json::parse(events[0].body);
    EXPECT_EQ(body["data"]["value"], -0.8);
    EXPECT_EQ(body["data"]["on"], "analysis.completed");
    EXPECT_THAT(types(events_of(fact(Fact::analysis, R"({"lead":{"score":"81"}})"), call(), settings)), ElementsAre("alert.hot_lead"));
}

struct Ruled {
    const char* name;
    std::string_view is, value, data;
    bool holds;
};
class Rules : public testing::TestWithParam<Ruled> {};
TEST_P(Rules, hold_or_not) {
    const auto& p = GetParam();
    EXPECT_EQ(holds({.name = "n", .on = "x", .pointer = "/a/b", .is = std::string(p.is), .value = std::string(p.value)}, p.data), p.holds);
}
INSTANTIATE_TEST_SUITE_P(
    rules, Rules,
    testing::Values(Ruled{"exists", "exists", "", R"({"a":{"b":0}})", true}, Ruled{"null_does_not", "exists", "", R"({"a":{"b":null}})", false},
                    Ruled{"missing", "exists", "", R"({"a":{}})", false}, Ruled{"through_a_text", "exists", "", R"({"a":"b"})", false},
                    Ruled{"equals_text", "equals", "yes", R"({"a":{"b":"yes"}})", true}, Ruled{"equals_number", "equals", "5", R"({"a":{"b":5.0}})", true},
                    Ruled{"equals_flag", "equals", "true", R"({"a":{"b":true}})", true}, Ruled{"equals_not", "equals", "no", R"({"a":{"b":"yes"}})", false},
                    Ruled{"below", "below", "0", R"({"a":{"b":-1}})", true}, Ruled{"not_below", "below", "0", R"({"a":{"b":0}})", false},
                    Ruled{"text_is_no_number", "above", "1", R"({"a":{"b":"many"}})", false},
                    Ruled{"contains_text", "contains", "ell", R"({"a":{"b":"hello"}})", true},
                    Ruled{"contains_item", "contains", "x", R"({"a":{"b":["y","x"]}})", true},
                    Ruled{"contains_not", "contains", "z", R"({"a":{"b":["y","x"]}})", false}, Ruled{"no_json", "exists", "", "nothing", false}),
    [](const auto& c) { return c.param.name; });

TEST(Alerts, rules_are_checked) {
    EXPECT_EQ(check_rule({.name = "a", .on = "call.ended", .pointer = "/x", .is = "equals", .value = "y"}), "");
    for (const AlertRule& wrong : {AlertRule{.name = "A b", .on = "x", .pointer = "", .is = "exists", .value = ""},
                                   AlertRule{.name = "a", .on = "", .pointer = "", .is = "exists", .value = ""},
                                   AlertRule{.name = "a", .on = "x", .pointer = "x", .is = "exists", .value = ""},
                                   AlertRule{.name = "a", .on = "x", .pointer = "/~2", .is = "exists", .value = ""},
                                   AlertRule{.name = "a", .on = "x", .pointer = "", .is = "like", .value = ""},
                                   AlertRule{.name = "a", .on = "x", .pointer = "", .is = "below", .value = "low"}})
        EXPECT_NE(check_rule(wrong), "") << wrong.name << wrong.pointer << wrong.is;
}

}  // namespace
}  // namespace parley::outbox

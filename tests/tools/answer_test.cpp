// What a tool's server answers, right and wrong (catalogue T3).

#include "answer.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace parley::tools {
namespace {

std::string repeated(std::string_view text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
}

struct AnswerCase {
    const char* name;
    int status;
    std::string type, body, kind, want;  // want: JSON for the model; empty: any
};
class Answers : public testing::TestWithParam<AnswerCase> {};
TEST_P(Answers, read) {
    const auto& given = GetParam();
    const auto outcome = read_answer({}, given.status, given.type, given.body);
    EXPECT_EQ(outcome.kind, given.kind) << outcome.reason;
    if (!given.want.empty()) EXPECT_EQ(outcome.json, given.want);
    EXPECT_TRUE(nlohmann::json::parse(outcome.json, nullptr, false).is_object());
    EXPECT_LE(outcome.json.size(), kMostForModel);
    if (given.body.size() > 3) EXPECT_EQ(outcome.reason.find(given.body), std::string::npos);  // no payload in the log
}
const std::string kJson = "application/json";
INSTANTIATE_TEST_SUITE_P(
    cases, Answers,
    testing::Values(AnswerCase{"result", 200, kJson, R"({"result":"10:30 is free"})", "ok", R"({"result":"10:30 is free"})"},
                    AnswerCase{"result_object", 200, kJson, R"({"result":{"a":1}})", "ok", R"({"result":{"a":1}})"},
                    AnswerCase{"error", 200, kJson, R"({"error":"no such customer"})", "error", R"({"error":"no such customer"})"},
                    AnswerCase{"vapi", 200, kJson, R"({"results":[{"toolCallId":"x","result":"free"}]})", "ok", R"({"result":"free"})"},
                    AnswerCase{"vapi_error", 200, kJson, R"({"results":[{"toolCallId":"x","error":"none"}]})", "error", R"({"error":"none"})"},
                    AnswerCase{"vapi_empty", 200, kJson, R"({"results":[]})", "bad_response", ""},
                    AnswerCase{"other", 200, kJson + "; charset=utf-8", R"({"free":["10:30"]})", "ok", R"({"result":{"free":["10:30"]}})"},
                    AnswerCase{"problem_type", 200, "application/hal+json", R"({"a":1})", "ok", ""},
                    AnswerCase{"text", 200, "text/plain", "Ten thirty", "ok", R"({"result":"Ten thirty"})"},
                    AnswerCase{"nothing", 204, "", "", "ok", R"({"ok":true})"}, AnswerCase{"say", 200, kJson, R"({"say":"Done."})", "ok", R"({"ok":true})"},
                    AnswerCase{"created", 201, kJson, R"({"result":1})", "ok", R"({"result":1})"},
                    AnswerCase{"status_500", 500, kJson, R"({"result":1})", "error", ""}, AnswerCase{"status_404", 404, "text/html", "<html>", "error", ""},
                    AnswerCase{"redirect", 302, "", "", "error", ""}, AnswerCase{"html", 200, "text/html", "<html></html>", "bad_response", ""},
                    AnswerCase{"binary", 200, "application/octet-stream", std::string("\x00\x01\xff", 3), "bad_response", ""},
                    AnswerCase{"binary_text", 200, "text/plain", std::string("ab\xff\xfe", 4), "bad_response", ""},
                    AnswerCase{"nul_text", 200, "text/plain", std::string("ab\0c", 4), "bad_response", ""},
                    AnswerCase{"cut", 200, kJson, R"({"result":)", "bad_response", ""},
                    AnswerCase{"deep", 200, kJson, std::string(5000, '[') + std::string(5000, ']'), "bad_response", ""},
                    AnswerCase{"bad_utf8", 200, kJson, "{\"result\":\"\xff\"}", "bad_response", ""},
                    AnswerCase{"big", 200, kJson, "\"" + std::string(kMostAnswer, 'x') + "\"", "bad_response", ""},
                    AnswerCase{"long", 200, kJson, R"({"result":")" + std::string(60000, 'x') + "\"}", "ok", ""},
                    AnswerCase{"long_escapes", 200, kJson, R"({"result":")" + repeated("\\n", 15000) + "\"}", "ok", ""},
                    AnswerCase{"array", 200, kJson, "[1,2]", "ok", R"({"result":[1,2]})"},
                    AnswerCase{"null_result", 200, kJson, R"({"result":null})", "ok", R"({"result":null})"}),
    [](const auto& c) { return c.param.name; });

TEST(Answer, pointers_schema_variables_and_actions) {
    AnswerRules rules;
    rules.result = "/data/0/when";
    rules.variables = {{"customer", "/id"}, {"count", "/n"}, {"none", "/x/y"}};
    rules.schema = *JsonSchema::compile(R"({"type":"object","required":["id"]})").schema;
    auto outcome = read_answer(rules, 200, kJson, R"({"id":"C7","n":3,"data":[{"when":"10:30"}]})");
    EXPECT_EQ(outcome.json, R"({"result":"10:30"})");
    EXPECT_EQ(outcome.variables, (std::map<std::string, std::string>{{"customer", "C7"}, {"count", "3"}}));
    EXPECT_EQ(read_answer(rules, 200, kJson, R"({"n":3,"data":[{"when":"10:30"}]})").reason, "schema");
    EXPECT_EQ(read_answer(rules, 200, kJson, R"({"id":"C7"})").reason, "pointer");
    EXPECT_EQ(read_answer(rules, 200, "text/plain", "C7").kind, "bad_response");

    outcome = read_answer(
        {}, 200, kJson,
        R"({"result":"ok","say":"Goodbye.","actions":[{"type":"hangup"},{"type":"transfer","to":"sales"},{"type":"dtmf","digits":"12#"},7,{"type":3}]})");
    EXPECT_EQ(outcome.say, "Goodbye.");
    EXPECT_TRUE(outcome.hang_up);
    EXPECT_EQ(outcome.transfer, "sales");
    EXPECT_EQ(outcome.keys, "12#");
    EXPECT_EQ(read_answer({}, 200, kJson, R"({"results":[{"result":"x","message":{"type":"request-complete","content":"Booked."}}]})").say, "Booked.");
}

TEST(Answers, AskedForAgain) {
    EXPECT_NE(repeated_for_model("ok").find("done already"), std::string::npos);
    for (const auto* kind : {"timeout", "cancelled", "error", "bad_response"})
        EXPECT_NE(repeated_for_model(kind).find("nobody knows"), std::string::npos) << kind;
    for (const auto* kind : {"invalid", "denied", "saturated", "unknown", "unconfirmed"})
        EXPECT_NE(repeated_for_model(kind).find("was not done"), std::string::npos) << kind;
}

}  // namespace
}  // namespace parley::tools

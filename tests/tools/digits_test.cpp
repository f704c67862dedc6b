// collect_digits: what the caller presses is known to tools that name it, and to nobody else.

#include <gmock/gmock.h>

#include "digits.hpp"
#include "http_tool.hpp"
#include "template.hpp"
#include "world.hpp"

namespace parley::tools::test {
namespace {

using conversation::KeysOutcome;
using testing::HasSubstr;
using testing::Not;

constexpr auto kCard = "4111111111111111";

// Answers as it is told to, when it is told to.
struct Keys final : brain::Handset {
    void collect(conversation::KeysWanted how, Given given) override {
        asked.push_back(how);
        if (answers.empty()) {
            waiting = std::move(given);
            return;
        }
        const auto [outcome, keys] = answers.front();
        answers.erase(answers.begin());
        given(outcome, Secret(keys));
    }
    bool speak(std::string_view) override { return false; }
    std::vector<conversation::KeysWanted> asked;
    std::vector<std::pair<KeysOutcome, std::string>> answers;
    Given waiting;
};

class Digits : public testing::Test {
protected:
    Digits()
        : server([](net::HttpRequest& request) -> net::Task<net::HttpResponse> {
              const auto at = request.body.find("\"card\":\"");
              co_return json_answer({{"result", {{"charged", at == std::string::npos ? "" : request.body.substr(at + 8, 16)}}}});
          }) {
        ToolSettings settings;
        auto pay = http_tool("book", server.url("/pay"));
        pay.body = R"({"card":"{digits.card}","day":{day}})";
        settings.http.push_back(pay);
        world = std::make_unique<World>(settings);
        world->loop.start();
        const auto shared = std::make_shared<const ToolSettings>(world->settings);
        EXPECT_TRUE(wrong(*shared).empty());
        world->kept_settings = shared;
        world->catalog = world->shop->catalog(shared);
        world->on_loop([&] {
            world->tools = std::make_unique<CallTools>(CallTools::Parts{.shop = world->shop,
                                                                        .catalog = world->catalog,
                                                                        .builtin = nullptr,
                                                                        .facts = {"CA1", "+4930123", "+15550100", "front"},
                                                                        .executor = world->loop.executor(),
                                                                        .transfers = {},
                                                                        .handset = &keys});
        });
    }
    std::string collect(const std::string& more = {}) {
        return world->call("collect_digits", R"({"name":"card","prompt":"Type your card number.","max":16)" + more + "}").json;
    }
    ToolServer server;
    Keys keys;
    std::unique_ptr<World> world;
};

TEST_F(Digits, GoToTheToolThatNamesThemAndToNobodyElse) {
    keys.answers = {{KeysOutcome::complete, kCard}};
    const auto told = json::parse(collect());
    EXPECT_EQ(told, (json{{"name", "card"}, {"status", "complete"}, {"ok", true}, {"length", 16}, {"ends_with", "1111"}}));
    ASSERT_EQ(keys.asked.size(), 1U);
    EXPECT_EQ(keys.asked[0].say, "Type your card number.");
    EXPECT_EQ(keys.asked[0].most, 16U);
    const auto paid = world->call("book", R"({"day":"mon"})");
    ASSERT_EQ(server.asked().size(), 1U);
    EXPECT_EQ(json::parse(server.asked()[0].body), (json{{"card", kCard}, {"day", "mon"}}));
    // A server that says them back tells nobody.
    EXPECT_THAT(paid.json, HasSubstr("****************"));
    EXPECT_THAT(paid.json, Not(HasSubstr("41111111")));
    for (const auto& line : world->lines->lines()) EXPECT_THAT(line, Not(HasSubstr("41111111")));
    EXPECT_EQ(world->counted("book", "ok"), 1U);
}

TEST_F(Digits, WhatAToolIsGivenIsASecretWhateverTheModelSays) {
    keys.answers = {{KeysOutcome::complete, kCard}, {KeysOutcome::complete, "10115"}, {KeysOutcome::too_few, "101"}};
    EXPECT_THAT(collect(R"(,"sensitive":false)"), Not(HasSubstr("41111111")));
    EXPECT_TRUE(keys.asked[0].secret);
    EXPECT_EQ(json::parse(world->call("collect_digits", R"({"name":"zip","prompt":"Your zip code?","sensitive":false,"max":5})").json)["digits"], "10115");
    EXPECT_FALSE(keys.asked[1].secret);
    world->said("and now");
    const auto few = json::parse(world->call("collect_digits", R"({"name":"pin","prompt":"Your PIN?"})").json);
    EXPECT_EQ(few["length"], 3);
    EXPECT_FALSE(few.contains("digits"));
    EXPECT_FALSE(few.contains("ends_with"));
}

TEST_F(Digits, AToolWithoutThemIsNotSent) {
    const auto result = world->call("book", R"({"day":"mon"})");
    EXPECT_THAT(result.json, HasSubstr("have not been collected"));
    EXPECT_TRUE(server.asked().empty());
}

TEST_F(Digits, OtherDigitsMakeAnotherWish) {
    keys.answers = {{KeysOutcome::complete, kCard}, {KeysOutcome::complete, "4242424242424242"}};
    (void)collect();
    (void)world->call("book", R"({"day":"mon"})");
    (void)world->call("book", R"({"day":"mon"})");
    EXPECT_EQ(server.asked().size(), 1U);  // the same wish in the same turn
    (void)collect();
    EXPECT_EQ(keys.asked.size(), 2U);
    (void)world->call("book", R"({"day":"mon"})");
    ASSERT_EQ(server.asked().size(), 2U);
    EXPECT_THAT(server.asked()[1].body, HasSubstr("4242424242424242"));
    EXPECT_NE(server.asked()[0].headers.get("x-idempotency-key"), server.asked()[1].headers.get("x-idempotency-key"));
}

TEST_F(Digits, AreAskedForOnceByWhoeverAsks) {
    auto first = world->ask("collect_digits", R"({"name":"card","prompt":"Type."})");
    auto second = world->ask("collect_digits", R"({"name":"card","prompt":"Type."})");  // a backup took over
    EXPECT_EQ(keys.asked.size(), 1U);
    world->on_loop([&] { keys.waiting(KeysOutcome::none, {}); });
    EXPECT_THAT(first.get().json, HasSubstr("nothing was pressed"));
    EXPECT_THAT(second.get().json, HasSubstr("nothing was pressed"));
    // Nothing came of it: the model may ask again in the same turn.
    keys.answers = {{KeysOutcome::complete, "12345678"}};
    EXPECT_EQ(json::parse(world->call("collect_digits", R"({"name":"card","prompt":"Type."})").json)["ends_with"], "78");
    EXPECT_EQ(keys.asked.size(), 2U);
    // It has: the same question again has the same answer.
    EXPECT_EQ(json::parse(world->call("collect_digits", R"({"name":"card","prompt":"Type."})").json)["ends_with"], "78");
    EXPECT_EQ(keys.asked.size(), 2U);
}

TEST_F(Digits, ACallThatEndsHasOneResult) {
    auto open = world->ask("collect_digits", R"({"name":"card","prompt":"Type."})");
    world->on_loop([&] { world->tools.reset(); });
    EXPECT_EQ(world->logged("tool.orphaned"), 1U);
    EXPECT_EQ(world->counted("collect_digits", "cancelled"), 1U);
    world->on_loop([&] { keys.waiting(KeysOutcome::hung_up, {}); });  // too late for anybody
    EXPECT_EQ(world->counted("collect_digits", "cancelled"), 1U);
}

TEST(DigitsWishes, HaveTheirPresetsAndTheirLimits) {
    const auto preset = digits_wish(json::parse(R"({"name":"a","prompt":"b"})"));
    EXPECT_EQ(preset.error, "");
    EXPECT_TRUE(preset.how.secret);
    EXPECT_EQ(preset.how.ends, '#');
    EXPECT_EQ(preset.how.most, 20U);
    EXPECT_EQ(digits_wish(json::parse(R"({"name":"a","prompt":"b","terminator":"none","min":30})")).how.ends, '\0');
    EXPECT_EQ(digits_wish(json::parse(R"({"name":"a","prompt":"b","min":30})")).how.most, 30U);
    EXPECT_NE(digits_wish(json::parse(R"({"name":"a","prompt":"b","min":3,"max":2})")).error, "");
    const auto schema = JsonSchema::compile(digits_spec().parameters);
    ASSERT_TRUE(schema) << schema.error;
    EXPECT_TRUE(schema.schema->wrong(json::parse(R"({"name":"Card 1","prompt":"b"})")));
    EXPECT_TRUE(schema.schema->wrong(json::parse(R"({"name":"card"})")));
    EXPECT_FALSE(schema.schema->wrong(json::parse(R"({"name":"card","prompt":"b","max":16,"terminator":"*","sensitive":true})")));
}

TEST(DigitsInTemplates, StandInHeadersAndBodiesOnly) {
    EXPECT_THROW(Template("https://pay.example.com/{digits.card}", Template::Place::url), std::invalid_argument);
    const Template header("Card {digits.card}", Template::Place::header);
    EXPECT_EQ(header.digits(), (std::set<std::string>{"card"}));
    EXPECT_TRUE(header.arguments().empty());
    const auto guard = std::make_shared<const net::EgressGuard>();
    auto tool = http_tool("pay", "http://pay.example.com/");
    tool.body = R"({"card":"{digits.card}"})";
    EXPECT_THROW((void)make_http_tool(tool, guard), std::invalid_argument);  // readable on the way
    tool.url = "http://127.0.0.1.example.com/";
    EXPECT_THROW((void)make_http_tool(tool, guard), std::invalid_argument);
    tool.url = "https://pay.example.com/";
    EXPECT_EQ(make_http_tool(tool, guard)->traits().digits, (std::set<std::string>{"card"}));
}

}  // namespace
}  // namespace parley::tools::test

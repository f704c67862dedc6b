// An agent as JSON: the same table, the same checks, secrets that stay inside.

#include "agent_document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config_table.hpp"

namespace parley::gateway {
namespace {

using nlohmann::json;

Config base() {
    return load_config_text(R"(
version: 1
server: {listen: "127.0.0.1:0", public_url: "https://voice.example.com"}
twilio: {auth_tokens: [env:TOKEN]}
vendors:
  mind: {vendor: openai, key: env:KEY, model: gpt-4o-mini}
  ears: {vendor: deepgram, key: env:KEY}
agents:
  desk: {default: true, brain: echo, numbers: ["+18005551212"]}
)",
                            "parley.yaml", {{"TOKEN", "5f2a9c0d7b1e4863a0c9d2f17e6b5a48"}, {"KEY", "k-0123456789"}});
}

TEST(AgentDocument, IsWhatStandsInTheFile) {
    const json document{{"brain", "vendors"}, {"stt", "ears"}, {"lm", {"mind"}}, {"persona", "You are Ada."}, {"variables", {{"company", "Brightside"}}}, {"conversation", {{"idle_prompts", 3}, {"barge_in", false}}}, {"max_call", "9m"}};
    const auto read = read_document(base(), "front", document, {});
    ASSERT_TRUE(read.problems.empty()) << read.problems.front().field << ": " << read.problems.front().message;
    EXPECT_EQ(read.shown, document);
    EXPECT_EQ(read.agent.name, "front");
    EXPECT_EQ(read.agent.stt, std::vector<std::string>{"ears"});
    EXPECT_EQ(read.agent.max_call, std::chrono::minutes(9));
    EXPECT_FALSE(read.agent.conversation.barge_in);
    EXPECT_EQ(read.agent.persona.variables.at("company"), "Brightside");
    // The very same through the file says the same of every row.
    auto config = base();
    config.agents.push_back(read.agent);
    for (const auto& [key, source] : read.sources) config.sources[key] = source;
    const auto again = read_document(base(), "front", file_document(config, read.agent), {});
    ASSERT_TRUE(again.problems.empty()) << again.problems.front().message;
    for (const auto& row : agent_rows()) EXPECT_EQ(row.digest(again.agent), row.digest(read.agent)) << row.key;
}

TEST(AgentDocument, SecretsAreFoundWhereverTheyStandAndKeptByTheirPlace) {
    const json document{{"brain", "bot"}, {"bot", "wss://bot.example.com/x"}, {"bot_headers", {{"Authorization", "first-secret"}, {"X-~Key/1", "second-secret"}}}};
    auto bad = read_document(base(), "front", document, {});
    EXPECT_FALSE(bad.problems.empty()) << "no header is called that";
    auto good = document;
    good["bot_headers"].erase("X-~Key/1");
    good["bot_headers"]["X-Key"] = "second-secret";
    const auto read = read_document(base(), "front", good, {});
    ASSERT_TRUE(read.problems.empty()) << read.problems.front().message;
    ASSERT_EQ(read.secrets.size(), 2U);
    EXPECT_EQ(read.shown["bot_headers"], (json{{"Authorization", "***"}, {"X-Key", "***"}}));
    EXPECT_EQ(read.agent.bot_headers.at("Authorization").reveal(), "first-secret");
    const auto again = read_document(base(), "front", read.shown, read.secrets);
    ASSERT_TRUE(again.problems.empty());
    EXPECT_EQ(again.agent.bot_headers.at("X-Key").reveal(), "second-secret");
    const auto lost = read_document(base(), "front", read.shown, {});
    ASSERT_FALSE(lost.problems.empty());
    EXPECT_THAT(lost.problems.front().field, testing::StartsWith("bot_headers."));
}

TEST(AgentDocument, ASchemaHasEveryRowAndItsRange) {
    const auto schema = document_schema();
    for (const auto& row : agent_rows()) {
        const json* at = &schema;
        std::string_view key = row.key;
        for (;;) {
            const auto dot = key.find('.');
            const auto properties = at->find("properties");
            ASSERT_NE(properties, at->end()) << row.key;
            const auto inner = properties->find(std::string(key.substr(0, dot)));
            ASSERT_NE(inner, properties->end()) << row.key;
            at = &*inner;
            if (dot == std::string_view::npos) break;
            key.remove_prefix(dot + 1);
        }
        EXPECT_TRUE(at->contains("description")) << row.key;
    }
    const auto& brain = schema["properties"]["brain"];
    EXPECT_EQ(brain["enum"], (json{"embedded", "vendors", "bot", "echo"}));
    EXPECT_EQ(schema["properties"]["max_tokens"]["minimum"], 16);
    EXPECT_EQ(schema["properties"]["bot_headers"]["additionalProperties"]["writeOnly"], true);
    EXPECT_EQ(schema["additionalProperties"], false);
}

TEST(Persona, WarnsOfNamesOnlyACallCouldBring) {
    const json document{{"brain", "vendors"}, {"numbers", json::array({"+18005550123"})}, {"stt", "ears"}, {"lm", "mind"}, {"instructions", "You are {who} of {company}. It is {now}. {caller_name} {\"a\": 1}"}, {"variables", {{"company", "x"}}}};
    const auto read = read_document(base(), "front", document, {});
    ASSERT_TRUE(read.problems.empty());
    ASSERT_EQ(read.warnings.size(), 1U);
    EXPECT_EQ(read.warnings[0].field, "instructions");
    EXPECT_THAT(read.warnings[0].message, testing::HasSubstr("{who}"));
}

}  // namespace
}  // namespace parley::gateway

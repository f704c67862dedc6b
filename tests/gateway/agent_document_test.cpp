// An agent as JSON: the same table, the same checks, secrets that stay inside.

#include "agent_document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

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
    const json document{{"brain", "vendors"},
                        {"stt", "ears"},
                        {"lm", {"mind"}},
                        {"persona", "You are Ada."},
                        {"variables", {{"company", "Brightside"}}},
                        {"conversation", {{"idle_prompts", 3}, {"barge_in", false}}},
                        {"max_call", "9m"}};
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
    const json document{
        {"brain", "bot"}, {"bot", "wss://bot.example.com/x"}, {"bot_headers", {{"Authorization", "first-secret"}, {"X-~Key/1", "second-secret"}}}};
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

TEST(AgentDocument, ASecretDoesNotGoToAnotherHost) {
    const json document{{"brain", "bot"},
                        {"bot", "wss://bot.example.com/x"},
                        {"bot_headers", {{"Authorization", "bot-secret"}}},
                        {"http_tools", json::array({{{"name", "weather"},
                                                     {"description", "d"},
                                                     {"method", "GET"},
                                                     {"url", "https://api.example.com/a"},
                                                     {"headers", {{"Authorization", "tool-secret"}, {"url", "odd-secret"}}},
                                                     {"signing_key", "sign-secret"}}})},
                        {"mcp_servers", json::array({{{"name", "office"}, {"url", "https://mcp.example.com/"}, {"headers", {{"X-Key", "mcp-secret"}}}}})},
                        {"calendar", {{"url", "https://dav.example.com/c/"}, {"username", "u"}, {"password", "dav-secret"}}},
                        {"webhooks", {{"url", "https://hooks.example.com/"}, {"secret", "hook-secret-of-some-length-0123456789"}}},
                        {"sip", {{"uri", "sip:desk@pbx.example.com"}, {"username", "u"}, {"password", "sip-secret"}}}};
    const auto read = read_document(base(), "front", document, {});
    ASSERT_EQ(read.secrets.size(), 8U);  // no agent has all of these at once, which is not the matter here
    const auto fields = [&](const json& changed) {
        std::set<std::string> all;
        const auto again = read_document(base(), "front", changed, read.secrets, true, read.shown);
        for (const auto& problem : again.problems)
            if (problem.message.find("***") != std::string::npos) all.insert(problem.field);
        for (const auto& [pointer, secret] : read.secrets)
            if (again.shown.dump().find(secret.reveal()) != std::string::npos) all.insert("shown " + pointer);
        return all;
    };
    using testing::ElementsAre;
    using testing::IsEmpty;
    const auto with = [&](const char* pointer, const json& value) {
        auto changed = read.shown;
        changed[json::json_pointer(pointer)] = value;
        return fields(changed);
    };
    EXPECT_THAT(fields(read.shown), IsEmpty());
    EXPECT_THAT(with("/http_tools/0/url", "https://API.example.com:443/other?x={y}"), testing::Not(testing::Contains(testing::HasSubstr("headers"))));
    for (const char* url : {"https://evil.example.com/a", "http://api.example.com/a", "https://api.example.com:444/a",
                            "https://api.example.com@evil.example.com/a", "https://api.example.com.evil.example.com/a"})
        EXPECT_THAT(with("/http_tools/0/url", url),
                    testing::IsSupersetOf({"http_tools[0].headers.Authorization", "http_tools[0].headers.url", "http_tools[0].signing_key"}))
            << url;
    EXPECT_THAT(with("/mcp_servers/0/url", "https://evil.example.com/"), ElementsAre("mcp_servers[0].headers.X-Key"));
    EXPECT_THAT(with("/calendar/url", "https://evil.example.com/c/"), ElementsAre("calendar.password"));
    EXPECT_THAT(with("/webhooks/url", "https://evil.example.com/"), ElementsAre("webhooks.secret"));
    EXPECT_THAT(with("/bot", "wss://evil.example.com/x"), ElementsAre("bot_headers.Authorization"));
    EXPECT_THAT(with("/sip/uri", "sip:desk@evil.example.com"), ElementsAre("sip.password"));
    EXPECT_THAT(with("/sip/uri", "sip:desk@evil.example.com?x=y@pbx.example.com"), ElementsAre("sip.password"));
    EXPECT_THAT(with("/sip/uri", "sip:other@pbx.example.com"), IsEmpty());
    // Given anew it may go anywhere; and a stranger that takes the place of a name is another host as well.
    auto anew = read.shown;
    anew["bot"] = "wss://evil.example.com/x";
    anew["bot_headers"]["Authorization"] = "new-secret";
    EXPECT_THAT(fields(anew), IsEmpty());
    auto moved = read.shown;
    moved["mcp_servers"][0]["name"] = "elsewhere";
    EXPECT_THAT(fields(moved), ElementsAre("mcp_servers[0].headers.X-Key"));
    // Taken away and given again, it was never given for this address.
    auto none = read.shown;
    none["calendar"].erase("url");
    const auto without = read_document(base(), "front", none, read.secrets, true, read.shown);
    auto back = without.shown;
    back["calendar"]["url"] = "https://evil.example.com/c/";
    const auto last = read_document(base(), "front", back, without.secrets, true, without.shown);
    EXPECT_THAT(last.problems, testing::Contains(testing::AllOf(testing::Field(&DocumentProblem::field, "calendar.password"),
                                                                testing::Field(&DocumentProblem::message, testing::HasSubstr("`url`")))));
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
    const json document{{"brain", "vendors"},
                        {"numbers", json::array({"+18005550123"})},
                        {"stt", "ears"},
                        {"lm", "mind"},
                        {"instructions", "You are {who} of {company}. It is {now}. {caller_name} {\"a\": 1}"},
                        {"variables", {{"company", "x"}}}};
    const auto read = read_document(base(), "front", document, {});
    ASSERT_TRUE(read.problems.empty());
    ASSERT_EQ(read.warnings.size(), 1U);
    EXPECT_EQ(read.warnings[0].field, "instructions");
    EXPECT_THAT(read.warnings[0].message, testing::HasSubstr("{who}"));
}

}  // namespace
}  // namespace parley::gateway

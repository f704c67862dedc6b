#include "redact_facts.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace parley::gateway {
namespace {

using nlohmann::json;
using store::Fact;

class FactRedactorTest : public testing::Test {
protected:
    json pass(Fact fact, const json& given, const std::string& sid = "CA1") { return json::parse(redactor(sid, fact, given.dump())); }

    Log log;
    Metrics metrics{MetricsSettings{}};
    std::map<std::string, privacy::PrivacySettings> agents{
        {"safe", {.redact = true, .kinds = {}}}, {"open", {}}, {"mail", {.redact = true, .kinds = {"email"}}}};
    bool any_masks = true;
    FactRedactor redactor{
        {.log = log,
         .metrics = metrics,
         .settings = [this](const std::string& name) -> std::shared_ptr<const privacy::PrivacySettings> {
             const auto found = agents.find(name);
             return found == agents.end() ? nullptr : std::make_shared<const privacy::PrivacySettings>(found->second);
         },
         .agent_of = [](std::string_view sid) { return sid == "CAlive" ? std::string("safe") : std::string(); },
         .strictest = [this] { return any_masks ? privacy::PrivacySettings{.redact = true, .kinds = {"card"}} : privacy::PrivacySettings{}; }}};
};

TEST_F(FactRedactorTest, what_is_said_is_masked_and_what_the_call_is_stays) {
    const json call{{"agent", "safe"}, {"from", "+4915112345678"}, {"to", "+493012345"}};
    EXPECT_EQ(pass(Fact::call, call), call);
    EXPECT_EQ(pass(Fact::turn, {{"who", "caller"}, {"text", "it is 4111 1111 1111 1111"}, {"at_ms", 5}})["text"], "it is [card]");
    EXPECT_EQ(pass(Fact::turn, {{"who", "agent"}, {"text", "Write to a.b@example.com"}})["text"], "Write to [email]");
    EXPECT_EQ(pass(Fact::message, {{"sid", "SM1"}, {"to", "+4915112345678"}, {"body", "call +49 151 12345679"}}),
              json({{"sid", "SM1"}, {"to", "+4915112345678"}, {"body", "call [phone]"}}));
    EXPECT_EQ(pass(Fact::voicemail, {{"recording_sid", "RE1"}, {"transcript", "my social is 219-09-9999"}})["transcript"], "my social is [ssn]");
    EXPECT_EQ(pass(Fact::analysis, {{"summary", "wants a mail to a@b.de"}, {"actions", json::array({"write to a@b.de"})}}),
              json({{"summary", "wants a mail to [email]"}, {"actions", json::array({"write to [email]"})}}));
    EXPECT_EQ(metrics.pii_redacted.at("card").value(), 1U);
    EXPECT_EQ(metrics.pii_redacted.at("email").value(), 3U);
}

TEST_F(FactRedactorTest, a_tools_arguments_in_every_form) {
    pass(Fact::call, {{"agent", "safe"}});
    const auto object = pass(Fact::tool, {{"tool", "pay"},
                                          {"arguments", {{"number", "4111111111111111"}, {"to", "a@b.de"}, {"amount", 12}}},
                                          {"result", {{"ok", true}, {"note", "charged 4111 1111 1111 1111"}}}});
    EXPECT_EQ(object["arguments"], json({{"number", "[card]"}, {"to", "[email]"}, {"amount", 12}}));
    EXPECT_EQ(object["result"]["note"], "charged [card]");
    EXPECT_EQ(object["tool"], "pay");
    const auto text = pass(Fact::tool, {{"tool", "pay"}, {"arguments", R"({"number":"4111111111111111","n":2})"}});
    EXPECT_EQ(json::parse(text["arguments"].get<std::string>()), json({{"number", "[card]"}, {"n", 2}}));
    EXPECT_EQ(pass(Fact::tool, {{"arguments", {{"card", 4111111111111111ULL}}}})["arguments"]["card"], "[card]");
}

TEST_F(FactRedactorTest, a_tools_key_says_what_its_value_is) {
    pass(Fact::call, {{"agent", "safe"}});
    const json arguments{{"cvv", "719"},
                         {"ssn_last4", "6789"},
                         {"phone", "5550100"},
                         {"card", "4111 1111 1111 1112"},
                         {"callbackNumber", 5550100U},
                         {"cards", {{{"number", "4111111111111112"}, {"expiry", "11/27"}}}},
                         {"people", "719"},
                         {"order_number", "555010"},
                         {"amount", 6789},
                         {"phones", json::array({"555 01 00"})},
                         {"card_expiry", "11/27"}};
    const json left{{"cvv", "[card]"},
                    {"ssn_last4", "[ssn]"},
                    {"phone", "[phone]"},
                    {"card", "[card]"},
                    {"callbackNumber", "[phone]"},
                    {"cards", {{{"number", "[card]"}, {"expiry", "11/27"}}}},
                    {"people", "719"},
                    {"order_number", "555010"},
                    {"amount", 6789},
                    {"phones", json::array({"[phone]"})},
                    {"card_expiry", "11/27"}};
    EXPECT_EQ(pass(Fact::tool, {{"tool", "pay"}, {"arguments", arguments}})["arguments"], left);
    EXPECT_EQ(json::parse(pass(Fact::tool, {{"tool", "pay"}, {"arguments", arguments.dump()}})["arguments"].get<std::string>()), left);
    EXPECT_EQ(
        pass(Fact::tool, {{"tool", "pay"}, {"result", {{"customer", {{"social_security_number", "6789"}}}}}})["result"]["customer"]["social_security_number"],
        "[ssn]");
    EXPECT_EQ(pass(Fact::analysis, {{"values", {{"phone", "5550100"}, {"guests", "12"}}}})["values"], json({{"phone", "[phone]"}, {"guests", "12"}}));
}

TEST_F(FactRedactorTest, what_was_masked_in_a_turn_is_masked_in_a_tool) {
    pass(Fact::call, {{"agent", "safe"}});
    EXPECT_EQ(pass(Fact::tool, {{"arguments", {{"note", "719"}}}})["arguments"]["note"], "719");
    pass(Fact::turn, {{"who", "agent"}, {"text", "Three-digit security code?"}});
    EXPECT_EQ(pass(Fact::turn, {{"who", "caller"}, {"text", "seven one nine"}})["text"], "[card]");
    pass(Fact::turn, {{"who", "agent"}, {"text", "And the card number?"}});
    EXPECT_EQ(pass(Fact::turn, {{"who", "caller"}, {"text", "four one one one one one one one one one one one two"}})["text"], "[card]");
    EXPECT_EQ(pass(Fact::tool, {{"arguments", {{"note", "719"}, {"other", 719U}, {"digits", "4111-1111-1111-2"}, {"people", "718"}}}})["arguments"],
              json({{"note", "[card]"}, {"other", "[card]"}, {"digits", "[card]"}, {"people", "718"}}));
    pass(Fact::call, {{"agent", "safe"}}, "CA2");
    EXPECT_EQ(pass(Fact::tool, {{"arguments", {{"note", "719"}}}}, "CA2")["arguments"]["note"], "719");
}

TEST_F(FactRedactorTest, follows_the_turns_of_one_call) {
    pass(Fact::call, {{"agent", "safe"}});
    pass(Fact::call, {{"agent", "safe"}}, "CA2");
    pass(Fact::turn, {{"who", "agent"}, {"text", "Your card number please?"}});
    EXPECT_EQ(pass(Fact::turn, {{"who", "caller"}, {"text", "four one one one"}}, "CA2")["text"], "four one one one");
    EXPECT_EQ(pass(Fact::turn, {{"who", "caller"}, {"text", "four one one one"}})["text"], "[card]");
    EXPECT_EQ(pass(Fact::turn, {{"who", "keys"}, {"text", "111111111111"}})["text"], "[card]");
}

TEST_F(FactRedactorTest, only_where_it_is_wanted_and_only_those_kinds) {
    const json turn{{"who", "caller"}, {"text", "4111 1111 1111 1111 and a@b.de"}};
    pass(Fact::call, {{"agent", "open"}}, "CAo");
    EXPECT_EQ(pass(Fact::turn, turn, "CAo"), turn);
    pass(Fact::call, {{"agent", "mail"}}, "CAm");
    EXPECT_EQ(pass(Fact::turn, turn, "CAm")["text"], "4111 1111 1111 1111 and [email]");
}

TEST_F(FactRedactorTest, a_call_nobody_knows_is_masked_as_the_strictest_agent_wants) {
    const json turn{{"who", "caller"}, {"text", "4111 1111 1111 1111 and a@b.de"}};
    EXPECT_EQ(pass(Fact::turn, turn, "CAx")["text"], "[card] and a@b.de");
    EXPECT_EQ(pass(Fact::turn, turn, "CAlive")["text"], "[card] and [email]");
    any_masks = false;
    EXPECT_EQ(pass(Fact::turn, turn, "CAy"), turn);
    // Its stream says whose it is.
    pass(Fact::event, {{"event", "call.answered"}, {"agent", "safe"}}, "CAy");
    EXPECT_EQ(pass(Fact::turn, turn, "CAy")["text"], "[card] and [email]");
}

TEST_F(FactRedactorTest, many_calls_are_bounded) {
    for (std::size_t i = 0; i < FactRedactor::kMost + 100; ++i) (void)redactor("CA" + std::to_string(i), Fact::call, R"({"agent":"open"})");
    EXPECT_EQ(redactor("CAbad", Fact::turn, "no json"), "no json");
}

}  // namespace
}  // namespace parley::gateway

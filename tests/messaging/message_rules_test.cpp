#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "parley/messaging/delivery.hpp"
#include "parley/messaging/inbox.hpp"
#include "parley/messaging/opt_outs.hpp"
#include "parley/messaging/rules.hpp"

namespace parley::messaging {
namespace {

using rest::MessageStatus;

TEST(MessageRules, WordsInAnyOrderAlternativesAndBeginnings) {
    EXPECT_TRUE(matches("hours", "What are your HOURS?"));
    EXPECT_FALSE(matches("hours", "It took hoursandhours"));
    EXPECT_TRUE(matches("open today", "Are you open... today?"));
    EXPECT_TRUE(matches("today open", "Are you open today"));
    EXPECT_FALSE(matches("open today", "Are you open"));
    EXPECT_TRUE(matches("hours | open* today", "opening today?"));
    EXPECT_FALSE(matches("hours | open* today", "opening tomorrow"));
    EXPECT_TRUE(matches("*", "anything"));
    EXPECT_TRUE(matches("*", ""));
    EXPECT_FALSE(matches("", "anything"));
    EXPECT_FALSE(matches(" | ", "anything"));
    EXPECT_TRUE(matches("öffnungszeiten", "Öffnungszeiten? öffnungszeiten!"));
    const std::vector<Rule> rules{{"hours", "We open at nine.", {}}, {"*", "Call us.", {}}};
    EXPECT_EQ(first_match(rules, "hours?")->reply, "We open at nine.");
    EXPECT_EQ(first_match(rules, "hello")->reply, "Call us.");
    EXPECT_EQ(first_match({}, "hello"), nullptr);
}

TEST(MessageDelivery, OnlyGoesForward) {
    const std::vector<MessageStatus> order{MessageStatus::accepted, MessageStatus::queued,    MessageStatus::sending,
                                           MessageStatus::sent,     MessageStatus::delivered, MessageStatus::read};
    for (std::size_t i = 0; i < order.size(); ++i)
        for (std::size_t j = 0; j < order.size(); ++j)
            EXPECT_EQ(advances(order[i], order[j]), j > i && !(i == 0 && j == 1)) << rest::name(order[i]) << " -> " << rest::name(order[j]);
    for (const auto last : {MessageStatus::delivered, MessageStatus::undelivered, MessageStatus::failed, MessageStatus::canceled})
        for (const auto other :
             {MessageStatus::delivered, MessageStatus::undelivered, MessageStatus::failed, MessageStatus::canceled, MessageStatus::sent, MessageStatus::other})
            EXPECT_FALSE(advances(last, other));
    EXPECT_FALSE(advances(MessageStatus::failed, MessageStatus::read));
    EXPECT_TRUE(advances(MessageStatus::other, MessageStatus::queued));
    EXPECT_FALSE(sentence_of(21610).empty());
    EXPECT_NE(sentence_of(99999, "odd").find("99999"), std::string::npos);
}

TEST(MessageDelivery, AConversationHasOneNameOfLettersAndDigits) {
    const auto id = conversation_id("+15550100", "+15550199");
    EXPECT_EQ(id.size(), 35U);
    EXPECT_EQ(id, conversation_id("+15550100", "+15550199"));
    EXPECT_NE(id, conversation_id("+15550199", "+15550100"));
    for (const char c : id) EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(c)) != 0);
}

TEST(OptOut, KeywordsOfTwiliosOwn) {
    EXPECT_EQ(keyword_of("STOP"), Keyword::stop);
    EXPECT_EQ(keyword_of(" stop \n"), Keyword::stop);
    EXPECT_EQ(keyword_of("Unsubscribe"), Keyword::stop);
    EXPECT_EQ(keyword_of("stop it"), Keyword::none);
    EXPECT_EQ(keyword_of("START"), Keyword::start);
    EXPECT_EQ(keyword_of("help"), Keyword::help);
    EXPECT_EQ(keyword_of(""), Keyword::none);
    EXPECT_EQ(keyword_of(std::string(100'000, ' ') + "STOP"), Keyword::stop);
}

TEST(OptOut, WhoIsForgottenIsStillNotWrittenTo) {
    const auto file = std::filesystem::path(testing::TempDir()) / "parley_forgotten.jsonl";
    std::filesystem::remove(file);
    const auto holds = [&](const std::string& bytes) {
        std::ifstream in(file);
        return std::string((std::istreambuf_iterator<char>(in)), {}).find(bytes) != std::string::npos;
    };
    {
        OptOuts outs(file);
        outs.out("+1800", "+14155550100");
        outs.out("+1800", "+4930");
        outs.out("+1900", "+14155550100");
        outs.in("+1900", "+14155550100");
        EXPECT_TRUE(holds("4155550100"));
        EXPECT_EQ(outs.forget("+14155550100"), 1U);
        EXPECT_EQ(outs.forget("+14155550199"), 0U);
        EXPECT_TRUE(outs.is_out("+1800", "+14155550100"));
        EXPECT_FALSE(outs.is_out("+1900", "+14155550100"));
        EXPECT_TRUE(outs.is_out("+1800", "+4930"));
    }
    EXPECT_FALSE(holds("4155550100"));
    OptOuts again(file);
    EXPECT_TRUE(again.is_out("+1800", "+14155550100"));
    EXPECT_FALSE(again.is_out("+1800", "+14155550101"));
    again.in("+1800", "+14155550100");
    EXPECT_FALSE(again.is_out("+1800", "+14155550100"));
    std::filesystem::remove(file);
}

TEST(OptOut, AForgottenNumberCostsTheOthersNothing) {
    const auto directory = std::filesystem::path(testing::TempDir()) / "parley_opt_outs_key";
    const auto file = directory / "list.jsonl", key = directory / "list.key";
    std::filesystem::remove_all(directory);
    {
        OptOuts outs(file);
        outs.out("+1800", "+14155550100");
        EXPECT_FALSE(std::filesystem::exists(key));
        EXPECT_EQ(outs.forget("+14155550100"), 1U);
        for (int i = 0; i < 500; ++i) EXPECT_FALSE(outs.is_out("+1800", "+1415555" + std::to_string(2000 + i)));
        EXPECT_TRUE(outs.is_out("+1800", "+14155550100"));
        EXPECT_EQ(outs.slow_hashes(), 0U);
    }
    EXPECT_EQ(std::filesystem::status(key).permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    std::ifstream in(file);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    EXPECT_NE(text.find("hmac:"), std::string::npos);
    EXPECT_EQ(text.find("pbkdf2:"), std::string::npos);
    EXPECT_TRUE(OptOuts(file).is_out("+1800", "+14155550100"));
    // Who has the list alone cannot try numbers; that the key is gone is said.
    std::filesystem::remove(key);
    int errors = 0;
    const OptOuts keyless(file, [&](error_code) { ++errors; });
    EXPECT_FALSE(keyless.is_out("+1800", "+14155550100"));
    EXPECT_EQ(errors, 1);
    std::filesystem::remove_all(directory);
}

TEST(OptOut, AListOfBeforeThereWasAKeyHoldsOn) {
    const auto directory = std::filesystem::path(testing::TempDir()) / "parley_opt_outs_slow";
    const auto file = directory / "list.jsonl";
    std::filesystem::remove_all(directory);
    std::filesystem::create_directories(directory);
    std::ofstream(file) << R"({"salt":"00112233445566778899aabbccddeeff"})"
                           "\n"
                           R"({"ours":"+1800","theirs":"pbkdf2:1f71e6e3239733418e4062c1a432b542","out":true})"
                           "\n"
                           R"({"ours":"+1800","theirs":"+4930","out":true})"
                           "\n";
    OptOuts outs(file);
    EXPECT_TRUE(outs.is_out("+1800", "+14155550100"));
    EXPECT_FALSE(outs.is_out("+1800", "+14155550101"));
    for (int i = 0; i < 100; ++i) {
        EXPECT_TRUE(outs.is_out("+1800", "+14155550100"));
        EXPECT_FALSE(outs.is_out("+1800", "+14155550101"));
    }
    EXPECT_EQ(outs.slow_hashes(), 2U);
    EXPECT_EQ(outs.forget("+4930"), 1U);
    OptOuts again(file);
    EXPECT_TRUE(again.is_out("+1800", "+14155550100"));
    EXPECT_TRUE(again.is_out("+1800", "+4930"));
    again.in("+1800", "+14155550100");
    EXPECT_FALSE(again.is_out("+1800", "+14155550100"));
    const auto before = again.slow_hashes();
    EXPECT_FALSE(again.is_out("+1800", "+14155550102"));
    EXPECT_EQ(again.slow_hashes(), before) << "no entry of before is left";
    std::filesystem::remove_all(directory);
}

TEST(OptOut, IsKeptOverARestart) {
    const auto file = std::filesystem::path(testing::TempDir()) / "parley_opt_outs" / "list.jsonl";
    std::filesystem::remove_all(file.parent_path());
    {
        OptOuts outs(file);
        outs.out("+1", "+2");
        outs.out("+1", "+2");
        outs.out("+1", "+3");
        outs.in("+1", "+3");
        outs.in("+1", "+4");
    }
    std::ofstream(file, std::ios::app) << "torn {\"ours\"";
    OptOuts again(file);
    EXPECT_TRUE(again.is_out("+1", "+2"));
    EXPECT_FALSE(again.is_out("+1", "+3"));
    EXPECT_FALSE(again.is_out("+2", "+1"));
    EXPECT_EQ(again.size(), 1U);
    std::filesystem::remove_all(file.parent_path());
}

TEST(OptOut, AServiceWritesFromAnyOfItsNumbers) {
    const auto file = std::filesystem::path(testing::TempDir()) / "parley_opt_outs_service" / "list.jsonl";
    std::filesystem::remove_all(file.parent_path());
    {
        OptOuts outs(file);
        outs.out("+1", "+2");
        EXPECT_TRUE(outs.is_out("MG1", "+2"));
        EXPECT_FALSE(outs.is_out("+9", "+2"));
        EXPECT_FALSE(outs.is_out("MG1", "+22"));
        outs.in("+1", "+2");
        EXPECT_FALSE(outs.is_out("MG1", "+2"));
        outs.out("MG1", "+3");
        EXPECT_TRUE(outs.is_out("+1", "+3"));
        outs.in("+1", "+3");
        EXPECT_FALSE(outs.is_out("MG1", "+3"));
        outs.out("MG1", "+4");
    }
    OptOuts again(file);
    EXPECT_FALSE(again.is_out("MG1", "+3"));
    EXPECT_TRUE(again.is_out("MG1", "+4"));
    EXPECT_EQ(again.size(), 1U);
    std::filesystem::remove_all(file.parent_path());
}

TEST(IncomingMessage, IsReadWithinBounds) {
    twilio::Form form;
    form.add("MessageSid", "SM00000000000000000000000000000001");
    form.add("From", "+15550199");
    form.add("To", "+15550100");
    form.add("Body", "hello");
    form.add("NumMedia", "2");
    form.add("MediaUrl0", "https://example.com/a");
    form.add("MediaContentType0", "image/png");
    form.add("NumSegments", "1");
    const auto message = read_incoming(form);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->body, "hello");
    ASSERT_EQ(message->media.size(), 2U);
    EXPECT_EQ(message->media[0].type, "image/png");
    EXPECT_EQ(message->media[1].url, "");
    twilio::Form bad;
    bad.add("MessageSid", "CA00000000000000000000000000000001");
    bad.add("From", "+15550199");
    bad.add("To", "+15550100");
    EXPECT_FALSE(read_incoming(bad));
    EXPECT_FALSE(read_incoming({}));
}

}  // namespace
}  // namespace parley::messaging

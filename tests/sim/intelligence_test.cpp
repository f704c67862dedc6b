// What Intelligence makes of words: redaction, words in time, one rule for each kind of operator.

#include <gtest/gtest.h>

#include "rest/intelligence_text.hpp"

namespace parley::sim {
namespace {

struct RedactionCase {
    const char* name;
    std::string text, want;
};
class Redaction : public testing::TestWithParam<RedactionCase> {};
TEST_P(Redaction, Hides) {
    EXPECT_EQ(redacted(GetParam().text), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(cases, Redaction,
                         testing::Values(RedactionCase{"nothing", "Hello, how are you?", "Hello, how are you?"},
                                         RedactionCase{"digits", "Call 415 555 0199.", "Call [NUMBER]."},
                                         RedactionCase{"few_digits", "A table for 4 at 19.", "A table for 4 at 19."},
                                         RedactionCase{"spoken", "it is four one five, thanks", "it is [NUMBER], thanks"},
                                         RedactionCase{"two_spoken", "one or two", "one or two"},
                                         RedactionCase{"mail", "write to ann@example.com please", "write to [EMAIL] please"},
                                         RedactionCase{"name", "My name is Ada.", "My name is [NAME]."},
                                         RedactionCase{"two_names", "my name is Ada Lovelace, hello", "my name is [NAME], hello"},
                                         RedactionCase{"not_a_name", "this is not good", "this is not good"}, RedactionCase{"empty", "", ""}),
                         [](const auto& c) { return c.param.name; });

TEST(WordTimes, AreSpreadOverTheSentence) {
    const Sentence sentence{1, 2, 4, "one two three four", 1};
    const auto words = words_of(sentence, sentence.text);
    ASSERT_EQ(words.size(), 4u);
    EXPECT_EQ(words[1], (Json{{"word", "two"}, {"start_time", "2.50"}, {"end_time", "3.00"}}));
}

std::vector<Sentence> talk() {
    return {
        {2, 0, 1, "Thank you for calling, how can I help?", 1}, {1, 1, 2, "My name is Ada and my number is 5550199.", 1}, {2, 2, 3, "I will connect you.", 1}};
}

TEST(Operators, ClassifyByPhrasesAndSayHowSureTheyAre) {
    auto result = operator_result("conversation-classify", "Sentiment Analysis", nullptr, talk());
    EXPECT_EQ(result["predicted_label"], "positive");
    EXPECT_EQ(result["label_probabilities"]["positive"], "0.50") << "one hit, and one for the doubt";
    result = operator_result("conversation-classify", "Sentiment Analysis", nullptr, {});
    EXPECT_EQ(result["predicted_label"], "neutral");
    result = operator_result("conversation-classify", "mine",
                             Json::parse(R"({"labels":[{"label":"sales","phrases":["buy"]},{"label":"desk","phrases":["help","connect"]}]})"), talk());
    EXPECT_EQ(result["predicted_label"], "desk");
    result = operator_result("conversation-classify", "Voicemail Detector", nullptr, {{2, 0, 1, "Please leave a message after the beep.", 1}});
    EXPECT_EQ(result["predicted_label"], "voicemail");
}

TEST(Operators, FindUtterancesAndEntities) {
    auto result = operator_result("utterance-classify", "Call Transfer", nullptr, talk());
    EXPECT_EQ(result["utterance_match"], true);
    ASSERT_EQ(result["utterance_results"].size(), 1u);
    EXPECT_EQ(result["utterance_results"][0]["utterance_index"], 2);
    EXPECT_EQ(operator_result("utterance-classify", "mine", Json::parse(R"({"phrases":["never"]})"), talk())["utterance_match"], false);
    result = operator_result("extract", "Entity Recognition", nullptr, talk());
    EXPECT_EQ(result["extract_results"]["entities"].size(), 2u);
    EXPECT_EQ(operator_result("extract", "x", nullptr, {})["extract_match"], false);
    EXPECT_EQ(operator_result("extract-normalize", "x", Json::parse(R"({"phrases":["ada"]})"), talk())["normalized_result"], "ada");
    EXPECT_NE(operator_result("text-generation", "Summary", nullptr, talk())["text_generation_results"]["result"].get<std::string>().find("3 sentences"),
              std::string::npos);
    // Every result carries every documented field.
    for (const auto& kind : prebuilt_operators()) EXPECT_EQ(operator_result(kind.type, kind.name, nullptr, talk()).size(), 14u) << kind.name;
}

}  // namespace
}  // namespace parley::sim

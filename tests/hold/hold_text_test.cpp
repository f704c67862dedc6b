#include "parley/hold/hold_text.hpp"

#include <gtest/gtest.h>

namespace parley::hold {
namespace {

std::string shown(std::string_view text) {
    const auto cut = cut_hold_text(text);
    if (!cut.error.empty()) return "!";
    std::string out;
    for (const auto& piece : cut.pieces) out += "[" + piece.text + "]" + std::to_string(piece.pause.count());
    return out;
}

struct Case {
    const char* name;
    std::string text, want;
};
class HoldTexts : public testing::TestWithParam<Case> {};
TEST_P(HoldTexts, are_cut) {
    EXPECT_EQ(shown(GetParam().text), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(
    cases, HoldTexts,
    testing::Values(
        Case{"plain", "  One moment,\n please. ", "[One moment, please.]0"}, Case{"plain_with_signs", "a < b & c <break/>", "[a < b & c <break/>]0"},
        Case{"speak", "<speak>One moment.</speak>", "[One moment.]0"}, Case{"entities", "<speak>Smith &amp; Sons &lt;3</speak>", "[Smith & Sons <3]0"},
        Case{"break_ms", "<speak>One<break time=\"500ms\"/>two</speak>", "[One]500[two]0"},
        Case{"break_s", "<speak>One<break time='1.5s'/>two</speak>", "[One]1500[two]0"},
        Case{"break_twice", "<speak>One<break time='1s'/><break time='1s'/>two</speak>", "[One]2000[two]0"},
        Case{"break_first", "<speak><break time='1s'/>two</speak>", "[]1000[two]0"}, Case{"break_long", "<speak>One<break time='99s'/></speak>", "[One]10000"},
        Case{"strength", "<speak>One<break strength='strong'/>two<break/>three</speak>", "[One]700[two]400[three]0"},
        Case{"break_wrong", "<speak>One<break time='soon'/></speak>", "!"}, Case{"strength_wrong", "<speak>One<break strength='huge'/></speak>", "!"},
        Case{"paragraphs", "<speak><p>One.</p><p>Two.</p></speak>", "[One.]600[Two.]600"},
        Case{"sub", "<speak>The <sub alias=\"World Wide Web\">WWW</sub> waits</speak>", "[The World Wide Web waits]0"},
        Case{"others_for_their_words",
             "<speak version=\"1.1\" xml:lang=\"en\"><prosody rate=\"slow\">One <emphasis>moment</emphasis></prosody><!-- no --></speak>", "[One moment]0"},
        Case{"cdata", "<speak><![CDATA[a < b]]></speak>", "[a < b]0"}, Case{"unclosed", "<speak>One", "!"}, Case{"crossed", "<speak><p>One</speak></p>", "!"},
        Case{"another_root", "<speaker>One</speaker>", "!"}, Case{"audio", "<speak><audio src=\"x\"/>One</speak>", "!"}, Case{"empty", "", "!"},
        Case{"blanks", " \n", "!"}, Case{"silence", "<speak><break time='1s'/></speak>", "!"}),
    [](const auto& c) { return c.param.name; });

TEST(HoldText, long_texts_are_cut_behind_sentences_and_nothing_is_lost) {
    std::string text, words;
    for (int i = 0; i < 60; ++i) text += "This is sentence number " + std::to_string(i) + ", and it says little. ";
    const auto cut = cut_hold_text(text);
    ASSERT_TRUE(cut.error.empty()) << cut.error;
    EXPECT_GT(cut.pieces.size(), 5U);
    for (const auto& piece : cut.pieces) {
        EXPECT_LE(piece.text.size(), kMostPiece);
        EXPECT_EQ(piece.text.back(), '.');
        words += piece.text + " ";
    }
    EXPECT_EQ(words, text);
    EXPECT_EQ(cut.pieces.back().pause.count(), 0);
    EXPECT_EQ(cut.pieces.front().pause.count(), 300);
}

TEST(HoldText, what_has_no_place_to_cut_is_cut_between_characters) {
    std::string text;
    for (int i = 0; i < 700; ++i) text += "\xC3\xA4";
    std::string all;
    for (const auto& piece : cut_hold_text(text).pieces) {
        EXPECT_LE(piece.text.size(), kMostPiece);
        EXPECT_EQ(static_cast<unsigned char>(piece.text.front()), 0xC3U);
        all += piece.text;
    }
    EXPECT_EQ(all, text);
}

TEST(HoldText, three_thousand_characters_are_the_limit) {
    EXPECT_TRUE(cut_hold_text(std::string(3000, 'a')).error.empty());
    EXPECT_FALSE(cut_hold_text(std::string(3001, 'a')).error.empty());
    std::string umlauts;
    for (int i = 0; i < 3000; ++i) umlauts += "\xC3\xB6";
    EXPECT_TRUE(cut_hold_text(umlauts).error.empty()) << "characters, not bytes";
}

TEST(HoldText, nesting_is_bounded) {
    std::string deep = "<speak>";
    for (int i = 0; i < 200; ++i) deep += "<b>";
    deep += "x";
    for (int i = 0; i < 200; ++i) deep += "</b>";
    EXPECT_FALSE(cut_hold_text(deep + "</speak>").error.empty());
}

}  // namespace
}  // namespace parley::hold

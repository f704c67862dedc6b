#include <gmock/gmock.h>

#include "parley/messaging/segments.hpp"

namespace parley::messaging {
namespace {

std::string times(std::size_t count, std::string_view what) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += what;
    return all;
}

struct Row {
    std::string text;
    Encoding encoding;
    std::size_t units, segments;
};

TEST(Segments, TheTable) {
    const std::vector<Row> rows{
        {"", Encoding::gsm7, 0, 0},
        {"a", Encoding::gsm7, 1, 1},
        {times(160, "a"), Encoding::gsm7, 160, 1},
        {times(161, "a"), Encoding::gsm7, 161, 2},
        {times(306, "a"), Encoding::gsm7, 306, 2},
        {times(307, "a"), Encoding::gsm7, 307, 3},
        {times(1600, "a"), Encoding::gsm7, 1600, 11},
        {"@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà", Encoding::gsm7, 43, 1},
        {"€", Encoding::gsm7, 2, 1},
        {"[{~}]^\\|", Encoding::gsm7, 16, 1},
        {times(80, "€"), Encoding::gsm7, 160, 1},
        // An escape is not parted from its letter: 76 of them fill 152 of 153.
        {times(81, "€"), Encoding::gsm7, 162, 2},
        {times(153, "€"), Encoding::gsm7, 306, 3},
        {times(152, "a") + "€" + times(10, "a"), Encoding::gsm7, 164, 2},
        {"ç", Encoding::ucs2, 1, 1},  // small c with cedilla is not in the alphabet, the capital one is
        {"`", Encoding::ucs2, 1, 1},
        {"“quoted”", Encoding::ucs2, 8, 1},
        {times(70, "я"), Encoding::ucs2, 70, 1},
        {times(71, "я"), Encoding::ucs2, 71, 2},
        {times(134, "я"), Encoding::ucs2, 134, 2},
        {times(135, "я"), Encoding::ucs2, 135, 3},
        {"😀", Encoding::ucs2, 2, 1},
        {times(35, "😀"), Encoding::ucs2, 70, 1},
        {times(36, "😀"), Encoding::ucs2, 72, 2},
        // A pair is not parted: 33 of them fill 66 of 67.
        {times(67, "😀"), Encoding::ucs2, 134, 3},
        {std::string("\xff"), Encoding::ucs2, 1, 1},
        {std::string("\xed\xa0\x80"), Encoding::ucs2, 3, 1},  // a lone surrogate is no UTF-8
    };
    for (const auto& row : rows) {
        const auto counted = count_segments(row.text);
        EXPECT_EQ(counted.encoding, row.encoding) << row.text.substr(0, 40);
        EXPECT_EQ(counted.units, row.units) << row.text.substr(0, 40);
        EXPECT_EQ(counted.segments, row.segments) << row.text.substr(0, 40);
    }
    EXPECT_EQ(count_segments(times(10, "€")).characters, 10U);
    EXPECT_EQ(count_segments(times(10, "😀")).characters, 20U);
}

TEST(Segments, LongTextIsDividedBehindSentencesAndLosesNothing) {
    EXPECT_THAT(split_text("Short."), testing::ElementsAre("Short."));
    EXPECT_THAT(split_text("  \n "), testing::IsEmpty());
    EXPECT_THAT(split_text("One two three. Four five six. Seven", 20), testing::ElementsAre("One two three.", "Four five six. Seven"));
    EXPECT_THAT(split_text("abcdefghij klm", 12), testing::ElementsAre("abcdefghij", "klm"));
    EXPECT_THAT(split_text("abcdefghijklm", 5), testing::ElementsAre("abcde", "fghij", "klm"));
    EXPECT_THAT(split_text("😀😀😀", 3), testing::ElementsAre("😀", "😀", "😀"));
    const auto pieces = split_text(times(500, "All of it matters. "));
    std::string joined;
    for (const auto& piece : pieces) {
        EXPECT_LE(count_segments(piece).characters, kMostCharacters);
        EXPECT_TRUE(piece.ends_with('.'));
        joined += piece + " ";
    }
    EXPECT_EQ(joined, times(500, "All of it matters. "));
    EXPECT_EQ(pieces.size(), 6U);
}

}  // namespace
}  // namespace parley::messaging

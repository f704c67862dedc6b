#include "text.hpp"

#include <gtest/gtest.h>

#include "spoken_text.hpp"

namespace parley::conversation {
namespace {

struct CleanCase {
    const char* name;
    std::string_view text, want;
};
void PrintTo(const CleanCase& c, std::ostream* out) {
    *out << c.name;
}
class Clean : public testing::TestWithParam<CleanCase> {};
TEST_P(Clean, text) {
    EXPECT_EQ(clean(GetParam().text), GetParam().want);
}
using namespace std::string_view_literals;
INSTANTIATE_TEST_SUITE_P(cases, Clean,
                         testing::Values(CleanCase{"plain", "a b", "a b"}, CleanCase{"empty", "", ""}, CleanCase{"blanks", " \t\n ", ""},
                                         CleanCase{"spaces", "  a \t b\r\n", "a b"},
                                         CleanCase{"controls",
                                                   "a\0b\x1F"
                                                   "c\x7F"sv,
                                                   "a b c"},
                                         CleanCase{"c1_controls",
                                                   "a\xC2\x85"
                                                   "b",
                                                   "a b"},
                                         CleanCase{"latin", "gr\xC3\xBC\xC3\x9F", "gr\xC3\xBC\xC3\x9F"},
                                         CleanCase{"overlong",
                                                   "a\xC0\xAF"
                                                   "b",
                                                   "ab"},
                                         CleanCase{"surrogate",
                                                   "a\xED\xA0\x80"
                                                   "b",
                                                   "ab"},
                                         CleanCase{"beyond_unicode",
                                                   "a\xF4\x90\x80\x80"
                                                   "b",
                                                   "ab"},
                                         CleanCase{"broken_end", "a\xE2\x82", "a"}, CleanCase{"emoji", "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"}),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(Clean, is_bounded_at_a_character) {
    EXPECT_EQ(clean("abcdef", 3), "abc");
    EXPECT_EQ(clean("ab\xC3\xBC", 3), "ab");
    EXPECT_EQ(clean("ab c", 3), "ab");
    EXPECT_EQ(clean(std::string(100000, 'x')).size(), kLongestText);
}

TEST(Words, are_counted_and_joined) {
    EXPECT_EQ(count_words(""), 0U);
    EXPECT_EQ(count_words("  one two\tthree "), 3U);
    std::string text;
    append_words(text, "");
    append_words(text, "a");
    append_words(text, "");
    append_words(text, "b");
    EXPECT_EQ(text, "a b");
}

TEST(Ends, as_it_reads) {
    EXPECT_EQ(how_it_ends(""), Ending::open);
    EXPECT_EQ(how_it_ends("book a table"), Ending::open);
    EXPECT_EQ(how_it_ends("Book a table."), Ending::finished);
    EXPECT_EQ(how_it_ends("Really!"), Ending::finished);
    EXPECT_EQ(how_it_ends("Is it my?"), Ending::finished);
    EXPECT_EQ(how_it_ends("well,"), Ending::unfinished);
    EXPECT_EQ(how_it_ends("I want TO"), Ending::unfinished);
    EXPECT_EQ(how_it_ends("and"), Ending::unfinished);
    EXPECT_EQ(how_it_ends("sand"), Ending::open);
    EXPECT_EQ(how_it_ends("..."), Ending::unfinished);
    EXPECT_EQ(how_it_ends("?"), Ending::finished);
}

TEST(SpokenPrefix, never_shrinks_and_never_splits_a_word) {
    const std::string text = "on 24 may, we open at 9:30 \xE2\x80\x93 gr\xC3\xBC\xC3\x9F dich";
    const Ledger::WordTime words[] = {{3000, 2}, {9000, 5}, {12000, 10}};
    for (const std::size_t known : {0U, 1U, 3U}) {
        std::size_t last = 0;
        for (std::uint64_t samples = 0; samples <= 40000; samples += 37) {
            const auto prefix = spoken_prefix(text, std::span(words, known), samples, 40000);
            ASSERT_GE(prefix, last);
            ASSERT_TRUE(prefix == 0 || prefix == text.size() || text[prefix] == ' ' || text[prefix - 1] == ' ') << prefix;
            last = prefix;
        }
        EXPECT_LT(last, text.size());  // the last word is spoken when all of it is
        EXPECT_EQ(spoken_prefix(text, std::span(words, known), 40000, 40000), text.size());
    }
}

TEST(SpokenPrefix, hostile_lengths_and_times) {
    const Ledger::WordTime words[] = {{100, 4000000000U}, {4000000000U, 4000000000U}};
    for (std::uint64_t samples : {0ULL, 1ULL, 99ULL, 100ULL, 5000ULL, ~0ULL}) {
        for (std::uint64_t length : {0ULL, 1ULL, 100ULL, 1ULL << 62, ~0ULL}) EXPECT_LE(spoken_prefix("one two", words, samples, length), 7U);
    }
}

}  // namespace
}  // namespace parley::conversation

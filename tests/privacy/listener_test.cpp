#include <gtest/gtest.h>

#include <chrono>

#include "parley/privacy/redactor.hpp"

namespace parley::privacy {
namespace {

struct Said {
    bool caller;
    std::string_view text, left;
};
struct Talk {
    const char* name;
    std::vector<Said> turns;
};
class Turns : public testing::TestWithParam<Talk> {};
TEST_P(Turns, belong_together) {
    Listener listener;
    for (const auto& turn : GetParam().turns) EXPECT_EQ(listener.turn(turn.caller, turn.text).text, turn.left);
}
INSTANTIATE_TEST_SUITE_P(
    talks, Turns,
    testing::Values(Talk{"card_asked_for",
                         {{false, "What is your card number?", "What is your card number?"},
                          {true, "four one one one", "[card]"},
                          {false, "mhm", "mhm"},
                          {true, "one one one one uh one one one one", "[card]"},
                          {false, "go on", "go on"},
                          {true, "one one one one.", "[card]."},
                          {true, "That's it.", "That's it."}}},
                    Talk{"card_nobody_named",
                         {{true, "five one zero five one zero five one", "five one zero five one zero five one"},
                          {true, "zero five one zero five one zero zero okay", "[card] okay"}}},
                    Talk{"social_in_three",
                         {{false, "And your social security number please?", "And your social security number please?"},
                          {true, "two one nine", "[ssn]"},
                          {true, "oh nine", "[ssn]"},
                          {true, "nine nine nine nine", "[ssn]"}}},
                    Talk{"phone_asked_for",
                         {{false, "At which number can I call you back?", "At which number can I call you back?"},
                          {true, "five five five", "[phone]"},
                          {true, "oh one two three", "[phone]"}}},
                    Talk{"iban_in_two",
                         {{false, "What is your IBAN?", "What is your IBAN?"},
                          {true, "D E eight nine three seven zero four", "[iban]"},
                          {true, "zero zero four four zero five three two zero one three zero zero zero thanks", "[iban] thanks"}}},
                    Talk{"mail_asked_for",
                         {{false, "What is your e-mail address?", "What is your e-mail address?"}, {true, "miller at example dot com", "[email]"}}},
                    Talk{"a_zip_is_none",
                         {{false, "What is your zip code?", "What is your zip code?"},
                          {true, "nine oh two one oh", "nine oh two one oh"},
                          {true, "four people", "four people"}}},
                    Talk{"sides_are_apart",
                         {{true, "four one one one one one one one", "four one one one one one one one"},
                          {false, "one one one one one one one one", "one one one one one one one one"}}},
                    Talk{"read_back", {{false, "I have 4111 1111 1111 1111, is that right?", "I have [card], is that right?"}, {true, "yes", "yes"}}}),
    [](const auto& c) { return c.param.name; });

TEST(Redactor, only_what_is_asked_for) {
    Kinds kinds;
    kinds.add(Kind::email);
    EXPECT_EQ(redact("4111 1111 1111 1111, a.b@example.com", kinds).text, "4111 1111 1111 1111, [email]");
    EXPECT_EQ(redact("4111 1111 1111 1111, a.b@example.com", Kinds::of({"card"})).text, "[card], a.b@example.com");
}

TEST(Redactor, says_where) {
    const auto got = redact("call +49 171 1234567 or a@b.de now");
    ASSERT_EQ(got.found.size(), 2U);
    EXPECT_EQ(got.found[0].kind, Kind::phone);
    EXPECT_EQ(got.found[0].begin, 5U);
    EXPECT_EQ(got.found[0].end, 20U);
    EXPECT_EQ(got.text, "call [phone] or [email] now");
}

TEST(Redactor, a_changed_digit_is_no_card) {
    EXPECT_EQ(redact("number 4111 1111 1111 1112 here").text, "number 4111 1111 1111 1112 here");
    EXPECT_EQ(redact("DE89 3704 0044 0532 0130 01").text, "DE89 3704 0044 0532 0130 01");
}

// Twice the text takes twice the time: texts that make a search look ahead again and again. A bound far from both.
TEST(Redactor, is_linear) {
    for (const std::string_view piece :
         {"one ", "4111 ", "D E 1 2 ", "a at ", "a.b@c.", "double ", "twenty ", "- ", "@ ", "uh ", "a123", "de12", "? ", "order "}) {
        std::string text;
        while (text.size() < 40'000) text += piece;
        const auto began = std::chrono::steady_clock::now();
        (void)redact(text);
        EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(60)) << piece;
    }
}

}  // namespace
}  // namespace parley::privacy

// Numbers that a word near them, or a glyph beside them, must not save from being masked; and what those words do save.

#include <gtest/gtest.h>

#include "parley/privacy/redactor.hpp"

namespace parley::privacy {
namespace {

struct Case {
    std::string_view text, left;
};

void all_of(std::initializer_list<Case> cases) {
    for (const auto& one : cases) EXPECT_EQ(redact(one.text).text, one.left);
}

TEST(Cues, of_something_else_only_keep_what_they_govern) {
    all_of({{"area code 415-555-0123", "area code [phone]"},
            {"area code four one five, five five five, oh one two three", "area code [phone]"},
            {"I'm an existing customer, 415-555-0123.", "I'm an existing customer, [phone]."},
            {"I'm an existing customer 415-555-0123", "I'm an existing customer [phone]"},
            {"For the account, my SS number is 123-45-6789", "For the account, my SS number is [ssn]"},
            {"It is about my order. You can find me under (415) 555-0123", "It is about my order. You can find me under [phone]"},
            {"Is it my order? 415-555-0123", "Is it my order? [phone]"},
            {"About the booking we made for June, 020 7946 0123 is mine", "About the booking we made for June, [phone] is mine"},
            {"my reservation, and then there's 219-09-9999", "my reservation, and then there's [ssn]"}});
    all_of({{"order 415-555-0123", "order 415-555-0123"},
            {"my order number is 415-555-0123", "my order number is 415-555-0123"},
            {"customer number 415-555-0123", "customer number 415-555-0123"},
            {"order no. 415-555-0123", "order no. 415-555-0123"},
            {"part number 123-45-6789 please", "part number 123-45-6789 please"},
            {"tracking number 1Z 999 AA1 01 2345 6784", "tracking number 1Z 999 AA1 01 2345 6784"},
            {"my order from last week is 2125550143", "my order from last week is 2125550143"}});
}

TEST(Cues, a_cards_code_and_one_that_was_sent) {
    all_of({{"and the code is seven one nine on the back of my card", "and the code is [card] on the back of my card"},
            {"The code is 719", "The code is [card]"},
            {"the code on the back of it is 719", "the code on the back of it is [card]"},
            {"your verification code is 482913", "your verification code is [card]"},
            {"a one-time code: 4829", "a one-time code: [card]"}});
    all_of({{"zip code nine oh two one oh", "zip code nine oh two one oh"},
            {"the code on the door is star five five eight one", "the code on the door is star five five eight one"},
            {"the discount code is 2025", "the discount code is 2025"},
            {"The code is on the card. We come at 1930 and 2045 then", "The code is on the card. We come at 1930 and 2045 then"}});
}

TEST(Cues, a_code_that_was_asked_for) {
    for (const std::string_view asked :
         {"Three-digit security code?", "And the code on the back?", "What is the CVV? It is on the back of your card.", "Which code did we send you?"}) {
        for (const auto& [text, left] :
             std::initializer_list<Case>{{"seven one nine", "[card]"}, {"It's 7192.", "It's [card]."}, {"The code is 719", "The code is [card]"}}) {
            Listener listener;
            EXPECT_EQ(listener.turn(false, asked).text, asked);
            EXPECT_EQ(listener.turn(true, text).text, left) << asked;
        }
    }
    Listener listener;
    (void)listener.turn(false, "What's the door code?");
    EXPECT_EQ(listener.turn(true, "seven one nine").text, "seven one nine");
}

TEST(Glyphs, that_touch_a_number_do_not_hide_it) {
    all_of({{"SSN123-45-6789", "SSN[ssn]"},
            {"IBANDE89370400440532013000", "IBAN[iban]"},
            {"DE89370400440532013000x", "[iban]x"},
            {"gb06loyd30963404719265", "[iban]"},
            {"card4532015112830366", "card[card]"},
            {"4532 0151 1283 0366x", "[card]x"},
            {"tel4155550123", "tel[phone]"},
            {"\xE2\x80\x9C"
             "415-555-0123\xE2\x80\x9D",
             "\xE2\x80\x9C[phone]\xE2\x80\x9D"},
            {"4532\xC2\xB7"
             "0151\xC2\xB7"
             "1283\xC2\xB7"
             "0366",
             "[card]"},
            {"4532\xE2\x80\xA2"
             "0151\xE2\x80\xA2"
             "1283\xE2\x80\xA2"
             "0366",
             "[card]"},
            {"4532\xE2\x80\x89"
             "0151\xE2\x80\xAF"
             "1283\xE2\x80\x87"
             "0366",
             "[card]"},
            {"415\xE2\x80\x91"
             "555\xE2\x80\x93"
             "0123",
             "[phone]"},
            {"\xEF\xBC\x94\xEF\xBC\x95\xEF\xBC\x93\xEF\xBC\x92 \xEF\xBC\x90\xEF\xBC\x91\xEF\xBC\x95\xEF\xBC\x91 "
             "\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x98\xEF\xBC\x93 \xEF\xBC\x90\xEF\xBC\x93\xEF\xBC\x96\xEF\xBC\x96!",
             "[card]!"},
            {"miller1984@example.com", "[email]"},
            {"miller1984 at gmail dot com", "[email]"},
            {"it's john1984smith at gmail dot com", "it's [email]"}});
    all_of({{"RX2125550142 is the part", "RX2125550142 is the part"},
            {"1Z999AA10123456784", "1Z999AA10123456784"},
            {"JD0002298361742GB", "JD0002298361742GB"},
            {"550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-446655440000"},
            {"\xC2\xA3"
             "1,234,567 and \xE2\x82\xAC"
             "12,345,678",
             "\xC2\xA3"
             "1,234,567 and \xE2\x82\xAC"
             "12,345,678"},
            {"call in 120km or 500ms", "call in 120km or 500ms"}});
}

}  // namespace
}  // namespace parley::privacy

#include <gtest/gtest.h>

#include "parley/privacy/redactor.hpp"

namespace parley::privacy {
namespace {

TEST(Keys, say_what_a_value_is) {
    for (const auto& [key, cue] : std::initializer_list<std::pair<std::string_view, Cue>>{{"cvv", Cue::code},
                                                                                          {"card_cvv", Cue::code},
                                                                                          {"cardCvc2", Cue::code},
                                                                                          {"CVVCode", Cue::code},
                                                                                          {"security_code", Cue::code},
                                                                                          {"one_time_code", Cue::code},
                                                                                          {"ssn_last4", Cue::ssn},
                                                                                          {"socialSecurityNumber", Cue::ssn},
                                                                                          {"SSNumber", Cue::ssn},
                                                                                          {"ss_number", Cue::ssn},
                                                                                          {"IBAN", Cue::iban},
                                                                                          {"phone", Cue::phone},
                                                                                          {"callbackNumber", Cue::phone},
                                                                                          {"phones", Cue::phone},
                                                                                          {"card", Cue::card},
                                                                                          {"cardNumber", Cue::card},
                                                                                          {"last4", Cue::card},
                                                                                          {"e_mail", Cue::email},
                                                                                          {"card_expiry", Cue::none},
                                                                                          {"card_status", Cue::none},
                                                                                          {"phone_type", Cue::none},
                                                                                          {"callback_time", Cue::none},
                                                                                          {"card_order_id", Cue::none},
                                                                                          {"code", Cue::none},
                                                                                          {"order_number", Cue::none},
                                                                                          {"number", Cue::none},
                                                                                          {"", Cue::none}})
        EXPECT_EQ(cue_of_key(key), cue) << key;
    EXPECT_EQ(cue_of_key("number", Cue::card), Cue::card);
    EXPECT_EQ(cue_of_key("0", Cue::phone), Cue::phone);
    EXPECT_EQ(cue_of_key("people", Cue::card), Cue::none);
    EXPECT_EQ(cue_of_key(std::string(10'000, 'A')), Cue::none);
}

TEST(Keys, and_the_value_is_read_as_that) {
    EXPECT_EQ(redact("719").text, "719");
    EXPECT_EQ(redact("719", Kinds::all(), Cue::code).text, "[card]");
    EXPECT_EQ(redact("6789", Kinds::all(), Cue::ssn).text, "[ssn]");
    EXPECT_EQ(redact("5550100", Kinds::all(), Cue::phone).text, "[phone]");
    EXPECT_EQ(redact("4111 1111 1111 1112", Kinds::all(), Cue::card).text, "[card]");
    EXPECT_EQ(redact("719", Kinds::of({"phone"}), Cue::code).text, "719");
}

TEST(Listener, knows_what_it_masked_however_it_is_written) {
    Listener listener;
    (void)listener.turn(false, "What is your card number?");
    (void)listener.turn(true, "four one one one one one one one");
    (void)listener.turn(true, "one one one one one one one two");
    EXPECT_EQ(listener.masked("4111-1111-1111-1112"), Kind::card);
    EXPECT_EQ(listener.masked("41111111"), Kind::card);
    EXPECT_EQ(listener.masked("four triple one, double one double one"), Kind::card);
    EXPECT_EQ(listener.masked("4111111111111113"), std::nullopt);
    (void)listener.turn(false, "And your IBAN?");
    (void)listener.turn(true, "DE89 3704 0044 0532 0130 01");
    EXPECT_EQ(listener.masked("de89370400440532013001"), Kind::iban);
    EXPECT_EQ(listener.masked(""), std::nullopt);
    EXPECT_EQ(listener.masked(std::string(100'000, '1')), std::nullopt);
    // No more than the last of them are kept.
    for (int i = 0; i < 200; ++i) (void)listener.turn(true, "call 415-555-" + std::to_string(1000 + i) + " please");
    EXPECT_EQ(listener.masked("4155551199"), Kind::phone);
    EXPECT_EQ(listener.masked("4155551000"), std::nullopt);
}

}  // namespace
}  // namespace parley::privacy

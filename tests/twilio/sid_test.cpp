#include "parley/twilio/sid.hpp"

#include <gtest/gtest.h>

namespace parley::twilio {
namespace {

TEST(Sid, shape) {
    const std::string good = "CA0123456789abcdefABCDEF0123456789";
    ASSERT_EQ(good.size(), 34U);
    EXPECT_TRUE(is_call_sid(good));
    EXPECT_TRUE(is_sid(good));
    EXPECT_FALSE(is_account_sid(good));
    EXPECT_FALSE(is_call_sid(good.substr(1)));
    EXPECT_FALSE(is_call_sid(good + "0"));
    EXPECT_FALSE(is_call_sid("ca" + good.substr(2)));
    EXPECT_FALSE(is_sid("C1" + good.substr(2)));
    EXPECT_FALSE(is_sid(""));
    for (std::size_t i = 2; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = 'g';
        EXPECT_FALSE(is_call_sid(bad)) << i;
    }
    EXPECT_TRUE(is_stream_sid("MZ" + good.substr(2)));
}

TEST(Sid, wire_id) {
    EXPECT_TRUE(is_wire_id("a"));
    EXPECT_TRUE(is_wire_id(std::string(64, 'x')));
    EXPECT_FALSE(is_wire_id(std::string(65, 'x')));
    EXPECT_FALSE(is_wire_id(""));
    for (const std::string_view bad : {"a b", "a\"", "a\\", "a/b", "a.b", "a\n", "\xc3\xa9"}) EXPECT_FALSE(is_wire_id(bad)) << bad;
}

TEST(Phone, e164) {
    for (const std::string_view good : {"+4915112345612", "+14158675310", "+1234567", "+123456789012345"}) EXPECT_TRUE(is_e164(good)) << good;
    for (const std::string_view bad : {"", "+", "+123456", "+1234567890123456", "4915112345612", "+0123456789", "+49 151 123", "+49a51123456", "client:bob"}) {
        EXPECT_FALSE(is_e164(bad)) << bad;
    }
}

TEST(Phone, mask) {
    EXPECT_EQ(mask_phone("+4915112345612"), "+49\u2022\u2022\u2022\u2022\u202212");
    EXPECT_EQ(mask_phone("+1234567"), "+12\u2022\u2022\u2022\u2022\u202267");
    EXPECT_EQ(mask_phone("client:alice"), "client:\u2022\u2022\u2022\u2022\u2022");
    EXPECT_EQ(mask_phone("sip:bob@example.org;transport=tls"), "sip:\u2022\u2022\u2022\u2022\u2022@example.org");
    EXPECT_EQ(mask_phone("sips:bob@example.org:5061"), "sips:\u2022\u2022\u2022\u2022\u2022@example.org");
    EXPECT_EQ(mask_phone("sip:bob@exa\nmple"), "sip:\u2022\u2022\u2022\u2022\u2022");
    EXPECT_EQ(mask_phone("anonymous \"x\"\n"), "\u2022\u2022\u2022\u2022\u2022");
    EXPECT_EQ(mask_phone(""), "");
}

}  // namespace
}  // namespace parley::twilio

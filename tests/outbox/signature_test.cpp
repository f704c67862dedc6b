#include "parley/outbox/signature.hpp"

#include <gtest/gtest.h>

namespace parley::outbox {
namespace {

const Secret kSecret("whsec_test");
constexpr std::int64_t kAt = 1'700'000'000;

TEST(Signature, is_what_others_compute) {
    // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac whsec_test
    EXPECT_EQ(sign(kSecret, kAt, R"({"a":1})"), "t=1700000000,v1=38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789");
}

TEST(Signature, holds_for_its_text_its_key_and_its_time) {
    const auto header = sign(kSecret, kAt, "body");
    EXPECT_TRUE(signature_holds(kSecret, header, "body", kAt + 300));
    EXPECT_FALSE(signature_holds(kSecret, header, "body", kAt + 301));
    EXPECT_FALSE(signature_holds(kSecret, header, "body.", kAt));
    EXPECT_FALSE(signature_holds(Secret("other"), header, "body", kAt));
    // Two keys during a change: one of them is enough.
    EXPECT_TRUE(signature_holds(kSecret, "t=1700000000,v1=00," + header.substr(header.find("v1=")), "body", kAt));
}

TEST(Signature, anything_else_does_not) {
    for (const auto* header : {"", "t=", "v1=ab", "t=1700000000", "t=x,v1=ab", ",,,", "t=1700000000,v1=", "t=99999999999999999999999,v1=ab"})
        EXPECT_FALSE(signature_holds(kSecret, header, "body", kAt)) << header;
}

}  // namespace
}  // namespace parley::outbox

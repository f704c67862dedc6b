#include <gtest/gtest.h>

#include "parley/twilio/twiml.hpp"

namespace parley::twilio {
namespace {

TEST(Twiml, connect_with_tail) {
    TwimlResponse r;
    r.connect({.noun = twiml::Stream{.url = "wss://gw.example.com/media", .parameters = {{"t", "a&b\"<c>"}}}})
        .redirect({.url = "https://gw.example.com/after?a=1&b=2"});
    const auto xml = r.str();
    ASSERT_TRUE(xml) << r.problem();
    EXPECT_EQ(*xml, R"(<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="wss://gw.example.com/media"><Parameter name="t" )"
                    R"(value="a&amp;b&quot;&lt;c>"/></Stream></Connect><Redirect>https://gw.example.com/after?a=1&amp;b=2</Redirect></Response>)");
}

TEST(Twiml, first_refusal_sticks) {
    TwimlResponse r;
    r.say({.text = "hi", .loop = 1001}).say("fine").connect({});
    EXPECT_EQ(r.str().error(), errc::twiml_attribute);
    EXPECT_EQ(r.problem(), "Say loop: 0 to 1000, not 1001");
}

}  // namespace
}  // namespace parley::twilio

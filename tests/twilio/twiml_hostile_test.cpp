// Hostile text comes back from a parser as what was said, and as nothing else: same tree, same characters.
#include <gtest/gtest.h>

#include <algorithm>
#include <pugixml.hpp>
#include <random>

#include "parley/twilio/twiml.hpp"
#include "utf8.hpp"

namespace parley::twilio {
namespace {

using namespace twiml;

std::size_t elements(const pugi::xml_node& node) {
    std::size_t count = 0;
    for (const pugi::xml_node& child : node.children()) {
        if (child.type() == pugi::node_element) count += 1 + elements(child);
    }
    return count;
}

std::string line_feeds(std::string text) {
    for (std::size_t at = text.find("\r\n"); at != std::string::npos; at = text.find("\r\n", at)) text.erase(at, 1);
    std::replace(text.begin(), text.end(), '\r', '\n');
    return text;
}

void expect_round_trip(const std::string& hostile) {
    TwimlResponse r;
    r.connect({.noun = Stream{.url = "wss://h/m", .parameters = {{"p", hostile}}}});
    r.say({.text = "x" + hostile + "x", .ssml = {ssml::sub(hostile, "b" + hostile + "b")}});
    r.gather({.hints = "h"});
    const auto xml = r.str();
    ASSERT_TRUE(xml) << r.problem();
    pugi::xml_document document;
    constexpr unsigned kExact = pugi::parse_escapes | pugi::parse_ws_pcdata | pugi::parse_eol | pugi::parse_wconv_attribute;
    ASSERT_TRUE(document.load_buffer(xml->data(), xml->size(), kExact)) << *xml;
    const pugi::xml_node response = document.child("Response");
    EXPECT_EQ(elements(response), 6U) << *xml;
    const std::string want = xml_text(hostile);
    EXPECT_EQ(response.child("Connect").child("Stream").child("Parameter").attribute("value").value(), want);
    EXPECT_EQ(response.child("Say").text().get(), line_feeds("x" + want + "x"));
    EXPECT_EQ(response.child("Say").child("sub").attribute("alias").value(), want);
    EXPECT_EQ(response.child("Say").child("sub").text().get(), line_feeds("b" + want + "b"));
    EXPECT_TRUE(is_utf8(*xml));
    for (const char c : *xml) EXPECT_FALSE(static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') << *xml;
    for (int c = 0; c < 32; ++c) {
        if (c == '\t' || c == '\n' || c == '\r') continue;
        EXPECT_EQ(xml->find("&#" + std::to_string(c) + ";"), std::string::npos);
        EXPECT_EQ(xml->find(c < 10 ? "&#0" + std::to_string(c) + ";" : "&#x" + std::to_string(c) + ";"), std::string::npos);
    }
}

TEST(TwimlHostile, w17_chosen_texts) {
    for (const std::string& hostile :
         {std::string("</Say><Dial>+881</Dial><Say>"), std::string("\"/><Redirect>https://evil</Redirect><x a=\""), std::string("<![CDATA[x]]>"),
          std::string("]]>"), std::string("<!-- x -->"), std::string("--"), std::string("&amp;&lt;&#60;&#x3c;&bogus;"), std::string("<?xml version=\"1.0\"?>"),
          std::string("<!DOCTYPE a [<!ENTITY b \"c\">]>&b;"),
          std::string("a\x01\x02\x1f\x7f"
                      "b"),
          std::string("a\0b", 3), std::string("tab\tnew\nline"), std::string("cr\rcr\r\ncr"), std::string("'\"'"),
          std::string("\xff\xfe\xc0\xaf\xed\xa0\x80 x"), std::string("\xef\xbf\xbe\xef\xbf\xbf"), std::string("\u202e\u2028\u0085 gr\u00fc\u00df \U0001F44B"),
          std::string(" leading and trailing "),
          std::string("\xef\xbb\xbf"
                      "bom")}) {
        expect_round_trip(hostile);
    }
}

TEST(TwimlHostile, w17_random_bytes) {
    std::mt19937 random(5);
    const std::string pieces[] = {"<", ">", "&", "\"", "'", "]]>", "\x01", "\xc3", "\xa9", "\r", "\n", "</Say>", "a", "\xf0\x9f\x91\x8b", "\xed\xa0\x80"};
    for (int round = 0; round < 2000; ++round) {
        std::string text;
        for (unsigned i = random() % 24; i > 0; --i)
            text += random() % 2 == 0 ? pieces[random() % std::size(pieces)] : std::string(1, static_cast<char>(random()));
        expect_round_trip(text);
        if (HasFatalFailure()) break;
    }
}

TEST(TwimlHostile, every_code_point_class) {
    EXPECT_EQ(xml_text("a\x0b\x0c"
                       "b\x7f"),
              "ab\x7f");
    EXPECT_EQ(xml_text("\xc3"), "\uFFFD");
    EXPECT_EQ(xml_text("\xe2\x82"), "\uFFFD\uFFFD");
    EXPECT_EQ(xml_text("\xf4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
    EXPECT_EQ(xml_text("\xf4\x8f\xbf\xbd"), "\xf4\x8f\xbf\xbd");
    EXPECT_EQ(utf16_length("a\u00e9\u20ac\U0001F642"), 5U);
}

TEST(TwimlHostile, problems_repeat_no_text_of_the_caller) {
    TwimlResponse r;
    r.redirect({.url = "javascript:secret()"});
    EXPECT_EQ(r.problem().find("secret"), std::string_view::npos);
    EXPECT_FALSE(r.problem().empty());
}

}  // namespace
}  // namespace parley::twilio

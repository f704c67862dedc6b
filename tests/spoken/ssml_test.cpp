#include "parley/spoken/ssml.hpp"

#include <gtest/gtest.h>

namespace parley::spoken {
namespace {

TEST(Ssml, escapes_what_xml_would_read) {
    EXPECT_EQ(escape_xml("Tom & \"Jerry's\" <b>"), "Tom &amp; &quot;Jerry&apos;s&quot; &lt;b&gt;");
    EXPECT_EQ(escape_xml("&amp;"), "&amp;amp;");
    EXPECT_EQ(escape_xml(std::string_view("a\0b\x01\x1f\x7f\tc\n", 10)), "ab\tc\n");
    EXPECT_EQ(escape_xml("\xc3\xa4 \xf0\x9f\x98\x80 \xff\xc3 \xed\xa0\x80 \xef\xbf\xbe."), "\xc3\xa4 \xf0\x9f\x98\x80   .");
    EXPECT_EQ(escape_xml(""), "");
}

TEST(Ssml, strips_what_a_voice_would_obey) {
    EXPECT_EQ(strip_markup("Hi <break time=\"10s\"/>there"), "Hi there");
    EXPECT_EQ(strip_markup("<speak>Hi <prosody rate='x-slow'>you</prosody></speak>"), "Hi you");
    EXPECT_EQ(strip_markup("a <!-- hidden > text --> b"), "a  b");
    EXPECT_EQ(strip_markup("<![CDATA[x]]>y"), "xy");
    EXPECT_EQ(strip_markup("<?xml version=\"1.0\"?>z"), "z");
    EXPECT_EQ(strip_markup("<audio src=\"a>b\"/>z"), "z");
    EXPECT_EQ(strip_markup("safe <break time=\"9"), "safe ");
    EXPECT_EQ(strip_markup("&lt;break time=\"9s\"/&gt;x"), "break time=\"9s\"/x");
    EXPECT_EQ(strip_markup("&#60;b&#x3E;&#0060;i&LT;"), "bi");
    EXPECT_EQ(strip_markup("<bre<b>ak time='1s'/>x"), "ak time='1s'/>x");
    EXPECT_EQ(strip_markup("<<b>b>x"), "x");
    EXPECT_EQ(strip_markup("[[slnc 5000]]wait"), "wait");
    EXPECT_EQ(strip_markup("a < b and 5 > 3 & c, I <3 you"), "a < b and 5 > 3 & c, I <3 you");
    EXPECT_EQ(strip_markup("[laughs] see [1]"), "[laughs] see [1]");
    EXPECT_EQ(strip_directions("[laughs] well [pause"), " well pause");
    EXPECT_EQ(strip_directions("plain"), "plain");
}

}  // namespace
}  // namespace parley::spoken

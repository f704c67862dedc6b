// Text messages: segments, consent, messaging documents; delivery and conversations over a real server.

#include <gtest/gtest.h>

#include "app_server.hpp"
#include "parley/sim/fake_twilio.hpp"
#include "text_messages.hpp"

namespace parley::sim {
namespace {

using test::AppServer;
using test::Seen;
using test::twiml;

struct SegmentCase {
    const char* name;
    std::string text;
    bool ucs2;
    std::size_t count, characters;
};
std::string times(const std::string& text, int n) {
    std::string out;
    for (int i = 0; i < n; ++i) out += text;
    return out;
}
class SegmentsOf : public testing::TestWithParam<SegmentCase> {};
TEST_P(SegmentsOf, Counts) {
    const auto got = count_segments(GetParam().text);
    EXPECT_EQ(got.ucs2, GetParam().ucs2);
    EXPECT_EQ(got.count, GetParam().count);
    EXPECT_EQ(got.characters, GetParam().characters);
}
INSTANTIATE_TEST_SUITE_P(cases, SegmentsOf,
                         testing::Values(SegmentCase{"empty", "", false, 0, 0}, SegmentCase{"one", "Hello @ £ é Ü", false, 1, 13},
                                         SegmentCase{"full", times("a", 160), false, 1, 160}, SegmentCase{"over", times("a", 161), false, 2, 161},
                                         SegmentCase{"two_full", times("a", 306), false, 2, 306}, SegmentCase{"three", times("a", 307), false, 3, 307},
                                         SegmentCase{"extension", times("€", 80), false, 1, 80}, SegmentCase{"extension_over", times("€", 81), false, 2, 81},
                                         // 152 basic characters leave one place: the extension character goes to the next part as a whole.
                                         SegmentCase{"extension_not_torn", times("a", 152) + "€" + times("a", 152), false, 3, 305},
                                         SegmentCase{"backtick", "`", true, 1, 1}, SegmentCase{"cyrillic", times("ж", 70), true, 1, 70},
                                         SegmentCase{"cyrillic_over", times("ж", 71), true, 2, 71}, SegmentCase{"emoji", times("😀", 35), true, 1, 35},
                                         SegmentCase{"emoji_over", times("😀", 36), true, 2, 36},
                                         SegmentCase{"emoji_not_torn", times("ж", 66) + "😀" + times("ж", 66), true, 3, 133},
                                         SegmentCase{"malformed", "a\xC3", true, 1, 2}),
                         [](const auto& c) { return c.param.name; });

TEST(ConsentOf, TheWholeBodyInAnyCase) {
    for (const char* text : {"STOP", " stop\n", "Unsubscribe", "stopall", "CANCEL", "end", "Quit"}) EXPECT_EQ(consent_of(text), Consent::stop) << text;
    for (const char* text : {"START", "yes", "unstop "}) EXPECT_EQ(consent_of(text), Consent::start) << text;
    for (const char* text : {"help", "INFO"}) EXPECT_EQ(consent_of(text), Consent::help) << text;
    for (const char* text : {"please stop", "stop it", "", "st op", "STOP!"}) EXPECT_EQ(consent_of(text), Consent::none) << text;
}

TEST(MessagingTwiml, RepliesRedirectAndWhatIsWrong) {
    const auto document = parse_messaging_twiml(
        "<Response><Message to=\"+1\" statusCallback=\"/s\">  Hi &amp; bye "
        "</Message><Message><Body>Look</Body><Media>a.png</Media><Media>b.png</Media></Message>"
        "<Say>no</Say><Message odd=\"1\"><Odd/>x</Message><Redirect method=\"GET\">/next</Redirect><Message>never</Message></Response>");
    ASSERT_EQ(document.error, 0);
    ASSERT_EQ(document.replies.size(), 3u);
    EXPECT_EQ(document.replies[0].body, "Hi & bye");
    EXPECT_EQ(document.replies[0].to, "+1");
    EXPECT_EQ(document.replies[0].status_callback, "/s");
    EXPECT_EQ(document.replies[1].media, (std::vector<std::string>{"a.png", "b.png"}));
    EXPECT_EQ(document.redirect, "/next");
    EXPECT_EQ(document.redirect_method, "GET");
    std::vector<int> codes;
    for (const auto& [code, text] : document.warnings) codes.push_back(code);
    EXPECT_EQ(codes, (std::vector<int>{14110, 12200, 12200}));
    EXPECT_EQ(parse_messaging_twiml("<Response><Message>").error, 12100);
    EXPECT_EQ(parse_messaging_twiml("<response/>").error, 12102);
    EXPECT_EQ(parse_messaging_twiml(std::string(65 * 1024, 'x')).error, 11750);
    EXPECT_TRUE(parse_messaging_twiml("<Response/>").replies.empty());
}

class Texting : public testing::Test {
protected:
    Texting() : app_([this](const Seen& seen) { return answer_(seen); }) {
        FakeTwilioOptions options;
        NumberEntry entry;
        entry.sms_url = app_.url("/sms");
        entry.sms_fallback_url = app_.url("/fallback");
        options.numbers[desk_] = entry;
        options.phones["*"].step = milliseconds(2);
        twilio_ = std::make_unique<FakeTwilio>(std::move(options));
    }
    std::string desk_ = "+18005551212", ann_ = "+14155550101";
    std::function<test::HttpResponseOut(const Seen&)> answer_ = [](const Seen&) { return twiml("<Message>Hello yourself.</Message>"); };
    AppServer app_;
    std::unique_ptr<FakeTwilio> twilio_;
};

TEST_F(Texting, APersonWritesAndIsAnswered) {
    const auto sid = twilio_->message_in(desk_, ann_, "Hello", {{.url = {}, .type = "image/png", .bytes = "PNG"}});
    EXPECT_EQ(sid.substr(0, 2), "MM");
    const auto inbox = twilio_->wait_inbox(ann_, 1);
    ASSERT_EQ(inbox.size(), 1u);
    EXPECT_EQ(inbox[0].body, "Hello yourself.");
    EXPECT_EQ(inbox[0].from, desk_);
    const auto asked = app_.requests("/sms");
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_EQ(value_of(asked[0].form, "NumMedia"), "1");
    EXPECT_EQ(value_of(asked[0].form, "MediaContentType0"), "image/png");
    EXPECT_EQ(value_of(asked[0].form, "SmsSid"), sid);
    EXPECT_THROW((void)twilio_->message_in("+1999", ann_, "x"), std::invalid_argument);
}

TEST_F(Texting, FallbackKnowsWhatFailedAndWhere) {
    answer_ = [](const Seen& seen) { return seen.path() == "/sms" ? test::reply("no", "text/html", 500) : test::reply("In plain words.", "text/plain"); };
    (void)twilio_->message_in(desk_, ann_, "Hello");
    ASSERT_EQ(twilio_->wait_inbox(ann_, 1).size(), 1u);
    EXPECT_EQ(twilio_->inbox(ann_)[0].body, "In plain words.");
    const auto asked = app_.requests("/fallback");
    EXPECT_EQ(value_of(asked[0].form, "ErrorCode"), "11200");
    EXPECT_EQ(value_of(asked[0].form, "ErrorUrl"), app_.url("/sms"));
}

TEST_F(Texting, WhoSaysStopHearsNothingButTheConfirmation) {
    (void)twilio_->message_in(desk_, ann_, "Stop");
    ASSERT_EQ(twilio_->wait_inbox(ann_, 1).size(), 1u);
    EXPECT_NE(twilio_->inbox(ann_)[0].body.find("unsubscribed"), std::string::npos);
    (void)twilio_->message_in(desk_, ann_, "start");
    const auto inbox = twilio_->wait_inbox(ann_, 3);  // the welcome, and the application's answer to it
    ASSERT_EQ(inbox.size(), 3u);
    EXPECT_NE(inbox[1].body.find("re-subscribed"), std::string::npos);
    EXPECT_EQ(app_.requests("/sms").size(), 2u) << "the application is told of both";
}

}  // namespace
}  // namespace parley::sim

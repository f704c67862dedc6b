#include "parley/rest/wiring.hpp"

#include <gmock/gmock.h>

#include "scripted_twilio.hpp"

namespace parley::rest::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const WebhookUrls kUrls = webhook_urls("https://voice.example.com/");

IncomingNumber number(const std::string& phone) {
    IncomingNumber n;
    n.sid = "PN" + phone.substr(phone.size() - 4);
    n.phone_number = phone;
    n.capabilities.voice = true;
    n.capabilities.sms = true;
    return n;
}
IncomingNumber wired_number(const std::string& phone) {
    IncomingNumber n = number(phone);
    n.voice_url = kUrls.voice;
    n.voice_fallback_url = kUrls.fallback;
    n.status_callback = kUrls.status;
    n.sms_url = kUrls.sms;
    n.voice_method = n.voice_fallback_method = n.status_callback_method = n.sms_method = "POST";
    return n;
}

TEST(RestWiring, knows_the_gateways_addresses) {
    EXPECT_EQ(kUrls.voice, "https://voice.example.com/webhooks/twilio/voice");
    EXPECT_EQ(kUrls.fallback, "https://voice.example.com/webhooks/twilio/fallback");
    EXPECT_EQ(kUrls.status, "https://voice.example.com/webhooks/twilio/status");
    EXPECT_EQ(kUrls.sms, "https://voice.example.com/webhooks/twilio/sms");
}

TEST(RestWiring, plans_a_step_for_each_number) {
    IncomingNumber app = number("+18005550003"), trunk = number("+18005550004"), fax = number("+18005550005"), getter = wired_number("+18005550006"),
                   voice_only = number("+18005550007");
    app.voice_application_sid = "AP1";
    trunk.trunk_sid = "TK1";
    fax.voice_receive_mode = "fax";
    getter.voice_method = "GET";
    voice_only.capabilities.sms = false;
    const auto steps = plan_wiring(
        {"+18005550001", "+18005550002", "+18005550003", "+18005550004", "+18005550005", "+18005550006", "+18005550007", "+18005550008", "+18005550001"},
        {number("+18005550001"), wired_number("+18005550002"), app, trunk, fax, getter, voice_only}, kUrls);
    ASSERT_THAT(steps, SizeIs(8));
    using Kind = WiringStep::Kind;
    EXPECT_EQ(steps[0].kind, Kind::update);
    EXPECT_THAT(steps[0].differences, ElementsAre("voice URL is empty", "voice fallback URL is empty", "status callback is empty", "SMS URL is empty"));
    EXPECT_EQ(steps[0].settings.sms_url, kUrls.sms);
    EXPECT_EQ(steps[1].kind, Kind::already);
    EXPECT_EQ(steps[2].reason, "number is set to a TwiML app or a SIP trunk: set it back to webhook");
    EXPECT_EQ(steps[3].reason, "number is set to a TwiML app or a SIP trunk: set it back to webhook");
    EXPECT_EQ(steps[4].reason, kFaxMode);
    EXPECT_THAT(steps[5].differences, ElementsAre("voice method is GET"));
    EXPECT_FALSE(steps[6].settings.sms_url);
    EXPECT_EQ(steps[7].kind, Kind::skip);
    EXPECT_EQ(steps[7].reason, "no matching number on this account");
}

std::string json_of(const IncomingNumber& n) {
    return R"({"sid":")" + n.sid + R"(","phone_number":")" + n.phone_number + R"(","voice_url":")" + n.voice_url +
           R"(","voice_method":"POST","voice_fallback_url":")" + n.voice_fallback_url + R"(","status_callback":")" + n.status_callback + R"(","sms_url":")" +
           n.sms_url + R"(","trunk_sid":")" + n.trunk_sid + R"(","capabilities":{"voice":true,"sms":true}})";
}

WiringReport wire(ScriptedTwilio& server, const std::vector<std::string>& wanted, bool dry_run) {
    ClientUnderTest under(server.url());
    return under.run<WiringReport>([&](Client& client) { return wire_numbers(client, wanted, kUrls, dry_run); });
}

TEST(RestWiring, reports_updated_skipped_and_failed) {
    IncomingNumber trunk = number("+18005550004");
    trunk.trunk_sid = "TK1";
    const std::string list = R"({"incoming_phone_numbers":[)" + json_of(number("+18005550001")) + "," + json_of(wired_number("+18005550002")) + "," +
                             json_of(number("+18005550003")) + "," + json_of(trunk) + "]}";
    ScriptedTwilio server([&](const Asked& asked) {
        if (asked.method == "GET") return reply(200, list);
        return asked.target.find("PN0003") != std::string::npos ? twilio_error(400, 21402) : reply(200, json_of(wired_number("+18005550001")));
    });
    const std::vector<std::string> wanted{"+18005550001", "+18005550002", "+18005550003", "+18005550004", "+18005550005"};
    const auto dry = wire(server, wanted, true);
    EXPECT_THAT(server.asked(), SizeIs(1));
    EXPECT_THAT(dry.text(), HasSubstr("+18005550001  would be wired: voice URL is empty"));
    const auto report = wire(server, wanted, false);
    EXPECT_EQ(report.text(),
              "+18005550001  wired\n+18005550002  already wired\n+18005550004  skipped: number is set to a TwiML app or a SIP trunk: set it back to webhook\n"
              "+18005550005  skipped: no matching number on this account\n+18005550003  failed: 21402: The URL is not valid. Give an absolute URL with https. "
              "(HTTP 400)\n");
    const auto json = nlohmann::json::parse(report.json());
    EXPECT_EQ(json["twilioWebhooksUpdated"][1]["note"], "already wired");
    EXPECT_EQ(json["twilioWebhookSkipped"][1]["reason"], "no matching number on this account");
    EXPECT_EQ(json["twilioWebhooksFailed"][0]["number"], "+18005550003");
    EXPECT_FALSE(json.contains("twilioWebhookError"));
    const auto asked = server.asked();
    EXPECT_THAT(asked, SizeIs(4));  // two lists, two updates: what is right already needs none
    EXPECT_EQ(asked[2].body,
              "VoiceUrl=https%3A%2F%2Fvoice.example.com%2Fwebhooks%2Ftwilio%2Fvoice&VoiceMethod=POST&VoiceFallbackUrl=https%3A%2F%2Fvoice.example.com%"
              "2Fwebhooks%2Ftwilio%2Ffallback"
              "&VoiceFallbackMethod=POST&SmsUrl=https%3A%2F%2Fvoice.example.com%2Fwebhooks%2Ftwilio%2Fsms&SmsMethod=POST"
              "&StatusCallback=https%3A%2F%2Fvoice.example.com%2Fwebhooks%2Ftwilio%2Fstatus&StatusCallbackMethod=POST");
}

TEST(RestWiring, an_account_that_cannot_be_read_is_one_error_alone) {
    ScriptedTwilio server([&](const Asked&) { return twilio_error(401, 20003); });
    const auto report = wire(server, {"+18005550001"}, false);
    const auto json = nlohmann::json::parse(report.json());
    EXPECT_THAT(json, SizeIs(1));
    EXPECT_THAT(json["twilioWebhookError"].get<std::string>(), HasSubstr("auth token"));
    EXPECT_FALSE(report.good());
}

}  // namespace
}  // namespace parley::rest::test

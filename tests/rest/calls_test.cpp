#include "parley/rest/calls.hpp"

#include <gmock/gmock.h>

#include "scripted_twilio.hpp"

namespace parley::rest::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

const std::string kBase = std::string("/2010-04-01/Accounts/") + kAccount;

std::string call_json(const std::string& sid, const std::string& status = "queued", const std::string& created = format_rfc2822(WallClock::now())) {
    return R"({"sid":")" + sid + R"(","account_sid":"AC0123456789abcdef0123456789abcdef","parent_call_sid":null,
 "to":"+18005551212","to_formatted":"(800) 555-1212","from":"+14155550100","from_formatted":"(415) 555-0100",
 "phone_number_sid":"PN0123456789abcdef0123456789abcdef","status":")" +
           status + R"(","direction":"outbound-api","answered_by":null,
 "start_time":null,"end_time":null,"duration":"17","price":"-0.03000","price_unit":"USD","forwarded_from":null,"group_sid":null,
 "caller_name":null,"queue_time":"1200","trunk_sid":null,"api_version":"2010-04-01",
 "date_created":")" +
           created + R"(","date_updated":"Sat, 21 Nov 2026 10:15:30 +0000",
 "uri":"/2010-04-01/Accounts/AC/Calls/CA.json","subresource_uris":{"recordings":"/x.json"}})";
}

CallCreate wanted() {
    CallCreate call;
    call.to = "+18005551212";
    call.from = "+14155550100";
    call.url = "https://h.example/voice";
    return call;
}
Outcome<Call> create(ClientUnderTest& under, CallCreate call) {
    return under.run<Outcome<Call>>([&](Client& client) {
        Calls calls(client);
        return calls.create(call);
    });
}

TEST(RestCalls, send_every_parameter_under_twilios_name) {
    ScriptedTwilio server([](const Asked&) { return reply(201, call_json("CA1")); });
    ClientUnderTest under(server.url());
    CallCreate c = wanted();
    c.method = "GET";
    c.fallback_url = "https://h/f";
    c.fallback_method = "POST";
    c.status_callback = "https://h/s";
    c.status_callback_method = "POST";
    c.status_callback_event = {"initiated", "ringing", "answered", "completed"};
    c.send_digits = "ww1#";
    c.timeout = 30;
    c.time_limit = 600;
    c.caller_id = "+1";
    c.record = true;
    c.recording_channels = "dual";
    c.recording_track = "both";
    c.trim = "do-not-trim";
    c.recording_status_callback = "https://h/r";
    c.recording_status_callback_method = "GET";
    c.recording_status_callback_event = {"in-progress", "completed"};
    c.sip_auth_username = "u";
    c.sip_auth_password = Secret("p");
    c.machine_detection = "DetectMessageEnd";
    c.machine_detection_timeout = 40;
    c.machine_detection_speech_threshold = 2000;
    c.machine_detection_speech_end_threshold = 1000;
    c.machine_detection_silence_timeout = 4000;
    c.async_amd = true;
    c.async_amd_status_callback = "https://h/a";
    c.async_amd_status_callback_method = "POST";
    c.byoc = "BY1";
    c.call_reason = "why";
    c.call_token = "t";
    c.client_notification_url = "https://h/n";
    const auto call = create(under, c);
    ASSERT_TRUE(call) << call.error().text();
    EXPECT_EQ(server.asked()[0].body,
              "To=%2B18005551212&From=%2B14155550100&Url=https%3A%2F%2Fh.example%2Fvoice&Method=GET&FallbackUrl=https%3A%2F%2Fh%2Ff&FallbackMethod=POST"
              "&StatusCallback=https%3A%2F%2Fh%2Fs&StatusCallbackEvent=initiated&StatusCallbackEvent=ringing&StatusCallbackEvent=answered&StatusCallbackEvent="
              "completed"
              "&StatusCallbackMethod=POST&SendDigits=ww1%23&Timeout=30&TimeLimit=600&CallerId=%2B1&Record=true&RecordingChannels=dual&RecordingTrack=both&Trim="
              "do-not-trim"
              "&RecordingStatusCallback=https%3A%2F%2Fh%2Fr&RecordingStatusCallbackMethod=GET&RecordingStatusCallbackEvent=in-progress&"
              "RecordingStatusCallbackEvent=completed"
              "&SipAuthUsername=u&SipAuthPassword=p&MachineDetection=DetectMessageEnd&MachineDetectionTimeout=40&MachineDetectionSpeechThreshold=2000"
              "&MachineDetectionSpeechEndThreshold=1000&MachineDetectionSilenceTimeout=4000&AsyncAmd=true&AsyncAmdStatusCallback=https%3A%2F%2Fh%2Fa"
              "&AsyncAmdStatusCallbackMethod=POST&Byoc=BY1&CallReason=why&CallToken=t&ClientNotificationUrl=https%3A%2F%2Fh%2Fn");
    EXPECT_EQ(call->sid, "CA1");
    EXPECT_EQ(call->status, CallStatus::queued);
    EXPECT_EQ(call->duration, 17);
    EXPECT_EQ(call->queue_time, 1200);
    EXPECT_EQ(call->price, "-0.03000");
    EXPECT_EQ(call->parent_call_sid, "");
    EXPECT_TRUE(call->date_created);
    EXPECT_FALSE(call->start_time);
}

// W22: the answer is lost after Twilio took the call.
TEST(RestCallsW22, one_wish_is_one_call_when_the_answer_is_lost) {
    for (const std::string& end : {std::string(), reply(500, "{}"), reply(502, "<html>", "text/html"), reply(201, "not json"), std::string("HTTP/1.1 201 C")}) {
        int made = 0;
        ScriptedTwilio server([&](const Asked& asked) {
            if (asked.method == "POST") {
                ++made;
                return end;
            }
            return reply(200, R"({"calls":[)" + call_json("CA2", "ringing") + "," + call_json("CA1", "completed", "Sat, 21 Nov 2020 10:15:30 +0000") +
                                  R"(],"next_page_uri":null})");
        });
        ClientUnderTest under(server.url());
        const auto call = create(under, wanted());
        ASSERT_TRUE(call) << call.error().text();
        EXPECT_EQ(call->sid, "CA2");
        EXPECT_EQ(made, 1);
        EXPECT_EQ(server.asked()[1].target, kBase + "/Calls.json?To=%2B18005551212&From=%2B14155550100&PageSize=50");
        // The same list once more: the call found is not found for another wish.
        const auto second = create(under, wanted());
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().kind, Failure::unknown);
        EXPECT_EQ(made, 2);
    }
}

TEST(RestCallsW22, a_call_that_is_not_in_the_list_stays_unknown) {
    ScriptedTwilio server([&](const Asked& asked) { return asked.method == "POST" ? std::string() : reply(200, R"({"calls":[],"next_page_uri":null})"); });
    ClientUnderTest under(server.url());
    const auto call = create(under, wanted());
    ASSERT_FALSE(call);
    EXPECT_EQ(call.error().kind, Failure::unknown);
    EXPECT_THAT(call.error().text(), HasSubstr("before dialling again"));
    EXPECT_THAT(server.asked(), SizeIs(4));  // one create, three looks
}

TEST(RestCallsW22, a_clock_that_is_wrong_does_not_hide_the_call) {
    // Twilio's clock is an hour behind ours, and says so in Date.
    const auto theirs = WallClock::now() - std::chrono::hours(1);
    ScriptedTwilio server([&](const Asked& asked) {
        return asked.method == "POST" ? std::string()
                                      : reply(200, R"({"calls":[)" + call_json("CA9", "queued", format_rfc2822(theirs)) + R"(]})", "application/json",
                                              "Date: " + format_rfc2822(theirs) + "\r\n");
    });
    ClientUnderTest under(server.url());
    const auto call = create(under, wanted());
    ASSERT_TRUE(call) << call.error().text();
    EXPECT_EQ(call->sid, "CA9");
}

TEST(RestCallsW22, of_two_that_could_be_it_none_is_taken) {
    ScriptedTwilio server([&](const Asked& asked) {
        return asked.method == "POST" ? std::string() : reply(200, R"({"calls":[)" + call_json("CA1") + "," + call_json("CA2") + "]}");
    });
    ClientUnderTest under(server.url());
    const auto call = create(under, wanted());
    ASSERT_FALSE(call);
    EXPECT_THAT(call.error().text(), HasSubstr("cannot be told"));
}

TEST(RestCalls, follow_pages_verbatim_and_stop_where_told) {
    const auto page = [](int from, const std::string& next) {
        std::string calls;
        for (int i = 0; i < 2; ++i) calls += (i == 0 ? "" : ",") + call_json("CA" + std::to_string(from + i));
        return reply(200, R"({"calls":[)" + calls + R"(],"page":0,"next_page_uri":)" + next + "}");
    };
    ScriptedTwilio server([&](const Asked& asked) {
        if (asked.target.find("PageToken=PACA1%2Bx&y=") != std::string::npos) return page(2, R"("https://evil.example/2010-04-01/third?PageToken=2")");
        if (asked.target.find("third") != std::string::npos) return page(4, "null");
        return page(0, R"("/2010-04-01/Accounts/AC1/Calls.json?PageSize=2&PageToken=PACA1%2Bx&y=")");
    });
    ClientUnderTest under(server.url());
    CallFilter filter;
    filter.to = "+1";
    filter.start_time_after = "2026-11-01";
    filter.most = 5;
    const auto list = [&] {
        return under.run<Outcome<std::vector<Call>>>([&](Client& client) {
            Calls calls(client);
            return calls.list(filter);
        });
    };
    const auto found = list();
    ASSERT_TRUE(found) << found.error().text();
    ASSERT_THAT(*found, SizeIs(5));
    EXPECT_EQ(found->back().sid, "CA4");
    EXPECT_THAT(server.lines(), ElementsAre("GET " + kBase + "/Calls.json?To=%2B1&StartTime%3E=2026-11-01&PageSize=5",
                                            "GET /2010-04-01/Accounts/AC1/Calls.json?PageSize=2&PageToken=PACA1%2Bx&y=", "GET /2010-04-01/third?PageToken=2"));
    filter.most = 2;
    ASSERT_THAT(*list(), SizeIs(2));
    EXPECT_THAT(server.asked(), SizeIs(4));
}

TEST(RestCalls, a_list_that_leads_in_a_circle_or_nowhere_is_an_error) {
    for (const std::string& next : {std::string(R"("x y")"), std::string(R"("//evil/\r\n")"), std::string(R"("https://evil.example")")}) {
        ScriptedTwilio server([&](const Asked&) { return reply(200, R"({"calls":[],"next_page_uri":)" + next + "}"); });
        ClientUnderTest under(server.url());
        const auto found = under.run<Outcome<std::vector<Call>>>([&](Client& client) {
            Calls calls(client);
            return calls.list({});
        });
        ASSERT_FALSE(found) << next;
        EXPECT_EQ(found.error().kind, Failure::protocol);
    }
    ScriptedTwilio circle([&](const Asked&) { return reply(200, R"({"calls":[],"next_page_uri":"/a?b"})"); });
    ClientUnderTest under(circle.url());
    const auto found = under.run<Outcome<std::vector<Call>>>([&](Client& client) {
        Calls calls(client);
        return calls.list({});
    });
    ASSERT_FALSE(found);
    EXPECT_THAT(circle.asked(), SizeIs(2));
}

TEST(RestCalls, hanging_up_what_is_over_is_a_success) {
    for (const auto& refusal : {twilio_error(404, 20404), twilio_error(400, 21220)}) {
        ScriptedTwilio server([&](const Asked&) { return refusal; });
        ClientUnderTest under(server.url());
        const auto end = under.run<Outcome<>>([&](Client& client) {
            Calls calls(client);
            return calls.hang_up("CA1");
        });
        EXPECT_TRUE(end);
        EXPECT_EQ(server.asked()[0].line(), "POST " + kBase + "/Calls/CA1.json Status=completed");
    }
}

TEST(RestCalls, a_call_that_was_answered_is_not_cancelled_silently) {
    std::string status = "in-progress";
    ScriptedTwilio server([&](const Asked& asked) { return asked.method == "POST" ? twilio_error(400, 21220) : reply(200, call_json("CA1", status)); });
    ClientUnderTest under(server.url());
    const auto cancel = [&] {
        return under.run<Outcome<>>([&](Client& client) {
            Calls calls(client);
            return calls.hang_up("CA1", true);
        });
    };
    const auto answered = cancel();
    ASSERT_FALSE(answered);
    EXPECT_EQ(answered.error().kind, Failure::conflict);
    status = "busy";
    EXPECT_TRUE(cancel());
}

TEST(RestCalls, bodies_that_are_none_of_twilios_are_errors_not_crashes) {
    for (const std::string& body :
         {std::string(), std::string("[]"), std::string("{"), std::string("null"), std::string("<TwilioResponse/>"), std::string(100'000, '[')}) {
        ScriptedTwilio server([&](const Asked&) { return reply(200, body); });
        ClientUnderTest under(server.url());
        const auto call = under.run<Outcome<Call>>([&](Client& client) {
            Calls calls(client);
            return calls.fetch("CA1");
        });
        ASSERT_FALSE(call);
        EXPECT_EQ(call.error().kind, Failure::protocol);
    }
    ScriptedTwilio odd([&](const Asked&) {
        return reply(200, R"({"sid":7,"to":[],"status":null,"duration":"99999999999999999999","queue_time":1.5,"date_created":12,"start_time":"soon"})");
    });
    ClientUnderTest under(odd.url());
    const auto call = under.run<Outcome<Call>>([&](Client& client) {
        Calls calls(client);
        return calls.fetch("CA1");
    });
    ASSERT_TRUE(call);
    EXPECT_EQ(call->sid, "7");
    EXPECT_EQ(call->status, CallStatus::other);
    EXPECT_FALSE(call->duration || call->queue_time || call->date_created || call->start_time);
}

}  // namespace
}  // namespace parley::rest::test

#include "parley/twilio/callbacks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace parley::twilio {
namespace {

const std::string kIds = "CallSid=CA0123456789abcdef0123456789abcdef&AccountSid=AC0123456789abcdef0123456789abcdef";
Form form(const std::string& rest) {
    return *parse_form(kIds + "&" + rest);
}

TEST(VoiceWebhook, reads_what_the_gateway_needs) {
    const auto v =
        *parse_voice_webhook(form("From=%2B14158675310&To=%2B18005551212&CallStatus=ringing&Direction=inbound&"
                                  "FromCountry=US&CallerName=J+D&Confidence=0.5&Digits="));
    EXPECT_EQ(v.call_sid, "CA0123456789abcdef0123456789abcdef");
    EXPECT_EQ(v.account_sid, "AC0123456789abcdef0123456789abcdef");
    EXPECT_EQ(v.from, "+14158675310");
    EXPECT_EQ(v.to, "+18005551212");
    EXPECT_EQ(v.caller_name, "J D");
    EXPECT_EQ(v.from_country, "US");
    EXPECT_EQ(v.status, CallStatus::ringing);
    EXPECT_EQ(v.direction, Direction::inbound);
    EXPECT_EQ(v.confidence, 0.5);
}

TEST(VoiceWebhook, unusable_values) {
    EXPECT_EQ(parse_voice_webhook(*parse_form("AccountSid=AC1")).error(), errc::form_missing_field);
    EXPECT_EQ(parse_voice_webhook(*parse_form("CallSid=CA1")).error(), errc::form_missing_field);
    EXPECT_EQ(parse_voice_webhook(*parse_form("CallSid=..%2F..&AccountSid=AC1")).error(), errc::form_bad_value);
    EXPECT_EQ(parse_voice_webhook(*parse_form("CallSid=&AccountSid=AC1")).error(), errc::form_bad_value);
    for (const char* bad : {"Confidence=nan", "Confidence=2", "Confidence=-1", "Confidence=x", "Confidence="}) {
        EXPECT_EQ(parse_voice_webhook(form(bad))->confidence, std::nullopt) << bad;
    }
    EXPECT_EQ(parse_voice_webhook(form("CallStatus=odd"))->status, CallStatus::unknown);
}

TEST(StatusCallback, reads) {
    const auto s =
        *parse_status_callback(form("CallStatus=no-answer&SequenceNumber=3&CallDuration=7&SipResponseCode=487&"
                                    "Timestamp=Fri%2C+21+Nov+2026+10%3A15%3A30+%2B0000"));
    EXPECT_EQ(s.status, CallStatus::no_answer);
    EXPECT_EQ(s.sequence, 3U);
    EXPECT_EQ(s.duration_s, 7U);
    EXPECT_EQ(s.sip_response, 487U);
    EXPECT_EQ(s.timestamp, "Fri, 21 Nov 2026 10:15:30 +0000");
    EXPECT_EQ(parse_status_callback(form("")).error(), errc::form_missing_field);
    EXPECT_EQ(parse_status_callback(form("CallStatus=gone")).error(), errc::form_bad_value);
    EXPECT_EQ(parse_status_callback(form("CallStatus=busy&SequenceNumber=-1"))->sequence, std::nullopt);
    EXPECT_EQ(parse_status_callback(form("CallStatus=busy&SequenceNumber=99999999999"))->sequence, std::nullopt);
}

TEST(StatusCallback, every_word_there_and_back) {
    for (int i = 1; i <= static_cast<int>(CallStatus::canceled); ++i) {
        const auto status = static_cast<CallStatus>(i);
        EXPECT_EQ(call_status_of(to_string(status)), status);
    }
    EXPECT_EQ(call_status_of("unknown"), CallStatus::unknown);
}

TEST(StreamCallback, reads) {
    const auto s =
        *parse_stream_callback(form("StreamSid=MZ1&StreamName=s1&StreamEvent=stream-error&StreamError=31921+Stream+-+"
                                    "WebSocket+-+Close+Error&Timestamp=2026-11-21T10%3A15%3A30.123Z"));
    EXPECT_EQ(s.event, StreamEvent::error);
    EXPECT_EQ(s.stream_sid, "MZ1");
    EXPECT_EQ(s.error_code, 31921U);
    EXPECT_EQ(parse_stream_callback(form("StreamSid=MZ1&StreamEvent=stream-started"))->event, StreamEvent::started);
    EXPECT_EQ(parse_stream_callback(form("StreamSid=MZ1&StreamEvent=stream-stopped"))->event, StreamEvent::stopped);
    EXPECT_EQ(parse_stream_callback(form("StreamSid=MZ1&StreamEvent=odd")).error(), errc::form_bad_value);
    EXPECT_EQ(parse_stream_callback(form("StreamEvent=stream-started")).error(), errc::form_missing_field);
    EXPECT_EQ(parse_stream_callback(form("StreamSid=MZ1&StreamEvent=stream-error&StreamError=id+1319214+x"))->error_code, std::nullopt);
    EXPECT_EQ(parse_stream_callback(form("StreamSid=MZ1&StreamEvent=stream-error&StreamErrorCode=31903"))->error_code, 31903U);
    const std::string big = "StreamSid=MZ1&StreamEvent=stream-error&StreamError=" + std::string(5000, 'x');
    EXPECT_EQ(parse_stream_callback(form(big))->error.size(), 512U);
}

struct Report {
    CallStatus status;
    std::optional<std::uint32_t> sequence;
    friend auto operator<=>(const Report&, const Report&) = default;
};

// Every order gives one outcome, and a call that has ended stays ended.
void all_orders(std::vector<Report> reports, CallStatus want) {
    std::sort(reports.begin(), reports.end());
    do {
        CallProgress progress;
        bool ended = false;
        for (const Report& r : reports) {
            progress.merge(r.status, r.sequence);
            if (ended) {
                EXPECT_TRUE(progress.ended());
            }
            ended = progress.ended();
        }
        ASSERT_EQ(progress.status(), want);
    } while (std::next_permutation(reports.begin(), reports.end()));
}

TEST(CallProgress, outcome_is_independent_of_order) {
    using enum CallStatus;
    all_orders({{initiated, 0}, {ringing, 1}, {in_progress, 2}, {completed, 3}}, completed);
    all_orders({{initiated, 0}, {ringing, 1}, {in_progress, 2}}, in_progress);
    all_orders({{ringing, {}}, {initiated, 0}, {ringing, 1}, {in_progress, 2}, {in_progress, {}}, {completed, 3}}, completed);
    all_orders({{initiated, 0}, {initiated, 0}, {ringing, 1}, {busy, 2}, {busy, 2}, {in_progress, {}}}, busy);
    all_orders({{in_progress, 5}, {completed, 3}, {ringing, 9}}, completed);  // terminal beats a higher number
    all_orders({{completed, 3}, {failed, 4}, {busy, 2}}, failed);             // of terminals the later
    all_orders({{completed, 3}, {failed, 3}, {ringing, 4}, {queued, {}}},
               failed);  // a tie is settled the same way each time
    all_orders({{completed, {}}, {in_progress, 2}, {ringing, 1}}, completed);
    all_orders({{in_progress, {}}, {ringing, 1}, {initiated, 0}, {queued, {}}}, in_progress);
    all_orders({{ringing, 1}, {initiated, {}}, {in_progress, 2}, {canceled, 3}, {canceled, 3}, {ringing, {}}}, canceled);
}

TEST(CallProgress, without_numbers_the_status_only_advances) {
    using enum CallStatus;
    std::vector<CallStatus> all{queued, initiated, ringing, in_progress, completed};
    do {
        CallProgress progress;
        CallStatus best = unknown;
        for (const CallStatus s : all) {
            progress.merge(s, std::nullopt);
            best = std::max(best, s);
            ASSERT_EQ(progress.status(), best);
        }
    } while (std::next_permutation(all.begin(), all.end()));
}

TEST(CallProgress, says_what_a_report_was) {
    using enum CallStatus;
    using Merge = CallProgress::Merge;
    CallProgress p;
    EXPECT_EQ(p.merge(ringing, {}), Merge::advanced);
    EXPECT_EQ(p.merge(ringing, {}), Merge::duplicate);
    EXPECT_EQ(p.merge(initiated, 0), Merge::recorded);
    EXPECT_EQ(p.merge(in_progress, 2), Merge::advanced);
    EXPECT_EQ(p.merge(ringing, 1), Merge::stale);
    EXPECT_EQ(p.merge(in_progress, 2), Merge::duplicate);
    EXPECT_EQ(p.merge(completed, 3), Merge::advanced);
    EXPECT_EQ(p.merge(in_progress, 4), Merge::stale);
    EXPECT_EQ(p.merge(in_progress, {}), Merge::stale);
    EXPECT_EQ(p.merge(unknown, 9), Merge::stale);
    EXPECT_EQ(p.status(), completed);
}

}  // namespace
}  // namespace parley::twilio

#include "parley/rest/client.hpp"

#include <gmock/gmock.h>

#include "answer_error.hpp"
#include "pace.hpp"
#include "parley/rest/calls.hpp"
#include "parley/rest/error_table.hpp"
#include "parley/rest/retry.hpp"
#include "scripted_twilio.hpp"

namespace parley::rest::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Request get(const std::string& path) {
    Request request;
    request.path = path;
    return request;
}
Request create(const std::string& path) {
    Request request;
    request.method = "POST";
    request.path = path;
    request.repeat = Repeat::never;
    return request;
}
const std::string kBase = std::string("/2010-04-01/Accounts/") + kAccount;

TEST(RestClient, signs_encodes_and_keeps_the_connection) {
    ScriptedTwilio server([](const Asked&) { return reply(200, "{}", "application/json", "Date: Sat, 21 Nov 2026 10:15:30 GMT\r\n"); });
    ClientUnderTest under(server.url() + "/");
    Request request = create("/Calls.json");
    request.params = {{"To", "+1 555"}, {"StatusCallbackEvent", "initiated"}, {"StatusCallbackEvent", "answered"}, {"Twiml", "<A b=\"ü&\"/>"}};
    const auto answer = under.send(request);
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(answer->request_id, "RQ1");
    EXPECT_TRUE(answer->date);
    Request list = get("/Calls.json");
    list.params = {{"StartTime<", "2026-11-01"}, {"Status", "in-progress"}};
    EXPECT_TRUE(under.send(list));
    EXPECT_THAT(
        server.lines(),
        ElementsAre("POST " + kBase + "/Calls.json To=%2B1+555&StatusCallbackEvent=initiated&StatusCallbackEvent=answered&Twiml=%3CA+b%3D%22%C3%BC%26%22%2F%3E",
                    "GET " + kBase + "/Calls.json?StartTime%3C=2026-11-01&Status=in-progress"));
    EXPECT_EQ(server.asked()[0].authorization, "Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjowMDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjY2RkZWVmZg==");
    EXPECT_EQ(server.connections(), 1U);
}

TEST(RestClient, signs_with_an_api_key_and_keeps_the_accounts_path) {
    ScriptedTwilio server([](const Asked&) { return reply(200, "{}"); });
    ClientUnderTest under(server.url(), [](Account& account, Client::Settings&) {
        account.api_key = "SK1";
        account.secret = Secret("s");
    });
    EXPECT_TRUE(under.send(get("/Calls.json")));
    EXPECT_EQ(server.asked()[0].authorization, "Basic U0sxOnM=");
    EXPECT_EQ(server.asked()[0].target, kBase + "/Calls.json");
}

TEST(RestClient, knows_where_each_product_is) {
    Account account;
    EXPECT_EQ(origin_of(account, Product::api), "https://api.twilio.com");
    EXPECT_EQ(origin_of(account, Product::intelligence), "https://intelligence.twilio.com");
    account.region = "ie1";
    EXPECT_EQ(origin_of(account, Product::api), "https://api.ie1.twilio.com");
    account.edge = "dublin";
    EXPECT_EQ(origin_of(account, Product::voice), "https://voice.dublin.ie1.twilio.com");
    account.region = "";
    EXPECT_EQ(origin_of(account, Product::api), "https://api.dublin.us1.twilio.com");
    account.base_url = "http://127.0.0.1:8090/";
    EXPECT_EQ(origin_of(account, Product::voice), "http://127.0.0.1:8090");
}

TEST(RestClient, asks_nothing_when_an_identifier_is_missing) {
    ScriptedTwilio server([](const Asked&) { return reply(204, ""); });
    ClientUnderTest under(server.url());
    Request request = get("/Calls/" + segment("") + ".json");
    request.method = "DELETE";
    const auto answer = under.send(request);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, Failure::invalid);
    EXPECT_TRUE(server.asked().empty());
    EXPECT_EQ(segment("a b/../c"), "a%20b%2F..%2Fc");
    EXPECT_EQ(segment(".."), "%2E%2E");
}

struct Refused {
    int status;
    std::string body, type;
    Failure kind;
    int code;
};
TEST(RestClient, tells_failures_apart_and_asks_once) {
    const std::string problem = R"({"type":"t","title":"Bad","status":400,"code":20001,"detail":"no"})";
    const std::string xml =
        "<?xml version='1.0'?><TwilioResponse><RestException><Code>20404</Code><Message>gone</Message><Status>404</Status></RestException></TwilioResponse>";
    for (const Refused& row :
         std::vector<Refused>{{400, R"({"code":21211,"message":"To","status":400})", "application/json", Failure::invalid, 21211},
                              {401, R"({"code":20003,"message":"Authenticate","status":401})", "application/json", Failure::credentials, 20003},
                              {403, R"({"code":20003,"message":"no","status":403})", "application/json", Failure::credentials, 20003},
                              {403, R"({"code":20403,"message":"no","status":403})", "application/json", Failure::forbidden, 20403},
                              {404, R"({"code":20404,"message":"no","status":404})", "application/json", Failure::not_found, 20404},
                              {404, xml, "application/xml", Failure::not_found, 20404},
                              {409, R"({"code":20409,"message":"no","status":409})", "application/json", Failure::conflict, 20409},
                              {400, R"({"code":21220,"message":"Call is not in-progress.","status":400})", "application/json", Failure::conflict, 21220},
                              {400, problem, "application/problem+json", Failure::invalid, 20001},
                              {403, "<html><h1>Forbidden by ACME</h1></html>", "text/html", Failure::protocol, 0},
                              {400, "{\"code\":[1],\"message\":{}}", "application/json", Failure::protocol, 0},
                              {404, std::string("\x00\xff<", 3), "x", Failure::protocol, 0},
                              {301, "", "text/html", Failure::protocol, 0}}) {
        ScriptedTwilio server([&](const Asked&) { return reply(row.status, row.body, row.type); });
        ClientUnderTest under(server.url());
        const auto answer = under.send(get("/Calls.json"));
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().kind, row.kind) << row.status << row.body << answer.error().text();
        EXPECT_EQ(answer.error().code, row.code);
        EXPECT_EQ(answer.error().status, row.status);
        EXPECT_FALSE(answer.error().sentence.empty());
        EXPECT_EQ(server.asked().size(), 1U) << row.status;
    }
}

TEST(RestClient, says_which_credential_was_refused) {
    ScriptedTwilio server([](const Asked&) { return twilio_error(401, 20003, "Authenticate"); });
    const auto sentence = [&](const std::string& key, const std::string& secret, const std::string& region) {
        ClientUnderTest under(server.url(), [&](Account& account, Client::Settings&) {
            account.api_key = key;
            account.secret = Secret(secret);
            account.region = region;
        });
        const auto answer = under.send(get("/Calls.json"));
        EXPECT_FALSE(answer);
        EXPECT_THAT(answer.error().text(), Not(HasSubstr(secret)));
        return answer.error().text();
    };
    EXPECT_THAT(sentence("", kToken, ""), AllOf(HasSubstr("auth token of account AC0123"), HasSubstr("region us1")));
    EXPECT_THAT(sentence("SK0123", "AbCdEfGhIjKlMnOpQrStUvWxYz012345", "ie1"), AllOf(HasSubstr("API key SK0123"), HasSubstr("region ie1")));
    EXPECT_THAT(sentence("", "SK0123456789abcdef0123456789abcdef", ""), HasSubstr("is the SID of an API key"));
    EXPECT_THAT(sentence("", "AbCdEfGhIjKlMnOpQrStUvWxYz012345", ""), HasSubstr("has the form of an API key's secret"));
    EXPECT_THAT(sentence("SK0123", "short", ""), HasSubstr("32 letters and digits"));
    EXPECT_THAT(sentence("", "abcdefghijklmnop", ""), HasSubstr("has 16 characters"));
}

TEST(RestClient, shows_no_secret_whatever_the_server_echoes) {
    ScriptedTwilio server([](const Asked& asked) {
        return twilio_error(400, 99999, "you sent " + asked.authorization + " and " + asked.body + " of " + kToken + "\r\nX: \x01");
    });
    ClientUnderTest under(server.url());
    Request request = create("/Calls.json");
    request.params = {{"SipAuthPassword", "hunter22"}};
    const auto answer = under.send(request);
    ASSERT_FALSE(answer);
    const std::string shown = answer.error().text() + answer.error().message;
    for (const char* secret : {kToken, "hunter22", "QUMwMTIz"}) EXPECT_THAT(shown, Not(HasSubstr(secret)));
    EXPECT_THAT(shown, HasSubstr("***"));
    EXPECT_EQ(shown.find_first_of("\r\n\x01"), std::string::npos);
}

TEST(RestClient, asks_again_after_429_and_5xx_but_never_repeats_a_create_of_unknown_end) {
    int left = 2;
    ScriptedTwilio throttled([&](const Asked&) { return left-- > 0 ? twilio_error(429, 20429, "Too Many Requests", "Retry-After: 0\r\n") : reply(201, "{}"); });
    ClientUnderTest a(throttled.url());
    EXPECT_TRUE(a.send(create("/Calls.json")));  // a 429 did nothing: even a create may be repeated
    EXPECT_EQ(throttled.asked().size(), 3U);

    int failing = 2;
    ScriptedTwilio broken([&](const Asked&) { return failing-- > 0 ? reply(503, "<html/>", "text/html") : reply(200, "{}"); });
    ClientUnderTest b(broken.url());
    EXPECT_TRUE(b.send(get("/Calls.json")));
    EXPECT_EQ(broken.asked().size(), 3U);

    for (const std::string& answer : {reply(500, "{\"code\":20500,\"message\":\"x\",\"status\":500}"), std::string(), std::string("HTTP/1.1 201 Cre")}) {
        ScriptedTwilio lost([&](const Asked&) { return answer; });
        ClientUnderTest c(lost.url());
        const auto outcome = c.send(create("/Messages.json"));
        ASSERT_FALSE(outcome);
        EXPECT_EQ(outcome.error().kind, Failure::unknown) << outcome.error().text();
        EXPECT_EQ(lost.asked().size(), 1U) << answer;
        const auto read = c.send(get("/Messages.json"));
        ASSERT_FALSE(read);
        EXPECT_NE(read.error().kind, Failure::unknown);
        EXPECT_EQ(lost.asked().size(), 5U) << answer;  // four of the kind that may be repeated
    }
}

TEST(RestClient, gives_up_inside_its_budget) {
    ScriptedTwilio server([](const Asked&) { return twilio_error(429, 20429, "Too Many Requests", "Retry-After: 30\r\n"); });
    ClientUnderTest under(server.url());
    const auto answer = under.send(get("/Calls.json"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, Failure::throttled);
    EXPECT_EQ(answer.error().attempts, 1);  // thirty seconds would be too late: nobody waits for nothing
    ScriptedTwilio silent([](const Asked&) { return "hang"; });
    ClientUnderTest b(silent.url());
    Request request = get("/Calls.json");
    request.within = 300ms;
    const auto nothing = b.send(request);
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error().kind, Failure::unavailable);
    EXPECT_GE(silent.asked().size(), 2U);
}

TEST(RestClient, says_that_nothing_was_sent_when_nobody_listens) {
    std::string url;
    {
        ScriptedTwilio server([](const Asked&) { return ""; });
        url = server.url();
    }
    ClientUnderTest under(url);
    for (const Request& request : {get("/Calls.json"), create("/Calls.json")}) {
        const auto answer = under.send(request);
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().kind, Failure::unreachable);
        EXPECT_EQ(answer.error().attempts, 4);
    }
}

TEST(RestClient, tells_what_it_did) {
    std::vector<std::string> seen;
    ScriptedTwilio server([](const Asked&) { return reply(200, "{}"); });
    {
        ClientUnderTest under(server.url(), [&](Account&, Client::Settings& settings) {
            settings.observe = [&](const Observed& o) {
                seen.push_back(std::string(o.method) + " " + std::string(o.path) + " " + std::string(o.outcome) + " " + std::to_string(o.status));
            };
        });
        (void)under.send(get("/Calls/CA0123456789abcdef0123456789abcdef/Recordings/Twilio.CURRENT.json"));
        (void)under.send(get("/Conferences/My%20room/Participants.json?a=b"));
        (void)under.send(get("~/2010-04-01/Accounts/AC1/Calls.json?Page=1"));
        (void)under.send(get(".json"));
    }
    EXPECT_THAT(seen, ElementsAre("GET /Calls/{sid}/Recordings/Twilio.CURRENT.json ok 200", "GET /Conferences/{sid}/Participants.json ok 200",
                                  "GET /2010-04-01/Accounts/{sid}/Calls.json ok 200", "GET /Accounts/{sid}.json ok 200"));
}

TEST(RestRetry, pauses_are_jittered_doubled_and_bounded) {
    const RetryPolicy policy({4, 250ms, 1000ms});
    const TimePoint now{}, late = now + 1h;
    const auto pause = [&](Ended ended, Repeat repeat, int attempt, double chance, std::optional<std::chrono::milliseconds> after = {},
                           TimePoint deadline = TimePoint{} + 1h) { return policy.pause(ended, repeat, attempt, after, now, deadline, chance); };
    EXPECT_EQ(pause(Ended::throttled, Repeat::safe, 1, 0.0), 0ms);
    EXPECT_EQ(pause(Ended::throttled, Repeat::safe, 1, 1.0), 250ms);
    EXPECT_EQ(pause(Ended::server_error, Repeat::safe, 2, 0.5), 250ms);
    EXPECT_EQ(pause(Ended::lost, Repeat::safe, 3, 1.0), 1000ms);
    EXPECT_FALSE(pause(Ended::lost, Repeat::safe, 4, 1.0));
    EXPECT_FALSE(pause(Ended::lost, Repeat::never, 1, 0.0));
    EXPECT_FALSE(pause(Ended::server_error, Repeat::never, 1, 0.0));
    EXPECT_TRUE(pause(Ended::throttled, Repeat::never, 1, 0.0));
    EXPECT_TRUE(pause(Ended::unsent, Repeat::never, 1, 0.0));
    EXPECT_EQ(pause(Ended::throttled, Repeat::safe, 1, 0.0, 3000ms), 3000ms);
    EXPECT_EQ(pause(Ended::throttled, Repeat::safe, 1, 1.0, 3000ms), 3250ms);
    EXPECT_FALSE(pause(Ended::throttled, Repeat::safe, 1, 0.0, 3000ms, now + 2s));
    EXPECT_TRUE(late > now);
    EXPECT_EQ(parse_retry_after("7", {}), 7000ms);
    EXPECT_EQ(parse_retry_after("999999999999999999999999", {}), 24h);
    EXPECT_EQ(parse_retry_after("Sat, 21 Nov 2026 10:15:40 GMT", *parse_rfc2822("Sat, 21 Nov 2026 10:15:30 GMT")), 10s);
    for (const char* bad : {"", "soon", "-1", "1.5"}) EXPECT_FALSE(parse_retry_after(bad, {})) << bad;
}

TEST(RestPace, a_bucket_lets_a_seconds_worth_through_and_then_its_rate) {
    TokenBucket bucket(10);
    const TimePoint start{};
    const TimePoint never = start + 1h;
    for (int i = 0; i < 10; ++i) EXPECT_EQ(bucket.take(start, never), start) << i;
    EXPECT_EQ(bucket.take(start, never), start + 100ms);
    EXPECT_EQ(bucket.take(start, never), start + 200ms);
    EXPECT_FALSE(bucket.take(start, start + 250ms));  // and nothing is taken by it
    EXPECT_EQ(bucket.take(start, never), start + 300ms);
    const TimePoint later = start + 10s;
    for (int i = 0; i < 10; ++i) EXPECT_EQ(bucket.take(later, never), later) << i;
    EXPECT_EQ(bucket.take(later, never), later + 100ms);
    TokenBucket unlimited(0);
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(unlimited.take(start, start), start);
}

TEST(RestPace, so_many_at_once_and_no_more) {
    std::mutex mutex;
    int inside = 0, most = 0;
    ScriptedTwilio server([&](const Asked&) {
        {
            const std::lock_guard lock(mutex);
            most = std::max(most, ++inside);
        }
        std::this_thread::sleep_for(20ms);
        const std::lock_guard lock(mutex);
        --inside;
        return reply(200, "{}");
    });
    const auto pace = make_pace(1000, 2);
    const auto share = [&](Account&, Client::Settings& settings) { settings.pace = pace; };
    ClientUnderTest a(server.url(), share), b(server.url(), share);
    std::vector<std::future<bool>> under_way;
    for (int i = 0; i < 12; ++i)
        under_way.push_back(std::async(std::launch::async, [&, i] { return (i % 2 == 0 ? a : b).send(get("/Calls.json")).has_value(); }));
    for (auto& one : under_way) EXPECT_TRUE(one.get());
    EXPECT_EQ(most, 2);
    // Nobody waits beyond his deadline, and whoever waited in vain takes no place with him.
    const auto narrow = make_pace(1000, 1);
    ScriptedTwilio silent([](const Asked& asked) { return asked.target.find("slow") != std::string::npos ? "hang" : reply(200, "{}"); });
    ClientUnderTest c(silent.url(), [&](Account&, Client::Settings& settings) {
        settings.pace = narrow;
        settings.attempts = 1;
    });
    auto slow = std::async(std::launch::async, [&] {
        Request request = get("/slow.json");
        request.within = 400ms;
        return c.send(request).has_value();
    });
    while (silent.asked().empty()) std::this_thread::sleep_for(1ms);
    Request hurried = get("/Calls.json");
    hurried.within = 50ms;
    const auto turned_away = c.send(hurried);
    ASSERT_FALSE(turned_away);
    EXPECT_EQ(turned_away.error().kind, Failure::stopped);
    EXPECT_FALSE(slow.get());
    EXPECT_TRUE(c.send(get("/Calls.json")));
}

}  // namespace
}  // namespace parley::rest::test

#include "parley/vendors/failure.hpp"

#include <gtest/gtest.h>

#include "parley/net/error.hpp"

namespace parley::vendors {
namespace {

struct StatusCase {
    int status;
    const char *body, *retry_after;
    FailureKind kind;
    bool retry;
    const char* reason;
};

TEST(Failure, FromHttpStatus) {
    const StatusCase cases[] = {
        {401, R"({"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}})", "", FailureKind::auth, false,
         "HTTP 401 invalid_api_key: Incorrect API key provided"},
        {403, "<html>no</html>", "", FailureKind::auth, false, "HTTP 403"},
        {429, R"({"error":{"message":"slow down","type":"rate_limit_error"}})", "0.5", FailureKind::rate_limited, true, "HTTP 429 rate_limit_error: slow down"},
        {429, "{}", "30", FailureKind::rate_limited, false, "HTTP 429"},
        {429, "{}", "", FailureKind::rate_limited, false, "HTTP 429"},
        {429, R"({"error":{"message":"pay","code":"insufficient_quota"}})", "1", FailureKind::quota, false, "HTTP 429 insufficient_quota: pay"},
        {503, R"([{"error":{"message":"overloaded","status":"UNAVAILABLE"}}])", "", FailureKind::server, true, "HTTP 503 UNAVAILABLE: overloaded"},
        {400, R"({"err_code":"INVALID","err_msg":"bad model"})", "", FailureKind::refused, false, "HTTP 400 INVALID: bad model"},
        {301, "", "", FailureKind::refused, false, "HTTP 301"},
    };
    for (const auto& c : cases) {
        const auto failure = from_http_status(c.status, c.body, c.retry_after, "req-1");
        EXPECT_EQ(failure.kind, c.kind) << c.status << c.body;
        EXPECT_EQ(worth_retrying(failure), c.retry) << c.status << c.body;
        EXPECT_EQ(failure.reason, c.reason);
        EXPECT_EQ(failure.request_id, "req-1");
    }
}

TEST(Failure, ClosesAreRetriedWhereTheFieldSaysSo) {
    for (const int code : {1001, 1005, 1006, 1011, 1012, 1013}) EXPECT_TRUE(worth_retrying(from_close(code))) << code;
    for (const int code : {1008, 4001, 4003, 4002}) EXPECT_FALSE(worth_retrying(from_close(code))) << code;
    EXPECT_EQ(from_close(4001).kind, FailureKind::auth);
    EXPECT_EQ(from_close(1009).kind, FailureKind::too_big);
}

TEST(Failure, WhatComesFromOutsideIsOneBoundedPrintableLine) {
    EXPECT_EQ(plain("a\r\n\tb\x01 c"), "a b c");
    EXPECT_EQ(plain(std::string(1000, 'x')).size(), 300U);
    EXPECT_EQ(plain("caf\xc3\xa9", 4), "caf");
    EXPECT_EQ(plain("\xff"
                    "abc"),
              "?abc");
    EXPECT_EQ(from_error(make_error_code(net::Errc::tls_failed), "connect").kind, FailureKind::tls);
    EXPECT_EQ(from_error(make_error_code(net::Errc::connect_failed), "connect").kind, FailureKind::unreachable);
    EXPECT_EQ(from_error(make_error_code(net::Errc::end_of_stream), "stream").kind, FailureKind::closed);
}

}  // namespace
}  // namespace parley::vendors

// Heads that two readers could understand in two ways are refused; so is what is too large.

#include "http_head.hpp"

#include <gtest/gtest.h>

namespace parley::net {
namespace {

struct HeadCase {
    const char* name;
    std::string head;
    int status;
};
class HttpHeads : public testing::TestWithParam<HeadCase> {};

TEST_P(HttpHeads, status) {
    HttpHead head;
    EXPECT_EQ(parse_http_head(GetParam().head, HttpHeadLimits{}, head), GetParam().status);
}

std::string get(const std::string& fields, const std::string& line = "GET / HTTP/1.1") {
    return line + "\r\nHost: a\r\n" + fields + "\r\n";
}
std::string post(const std::string& fields) {
    return get(fields, "POST / HTTP/1.1");
}

INSTANTIATE_TEST_SUITE_P(
    table, HttpHeads,
    testing::Values(
        HeadCase{"plain", get(""), 0}, HeadCase{"length", post("Content-Length: 5\r\n"), 0}, HeadCase{"chunked", post("Transfer-Encoding: chunked\r\n"), 0},
        HeadCase{"chunked_case", post("Transfer-Encoding: Chunked\r\n"), 0}, HeadCase{"tab_padding", get("X: \t a \t\r\n"), 0},
        HeadCase{"empty_value", get("X:\r\n"), 0}, HeadCase{"utf8_value", get("X: \xc3\xa4\r\n"), 0}, HeadCase{"asterisk", get("", "OPTIONS * HTTP/1.1"), 0},
        HeadCase{"http_1_0_without_host", "GET / HTTP/1.0\r\n\r\n", 0},
        // request smuggling
        HeadCase{"length_and_encoding", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
        HeadCase{"encoding_and_length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400},
        HeadCase{"two_lengths_differ", post("Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
        HeadCase{"two_lengths_same", post("Content-Length: 5\r\nContent-Length: 5\r\n"), 400}, HeadCase{"length_list", post("Content-Length: 5, 5\r\n"), 400},
        HeadCase{"length_plus", post("Content-Length: +5\r\n"), 400}, HeadCase{"length_minus", post("Content-Length: -5\r\n"), 400},
        HeadCase{"length_hex", post("Content-Length: 0x5\r\n"), 400}, HeadCase{"length_empty", post("Content-Length:\r\n"), 400},
        HeadCase{"length_space_inside", post("Content-Length: 5 5\r\n"), 400},
        HeadCase{"length_overflow", post("Content-Length: 18446744073709551621\r\n"), 400},
        HeadCase{"two_encodings", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
        HeadCase{"encoding_list", post("Transfer-Encoding: identity, chunked\r\n"), 400},
        HeadCase{"encoding_gzip_chunked", post("Transfer-Encoding: gzip, chunked\r\n"), 400},
        HeadCase{"encoding_twice_in_one", post("Transfer-Encoding: chunked, chunked\r\n"), 400},
        HeadCase{"encoding_unknown", post("Transfer-Encoding: xchunked\r\n"), 501}, HeadCase{"encoding_identity", post("Transfer-Encoding: identity\r\n"), 501},
        HeadCase{"encoding_quoted", post("Transfer-Encoding: \"chunked\"\r\n"), 400},
        HeadCase{"encoding_vt",
                 post("Transfer-Encoding: \x0b"
                      "chunked\r\n"),
                 400},
        HeadCase{"encoding_1_0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        HeadCase{"encoding_space_before_colon", post("Transfer-Encoding : chunked\r\n"), 400}, HeadCase{"space_before_colon", get("X : a\r\n"), 400},
        HeadCase{"tab_before_colon", get("X\t: a\r\n"), 400}, HeadCase{"no_colon", get("X a\r\n"), 400}, HeadCase{"empty_name", get(": a\r\n"), 400},
        HeadCase{"name_with_space", get("X Y: a\r\n"), 400}, HeadCase{"name_utf8", get("X\xc3\xa4: a\r\n"), 400},
        HeadCase{"obs_fold", get("X: a\r\n b\r\n"), 400}, HeadCase{"obs_fold_tab", get("X: a\r\n\tb\r\n"), 400},
        HeadCase{"fold_first", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400}, HeadCase{"bare_lf_field", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400},
        HeadCase{"bare_lf_line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400}, HeadCase{"bare_cr_value", get("X: a\rb\r\n"), 400},
        HeadCase{"cr_cr_lf", get("X: a\r\r\n"), 400}, HeadCase{"nul_value", get(std::string("X: a\0b\r\n", 8)), 400},
        HeadCase{"nul_name", get(std::string("X\0: a\r\n", 7)), 400}, HeadCase{"nul_target", std::string("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 28), 400},
        HeadCase{"control_value", get("X: a\x01\r\n"), 400}, HeadCase{"delete_value", get("X: a\x7f\r\n"), 400}, HeadCase{"two_hosts", get("Host: b\r\n"), 400},
        HeadCase{"two_same_hosts", get("Host: a\r\n"), 400}, HeadCase{"no_host", "GET / HTTP/1.1\r\n\r\n", 400},
        HeadCase{"empty_host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400}, HeadCase{"host_list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
        HeadCase{"host_path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400}, HeadCase{"host_user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
        HeadCase{"absolute_form", get("", "GET http://b/ HTTP/1.1"), 400}, HeadCase{"connect", get("", "CONNECT a:443 HTTP/1.1"), 400},
        HeadCase{"asterisk_get", get("", "GET * HTTP/1.1"), 400}, HeadCase{"fragment", get("", "GET /#x HTTP/1.1"), 400},
        HeadCase{"target_space", get("", "GET /a b HTTP/1.1"), 400}, HeadCase{"target_tab", get("", "GET /a\tb HTTP/1.1"), 400},
        HeadCase{"two_spaces", get("", "GET  / HTTP/1.1"), 400}, HeadCase{"leading_space", get("", " GET / HTTP/1.1"), 400},
        HeadCase{"leading_line", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400}, HeadCase{"trailing_space", get("", "GET / HTTP/1.1 "), 400},
        HeadCase{"lower_version", get("", "GET / http/1.1"), 400}, HeadCase{"http_0_9", "GET /\r\n\r\n", 400},
        HeadCase{"http_2", get("", "GET / HTTP/2.0"), 505}, HeadCase{"http_1_2", get("", "GET / HTTP/1.2"), 505},
        HeadCase{"http_11", get("", "GET / HTTP/11"), 400}, HeadCase{"bad_method", get("", "G(T / HTTP/1.1"), 400},
        HeadCase{"expect_other", post("Expect: magic\r\nContent-Length: 1\r\n"), 417},
        // sizes
        HeadCase{"target_at_limit", get("", "GET /" + std::string(8191, 'a') + " HTTP/1.1"), 0},
        HeadCase{"target_above", get("", "GET /" + std::string(8192, 'a') + " HTTP/1.1"), 414},
        HeadCase{"target_huge", get("", "GET /" + std::string(1 << 20, 'a') + " HTTP/1.1"), 414},
        HeadCase{"head_huge", get("X: " + std::string(1 << 20, 'a') + "\r\n"), 431}),
    [](const auto& info) { return info.param.name; });

TEST(HttpHead, limits_are_exact) {
    HttpHeadLimits limits;
    limits.bytes = 100;
    const auto sized = [](std::size_t total) {
        const std::string empty = get("X: \r\n");
        return get("X: " + std::string(total - empty.size(), 'a') + "\r\n");
    };
    HttpHead at, above;
    EXPECT_EQ(parse_http_head(sized(100), limits, at), 0);
    EXPECT_EQ(parse_http_head(sized(101), limits, above), 431);
    limits = HttpHeadLimits{};
    limits.fields = 3;
    HttpHead three, four;
    EXPECT_EQ(parse_http_head(get("A: 1\r\nB: 2\r\n"), limits, three), 0);
    EXPECT_EQ(parse_http_head(get("A: 1\r\nB: 2\r\nC: 3\r\n"), limits, four), 431);
}

TEST(HttpHead, keeps_the_target_byte_for_byte) {
    HttpHead head;
    ASSERT_EQ(parse_http_head("POST /a%2Fb/../c?x=1&x=%41&+= HTTP/1.1\r\nhOsT: A:80\r\nX-Y:  v w \r\nContent-Length: 3\r\n\r\n", HttpHeadLimits{}, head), 0);
    EXPECT_EQ(head.request.target, "/a%2Fb/../c?x=1&x=%41&+=");
    EXPECT_EQ(head.request.path(), "/a%2Fb/../c");
    EXPECT_EQ(head.request.query(), "x=1&x=%41&+=");
    EXPECT_EQ(head.request.headers.get("Host"), "A:80");
    EXPECT_EQ(head.request.headers.get("x-y"), "v w");
    EXPECT_EQ(head.content_length, 3U);
    EXPECT_TRUE(head.keep_alive);
}

TEST(HttpHead, keep_alive_follows_version_and_connection) {
    const auto keeps = [](const std::string& text) {
        HttpHead head;
        EXPECT_EQ(parse_http_head(text, HttpHeadLimits{}, head), 0);
        return head.keep_alive;
    };
    EXPECT_TRUE(keeps(get("")));
    EXPECT_FALSE(keeps(get("Connection: Close\r\n")));
    EXPECT_FALSE(keeps(get("Connection: x, close\r\n")));
    EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
    EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(HttpHead, partial_heads_are_refused_as_soon_as_they_are_hopeless) {
    const HttpHeadLimits limits;
    EXPECT_EQ(check_partial_head("GET / HT", 0, limits), 0);
    EXPECT_EQ(check_partial_head("\x16\x03\x01\x02", 0, limits), 400);  // a TLS hello on the plain port
    EXPECT_EQ(check_partial_head("GET / HTTP/1.1\n", 0, limits), 400);
    EXPECT_EQ(check_partial_head(std::string_view("GET /\0", 6), 5, limits), 400);
    EXPECT_EQ(check_partial_head("GET /" + std::string(9000, 'a'), 0, limits), 414);
    EXPECT_EQ(check_partial_head("GET / HTTP/1.1\r\nX: " + std::string(17000, 'a'), 0, limits), 431);
    EXPECT_EQ(check_partial_head(std::string(40, 'A'), 0, limits), 400);
}

TEST(Url, reads_and_refuses) {
    const auto url = parse_url("WSS://Example.COM:8443/a/b?c=d#frag");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->scheme, "wss");
    EXPECT_EQ(url->host, "example.com");
    EXPECT_EQ(url->port, 8443);
    EXPECT_EQ(url->target, "/a/b?c=d");
    EXPECT_EQ(url->host_header(), "example.com:8443");
    EXPECT_EQ(parse_url("https://a")->target, "/");
    EXPECT_EQ(parse_url("https://a?x")->target, "/?x");
    EXPECT_EQ(parse_url("http://a:80/")->host_header(), "a");
    EXPECT_EQ(parse_url("https://a")->port, 443);
    EXPECT_EQ(parse_url("http://[::1]:8080/")->host, "::1");
    EXPECT_EQ(parse_url("http://[::1]:8080/")->host_header(), "[::1]:8080");
    for (const char* bad : {"", "a", "ftp://a/", "http://", "http:///x", "http://u@a/", "http://u:p@a/", "http://a:0/", "http://a:65536/", "http://a:x/",
                            "http://a b/", "http://a/\r\nX: y", "http://[::1/", "http://a\\b/", "http://[zz]/", "http://a:/x:"}) {
        EXPECT_FALSE(parse_url(bad)) << bad;
    }
}

}  // namespace
}  // namespace parley::net

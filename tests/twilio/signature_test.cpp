#include "parley/twilio/signature.hpp"

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <map>
#include <random>
#include <set>

namespace parley::twilio {
namespace {

using Outcome = SignatureVerdict::Outcome;

// A second implementation, from RFC 2104 and RFC 4648 over bare SHA-1, and Twilio's algorithm with ordered containers.
std::string reference_hmac(std::string key, const std::string& data) {
    const auto sha1 = [](const std::string& in) {
        unsigned char digest[20];
        SHA1(reinterpret_cast<const unsigned char*>(in.data()), in.size(), digest);
        return std::string(reinterpret_cast<char*>(digest), 20);
    };
    if (key.size() > 64) key = sha1(key);
    key.resize(64, '\0');
    std::string inner = key;
    std::string outer = key;
    for (char& c : inner) c = static_cast<char>(c ^ 0x36);
    for (char& c : outer) c = static_cast<char>(c ^ 0x5c);
    const std::string digest = sha1(outer + sha1(inner + data));
    constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < 20; i += 3) {
        const auto at = [&](std::size_t n) { return n < 20 ? static_cast<unsigned char>(digest[n]) : 0U; };
        const unsigned group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
        for (unsigned s = 0; s < 4; ++s) out.push_back(i + s <= 20 ? kAlphabet[group >> (18 - 6 * s) & 63] : '=');
    }
    return out;
}

std::string reference_signature(const std::string& key, const std::string& url, const std::vector<FormField>& fields) {
    std::map<std::string, std::set<std::string>> sorted;
    for (const FormField& field : fields) sorted[field.name].insert(field.value);
    std::string data = url;
    for (const auto& [name, values] : sorted) {
        for (const std::string& value : values) data += name + value;
    }
    return reference_hmac(key, data);
}

std::string random_text(std::mt19937& random, std::size_t most) {
    std::string out(random() % (most + 1), '\0');
    const bool plain = random() % 2 == 0;
    for (char& c : out) c = plain ? static_cast<char>('A' + random() % 58) : static_cast<char>(random());
    return out;
}

TEST(Signature, w8_agrees_with_a_second_implementation_on_random_forms) {
    std::mt19937 random(42);
    for (int round = 0; round < 10'000; ++round) {
        std::vector<FormField> fields(random() % 12);
        for (FormField& field : fields) {
            field.name = random() % 4 == 0 ? "Key" : random_text(random, 8) + "n";
            field.value = random() % 5 == 0 ? "" : random_text(random, 30);
        }
        const std::string key = random_text(random, 80) + "k";
        std::string url = "https://gw.example.com/" + std::to_string(random() % 1000);
        if (random() % 2 == 0) url += "?a=" + std::to_string(random() % 100) + "%20b";
        const std::string header = reference_signature(key, url, fields);
        // Through the wire form, as a request arrives, so that the parser is part of the property.
        const auto form = parse_form(encode_form(fields));
        ASSERT_TRUE(form);
        const SignatureValidator validator({Secret(key)});
        const auto verdict = validator.check_form(url, *form, header);
        ASSERT_TRUE(verdict.ok()) << round;
        ASSERT_EQ(verdict.candidate, UrlCandidate::as_given);
        std::string other = header;
        other[random() % 27] ^= 1;
        ASSERT_FALSE(validator.check_form(url, *form, other).ok());
    }
}

TEST(Signature, w8_a_thousand_parameters) {
    std::vector<FormField> fields;
    for (int i = 0; i < 1000; ++i) fields.push_back({"p" + std::to_string(i * 7 % 1000), std::to_string(i)});
    const auto header = reference_signature("token", "https://h/p", fields);
    EXPECT_TRUE(SignatureValidator({Secret("token")}).check_form("https://h/p", Form(fields), header).ok());
}

TEST(Signature, rotation_says_which_token) {
    const SignatureValidator validator({Secret("new"), Secret("old")});
    EXPECT_EQ(validator.check_get("https://h/p", sign(Secret("new"), "https://h/p")).token_index, 0U);
    const auto old = validator.check_get("https://h/p", sign(Secret("old"), "https://h/p"));
    EXPECT_TRUE(old.ok());
    EXPECT_EQ(old.token_index, 1U);
    EXPECT_FALSE(validator.check_get("https://h/p", sign(Secret("older"), "https://h/p")).ok());
}

TEST(Signature, absent_header_and_absent_tokens) {
    const SignatureValidator validator({Secret("t")});
    EXPECT_EQ(validator.check_get("https://h/p", std::nullopt).outcome, Outcome::missing);
    EXPECT_EQ(validator.check_get("https://h/p", "").outcome, Outcome::missing);
    EXPECT_EQ(validator.check_get("https://h/p", "x").outcome, Outcome::mismatch);
    EXPECT_EQ(SignatureValidator({}).check_get("https://h/p", "x").outcome, Outcome::not_configured);
    // An empty token must not turn into a key everyone knows.
    const SignatureValidator empty({Secret("")});
    EXPECT_EQ(empty.check_get("https://h/p", sign(Secret(""), "https://h/p")).outcome, Outcome::not_configured);
}

struct UrlCase {
    const char* name;
    std::string_view seen;
    std::string_view signed_url;
    Outcome outcome;
    UrlCandidate candidate;
};
void PrintTo(const UrlCase& c, std::ostream* out) {
    *out << c.name;
}

class SignatureUrl : public testing::TestWithParam<UrlCase> {};

TEST_P(SignatureUrl, verdict) {
    const UrlCase& c = GetParam();
    const SignatureValidator validator({Secret("t")});
    const std::string header = sign(Secret("t"), c.signed_url);
    const auto verdict = c.seen.starts_with("ws") ? validator.check_websocket(c.seen, header) : validator.check_get(c.seen, header);
    EXPECT_EQ(verdict.outcome, c.outcome) << to_string(verdict.outcome);
    EXPECT_EQ(verdict.candidate, c.candidate) << to_string(verdict.candidate);
}

INSTANTIATE_TEST_SUITE_P(
    cases, SignatureUrl,
    testing::Values(UrlCase{"port_dropped", "https://h:8443/p?q", "https://h/p?q", Outcome::valid, UrlCandidate::without_port},
                    UrlCase{"port_added", "https://h/p", "https://h:443/p", Outcome::valid, UrlCandidate::with_default_port},
                    UrlCase{"ipv6_port_dropped", "http://[2001:db8::1]:8080/p", "http://[2001:db8::1]/p", Outcome::valid, UrlCandidate::without_port},
                    UrlCase{"ipv6_port_added", "http://[2001:db8::1]/p", "http://[2001:db8::1]:80/p", Outcome::valid, UrlCandidate::with_default_port},
                    UrlCase{"another_port", "https://h:8443/p", "https://h:9443/p", Outcome::mismatch, UrlCandidate::none},
                    UrlCase{"colon_in_path_is_no_port", "https://h/a:80", "https://h/a", Outcome::mismatch, UrlCandidate::none},
                    UrlCase{"host_case", "https://GW.example.com:8443/p", "https://gw.example.com/p", Outcome::valid, UrlCandidate::normalised},
                    UrlCase{"hint_scheme", "http://h/p", "https://h/p", Outcome::url_mismatch, UrlCandidate::other_scheme},
                    UrlCase{"hint_scheme_and_port", "http://h:8080/p", "https://h/p", Outcome::url_mismatch, UrlCandidate::other_scheme},
                    UrlCase{"hint_slash_added", "https://h/p/?a=1", "https://h/p?a=1", Outcome::url_mismatch, UrlCandidate::other_slash},
                    UrlCase{"hint_slash_removed", "https://h/p", "https://h/p/", Outcome::url_mismatch, UrlCandidate::other_slash},
                    UrlCase{"hint_prefix", "https://h/prefix/p", "https://h/p", Outcome::url_mismatch, UrlCandidate::other_prefix},
                    UrlCase{"other_host", "https://h/p", "https://i/p", Outcome::mismatch, UrlCandidate::none},
                    UrlCase{"websocket", "wss://h/media", "wss://h/media", Outcome::valid, UrlCandidate::as_given},
                    UrlCase{"websocket_slash", "wss://h/media", "wss://h/media/", Outcome::valid, UrlCandidate::trailing_slash},
                    UrlCase{"websocket_as_https", "wss://h/media", "https://h/media", Outcome::url_mismatch, UrlCandidate::other_scheme},
                    UrlCase{"websocket_443", "wss://h/media", "wss://h:443/media", Outcome::mismatch, UrlCandidate::none},
                    UrlCase{"websocket_port_dropped", "wss://h:8443/media", "wss://h/media", Outcome::valid, UrlCandidate::without_port},
                    UrlCase{"not_a_url", "nonsense", "nonsense", Outcome::valid, UrlCandidate::as_given}),
    [](const auto& c) { return c.param.name; });

TEST(Signature, json_needs_the_hash_of_the_raw_body) {
    const SignatureValidator validator({Secret("t")});
    const std::string sha = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";  // of {"a":1}
    const std::string url = "https://h/p?x=1&bodySHA256=" + sha;
    EXPECT_TRUE(validator.check_json(url, R"({"a":1})", sign(Secret("t"), url)).ok());
    EXPECT_EQ(validator.check_json(url, R"({"a":2})", sign(Secret("t"), url)).outcome, Outcome::body_hash);
    EXPECT_EQ(validator.check_json("https://h/p", "{}", sign(Secret("t"), "https://h/p")).outcome, Outcome::body_hash);
    EXPECT_EQ(validator.check_json(url, R"({"a":1})", "x").outcome, Outcome::mismatch);
    // The hash must be a parameter of its own, not the tail of another one.
    const std::string hidden = "https://h/p?xbodySHA256=" + sha;
    EXPECT_EQ(validator.check_json(hidden, R"({"a":1})", sign(Secret("t"), hidden)).outcome, Outcome::body_hash);
}

TEST(Signature, parameters_of_the_query_are_not_appended) {
    EXPECT_EQ(signed_parameters(*parse_form("b=2&a=1&b=1&b=2&c=")), "a1b1b2c");
    EXPECT_EQ(signed_parameters(Form{}), "");
}

TEST(PublicUrl, joins_byte_exactly) {
    const auto url = [](std::string_view base, std::string_view target, bool ws = false) {
        const auto result = public_request_url(base, target, ws);
        return result ? *result : std::string(error_kind(result.error()));
    };
    EXPECT_EQ(url("https://gw.example.com", "/v?a=%2f+b'c"), "https://gw.example.com/v?a=%2f+b'c");
    EXPECT_EQ(url("https://gw.example.com/", "/v"), "https://gw.example.com/v");
    EXPECT_EQ(url("https://gw.example.com/pre/", "/v"), "https://gw.example.com/pre/v");
    EXPECT_EQ(url("https://gw.example.com:8443", "/m", true), "wss://gw.example.com:8443/m");
    EXPECT_EQ(url("http://127.0.0.1:8080", "/m", true), "ws://127.0.0.1:8080/m");
    EXPECT_EQ(url("https://gw.example.com", "/v\xc3\xb6ice"), "https://gw.example.com/v\xc3\xb6ice");
    EXPECT_EQ(url("https://gw.example.com", "//evil/v"), "https://gw.example.com//evil/v");
    for (const std::string_view bad : {"", "v", "https://evil/v", "*", "/a b", "/a\r\nb", "/a#b"}) EXPECT_EQ(url("https://h", bad), "url") << bad;
    for (const std::string_view bad : {"", "gw.example.com", "https://", "https://u:p@h", "https://h?x", "https://h#x", "ftp://h", "https://h h"}) {
        EXPECT_EQ(url(bad, "/v"), "url") << bad;
    }
    EXPECT_EQ(*public_request_url("https://h", "/v", UrlScheme::http), "http://h/v");
}

}  // namespace
}  // namespace parley::twilio

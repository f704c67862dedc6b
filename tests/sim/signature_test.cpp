#include "parley/sim/signature.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "parley/sim/url.hpp"

namespace parley::sim {
namespace {

nlohmann::json vectors() {
    std::ifstream file(std::string(PARLEY_TEST_DATA) + "/signature-vectors.json");
    return nlohmann::json::parse(file);
}

Form form_of(const nlohmann::json& vector) {
    Form form;
    if (!vector.contains("params")) return form;
    for (const auto& [name, value] : vector["params"].items()) {
        if (value.is_array()) {
            for (const auto& one : value) form.emplace_back(name, one.get<std::string>());
        } else {
            form.emplace_back(name, value.get<std::string>());
        }
    }
    return form;
}

// The signer must give the published header for every request the published validator accepts.
TEST(Signature, MakesEveryValidVector) {
    int made = 0;
    for (const auto& vector : vectors()) {
        if (!vector["valid"].get<bool>()) continue;
        const auto url = vector.value("signed_url", vector["url"].get<std::string>());
        EXPECT_EQ(sign(vector["auth_token"].get<std::string>(), url, form_of(vector)), vector["signature"].get<std::string>()) << vector["name"];
        ++made;
    }
    EXPECT_EQ(made, 42);
}

// And none of the invalid ones, unless the vector says that it was signed over another URL or body.
TEST(Signature, MakesNoInvalidVector) {
    int seen = 0;
    for (const auto& vector : vectors()) {
        if (vector["valid"].get<bool>()) continue;
        if (vector.contains("body")) continue;  // there the digest decides, not the signature
        const auto made = sign(vector["auth_token"].get<std::string>(), vector["url"].get<std::string>(), form_of(vector));
        EXPECT_NE(made, vector["signature"].get<std::string>()) << vector["name"];
        ++seen;
    }
    EXPECT_GE(seen, 15);
}

TEST(Signature, DigestsAJsonBodyIntoTheQuery) {
    EXPECT_EQ(with_body_digest("https://gw.example.com/hook", R"({"a":1})"),
              "https://gw.example.com/hook?bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862");
}

struct ToSign {
    const char* name;
    const char* url;
    const char* want;
};
class UrlToSign : public testing::TestWithParam<ToSign> {};
TEST_P(UrlToSign, Is) {
    EXPECT_EQ(url_to_sign(GetParam().url), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(cases, UrlToSign,
                         testing::Values(ToSign{"plain", "https://h/p?a=1", "https://h/p?a=1"}, ToSign{"fragment", "https://h/p#rc=2", "https://h/p"},
                                         ToSign{"credentials", "https://u:p@h/p", "https://h/p"}, ToSign{"https_port", "https://h:8443/p", "https://h/p"},
                                         ToSign{"http_port", "http://h:8080/p", "http://h:8080/p"}, ToSign{"wss_port", "wss://h:8443/p", "wss://h:8443/p"},
                                         ToSign{"v6", "https://[::1]/p", "https://[::1]/p"}, ToSign{"v6_port", "https://[::1]:9/p", "https://[::1]/p"},
                                         ToSign{"no_path", "https://h", "https://h"}),
                         [](const auto& c) { return c.param.name; });

struct Resolve {
    const char* name;
    const char* base;
    const char* reference;
    const char* want;
};
class UrlResolve : public testing::TestWithParam<Resolve> {};
TEST_P(UrlResolve, Is) {
    const auto got = resolve_url(GetParam().base, GetParam().reference);
    EXPECT_EQ(got ? *got : "error", GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(
    cases, UrlResolve,
    testing::Values(Resolve{"absolute", "http://h/a/b", "https://x/y", "https://x/y"}, Resolve{"rooted", "http://h:1/a/b?q", "/c?d=1", "http://h:1/c?d=1"},
                    Resolve{"sibling", "http://h/a/b", "c", "http://h/a/c"}, Resolve{"up", "http://h/a/b/c", "../d", "http://h/a/d"},
                    Resolve{"above_root", "http://h/a", "../../d", "http://h/d"}, Resolve{"query", "http://h/a/b?x=1", "?y=2", "http://h/a/b?y=2"},
                    Resolve{"empty", "http://h/a/b?x=1#rc=1", "", "http://h/a/b?x=1"}, Resolve{"keeps_overrides", "http://h/a", "b#rc=2", "http://h/b#rc=2"},
                    Resolve{"same_scheme", "https://h/a", "//g/b", "https://g/b"}, Resolve{"no_base", "", "/a", "error"},
                    Resolve{"blanks", "http://h/a", "  b \n", "http://h/b"}, Resolve{"ftp", "http://h/a", "ftp://x/", "error"}),
    [](const auto& c) { return c.param.name; });

TEST(Form, RoundTripsEveryByte) {
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    const Form form{{"a", all}, {all, "b"}, {"empty", ""}, {"a", "again"}};
    EXPECT_EQ(decode_form(encode_form(form)), form);
    EXPECT_EQ(encode_form({{"From", "+1 415"}}), "From=%2B1+415");
}

TEST(Overrides, ReadTheFragment) {
    const auto read = read_overrides("rc=2&rp=5xx,ct,rt&rt=4000&ct=99");
    EXPECT_EQ(read.retries, 2);
    EXPECT_TRUE(read.retry_5xx && read.retry_connect && read.retry_read);
    EXPECT_FALSE(read.retry_4xx);
    EXPECT_EQ(read.read_ms, 4000);
    EXPECT_EQ(read.connect_ms, 5000) << "below the range: the default stays";
    EXPECT_EQ(read_overrides("rp=often").error_code, 11243);
    EXPECT_EQ(read_overrides("e=atlantis").error_code, 11241);
}

}  // namespace
}  // namespace parley::sim

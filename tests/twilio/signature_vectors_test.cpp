// Vectors produced by Twilio's official library (and recomputed independently): every `core` and `port` one must pass,
// every invalid one must fail. The `normalise` tier is optional for a receiver; we accept it too, so it is held here.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "parley/twilio/signature.hpp"

namespace parley::twilio {
namespace {

using Json = nlohmann::json;

Json vectors() {
    std::ifstream file(PARLEY_TEST_DATA "/signature_vectors.json");
    return Json::parse(file);
}

Form form_of(const Json& params) {
    Form form;
    for (const auto& [name, value] : params.items()) {
        if (value.is_array()) {
            for (const auto& item : value) form.add(name, item.get<std::string>());
        } else {
            form.add(name, value.get<std::string>());
        }
    }
    return form;
}

SignatureVerdict verdict_of(const Json& v) {
    const SignatureValidator validator({Secret(v["auth_token"].get<std::string>())});
    const auto url = v["url"].get<std::string>();
    const auto header = v["signature"].get<std::string>();
    if (v.contains("body")) return validator.check_json(url, v["body"].get<std::string>(), header);
    return validator.check_form(url, form_of(v["params"]), header);
}

TEST(SignatureVectors, all_agree) {
    const Json all = vectors();
    ASSERT_GE(all.size(), 60U);
    std::map<std::string, int> passed;
    for (const Json& v : all) {
        const auto name = v["name"].get<std::string>();
        const SignatureVerdict verdict = verdict_of(v);
        EXPECT_EQ(verdict.ok(), v["valid"].get<bool>()) << name << ": " << to_string(verdict.outcome);
        ++passed[v["valid"].get<bool>() ? v["tier"].get<std::string>() : "invalid"];
        if (v.value("tier", "") == "core") {
            EXPECT_EQ(verdict.candidate, UrlCandidate::as_given) << name;
        }
        if (v.value("tier", "") == "port") {
            EXPECT_TRUE(verdict.candidate == UrlCandidate::without_port || verdict.candidate == UrlCandidate::with_default_port) << name;
        }
        if (v.value("tier", "") == "normalise") {
            EXPECT_EQ(verdict.candidate, UrlCandidate::normalised) << name;
        }
    }
    EXPECT_GE(passed["core"], 30);
    EXPECT_GE(passed["port"], 3);
    EXPECT_GE(passed["normalise"], 5);
    EXPECT_GE(passed["invalid"], 20);
}

TEST(SignatureVectors, websocket_check_agrees_but_for_its_documented_slash_retry) {
    for (const Json& v : vectors()) {
        const auto url = v["url"].get<std::string>();
        const auto name = v["name"].get<std::string>();
        if (!url.starts_with("wss://")) continue;
        const SignatureValidator validator({Secret(v["auth_token"].get<std::string>())});
        const auto verdict = validator.check_websocket(url, v["signature"].get<std::string>());
        if (name == "wss-trailing-slash-missing-negative") {
            EXPECT_EQ(verdict.candidate, UrlCandidate::trailing_slash);
            EXPECT_TRUE(verdict.ok());
        } else {
            EXPECT_EQ(verdict.ok(), v["valid"].get<bool>()) << name;
        }
    }
}

}  // namespace
}  // namespace parley::twilio

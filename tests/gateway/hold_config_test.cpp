// The example of docs/hold.md loads, and mistakes in those keys are told; what is known goes into tools' arguments and comes out as variables.

#include <gmock/gmock.h>

#include <fstream>

#include "parley/gateway/config.hpp"
#include "preparation.hpp"

namespace parley::gateway {
namespace {

using testing::HasSubstr;

const std::string kVendors =
    "vendors:\n  deepgram: {vendor: deepgram, key: k}\n  openai: {vendor: openai, key: k, model: m}\n  elevenlabs: {vendor: elevenlabs, key: k, voice: v}\n";

std::string yaml_of(const std::string& page) {
    std::ifstream in(std::string(PARLEY_SOURCE_DIR) + "/docs/" + page);
    std::string all;
    bool inside = false;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("```"))
            inside = line == "```yaml";
        else if (inside)
            all += line + "\n";
    }
    return all;
}
Config load(const std::string& text) {
    return load_config_text(
        "version: 1\nserver: {public_url: \"https://voice.example.com\"}\ntwilio: {auth_tokens: [\"00112233445566778899aabbccddeeff\"]}\n" + text,
        "example.yaml", {}, {.allow_unknown = false, .check_files = false});
}
std::string problems_of(const std::string& lines, const std::string& agent = "brain: vendors\n    stt: [deepgram]\n    lm: [openai]\n    tts: [elevenlabs]") {
    try {
        (void)load(kVendors + "agents:\n  desk:\n    default: true\n    " + agent + "\n    hold: {" + lines + "}\n");
    } catch (const ConfigError& error) {
        return error.what();
    }
    return {};
}

TEST(HoldConfig, ThePagesExampleLoads) {
    const auto config = load(kVendors + yaml_of("hold.md"));
    const auto* agent = config.agent("desk");
    ASSERT_NE(agent, nullptr);
    EXPECT_EQ(agent->hold.strategy, hold::Strategy::text_over_music);
    EXPECT_EQ(agent->hold.music, "default");
    EXPECT_EQ(agent->hold.duck_db, -14);
    EXPECT_EQ(agent->hold.summary_within, std::chrono::seconds(4));
    EXPECT_NE(print_config(config).find("strategy: text_over_music"), std::string::npos);
}

TEST(HoldConfig, MistakesAreTold) {
    EXPECT_EQ(problems_of("strategy: text, text: hello"), "");
    EXPECT_THAT(problems_of("strategy: text"), HasSubstr("hold.text': is missing"));
    EXPECT_THAT(problems_of("strategy: audio_then_music, music: default"), HasSubstr("hold.audio': is missing"));
    EXPECT_THAT(problems_of("strategy: music"), HasSubstr("hold.music': is missing"));
    EXPECT_THAT(problems_of("strategy: musik"), HasSubstr("expected one of"));
    EXPECT_THAT(problems_of("strategy: text, text: \"<speak>hello\""), HasSubstr("no well-formed SSML"));
    EXPECT_THAT(problems_of("strategy: text, text: \"" + std::string(3001, 'a') + "\""), HasSubstr("3000 characters"));
    EXPECT_THAT(problems_of("strategy: music, music: /etc/passwd"), HasSubstr("below the data directory"));
    EXPECT_THAT(problems_of("strategy: music, music: ../secret.wav"), HasSubstr("lead out of the data directory"));
    EXPECT_THAT(problems_of("strategy: music, music: \"media:123\""), HasSubstr("64 hexadecimal digits"));
    EXPECT_THAT(problems_of("least: 20s, longest: 10s"), HasSubstr("hold.least': is more than"));
    EXPECT_THAT(problems_of("longest: 10m"), HasSubstr("hold.longest"));
    EXPECT_THAT(problems_of("duck_db: 3"), HasSubstr("hold.duck_db"));
    EXPECT_THAT(problems_of("strategy: music, music: default", "brain: echo"), HasSubstr("a brain that is echo"));
    EXPECT_THAT(problems_of("strategy: text, text: hello, voice: nobody", "script: x.yaml"), HasSubstr("none of the embedded voices"));
    EXPECT_THAT(problems_of("summary_prompt: be brief", "script: x.yaml"), HasSubstr("has no language model"));
}

TEST(Preparation, ToolsAreGivenWhatIsKnownAndTheyAskFor) {
    const std::map<std::string, std::string> known{{"caller", "+14155550100"}, {"call_sid", "CA1"}};
    EXPECT_EQ(known_arguments(R"({"type":"object","properties":{"caller":{"type":"string"},"day":{"type":"string"}}})", known), R"({"caller":"+14155550100"})");
    EXPECT_EQ(known_arguments(R"({"type":"object","properties":{"caller":{"type":"integer"}}})", known), "{}") << "a number is not text";
    EXPECT_EQ(known_arguments(R"({"properties":{"call_sid":{}}})", known), R"({"call_sid":"CA1"})");
    for (const auto* odd : {"", "{", "[]", "3", "null", R"({"properties":3})", R"({"properties":[]})", R"({"properties":{"caller":3}})"})
        EXPECT_NO_THROW((void)known_arguments(odd, known)) << odd;
    EXPECT_EQ(known_arguments("", known), "{}");
}

TEST(Preparation, MembersOfAResultBecomeVariablesWithinBounds) {
    std::map<std::string, std::string> variables;
    keep_variables(
        R"({"name":"Ada","caller_tier":"gold","visits":3,"vip":true,"nested":{"a":1},"none":null,"odd name":"x","long":")" + std::string(500, 'x') + "\"}",
        "caller_", variables);
    EXPECT_EQ(variables.at("caller_name"), "Ada");
    EXPECT_EQ(variables.at("caller_tier"), "gold") << "not twice";
    EXPECT_EQ(variables.at("caller_visits"), "3");
    EXPECT_EQ(variables.at("caller_vip"), "true");
    EXPECT_EQ(variables.at("caller_long").size(), 200U);
    EXPECT_EQ(variables.size(), 5U);
    keep_variables(R"({"name":"Eve"})", "caller_", variables);
    EXPECT_EQ(variables.at("caller_name"), "Ada") << "who was found first stays";
    std::string many = "{";
    for (int i = 0; i < 200; ++i) many += (i == 0 ? "\"v" : ",\"v") + std::to_string(i) + "\":\"x\"";
    keep_variables(many + "}", "", variables);
    EXPECT_LE(variables.size(), 64U);
    for (const auto* odd : {"", "[", "[1]", "3"}) EXPECT_NO_THROW(keep_variables(odd, "x_", variables)) << odd;
}

}  // namespace
}  // namespace parley::gateway

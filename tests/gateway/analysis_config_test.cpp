// The examples of docs/analysis.md and docs/memory.md load, and mistakes in those keys are told.

#include <gmock/gmock.h>

#include <fstream>

#include "parley/gateway/config.hpp"

namespace parley::gateway {
namespace {

using testing::HasSubstr;

std::string yaml_of(const std::string& page) {
    std::ifstream in(std::string(PARLEY_SOURCE_DIR) + "/docs/" + page);
    std::string all = "agents:\n";
    bool inside = false;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("```"))
            inside = line == "```yaml";
        else if (inside && line != "agents:")
            all += line + "\n";
    }
    return all;
}

constexpr const char* kVendors =
    "vendors:\n  deepgram: {vendor: deepgram, key: k}\n  openai: {vendor: openai, key: k, model: m}\n  elevenlabs: {vendor: elevenlabs, key: k, voice: v}\n";

Config load(const std::string& text) {
    return load_config_text("version: 1\nserver: {public_url: \"https://voice.example.com\"}\ntwilio: {auth_tokens: [\"env:TWILIO_AUTH_TOKEN\"]}\n" + text,
                            "example.yaml", {{"TWILIO_AUTH_TOKEN", "00112233445566778899aabbccddeeff"}}, {.allow_unknown = false, .check_files = false});
}
std::string problems_of(const std::string& lines,
                        const std::string& brain = "    brain: vendors\n    stt: [deepgram]\n    lm: [openai]\n    tts: [elevenlabs]\n") {
    try {
        (void)load(kVendors + ("agents:\n  desk:\n    default: true\n" + brain) + lines);
    } catch (const ConfigError& error) {
        return error.what();
    }
    return {};
}

TEST(AnalysisConfig, ThePagesExamplesLoad) {
    const auto config = load(kVendors + yaml_of("analysis.md"));
    const auto& desk = config.agent("desk")->analysis;
    EXPECT_TRUE(desk.enabled);
    EXPECT_EQ(desk.extract.size(), 3U);
    ASSERT_EQ(desk.operators.size(), 2U);
    EXPECT_EQ(desk.operators[0].side, "agent");
    ASSERT_EQ(desk.compliance.size(), 5U);
    EXPECT_EQ(desk.compliance[2].time_zone, "America/New_York");
    const auto& front = config.agent("front")->analysis;
    ASSERT_EQ(front.intents.size(), 2U);
    EXPECT_EQ(front.intents[0].phrases.size(), 2U);
    EXPECT_EQ(front.route_by, "both");
    EXPECT_THAT(print_config(config), HasSubstr("{name: \"billing\", phrases: [\"(my bill | an invoice)\", \"billing\"]"));
    const auto memory = load(kVendors + yaml_of("memory.md"));
    EXPECT_TRUE(memory.agent("clerk")->analysis.remember_callers);
    EXPECT_EQ(memory.agent("clerk")->analysis.context_tokens, 4000U);
}

TEST(AnalysisConfig, MistakesAreTold) {
    EXPECT_EQ(problems_of(""), "");
    EXPECT_THAT(problems_of("    analysis: {models: [opena]}\n"), HasSubstr("openai"));
    EXPECT_THAT(problems_of("    analysis: {models: [deepgram]}\n"), HasSubstr("analysis.models of agent desk"));
    EXPECT_THAT(problems_of("    analysis: {extract: {pet: \"\"}}\n"), HasSubstr("needs a JSON Schema"));
    EXPECT_THAT(problems_of("    analysis: {extract: {pet: \"{\"}}\n"), HasSubstr("'pet'"));
    EXPECT_THAT(problems_of("    analysis: {operators: [{name: a}]}\n"), HasSubstr("either a prompt or a rule"));
    EXPECT_THAT(problems_of("    analysis: {operators: [{name: a, rule: \"(b\"}]}\n"), HasSubstr("rule"));
    EXPECT_THAT(problems_of("    analysis: {operators: [{nam: a, rule: b}]}\n"), HasSubstr("name"));
    EXPECT_THAT(problems_of("    analysis: {compliance: [{name: a, kind: sad}]}\n"), HasSubstr("not_said"));
    EXPECT_THAT(problems_of("    analysis: {compliance: [{name: a, kind: said}]}\n"), HasSubstr("needs phrases"));
    EXPECT_THAT(problems_of("    memory: {schema: \"[]\"}\n"), HasSubstr("schema"));
    EXPECT_THAT(problems_of("    memory: {context_tokens: 20}\n"), HasSubstr("200 or more"));
    EXPECT_THAT(problems_of("    route_by: grammar\n"), HasSubstr("no intent leads anywhere"));
    EXPECT_THAT(problems_of("    route_by: grammar\n    intents: [{name: a, to: \"agent:nobody\", phrases: [x]}]\n"), HasSubstr("there is no agent 'nobody'"));
    EXPECT_THAT(problems_of("    route_by: grammar\n    intents: [{name: a, deflect: x}]\n"), HasSubstr("has no phrases"));
    EXPECT_THAT(problems_of("    route_by: both\n    intents: [{name: a, to: somewhere, phrases: [x]}]\n"), HasSubstr("to"));
    EXPECT_THAT(problems_of("    route_by: both\n    intents: [{name: a, to: voicemail, phrases: [\"(x\"]}]\n"), HasSubstr("phrases"));
    EXPECT_THAT(problems_of("    route_by: model\n    intents: [{name: a, deflect: x}]\n", "    script: s.yaml\n"), HasSubstr("has no model"));
    EXPECT_THAT(problems_of("    route_by: grammar\n    intents: [{name: a, deflect: x, phrases: [y]}]\n", "    brain: echo\n"), HasSubstr("no brain of ours"));
}

}  // namespace
}  // namespace parley::gateway

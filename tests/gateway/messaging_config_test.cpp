// The examples of docs/messaging.md and docs/recordings.md load, and mistakes in those keys are told.

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "parley/gateway/config.hpp"

namespace parley::gateway {
namespace {

using testing::HasSubstr;

// The YAML of a page, one block behind the other: later blocks go on where earlier ones left off.
std::string yaml_of(const std::string& page) {
    std::ifstream in(std::string(PARLEY_SOURCE_DIR) + "/docs/" + page);
    std::string all;
    bool inside = false;
    std::string block;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("```")) {
            if (inside && !block.starts_with("hear:")) all += block;  // that one is a script's
            block.clear();
            inside = line == "```yaml";
            continue;
        }
        if (inside) block += line + "\n";
    }
    return all;
}

Config load(const std::string& text) {
    return load_config_text("version: 1\nserver: {public_url: \"https://voice.example.com\"}\n" + text, "example.yaml",
                            {{"TWILIO_AUTH_TOKEN", "00112233445566778899aabbccddeeff"}}, {.allow_unknown = false, .check_files = false});
}
std::string problems_of(const std::string& text) {
    try {
        (void)load(text);
    } catch (const ConfigError& error) {
        return error.what();
    }
    return {};
}

TEST(MessagingConfig, ThePagesExamplesLoad) {
    const auto messages = yaml_of("messaging.md");
    const auto config = load(
        "vendors:\n  deepgram: {vendor: deepgram, key: k}\n  openai: {vendor: openai, key: k, model: m}\n  elevenlabs: {vendor: elevenlabs, key: k, voice: "
        "v}\n" +
        messages);
    const auto* agent = config.agent("desk");
    ASSERT_NE(agent, nullptr);
    EXPECT_EQ(agent->messaging.sms.mode, messaging::Mode::brain);
    ASSERT_EQ(agent->messaging.sms.rules.size(), 2U);
    EXPECT_EQ(agent->messaging.sms.rules[1].media.size(), 1U);
    EXPECT_EQ(agent->messaging.tools.size(), 8U);
    EXPECT_EQ(agent->upstream.transfers.at("support"), "queue:support");
    EXPECT_NE(print_config(config).find("match: \"hours | open* today\""), std::string::npos);
    const auto kept = load("twilio: {auth_tokens: [\"env:TWILIO_AUTH_TOKEN\"]}\n" + yaml_of("recordings.md"));
    const auto& desk = kept.agent("desk")->messaging;
    EXPECT_EQ(desk.twilio_recording.mode, TwilioRecording::dual);
    EXPECT_EQ(desk.transcription.engine, TranscriptEngine::twilio);
    EXPECT_EQ(desk.intelligence.service, "my-service");
    EXPECT_EQ(desk.intelligence.on, IntelligenceOn::recording);
}

TEST(MessagingConfig, MistakesAreTold) {
    const std::string base = "twilio: {auth_tokens: [\"env:TWILIO_AUTH_TOKEN\"]}\nagents:\n  desk:\n    default: true\n    brain: echo\n";
    EXPECT_EQ(problems_of(base), "");
    EXPECT_THAT(problems_of(base + "    tools: [send_smz]\n"), HasSubstr("send_sms"));
    EXPECT_THAT(problems_of(base + "    tools: [send_link]\n"), HasSubstr("agents.desk.links"));
    EXPECT_THAT(problems_of(base + "    transfers: {a: nowhere}\n"), HasSubstr("a"));
    EXPECT_THAT(problems_of(base + "    sms: {mode: rules}\n"), HasSubstr("sms.rules"));
    EXPECT_THAT(problems_of(base + "    sms: {mode: rules, rules: [{reply: x}]}\n"), HasSubstr("match"));
    EXPECT_THAT(problems_of(base + "    sms: {mode: rules, rules: [{match: x, replay: y}]}\n"), HasSubstr("reply"));
    EXPECT_THAT(problems_of(base + "    sms: {mode: rules, rules: [{match: x, reply: \"" + std::string(1601, 'a') + "\"}]}\n"), HasSubstr("1601"));
    EXPECT_THAT(problems_of(base + "    sms: {mode: brain}\n"), HasSubstr("none that answers text"));
    EXPECT_THAT(problems_of(base + "    sms: {from: \"12\"}\n"), HasSubstr("E.164"));
    EXPECT_THAT(problems_of(base + "    twilio_recording: {mode: dual}\n"), HasSubstr("retain_days"));
    EXPECT_THAT(problems_of(base + "    intelligence: {service: x}\n"), HasSubstr("twilio_recording.mode is off"));
    EXPECT_THAT(problems_of(base + "    intelligence: {service: x, on: live}\n"), HasSubstr("transcription.engine"));
}

}  // namespace
}  // namespace parley::gateway

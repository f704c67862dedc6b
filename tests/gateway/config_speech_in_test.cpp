// Other languages' vendors, and keys for tools: what loads and what is refused.

#include <gmock/gmock.h>

#include "parley/gateway/config.hpp"

namespace parley::gateway {
namespace {

using testing::HasSubstr;

const std::string kVendors =
    "vendors:\n  ear: {vendor: deepgram, key: k}\n  ohr: {vendor: deepgram, key: k, language: de}\n  mind: {vendor: openai, key: k, model: m}\n  voice: "
    "{vendor: elevenlabs, key: k, voice: v}\n  stimme: {vendor: elevenlabs, key: k, voice: w}\n  writer: {vendor: anthropic, key: k, model: m}\n";
const std::string kAgent = "agents:\n  front:\n    default: true\n    brain: vendors\n    stt: [ear]\n    lm: [mind]\n    tts: [voice]\n    greeting: hello\n";

Config load(const std::string& lines) {
    return load_config_text("version: 1\nserver: {public_url: \"https://voice.example.com\"}\ntwilio: {auth_tokens: [\"00112233445566778899aabbccddeeff\"]}\n" +
                                kVendors + kAgent + lines,
                            "example.yaml", {}, {.allow_unknown = false, .check_files = false});
}
std::string problems_of(const std::string& lines) {
    try {
        (void)load(lines);
    } catch (const ConfigError& error) {
        return error.what();
    }
    return {};
}

TEST(SpeechIn, NamesWhoHearsAndSpeaksAnotherLanguage) {
    const auto config =
        load("    tools: [set_language]\n    languages: [en-US, de-DE]\n    speech_in: [{language: de-DE, stt: [ohr], tts: [stimme, embedded]}]\n");
    const auto& in = config.agent("front")->persona.speech_in;
    ASSERT_EQ(in.size(), 1U);
    EXPECT_EQ(in[0].stt, (std::vector<std::string>{"ohr"}));
    EXPECT_EQ(in[0].tts.size(), 2U);
    EXPECT_NE(print_config(config).find("language: \"de-DE\""), std::string::npos);
}

TEST(SpeechIn, RefusesWhatCannotBe) {
    const std::string spoken = "    languages: [en-US, de-DE]\n    speech_in: ";
    EXPECT_THAT(problems_of(spoken + "[{language: fr-FR, stt: [ohr]}]\n"), HasSubstr("which languages does not name"));
    EXPECT_THAT(problems_of(spoken + "[{language: en-US, stt: [ohr]}]\n"), HasSubstr("which the call begins in"));
    EXPECT_THAT(problems_of(spoken + "[{language: de-DE, stt: [ohr]}, {language: de-DE, tts: [stimme]}]\n"), HasSubstr("twice"));
    EXPECT_THAT(problems_of(spoken + "[{language: de-DE, stt: [nobody]}]\n"), HasSubstr("there is no vendor 'nobody'"));
    EXPECT_THAT(problems_of(spoken + "[{language: de-DE, stt: [writer]}]\n"), HasSubstr("vendors.writer"));
    EXPECT_THAT(problems_of(spoken + "[{language: de-DE}]\n"), HasSubstr("neither stt nor tts"));
    EXPECT_THAT(problems_of(spoken + "[{stt: [ohr]}]\n"), HasSubstr("has no language"));
    EXPECT_EQ(problems_of(spoken + "[{language: de-DE, tts: [stimme]}]\n"), "");
}

TEST(HttpTools, TakeTrueAndFalseAsTheyStand) {
    const std::string tool =
        "    http_tools:\n      - {name: pay, description: Pays., url: \"https://pay.example.com/\", consequential: true, idempotent: false}\n";
    const auto config = load(tool);
    EXPECT_TRUE(config.agent("front")->own_tools.http[0].consequential);
    EXPECT_FALSE(config.agent("front")->own_tools.http[0].idempotent);
    auto odd = tool;
    odd.replace(odd.find("true"), 4, "perhaps");
    EXPECT_NE(problems_of(odd), "");
}

TEST(CollectedDigits, NeedSomebodyWhoCollectsThem) {
    const std::string tool =
        "    http_tools:\n      - {name: pay, description: Pays., url: \"https://pay.example.com/\", body: '{\"card\": \"{digits.card}\"}'}\n";
    EXPECT_THAT(problems_of(tool), HasSubstr("tools does not name collect_digits"));
    EXPECT_EQ(problems_of("    tools: [collect_digits]\n" + tool), "");
    auto open = tool;
    open.replace(open.find("https"), 5, "http");
    EXPECT_THAT(problems_of("    tools: [collect_digits]\n" + open), HasSubstr("goes by https only"));
    open = tool;
    open.replace(open.find("pay.example.com/"), 16, "pay.example.com/{digits.card}");
    EXPECT_THAT(problems_of("    tools: [collect_digits]\n" + open), HasSubstr("go in a header or the body"));
}

}  // namespace
}  // namespace parley::gateway

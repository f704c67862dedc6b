#include <gtest/gtest.h>

#include "parley/gateway/config.hpp"

namespace parley::gateway {
namespace {

const Environment kEnvironment{{"TWILIO_AUTH_TOKEN", "0123456789abcdef0123456789abcdef"}};

std::string with_relay(const std::string& relay) {
    return "server: {public_url: 'https://v.example'}\ntwilio: {auth_tokens: ['env:TWILIO_AUTH_TOKEN']}\nagents:\n  front:\n    default: true\n    brain: "
           "echo\n    relay: " +
           relay + "\n";
}

TEST(ConfigRelay, IsReadAndPrintedSoThatItCanBeReadAgain) {
    const auto config = load_config_text(
        with_relay(
            "{welcome: 'Hello.', tts_provider: Google, voice: en-US-Neural2-F, interruptible: speech, speech_timeout: '700', hints: [check-up, cleaning], "
            "partial_prompts: true, events: tokens-played, languages: [{code: de-DE, voice: de-DE-Neural2-F, tts_provider: Google}, {code: fr-FR}]}"),
        "parley.yaml", kEnvironment);
    const auto& relay = config.agents.front().relay;
    EXPECT_EQ(relay.welcome, "Hello.");
    EXPECT_EQ(relay.tts_provider, "Google");
    EXPECT_EQ(relay.interruptible, "speech");
    EXPECT_EQ(relay.speech_timeout, "700");
    EXPECT_EQ(relay.hints, (std::vector<std::string>{"check-up", "cleaning"}));
    EXPECT_TRUE(relay.partial_prompts);
    EXPECT_TRUE(relay.dtmf_detection);
    EXPECT_EQ(relay.events, (std::vector<std::string>{"tokens-played"}));
    ASSERT_EQ(relay.languages.size(), 2U);
    EXPECT_EQ(relay.languages[0].code, "de-DE");
    EXPECT_EQ(relay.languages[0].voice, "de-DE-Neural2-F");
    EXPECT_EQ(relay.languages[1].code, "fr-FR");
    const auto shown = print_config(config);
    EXPECT_NE(shown.find("code: \"de-DE\""), std::string::npos) << shown;
    const auto plain = load_config_text(with_relay("{}"), "parley.yaml", kEnvironment);
    EXPECT_EQ(plain.agents.front().relay, flows::RelaySettings{});
    EXPECT_FALSE(diff(plain, config).empty());
}

struct Wrong {
    const char* name;
    const char* relay;
    const char* says;
};
class ConfigRelayWrong : public testing::TestWithParam<Wrong> {};
TEST_P(ConfigRelayWrong, IsRefusedWithItsPlace) {
    try {
        (void)load_config_text(with_relay(GetParam().relay), "parley.yaml", kEnvironment);
        ADD_FAILURE() << "taken";
    } catch (const std::exception& e) {
        EXPECT_NE(std::string(e.what()).find(GetParam().says), std::string::npos) << e.what();
    }
}
INSTANTIATE_TEST_SUITE_P(table, ConfigRelayWrong,
                         testing::Values(Wrong{"provider", "{tts_provider: Polly}", "ElevenLabs, Google, Amazon"},
                                         Wrong{"prefix", "{voice: Google.en-US-Neural2-F}", "without 'Google.'"},
                                         Wrong{"timeout", "{speech_timeout: '70'}", "from 600 to 5000"}, Wrong{"threshold", "{eot_threshold: '1'}", "0.9"},
                                         Wrong{"input", "{interruptible: maybe}", "none, dtmf, speech, any"},
                                         Wrong{"event", "{events: [tokens]}", "tokens-played"}, Wrong{"language", "{language: en_US}", "language tag"},
                                         Wrong{"no_code", "{languages: [{voice: x}]}", "without its code"},
                                         Wrong{"language_key", "{languages: [{code: de-DE, vioce: x}]}", "vioce"},
                                         Wrong{"no_list", "{languages: de-DE}", "list of sections"}, Wrong{"hint", "{hints: ['a,b']}", "without a comma"},
                                         Wrong{"key", "{welcom: x}", "welcom"}),
                         [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace parley::gateway

#include <gtest/gtest.h>

#include "parley/gateway/config.hpp"

namespace parley::gateway {
namespace {

const std::string kText = R"(
server: {public_url: 'https://v.example'}
twilio: {auth_tokens: ['env:TWILIO_AUTH_TOKEN']}
vendors:
  ear: {vendor: deepgram, options: {api: flux}}
  mind: {vendor: openai, model: m-1, key: 'env:OTHER_KEY', base_url: 'http://127.0.0.1:9/v1'}
  mouth: {vendor: elevenlabs, voice: v-1}
agents:
  front:
    default: true
    brain: vendors
    stt: [ear]
    lm: [mind]
    tts: [mouth, embedded]
    greeting: Hello.
    latency: {hedge: true, clause_wait: 0s}
    failover: {lm_first: 2s}
)";
const Environment kEnvironment{{"TWILIO_AUTH_TOKEN", "0123456789abcdef0123456789abcdef"},
                               {"DEEPGRAM_API_KEY", "dg-key-1"},
                               {"OPENAI_API_KEY", "not-this-one"},
                               {"OTHER_KEY", "this-one"},
                               {"ELEVENLABS_API_KEY", "el-key-1"},
                               {"PARLEY_VENDORS__MIND__MODEL", "m-2"}};

TEST(ConfigVendors, KeysComeFromWherePeopleKeepThem) {
    const auto config = load_config_text(kText, "parley.yaml", kEnvironment);
    ASSERT_EQ(config.vendors.size(), 3U);
    EXPECT_EQ(config.vendor("ear")->key.reveal(), "dg-key-1");
    EXPECT_EQ(config.vendor("mind")->key.reveal(), "this-one");
    EXPECT_EQ(config.vendor("mind")->model, "m-2");
    EXPECT_EQ(config.vendor("mouth")->key.reveal(), "el-key-1");
    EXPECT_EQ(config.vendor("ear")->option("api"), "flux");
    EXPECT_EQ(config.source("vendors.ear.key").text(), "environment DEEPGRAM_API_KEY");
    const auto& agent = config.agents.front();
    EXPECT_TRUE(agent.upstream.hedge);
    EXPECT_EQ(agent.upstream.budgets.lm_first, std::chrono::seconds(2));
    EXPECT_EQ(agent.tts, (std::vector<std::string>{"mouth", "embedded"}));
}

TEST(ConfigVendors, AreShownWithoutTheirKeysAndComparedWithThem) {
    const auto config = load_config_text(kText, "parley.yaml", kEnvironment);
    const auto shown = print_config(config);
    EXPECT_NE(shown.find("vendors:\n  ear:"), std::string::npos);
    for (const char* secret : {"dg-key-1", "this-one", "el-key-1"}) EXPECT_EQ(shown.find(secret), std::string::npos) << secret;
    auto environment = kEnvironment;
    environment["DEEPGRAM_API_KEY"] = "dg-key-2";
    const auto other = load_config_text(kText, "parley.yaml", environment);
    EXPECT_NE(config_hash(config), config_hash(other));
    const auto changes = diff(config, other);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].key, "vendors.ear.key");
    EXPECT_EQ(changes[0].after, "\"***\"");
    EXPECT_FALSE(changes[0].restart);
}

TEST(ConfigVendors, TheShippedExampleIsGood) {
    auto environment = kEnvironment;
    for (const char* key : {"ANTHROPIC_API_KEY", "ASSEMBLYAI_API_KEY"}) environment[key] = "some-key-1";
    environment["PARLEY_SERVER__PUBLIC_URL"] = "https://v.example";
    environment.erase("PARLEY_VENDORS__MIND__MODEL");
    environment.erase("OTHER_KEY");
    const auto config = load_config(PARLEY_SOURCE_DIR "/config/vendors.yaml", environment);
    EXPECT_EQ(config.agents.front().lm.size(), 2U);
}

}  // namespace
}  // namespace parley::gateway

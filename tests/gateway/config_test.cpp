#include "parley/gateway/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "config_table.hpp"
#include "parley/conversation/serialise.hpp"
#include "reference_file.hpp"

namespace parley::gateway {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kToken = "0123456789abcdef0123456789abcdef";

// The least that is accepted, with one agent.
const std::string kSmall = R"(
version: 1
server: {public_url: "https://voice.example.com"}
agents:
  desk: {default: true, brain: echo}
)";

Environment token() {
    return {{"TWILIO_AUTH_TOKEN", kToken}};
}

Config load(const std::string& text, const Environment& environment = token(), LoadOptions options = {}) {
    return load_config_text(text, "dir/parley.yaml", environment, options);
}

std::string mistakes(const std::string& text, const Environment& environment = token(), LoadOptions options = {}) {
    try {
        (void)load(text, environment, options);
    } catch (const ConfigError& e) {
        return e.what();
    }
    return "";
}

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string pattern = testing::TempDir() + "parley_config_XXXXXX";
        if (!::mkdtemp(pattern.data())) throw std::runtime_error("mkdtemp");
        path_ = pattern;
    }
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
    std::filesystem::path write(const std::string& name, std::string_view content) const {
        std::ofstream(path_ / name, std::ios::binary) << content;
        return path_ / name;
    }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

TEST(Config, a_small_file_and_defaults) {
    const Config c = load(kSmall);
    EXPECT_EQ(c.server.listen, (text::Address{"0.0.0.0", 8080}));
    EXPECT_EQ(c.server.admin_listen, (text::Address{"127.0.0.1", 9090}));
    EXPECT_EQ(c.limits.admission.max_calls, 100U);
    EXPECT_EQ(c.media.playout.ahead, 120ms);
    EXPECT_EQ(c.twilio.auth_tokens.at(0).reveal(), kToken);
    EXPECT_EQ(c.agents.at(0).conversation.endpoint_silence, conversation::Settings{}.endpoint_silence);
    EXPECT_EQ(c.source("server.listen").text(), "default");
    EXPECT_EQ(c.source("server.public_url").text(), "dir/parley.yaml:3");
    EXPECT_EQ(c.source("twilio.auth_tokens").text(), "environment TWILIO_AUTH_TOKEN");
    EXPECT_TRUE(c.warnings.empty());
}

TEST(Config, every_kind_of_value) {
    const Config c = load(R"(
version: 1
server:
  listen: "[::1]:0"
  tls: {listen: "off"}
  public_url: https://voice.example.com/base/
  workers: 2
  drain: 10m
  trusted_proxies: [10.0.0.0/8, "2001:db8::/32", 192.0.2.1]
  max_batch: 500us
  pin_cpus: [0, 1]
twilio:
  account_sids: AC0123456789abcdef0123456789abcdef
limits: {new_calls_per_second: 2.5, overflow: redirect, overflow_url: "https://twimlets.example/x"}
log: {level: debug, format: logfmt}
media: {ahead: 150ms, vad: {onset_db: 12, offset_db: 5.5, hangover_frames: 10}}
recording: {enabled: true, retain_days: 30}
call_files: {enabled: true, retain_days: 1, frames: full}
agents:
  front-desk:
    numbers: ["+4930123456"]
    brain: bot
    bot: wss://bot.example/stream
    bot_headers: {Authorization: "env:BOT_KEY"}
    max_call: 1h
    conversation: {barge_in: false, fillers: [one, two], idle_prompts: 0, max_duration: 5m}
)",
                          {{"TWILIO_AUTH_TOKEN", kToken}, {"BOT_KEY", "Bearer abc"}});
    EXPECT_EQ(c.server.listen, (text::Address{"::1", 0}));
    EXPECT_TRUE(c.server.tls_listen.host.empty());
    EXPECT_EQ(c.server.public_url, "https://voice.example.com/base");
    EXPECT_EQ(c.server.drain, 600s);
    EXPECT_EQ(c.server.trusted_proxies.size(), 3U);
    EXPECT_EQ(c.server.max_batch, 500us);
    EXPECT_EQ(c.server.pin_cpus, (std::vector<std::uint32_t>{0, 1}));
    EXPECT_EQ(c.twilio.account_sids.size(), 1U);
    EXPECT_EQ(c.limits.admission.new_calls_per_second, 2.5);
    EXPECT_EQ(c.limits.overflow, Overflow::redirect);
    EXPECT_EQ(c.log.level, LogLevel::debug);
    EXPECT_EQ(c.media.playout.ahead, 150ms);
    EXPECT_FLOAT_EQ(c.media.vad.offset_db, 5.5F);
    EXPECT_EQ(c.call_files.frames, call::FrameDetail::full);
    const AgentConfig& a = c.agents.at(0);
    EXPECT_EQ(a.bot_headers.at("Authorization").reveal(), "Bearer abc");
    EXPECT_FALSE(a.conversation.barge_in);
    EXPECT_EQ(a.conversation.fillers.size(), 2U);
    EXPECT_EQ(a.conversation.max_duration, 300s);
    EXPECT_EQ(c.agent_for("+4930123456"), &a);
    EXPECT_EQ(c.agent_for("+1"), nullptr);
}

struct Mistake {
    const char* name;
    std::string text;
    std::string expected;  // a whole line
};
class ConfigMistake : public testing::TestWithParam<Mistake> {};
TEST_P(ConfigMistake, is_refused_with_its_place) {
    EXPECT_EQ(mistakes(GetParam().text), GetParam().expected + "\n");
}
const std::string kHead = "server: {public_url: 'https://v.example'}\n";
const std::string kTail = "agents: {a: {default: true, brain: echo}}\n";
INSTANTIATE_TEST_SUITE_P(
    cases, ConfigMistake,
    testing::Values(
        Mistake{"misspelt_key", "server:\n  publicurl: 'https://v.example'\n  public_url: 'https://v.example'\n" + kTail,
                "dir/parley.yaml:2:3: unknown key 'publicurl', did you mean 'public_url'?"},
        Mistake{"misspelt_section", kHead + "limit: {max_calls: 3}\n" + kTail, "dir/parley.yaml:2:1: unknown key 'limit', did you mean 'limits'?"},
        Mistake{"key_of_another_section", kHead + "max_calls: 3\n" + kTail, "dir/parley.yaml:2:1: unknown key 'max_calls', did you mean 'limits.max_calls'?"},
        Mistake{"misspelt_agent_key", kHead + "agents: {a: {default: true, brian: echo, brain: echo}}\n",
                "dir/parley.yaml:2:29: unknown key 'brian', did you mean 'brain'?"},
        Mistake{"misspelt_conversation_key", kHead + "agents: {a: {default: true, brain: echo, conversation: {barge: true}}}\n",
                "dir/parley.yaml:2:57: unknown key 'barge', did you mean 'barge_in'?"},
        Mistake{"vendor_nobody_knows", kHead + "vendors: {ear: {vendor: deepgramm, key: k1}}\n" + kTail,
                "dir/parley.yaml:2:25: 'vendors.ear.vendor': nobody knows 'deepgramm', did you mean 'deepgram'?"},
        Mistake{"vendor_not_named",
                kHead + "vendors: {ear: {vendor: deepgram, key: k1}}\nagents: {a: {default: true, brain: vendors, stt: [eat], lm: [ear]}}\n",
                "dir/parley.yaml:2:11: 'vendors.ear': deepgram does not serve lm (as lm of agent a)\n"
                "dir/parley.yaml:3:50: 'agents.a.stt': there is no vendor 'eat', did you mean 'ear'?"},
        Mistake{"vendor_option_unknown",
                kHead + "vendors: {m: {vendor: openai, key: k1, model: x, options: {api: chatter}}}\nagents: {a: {default: true, brain: vendors, s2s: [m]}}\n",
                "dir/parley.yaml:2:11: 'vendors.m': option api: expected one of realtime, found 'chatter' (as s2s of agent a)"},
        Mistake{"vendor_in_the_clear", kHead + "vendors: {m: {vendor: openai, base_url: 'http://m.example', key: k1}}\n" + kTail,
                "dir/parley.yaml:2:41: 'base_url': must be https or wss: keys and speech do not travel in the clear, except to this machine"},
        Mistake{"vendor_roles_missing", kHead + "agents: {a: {default: true, brain: vendors}}\n",
                "dir/parley.yaml:2:10: 'agents.a.stt': is missing for brain: vendors without s2s\n"
                "dir/parley.yaml:2:10: 'agents.a.lm': is missing for brain: vendors without s2s"},
        Mistake{"vendor_roles_of_another_brain", kHead + "agents: {a: {default: true, brain: echo, tts: [embedded]}}\n",
                "dir/parley.yaml:2:47: 'agents.a.tts': is given, but brain is not vendors"},
        Mistake{"voices_of_two_languages",
                kHead + "vendors: {e: {vendor: deepgram, key: k1, language: en-US}, g: {vendor: deepgram, key: k1, language: de}, m: {vendor: openai, key: k1, "
                        "model: x}}\n"
                        "agents: {a: {default: true, brain: vendors, stt: [e], lm: [m], tts: [e, g]}}\n",
                "dir/parley.yaml:3:69: 'agents.a.tts': mixes voices of different languages (en, de)"},
        Mistake{"wrong_type", kHead + "limits: {max_calls: many}\n" + kTail, "dir/parley.yaml:2:21: 'limits.max_calls': expected a whole number, found 'many'"},
        Mistake{"section_for_a_value", kHead + "limits: {max_calls: {a: 1}}\n" + kTail,
                "dir/parley.yaml:2:21: 'limits.max_calls': expected a single value, found a section"},
        Mistake{"value_for_a_section", kHead + "limits: 5\n" + kTail, "dir/parley.yaml:2:9: 'limits': expected a section, found a single value"},
        Mistake{"out_of_range", kHead + "media: {ahead: 300ms}\n" + kTail,
                "dir/parley.yaml:2:16: 'media.ahead': 300ms is out of range, allowed is 100ms to 200ms"},
        Mistake{"no_unit", kHead + "media: {ahead: 150}\n" + kTail,
                "dir/parley.yaml:2:16: 'media.ahead': expected a duration such as 200us, 600ms, 5s, 10m or 1h, found "
                "'150'"},
        Mistake{"too_fine", kHead + "media: {ahead: 150500us}\n" + kTail, "dir/parley.yaml:2:16: 'media.ahead': has steps of 1ms"},
        Mistake{"unknown_choice", kHead + "log: {level: inform}\n" + kTail,
                "dir/parley.yaml:2:14: 'log.level': expected one of debug, info, warn, error; found 'inform', did you "
                "mean 'info'?"},
        Mistake{"repeated_key", kHead + "log: {level: info, level: warn}\n" + kTail, "dir/parley.yaml:2:20: 'level' was already given in line 2"},
        Mistake{"syntax", kHead + "log: [\n", "dir/parley.yaml:3:1: end of sequence flow not found"},
        Mistake{"version", "version: 2\n" + kHead + kTail, "dir/parley.yaml:1:10: 'version': 2 is out of range, allowed is 1 to 1"},
        Mistake{"no_public_url", "version: 1\n" + kTail,
                "configuration: 'server.public_url': is missing: signatures are computed over it (for example "
                "https://voice.example.com)"},
        Mistake{"http_public_url", "server: {public_url: 'http://v.example'}\n" + kTail,
                "dir/parley.yaml:1:22: 'server.public_url': must be https: Twilio opens media streams over TLS only"},
        Mistake{"no_agents", kHead, "configuration: 'agents': is missing: at least one has to answer"},
        Mistake{"no_script", kHead + "agents: {a: {default: true}}\n", "dir/parley.yaml:2:10: 'agents.a.script': is missing for brain: embedded"},
        Mistake{"script_not_there", kHead + "agents: {a: {default: true, script: nowhere.yaml}}\n",
                "dir/parley.yaml:2:37: 'agents.a.script': dir/nowhere.yaml is not a readable file"},
        Mistake{"bot_over_plain_ws", kHead + "agents: {a: {default: true, brain: bot, bot: 'ws://bot.example/'}}\n",
                "dir/parley.yaml:2:46: 'bot': must be wss: ws is for this machine only"},
        Mistake{"header_injection",
                kHead + "agents: {a: {default: true, brain: bot, bot: 'wss://b.example/', bot_headers: {X: \"a\\r\\nb: "
                        "c\"}}}\n",
                "dir/parley.yaml:2:83: 'X': must be a single line"},
        Mistake{"two_defaults", kHead + "agents: {a: {default: true, brain: echo}, b: {default: true, brain: echo}}\n",
                "dir/parley.yaml:2:56: 'agents.b.default': 'a' is the default already"},
        Mistake{"number_twice", kHead + "agents: {a: {numbers: ['+49301'], brain: echo}, b: {numbers: ['+49301'], brain: echo}}\n",
                "dir/parley.yaml:2:62: 'agents.b.numbers': +49301 belongs to 'a' already"},
        Mistake{"not_a_number", kHead + "agents: {a: {numbers: ['030 123'], brain: echo}}\n",
                "dir/parley.yaml:2:24: 'numbers': expected a number in E.164 form, such as +4930123456 (quoted), found "
                "'030 123'"},
        Mistake{"agent_name", kHead + "agents: {'a b': {default: true, brain: echo}}\n",
                "dir/parley.yaml:2:10: 'a b': the name of an agent has letters, digits, - and _, at most 64"},
        Mistake{"talk_page_to_nobody",
                "server: {public_url: 'https://v.example', talk_page: desc}\nagents: {desk: {default: true, brain: "
                "echo}}\n",
                "dir/parley.yaml:1:54: 'server.talk_page': there is no agent 'desc', did you mean 'desk'?"},
        Mistake{"retention", kHead + "recording: {enabled: true}\n" + kTail,
                "configuration: 'recording.retain_days': is missing: say how many days recordings are kept"},
        Mistake{"directory_out", kHead + "recording: {directory: '../x'}\n" + kTail,
                "dir/parley.yaml:2:24: 'recording.directory': expected a directory below server.data_dir"},
        Mistake{"signatures_off_in_public", "twilio: {verify_signatures: false}\n" + kTail,
                "dir/parley.yaml:1:29: 'twilio.verify_signatures': may be off only while server.listen is on loopback "
                "(127.0.0.1)"},
        Mistake{"tls_without_key", "server: {public_url: 'https://v.example', tls: {listen: '0.0.0.0:8443'}}\n" + kTail,
                "configuration: 'server.tls.certificate': is missing\nconfiguration: 'server.tls.key': is missing"},
        Mistake{"silences_out_of_order", kHead + "agents: {a: {default: true, brain: echo, conversation: {endpoint_silence: 200ms}}}\n",
                "dir/parley.yaml:2:10: 'agents.a.conversation.endpoint_silence_short': is longer than endpoint_silence"},
        Mistake{"secret_without_variable", kHead + "twilio: {token_key: 'env:NOT_SET'}\n" + kTail,
                "dir/parley.yaml:2:21: 'twilio.token_key': the environment has no NOT_SET"},
        Mistake{"placeholder", kHead + "twilio: {token_key: your_key_here_please}\n" + kTail,
                "dir/parley.yaml:2:21: 'twilio.token_key': looks like a placeholder that was left in"}),
    [](const auto& c) { return c.param.name; });

TEST(Config, all_mistakes_come_at_once) {
    const std::string all = mistakes("lsiten: 1\nlimits: {max_calls: x}\nlog: {level: 3}\n", {{"PARLEY_LIMITS__MAXCALLS", "4"}});
    EXPECT_THAT(all, HasSubstr("dir/parley.yaml:1:1: unknown key 'lsiten'"));
    EXPECT_THAT(all, HasSubstr("dir/parley.yaml:2:21"));
    EXPECT_THAT(all, HasSubstr("dir/parley.yaml:3:14"));
    EXPECT_THAT(all, HasSubstr("environment PARLEY_LIMITS__MAXCALLS: unknown variable, did you mean 'PARLEY_LIMITS__MAX_CALLS'?"));
    EXPECT_THAT(all, HasSubstr("'twilio.auth_tokens': is missing"));
    EXPECT_THAT(all, HasSubstr("'agents': is missing"));
}

TEST(Config, going_back_to_an_older_version_is_possible) {
    LoadOptions options;
    options.allow_unknown = true;
    const Config c = load(kSmall + "shiny: {new: 1}\n", {{"TWILIO_AUTH_TOKEN", kToken}, {"PARLEY_SHINY", "1"}}, options);
    EXPECT_EQ(c.warnings.size(), 2U);
    EXPECT_THAT(mistakes(kSmall + "limits: {max_calls: x}\n", token(), options), HasSubstr("whole number"));
}

TEST(Config, environment_overrides_the_file) {
    const Config c = load(kSmall, {{"TWILIO_AUTH_TOKEN", "unused-because-of-the-other"},
                                   {"PARLEY_TWILIO__AUTH_TOKENS", kToken + ",fedcba9876543210"},
                                   {"PARLEY_LIMITS__MAX_CALLS", "7"},
                                   {"PARLEY_MEDIA__VAD__ONSET_DB", "11"},
                                   {"PARLEY_AGENTS__DESK__NUMBERS", "+4930, +4931"},
                                   {"PARLEY_AGENTS__DESK__CONVERSATION__BARGE_IN", "false"},
                                   {"HOME", "/root"}});
    EXPECT_EQ(c.limits.admission.max_calls, 7U);
    EXPECT_FLOAT_EQ(c.media.vad.onset_db, 11.0F);
    ASSERT_EQ(c.twilio.auth_tokens.size(), 2U);
    EXPECT_EQ(c.twilio.auth_tokens.at(1).reveal(), "fedcba9876543210");
    EXPECT_EQ(c.agents.at(0).numbers, (std::vector<std::string>{"+4930", "+4931"}));
    EXPECT_FALSE(c.agents.at(0).conversation.barge_in);
    EXPECT_EQ(c.source("limits.max_calls").text(), "environment PARLEY_LIMITS__MAX_CALLS");
}

TEST(Config, environment_mistakes_name_the_variable) {
    EXPECT_EQ(mistakes(kSmall, {{"TWILIO_AUTH_TOKEN", kToken}, {"PARLEY_LIMITS__MAX_CALLS", "x"}}),
              "environment PARLEY_LIMITS__MAX_CALLS: 'limits.max_calls': expected a whole number, found 'x'\n");
    EXPECT_THAT(mistakes(kSmall, {{"TWILIO_AUTH_TOKEN", kToken}, {"PARLEY_AGENTS__DEKS__VOICE", "slt"}}), HasSubstr("PARLEY_AGENTS__DESK__VOICE"));
    EXPECT_THAT(mistakes(kSmall, {{"TWILIO_AUTH_TOKEN", kToken}, {"PARLEY_LIMITS__MAX_CALLS_FILE", "/x"}}), HasSubstr("unknown variable"));
}

TEST(Config, secrets_come_from_files) {
    const TemporaryDirectory dir;
    const auto one = dir.write("one", "token-number-one-abcdef\n");
    const auto two = dir.write("two", "token-number-two-abcdef\ntoken-number-three-abcdef\n");
    const Config by_file = load(kSmall + "twilio: {auth_tokens: ['file:" + one.string() + "'], token_key: 'file:" + one.string() + "'}\n", {});
    EXPECT_EQ(by_file.twilio.auth_tokens.at(0).reveal(), "token-number-one-abcdef");
    EXPECT_EQ(by_file.secret_files.size(), 2U);
    EXPECT_THAT(watched_files(by_file), testing::Contains(one));
    const Config by_variable = load(kSmall, {{"TWILIO_AUTH_TOKEN_FILE", one.string()}});
    EXPECT_EQ(by_variable.twilio.auth_tokens.at(0).reveal(), "token-number-one-abcdef");
    const Config list = load(kSmall, {{"PARLEY_TWILIO__AUTH_TOKENS_FILE", two.string()}});
    EXPECT_EQ(list.twilio.auth_tokens.at(1).reveal(), "token-number-three-abcdef");
    EXPECT_THAT(mistakes(kSmall, {{"TWILIO_AUTH_TOKEN_FILE", "/nonexistent"}}), HasSubstr("is not a readable file"));
    EXPECT_THAT(mistakes(kSmall, {{"TWILIO_AUTH_TOKEN_FILE", "/dev/zero"}}), HasSubstr("is not a readable file"));
    EXPECT_THAT(mistakes(kSmall, {{"TWILIO_AUTH_TOKEN_FILE", dir.write("empty", "\n").string()}}), HasSubstr("is empty"));
    EXPECT_THAT(mistakes(kSmall, {{"TWILIO_AUTH_TOKEN_FILE", dir.write("big", std::string(70'000, 'x')).string()}}), HasSubstr("larger than 64KiB"));
}

TEST(Config, a_literal_secret_is_warned_about) {
    const Config c = load(kSmall + "twilio: {auth_tokens: [" + kToken + "]}\n", {});
    ASSERT_EQ(c.warnings.size(), 1U);
    EXPECT_THAT(c.warnings.at(0).text(), AllOf(HasSubstr("dir/parley.yaml:6"), Not(HasSubstr(kToken))));
}

TEST(Config, the_whole_text_may_stand_in_one_variable) {
    const Config c = load_config({}, {{"TWILIO_AUTH_TOKEN", kToken}, {"PARLEY_CONFIG_TEXT", kSmall}});
    EXPECT_EQ(c.agents.at(0).name, "desk");
    EXPECT_TRUE(c.file.empty());
    EXPECT_EQ(c.source("server.public_url").text(), "PARLEY_CONFIG_TEXT:3");
}

TEST(Config, the_file_may_be_named_by_the_environment) {
    const TemporaryDirectory dir;
    const auto file = dir.write("parley.yaml", kSmall);
    EXPECT_EQ(load_config({}, {{"TWILIO_AUTH_TOKEN", kToken}, {"PARLEY_CONFIG", file.string()}, {"PARLEY_CONFIG_TEXT", "other: 1"}}).file, file);
    EXPECT_THROW((void)load_config({}, token()), ConfigError);
}

TEST(Config, a_file_that_is_not_there_is_one_clear_line) {
    try {
        (void)load_config("/nonexistent.yaml", token());
        FAIL();
    } catch (const ConfigError& e) {
        EXPECT_THAT(std::string(e.what()), HasSubstr("/nonexistent.yaml: the file cannot be read\n"));
    }
}

// Catalogue S19: canaries in every secret, and nothing printed may hold one.
TEST(Config, nothing_printed_holds_a_secret) {
    const Config c = load(kSmall +
                              "twilio: {auth_tokens: [canary-token-1, canary-token-2], token_key: canary-key-0123456}\n"
                              "limits: {}\n",
                          {});
    const Config bot = load(
        "server: {public_url: 'https://v.example'}\ntwilio: {auth_tokens: [canary-token-1]}\n"
        "agents: {a: {default: true, brain: bot, bot: 'wss://b.example', bot_headers: {Authorization: "
        "canary-header}}}\n",
        {});
    std::string everything = print_config(c) + print_config(bot) + config_hash(c);
    for (const auto& change : diff(c, bot)) everything += change.key + change.before + change.after;
    for (const auto& warning : c.warnings) everything += warning.text();
    everything += mistakes(kSmall + "twilio: {auth_tokens: [canary-your_token, 'canary\\nchangeme'], token_key: canary}\n", {});
    EXPECT_THAT(everything, Not(HasSubstr("canary")));
    EXPECT_THAT(print_config(c), HasSubstr("auth_tokens: [\"***\", \"***\"]"));
}

TEST(Config, what_is_printed_reads_back_the_same) {
    Environment environment = token();
    environment["PARLEY_LIMITS__MAX_CALLS"] = "7";
    environment["PARLEY_LIMITS__OVERFLOW_TEXT"] = "Quotes \" and \\ and\nlines # stay";
    const Config c = load(kSmall + "media: {ahead: 150ms, vad: {voicing: 0.6}}\nlog: {format: text}\n", environment);
    const std::string printed = print_config(c);
    EXPECT_THAT(printed, HasSubstr("# environment PARLEY_LIMITS__MAX_CALLS"));
    EXPECT_THAT(printed, HasSubstr("# dir/parley.yaml:6"));
    EXPECT_THAT(printed, HasSubstr("# default"));
    Environment again = token();  // overrides the "***" that stands for the token
    const Config back = load(printed, again);
    EXPECT_TRUE(diff(c, back).empty()) << printed;
    EXPECT_EQ(config_hash(c), config_hash(back));
}

TEST(Config, changes_are_named_with_what_they_need) {
    const Config before = load(kSmall);
    const Config after = load(kSmall + "limits: {max_calls: 50}\nlog: {format: text}\ntwilio: {token_key: another-key-0123456789}\n");
    const auto changes = diff(before, after);
    ASSERT_EQ(changes.size(), 3U);
    EXPECT_TRUE(changes.at(2).restart);
    EXPECT_EQ(changes.at(0).key, "limits.max_calls");
    EXPECT_EQ(changes.at(0).before, "100");
    EXPECT_EQ(changes.at(0).after, "50");
    EXPECT_FALSE(changes.at(0).restart);
    EXPECT_EQ(changes.at(1).key, "log.format");
    EXPECT_TRUE(changes.at(1).restart);
    EXPECT_EQ(changes.at(2).after, "\"***\"");
    EXPECT_NE(config_hash(before), config_hash(after));
    const Config other = load("server: {public_url: 'https://voice.example.com'}\nagents: {shop: {default: true, brain: echo}}\n");
    const auto renamed = diff(before, other);
    ASSERT_EQ(renamed.size(), 2U);
    EXPECT_EQ(renamed.at(0).key, "agents.desk");
    EXPECT_EQ(renamed.at(0).after, "absent");
    EXPECT_EQ(renamed.at(1).key, "agents.shop");
}

TEST(Config, rotated_secrets_are_a_change) {
    EXPECT_EQ(diff(load(kSmall), load(kSmall, {{"TWILIO_AUTH_TOKEN", "another-token-0123456789"}})).size(), 1U);
}

TEST(Config, instances_that_share_the_auth_token_share_the_stream_key) {
    const Config c = load(kSmall);
    EXPECT_EQ(stream_token_key(c).reveal(), stream_token_key(load(kSmall)).reveal());
    EXPECT_EQ(stream_token_key(c).reveal().size(), 32U);
    EXPECT_NE(stream_token_key(c).reveal(), stream_token_key(load(kSmall, {{"TWILIO_AUTH_TOKEN", "other-token-abcdef"}})).reveal());
    const Config own = load(kSmall + "twilio: {token_key: a-key-of-its-own-0123}\n");
    EXPECT_NE(stream_token_key(own).reveal(), stream_token_key(c).reveal());
    const Config open = load("server: {listen: '127.0.0.1:0'}\ntwilio: {verify_signatures: false}\n" + kTail, {});
    EXPECT_NE(stream_token_key(open).reveal(), stream_token_key(open).reveal());
}

TEST(Config, descriptors_are_counted_before_the_first_call) {
    Config c = load(kSmall);
    EXPECT_EQ(descriptors_needed(c), 656U);
    EXPECT_FALSE(ensure_descriptors(c));
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max == RLIM_INFINITY) GTEST_SKIP() << "no hard limit on this machine";
    c.limits.admission.max_calls = static_cast<std::uint32_t>(limit.rlim_max / 4);
    const auto refused = ensure_descriptors(c);
    ASSERT_TRUE(refused);
    EXPECT_THAT(*refused, AllOf(HasSubstr("lower max_calls to"), HasSubstr("file descriptors")));
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

// The conversation's own list of its settings and the table name the same things.
TEST(Config, every_field_of_the_conversation_has_a_key) {
    std::set<std::string> fields, keys;
    const auto json = nlohmann::json::parse(conversation::to_json(conversation::Settings{}));
    for (const auto& [name, value] : json.items()) fields.insert(std::regex_replace(name, std::regex("_(ms|s)$"), ""));
    fields.erase("type");
    for (const auto& row : agent_rows()) {
        if (row.key.starts_with("conversation.")) keys.insert(row.key.substr(std::string_view("conversation.").size()));
    }
    EXPECT_EQ(fields, keys);
}

TEST(Config, every_field_of_the_voice_detector_has_a_key) {
    const auto vad = std::count_if(config_rows().begin(), config_rows().end(), [](const auto& row) { return row.key.starts_with("media.vad."); });
    EXPECT_EQ(vad, 11);
    static_assert(sizeof(audio::VadConfig) == 11 * 4, "a field came or went: add its row");
}

TEST(Config, rows_are_unique_and_explained) {
    std::set<std::string> keys, variables;
    for (const auto& row : config_rows()) {
        EXPECT_TRUE(keys.insert(row.key).second) << row.key;
        EXPECT_TRUE(variables.insert(environment_name(row.key)).second) << row.key;
        EXPECT_TRUE(row.help.ends_with('.')) << row.key;
    }
    for (const auto& row : agent_rows()) {
        EXPECT_TRUE(keys.insert("agents.*." + row.key).second) << row.key;
        EXPECT_TRUE(row.help.ends_with('.')) << row.key;
    }
}

// Catalogue C10.
TEST(Config, reference_page_is_in_step) {
    expect_reference_file("docs/configuration.md", configuration_reference());
}

TEST(Config, shipped_files_are_accepted) {
    const std::filesystem::path root = PARLEY_SOURCE_DIR;
    for (const char* name : {"config/parley.yaml", "config/bot.yaml"}) {
        LoadOptions options;
        options.check_files = std::string_view(name) == "config/parley.yaml" && std::filesystem::exists(root / "config/scripts/receptionist.yaml");
        try {
            const Config c =
                load_config(root / name, {{"TWILIO_AUTH_TOKEN", kToken}, {"BOT_TOKEN", "abc"}, {"PARLEY_SERVER__PUBLIC_URL", "https://v.example"}}, options);
            EXPECT_TRUE(c.agent_for("+1")) << name;
        } catch (const ConfigError& e) {
            FAIL() << e.what();
        }
    }
}

}  // namespace
}  // namespace parley::gateway

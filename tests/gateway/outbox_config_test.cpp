// The examples of docs/events.md, docs/redaction.md and docs/retention.md load, and mistakes in those keys are told.

#include <gmock/gmock.h>

#include <fstream>

#include "parley/gateway/config.hpp"

namespace parley::gateway {
namespace {

using testing::HasSubstr;

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
        "example.yaml", {{"CUSTOMER_WEBHOOK_SECRET", "whsec"}}, {.allow_unknown = false, .check_files = false});
}
std::string problems_of(const std::string& text) {
    try {
        (void)load(text);
    } catch (const ConfigError& error) {
        return error.what();
    }
    return {};
}
const std::string kDesk = "agents: {desk: {default: true, brain: echo}}\n";

TEST(OutboxConfig, the_examples_load) {
    const auto events = load(yaml_of("events.md"));
    EXPECT_EQ(events.webhooks.url, "https://crm.example.com/parley");
    ASSERT_EQ(events.agents.at(0).webhooks.alerts.size(), 2U);
    EXPECT_EQ(events.agents.at(0).webhooks.alerts[0].pointer, "/sentiment/caller");
    EXPECT_EQ(events.agents.at(0).webhooks.secret.reveal(), "whsec");
    EXPECT_EQ(print_config(events).find("whsec"), std::string::npos);
    const auto redaction = load(yaml_of("redaction.md"));
    EXPECT_TRUE(redaction.agents.at(0).privacy.redact && redaction.agents.at(0).privacy.redact_audio);
    const auto retention = load(yaml_of("retention.md") + kDesk);
    EXPECT_EQ(retention.retention.calls, 365U);
    EXPECT_EQ(retention.retention.audit, std::nullopt);
}

TEST(OutboxConfig, what_is_printed_loads_again) {
    const auto first = load(yaml_of("events.md"));
    const auto printed = print_config(first);
    EXPECT_THAT(printed, HasSubstr("{name: \"upset\", on: \"analysis.completed\", pointer: \"/sentiment/caller\", is: \"below\", value: \"-0.5\"}"));
}

TEST(OutboxConfig, mistakes_are_told) {
    EXPECT_THAT(problems_of("webhooks: {url: \"ftp://x/\"}\n" + kDesk), HasSubstr("http or https"));
    EXPECT_THAT(problems_of("webhooks: {url: \"https://x/\", events: [\"call .ended\"]}\n" + kDesk), HasSubstr("an event's name"));
    EXPECT_THAT(problems_of("webhooks: {url: \"https://x/\", alerts: [{name: a, on: call.ended, pointer: x, is: exists}]}\n" + kDesk),
                HasSubstr("JSON pointer"));
    EXPECT_THAT(problems_of("webhooks: {url: \"https://x/\", alerts: [{name: a, on: x, is: exists}, {name: a, on: y, is: exists}]}\n" + kDesk),
                HasSubstr("two rules"));
    EXPECT_THAT(problems_of("retention: {calls: 0}\n" + kDesk), HasSubstr("out of range"));
    EXPECT_THAT(problems_of("retention: {calls: always}\n" + kDesk), HasSubstr("calls"));
    EXPECT_THAT(problems_of("agents: {desk: {default: true, brain: echo, privacy: {kinds: [name], redact: true}}}\n"), HasSubstr("card, ssn"));
    EXPECT_THAT(problems_of("agents: {desk: {default: true, brain: echo, privacy: {redact_audio: true}}}\n"), HasSubstr("privacy.redact is not"));
    EXPECT_THAT(problems_of("agents: {desk: {default: true, brain: echo, webhooks: {alerts: [{name: a, on: x, is: exists}]}}}\n"), HasSubstr("no receiver"));
}

std::string warnings_of(const std::string& text) {
    std::string all;
    for (const auto& warning : load(text).warnings) all += warning.message + "\n";
    return all;
}

TEST(OutboxConfig, what_goes_out_unsigned_is_told) {
    EXPECT_THAT(warnings_of("webhooks: {url: \"https://x/\"}\n" + kDesk), HasSubstr("'webhooks.secret': is missing: events go out unsigned"));
    EXPECT_THAT(warnings_of("agents: {desk: {default: true, brain: echo, webhooks: {url: \"https://x/\"}}}\n"), HasSubstr("'agents.desk.webhooks.secret'"));
    EXPECT_THAT(warnings_of("webhooks: {url: \"https://x/\", secret: whsec}\n" + kDesk), testing::Not(HasSubstr("unsigned")));
}

TEST(OutboxConfig, one_number_says_how_long_a_call_is_kept) {
    EXPECT_EQ(days_of_calls(load(kDesk)), 90U);
    EXPECT_EQ(days_of_calls(load("records: {retain_days: 40}\n" + kDesk)), 40U);
    EXPECT_EQ(days_of_calls(load("retention: {calls: 365}\n" + kDesk)), 365U);
    const auto both = std::string("records: {retain_days: 40}\nretention: {calls: 10}\n") + kDesk;
    EXPECT_EQ(days_of_calls(load(both)), 10U);
    EXPECT_THAT(warnings_of(both), HasSubstr("'records.retain_days': does not count: retention.calls says 10"));
    EXPECT_THAT(warnings_of("retention: {calls: 10}\n" + kDesk), testing::Not(HasSubstr("does not count")));
    EXPECT_THAT(warnings_of("retention: {calls: 10}\nrecording: {enabled: true, retain_days: 30}\n" + kDesk),
                HasSubstr("'recording.retain_days': is more than the 10 days"));
}

TEST(OutboxConfig, call_files_stay_as_long_as_is_said_or_as_records_do) {
    EXPECT_THAT(problems_of("call_files: {enabled: true}\nrecords: {enabled: false}\n" + kDesk), HasSubstr("'call_files.retain_days': is missing"));
    EXPECT_EQ(problems_of("call_files: {enabled: true}\n" + kDesk), "");
    EXPECT_EQ(load("call_files: {enabled: true, retain_days: 7}\n" + kDesk).call_files.retain_days, 7U);
}

}  // namespace
}  // namespace parley::gateway

#include "parley/base/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <type_traits>

namespace parley {
namespace {

using nlohmann::json;

static_assert(!std::is_constructible_v<Field, std::string_view, Secret>, "a secret must not become a field");
static_assert(!std::is_constructible_v<Field, std::string_view, const int*>, "a pointer must not become true");

struct LogTest : testing::Test {
    std::shared_ptr<MemoryLog> memory = std::make_shared<MemoryLog>();
    TimePoint now{};
    LogSettings settings = [this] {
        LogSettings s;
        s.level = LogLevel::debug;
        s.version = "0.1.0";
        s.instance = "gw-1";
        s.wall = [] { return WallClock::time_point(std::chrono::microseconds(1'767'225'600'000'042)); };
        s.steady = [this] { return now; };
        return s;
    }();

    json only() {
        const auto lines = memory->lines();
        EXPECT_EQ(lines.size(), 1U);
        return json::parse(lines.at(0));
    }
};

TEST_F(LogTest, carries_the_fixed_fields_first) {
    const Log log = Log::to(settings, memory);
    log.info("call.ended", "Call ended.", {{"reason", "silence"}, {"turns", 3}, {"ratio", 0.25}, {"ok", true}});
    EXPECT_EQ(memory->lines().at(0), R"({"ts":"2026-01-01T00:00:00.000042Z","level":"info","event":"call.ended","msg":"Call ended.","svc":"parley",)"
                                     R"("version":"0.1.0","instance":"gw-1","reason":"silence","turns":3,"ratio":0.25,"ok":true})"
                                     "\n");
}

TEST_F(LogTest, writes_durations_in_milliseconds_and_no_number_that_is_none) {
    Log::to(settings, memory)
        .info("e", "m", {{"dur_ms", std::chrono::microseconds(1500)}, {"bad", 0.0 / 0.0}, {"big", std::numeric_limits<std::uint64_t>::max()}});
    const json line = only();
    EXPECT_DOUBLE_EQ(line["dur_ms"].get<double>(), 1.5);
    EXPECT_TRUE(line["bad"].is_null());
    EXPECT_EQ(line["big"].get<std::uint64_t>(), std::numeric_limits<std::uint64_t>::max());
}

TEST_F(LogTest, call_log_carries_its_identity) {
    CallIdentity id;
    id.call_sid = "CA1";
    id.stream_sid = "MZ1";
    id.agent = "front desk";
    const CallLog call = Log::to(settings, memory).call(id);
    call.info("stream.started", "Stream started.", {{"call_sid", "forged"}});
    const json line = only();
    EXPECT_EQ(line["call_sid"], "CA1");
    EXPECT_EQ(line["field.call_sid"], "forged");
    EXPECT_EQ(line["agent"], "front desk");
    EXPECT_FALSE(line.contains("tenant"));
}

TEST_F(LogTest, no_key_comes_twice) {
    Log::to(settings, memory).info("e", "m", {{"ts", "x"}, {"a", 1}, {"a", 2}, {"a", 3}, {"level", "y"}});
    int keys = 0;
    const auto count = [&](int, json::parse_event_t event, json&) {
        keys += event == json::parse_event_t::key;
        return true;
    };
    const json line = json::parse(memory->lines().at(0), count);
    EXPECT_EQ(static_cast<std::size_t>(keys), line.size());
    EXPECT_EQ(line["a"], 1);
    EXPECT_EQ(line["field.a"], 2);
    EXPECT_EQ(line["field.ts"], "x");
}

TEST_F(LogTest, a_string_key_with_hostile_characters_stays_a_key) {
    Log::to(settings, memory).info("e", "m", {{"a\":1,\"b\n", 1}});
    EXPECT_EQ(only()["a__1__b_"], 1);
}

struct HostileCase {
    const char* name;
    std::string_view text;
    std::string_view rendered;
};
class LogHostileText : public LogTest, public testing::WithParamInterface<HostileCase> {};
TEST_P(LogHostileText, is_escaped) {
    for (const auto format : {LogFormat::json, LogFormat::logfmt, LogFormat::text}) {
        settings.format = format;
        const auto sink = std::make_shared<MemoryLog>();
        Log::to(settings, sink).info("e", "m", {{"x", GetParam().text}});
        const std::string line = sink->lines().at(0);
        EXPECT_THAT(line, testing::HasSubstr(GetParam().rendered));
        EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
        EXPECT_EQ(line.find('\x1b'), std::string::npos);
        if (format == LogFormat::json) EXPECT_TRUE(json::accept(line)) << line;
    }
}
INSTANTIATE_TEST_SUITE_P(cases, LogHostileText,
                         testing::Values(HostileCase{"line_break", "a\r\nb", "a\\u000d\\u000ab"}, HostileCase{"terminal", "\x1b[31mred", "\\u001b[31mred"},
                                         HostileCase{"quote", "a\"b", "a\\\"b"}, HostileCase{"backslash", "a\\b", "a\\\\b"},
                                         HostileCase{"right_to_left",
                                                     "a\xE2\x80\xAE"
                                                     "b",
                                                     "a\\u202eb"},
                                         HostileCase{"isolate", "\xE2\x81\xA6", "\\u2066"}, HostileCase{"line_separator", "\xE2\x80\xA8", "\\u2028"},
                                         HostileCase{"c1_control", "\xC2\x9B", "\\u009b"},
                                         HostileCase{"invalid_utf8",
                                                     "a\xFF"
                                                     "b",
                                                     "a\xEF\xBF\xBD"
                                                     "b"},
                                         HostileCase{"overlong", "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
                                         HostileCase{"surrogate", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
                                         HostileCase{"cut_character", "a\xE2\x82", "a\xEF\xBF\xBD\xEF\xBF\xBD"},
                                         HostileCase{"nul", std::string_view("a\0b", 3), "a\\u0000b"},
                                         HostileCase{"kept",
                                                     "Gr\xC3\xBC\xC3\x9F"
                                                     "e",
                                                     "Gr\xC3\xBC\xC3\x9F"
                                                     "e"}),
                         [](const auto& c) { return c.param.name; });

TEST_F(LogTest, random_bytes_always_make_one_parsable_line_within_its_bounds) {
    const Log log = Log::to(settings, memory);
    std::mt19937 random(7);
    for (int round = 0; round < 2000; ++round) {
        std::string bytes(random() % 9000, '\0');
        for (auto& c : bytes) c = static_cast<char>(random());
        const std::string key = bytes.substr(0, random() % 20);
        now += std::chrono::seconds(20);
        log.info("fuzz", bytes.substr(0, random() % 9000), {{key, bytes}, {"y", bytes}, {"z", bytes}, {"w", bytes}});
    }
    const auto lines = memory->lines();
    ASSERT_EQ(lines.size(), 2000U);
    for (const auto& line : lines) {
        ASSERT_LE(line.size(), 8U * 1024);
        ASSERT_EQ(line.find('\n'), line.size() - 1);
        ASSERT_TRUE(json::accept(line)) << line;
    }
}

TEST_F(LogTest, cuts_a_field_at_2_kib_and_says_when_fields_did_not_fit) {
    const std::string megabyte(1 << 20, 'x');
    Log::to(settings, memory).info("e", "m", {{"a", megabyte}, {"b", megabyte}, {"c", megabyte}, {"d", megabyte}, {"e", 1}});
    const json line = only();
    EXPECT_LE(line["a"].get<std::string>().size(), 2048U);
    EXPECT_GE(line["a"].get<std::string>().size(), 2040U);
    EXPECT_FALSE(line.contains("d"));
    EXPECT_EQ(line["e"], 1);
    EXPECT_EQ(line["truncated"], true);
}

TEST_F(LogTest, content_is_withheld_unless_switched_on_and_at_debug) {
    Log::to(settings, memory).debug("e", "m", {{"text", LogContent{"my secret plan"}}});
    EXPECT_EQ(only()["text"], "(14 bytes withheld)");
    settings.content = true;
    const auto second = std::make_shared<MemoryLog>();
    const Log log = Log::to(settings, second);
    log.debug("e", "m", {{"text", LogContent{"my secret plan"}}});
    log.info("e", "m", {{"text", LogContent{"my secret plan"}}});
    EXPECT_EQ(json::parse(second->lines().at(0))["text"], "my secret plan");
    EXPECT_EQ(json::parse(second->lines().at(1))["text"], "(14 bytes withheld)");
}

TEST_F(LogTest, level_holds_lines_back_but_not_audit) {
    settings.level = LogLevel::warn;
    const Log log = Log::to(settings, memory);
    log.info("quiet", "m");
    log.audit("config.reloaded", "m");
    EXPECT_EQ(memory->count("quiet"), 0U);
    EXPECT_EQ(only()["audit"], true);
    log.set_level(LogLevel::debug);
    log.debug("loud", "m");
    EXPECT_EQ(memory->count("loud"), 1U);
}

TEST_F(LogTest, repeated_alarms_of_a_call_become_one_line_and_a_count) {
    const Log log = Log::to(settings, memory);
    {
        CallIdentity one, two;
        one.call_sid = "CA1";
        two.call_sid = "CA2";
        const CallLog first = log.call(one), second = log.call(two);
        for (int i = 0; i < 500; ++i) first.warn("stream.protocol_error", "m", {{"kind", "json"}});
        first.warn("stream.protocol_error", "m", {{"kind", "framing"}});  // another reason has its own allowance
        second.warn("stream.protocol_error", "m", {{"kind", "json"}});    // and so has another call
        EXPECT_EQ(memory->count("stream.protocol_error"), 3U);
        now += std::chrono::seconds(10);
        first.warn("stream.protocol_error", "m", {{"kind", "json"}});
        EXPECT_EQ(json::parse(memory->lines().back())["n_suppressed"], 499);
        first.warn("stream.protocol_error", "m", {{"kind", "json"}});
        EXPECT_EQ(memory->count("stream.protocol_error"), 4U);
    }
    EXPECT_EQ(memory->count("log.suppressed"), 1U);  // only the first call owed one
    const json last = json::parse(memory->lines().back());
    EXPECT_EQ(last["call_sid"], "CA1");
    EXPECT_EQ(last["n_suppressed"], 1);
}

TEST_F(LogTest, rate_limit_remembers_a_bounded_number_of_kinds) {
    const Log log = Log::to(settings, memory);
    for (int i = 0; i < 100'000; ++i) log.warn("security.bad_signature", "m", {{"reason", std::to_string(i)}});
    EXPECT_LE(memory->lines().size(), 64U + settings.server_alarms);
}

TEST_F(LogTest, counts_lines_by_level_and_event) {
    const Log log = Log::to(settings, memory);
    for (int i = 0; i < 100; ++i) log.error("store.io_error", "m");
    log.info("call.started", "m");
    const LogCounts counts = log.counts();
    ASSERT_EQ(counts.events.size(), 2U);
    EXPECT_EQ(counts.events.at(0).event, "call.started");
    EXPECT_EQ(counts.events.at(1).event, "store.io_error");
    EXPECT_EQ(counts.events.at(1).count, 100U);
    for (int i = 0; i < 5000; ++i) log.info("made.up." + std::to_string(i), "m");
    EXPECT_LE(log.counts().events.size(), 515U);
}

TEST_F(LogTest, a_log_nobody_opened_says_nothing) {
    const Log log;
    log.error("e", "m", {{"a", 1}});
    log.call({}).info("e", "m");
    EXPECT_FALSE(log.enabled(LogLevel::error));
    EXPECT_TRUE(log.counts().events.empty());
}

TEST_F(LogTest, logfmt_and_text_quote_only_where_needed) {
    settings.format = LogFormat::logfmt;
    Log::to(settings, memory).warn("call.ended", "Call ended.", {{"reason", "a b"}, {"n", 3}, {"word", "plain"}});
    EXPECT_EQ(memory->lines().at(0),
              "ts=2026-01-01T00:00:00.000042Z level=warn event=call.ended msg=\"Call ended.\" svc=parley version=0.1.0 "
              "instance=gw-1 "
              "reason=\"a b\" n=3 word=plain\n");
    settings.format = LogFormat::text;
    const auto text = std::make_shared<MemoryLog>();
    Log::to(settings, text).warn("call.ended", "Call ended.", {{"n", 3}});
    EXPECT_EQ(text->lines().at(0), "2026-01-01T00:00:00.000042Z warn  call.ended: Call ended. n=3\n");
}

}  // namespace
}  // namespace parley

#pragma once
// Event log: one line an event, on stdout, never waiting for whoever reads it. `Log` and `CallLog` are cheap values to
// be copied and handed down; there is no thread-local context and no global. All methods are thread-safe.
//
//   log.warn("stream.rejected", "The stream was refused.", {{"reason", "token"}, {"dur_ms", elapsed}});
//
// `event` is the stable dotted name people filter by; `msg` is an English sentence. Fields whose names the line already
// carries are renamed, text is escaped, a field is cut at 2 KiB, a line at 8 KiB. A `Secret` does not compile as a
// field.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "parley/base/clock.hpp"
#include "parley/base/secret.hpp"

namespace parley {

enum class LogLevel : std::uint8_t { debug, info, warn, error };
enum class LogFormat : std::uint8_t { json, logfmt, text };

[[nodiscard]] std::string_view to_string(LogLevel level);

// Words somebody said or typed. Written only at debug level and with `content` switched on; otherwise its length stands
// in.
struct LogContent {
    std::string_view text;
};

// A name and a value; views only, used before the statement ends.
class Field {
public:
    using Value = std::variant<bool, std::int64_t, std::uint64_t, double, std::string_view, LogContent>;

    Field(std::string_view key, std::same_as<bool> auto value) : key_(key), value_(value) {}
    template <std::integral T>
        requires(!std::same_as<T, bool> && !std::same_as<T, char>)
    Field(std::string_view key, T value) : key_(key), value_(static_cast<std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>>(value)) {}
    Field(std::string_view key, std::floating_point auto value) : key_(key), value_(static_cast<double>(value)) {}
    Field(std::string_view key, std::string_view value) : key_(key), value_(value) {}
    Field(std::string_view key, const std::string& value) : key_(key), value_(std::string_view(value)) {}
    Field(std::string_view key, const char* value) : key_(key), value_(std::string_view(value ? value : "")) {}
    Field(std::string_view key, LogContent value) : key_(key), value_(value) {}
    // A duration is written in milliseconds: name it so ("dur_ms").
    template <class Rep, class Period>
    Field(std::string_view key, std::chrono::duration<Rep, Period> value) : key_(key), value_(std::chrono::duration<double, std::milli>(value).count()) {}
    Field(std::string_view, const Secret&) = delete;
    template <class T>
    Field(std::string_view, const T*) = delete;  // would become true

    [[nodiscard]] std::string_view key() const { return key_; }
    [[nodiscard]] const Value& value() const { return value_; }

private:
    std::string_view key_;
    Value value_;
};

using Fields = std::initializer_list<Field>;

// Where finished lines go (each ends with '\n'). push() may be called from any thread and must not block.
class LogSink {
public:
    virtual ~LogSink() = default;
    virtual void push(LogLevel level, bool audit, std::string line) = 0;
    // Lines lost so far, because the queue was full and because the descriptor refused them.
    struct Dropped {
        std::uint64_t queue_full = 0, write_failed = 0;
    };
    [[nodiscard]] virtual Dropped dropped() const { return {}; }
};

// Keeps lines in memory: for tests.
class MemoryLog final : public LogSink {
public:
    void push(LogLevel level, bool audit, std::string line) override;
    [[nodiscard]] std::vector<std::string> lines() const;
    // How many lines carry this event name (JSON format).
    [[nodiscard]] std::size_t count(std::string_view event) const;

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

struct LogSettings {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::json;
    bool content = false;  // lets LogContent through, at debug level only
    std::string service = "parley", version, instance;
    std::size_t queue_bytes = 8 * 1024 * 1024;    // waiting for a slow reader; beyond it the lowest severity, oldest first, is dropped
    std::size_t reserve_bytes = 1 * 1024 * 1024;  // of these, kept for error and audit lines
    std::chrono::seconds flush{1};                // at the end, for a reader that does not read
    std::chrono::seconds window{10};              // of the rate limit, per (event, reason):
    std::uint32_t call_alarms = 1;                // warn and error lines of one call
    std::uint32_t call_notes = 50;                // debug and info lines of one call
    std::uint32_t server_alarms = 10;             // the same outside calls
    std::uint32_t server_notes = 1000;
    std::function<WallClock::time_point()> wall = [] { return WallClock::now(); };
    std::function<TimePoint()> steady = [] { return Clock::now(); };
};

struct LogCounts {
    struct Row {
        LogLevel level;
        std::string event;
        std::uint64_t count;
    };
    std::vector<Row> events;  // lines asked for at an enabled level, suppressed ones included; at most 512 names, then "other"
    LogSink::Dropped dropped;
};

// What every line of one call carries; empty ones are left out.
struct CallIdentity {
    std::string call_sid, stream_sid, agent, dir, tenant, trace_id;
};

class CallLog;

class Log {
public:
    Log() = default;  // says nothing
    // Lines go to a duplicate of `fd` through a bounded queue and a thread of their own, which the last copy of this
    // Log joins after flushing for `flush` at most. A closed or failing descriptor costs lines (counted), nothing
    // else; SIGPIPE is not raised.
    static Log open(LogSettings settings, int fd);
    static Log to(LogSettings settings, std::shared_ptr<LogSink> sink);

    void debug(std::string_view event, std::string_view msg, Fields fields = {}) const { write(LogLevel::debug, event, msg, fields); }
    void info(std::string_view event, std::string_view msg, Fields fields = {}) const { write(LogLevel::info, event, msg, fields); }
    void warn(std::string_view event, std::string_view msg, Fields fields = {}) const { write(LogLevel::warn, event, msg, fields); }
    void error(std::string_view event, std::string_view msg, Fields fields = {}) const { write(LogLevel::error, event, msg, fields); }
    // Changes made and secrets or recordings touched: never rate-limited, not subject to the level, marked
    // "audit":true.
    void audit(std::string_view event, std::string_view msg, Fields fields = {}) const { write(LogLevel::info, event, msg, fields, true); }
    void write(LogLevel level, std::string_view event, std::string_view msg, Fields fields, bool audit = false) const;

    [[nodiscard]] bool enabled(LogLevel level) const;
    [[nodiscard]] bool content_enabled() const;
    void set_level(LogLevel level) const;  // for every copy
    [[nodiscard]] CallLog call(const CallIdentity& identity) const;
    [[nodiscard]] LogCounts counts() const;

protected:
    struct Core;
    struct Context;
    Log(std::shared_ptr<Core> core, std::shared_ptr<Context> context) : core_(std::move(core)), context_(std::move(context)) {}

    std::shared_ptr<Core> core_;
    std::shared_ptr<Context> context_;
};

// A Log whose lines carry the call's identity and whose rate limit is the call's own. When its last copy goes, lines
// held back and not yet accounted for are reported once (`log.suppressed`).
class CallLog : public Log {
public:
    CallLog() = default;

private:
    friend class Log;
    using Log::Log;
};

}  // namespace parley

#pragma once
// Rendering of log lines: pure, no clock, no descriptor.

#include <string>
#include <string_view>

#include "parley/base/log.hpp"

namespace parley::log_format {

inline constexpr std::size_t kFieldBytes = 2UL * 1024;  // rendered value
inline constexpr std::size_t kLineBytes = 8UL * 1024;   // with the newline

// Appends `text` so that it can neither end the string, the line nor the reader's terminal state: quotes and
// backslashes escaped; control characters, bidirectional and zero-width marks and line separators as \uXXXX; bytes that
// are not UTF-8 as U+FFFD. Stops before `limit` appended bytes, on a character's border, and marks the cut with "…".
void append_escaped(std::string& out, std::string_view text, std::size_t limit);

struct Line {
    LogLevel level = LogLevel::info;
    WallClock::time_point time;
    std::string_view event, msg;
    std::string_view base;     // fields every line has, rendered by append_field
    std::string_view context;  // fields of the call, rendered by append_field
    Fields fields;
    std::uint64_t suppressed = 0;
    bool audit = false;
    bool content = false;  // LogContent may be shown
};

void append_field(std::string& out, LogFormat format, std::string_view key, const Field::Value& value, bool content);
[[nodiscard]] std::string render(const Line& line, LogFormat format, bool colour);

}  // namespace parley::log_format

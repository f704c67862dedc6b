#include "log_format.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace parley::log_format {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";
constexpr std::size_t kTailBytes = 96;  // for n_suppressed, audit, truncated, the brace and the newline

struct Decoded {
    char32_t code;
    std::size_t bytes;  // 0: not UTF-8 here
};

// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
Decoded decode(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {0, 0};
    char32_t code = lead & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return {0, 0};
        code = (code << 6) | (byte(i) & 0x3FU);
    }
    constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
    if (code < kLeast[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {0, 0};
    return {code, length};
}

// Characters that steer a terminal or the reading direction, or that some readers take for a line's end.
bool hidden(char32_t c) {
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB);
}

void append_hex(std::string& out, char32_t code) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[(code >> shift) & 0xF];
}

template <class T>
void append_number(std::string& out, T value) {
    std::array<char, 32> buffer;
    const auto [end, ec] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    if (ec == std::errc{}) out.append(buffer.data(), end);
}

void append_double(std::string& out, double value, bool json) {
    if (!std::isfinite(value)) {
        out += json ? "null" : std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
        return;
    }
    // Three decimals are enough for milliseconds; whole numbers stay whole.
    if (std::abs(value) < 1e15) value = std::round(value * 1000.0) / 1000.0;
    append_number(out, value == 0 ? 0.0 : value);
}

void append_key(std::string& out, std::string_view key) {
    for (const char c : key.substr(0, 64)) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
        out += plain ? c : '_';
    }
}

bool plain_word(std::string_view text) {
    if (text.empty()) return false;
    for (const char c : text) {
        if (c <= 0x20 || c >= 0x7F || c == '"' || c == '=' || c == '\\') return false;
    }
    return true;
}

void append_text(std::string& out, LogFormat format, std::string_view text) {
    if (format != LogFormat::json && text.size() <= 256 && plain_word(text)) {
        out += text;
        return;
    }
    out += '"';
    append_escaped(out, text, kFieldBytes);
    out += '"';
}

void append_padded(std::string& out, unsigned value, int width) {
    std::array<char, 10> digits{};
    for (int i = width - 1; i >= 0; --i, value /= 10) digits[static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
    out.append(digits.data(), static_cast<std::size_t>(width));
}

// RFC 3339 in UTC with microseconds.
void append_time(std::string& out, WallClock::time_point time) {
    using namespace std::chrono;
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const auto us = duration_cast<microseconds>(time - day).count();
    const auto seconds = static_cast<unsigned>(us / 1'000'000);
    append_padded(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
    out += '-';
    append_padded(out, static_cast<unsigned>(date.month()), 2);
    out += '-';
    append_padded(out, static_cast<unsigned>(date.day()), 2);
    out += 'T';
    append_padded(out, seconds / 3600, 2);
    out += ':';
    append_padded(out, seconds / 60 % 60, 2);
    out += ':';
    append_padded(out, seconds % 60, 2);
    out += '.';
    append_padded(out, static_cast<unsigned>(us % 1'000'000), 6);
    out += 'Z';
}

// Names a line has of its own; a field called the same is renamed, so that no key comes twice.
bool taken(std::string_view key, std::string_view context, LogFormat format) {
    constexpr std::array<std::string_view, 10> kFixed{"ts", "level", "event", "msg", "svc", "audit", "version", "instance", "n_suppressed", "truncated"};
    for (const auto fixed : kFixed) {
        if (key == fixed) return true;
    }
    std::string probe = format == LogFormat::json ? ",\"" : " ";
    append_key(probe, key);
    probe += format == LogFormat::json ? "\":" : "=";
    return context.find(probe) != std::string_view::npos;
}

std::string_view colour_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "\x1b[2m";
        case LogLevel::info:
            return "\x1b[32m";
        case LogLevel::warn:
            return "\x1b[33m";
        case LogLevel::error:
            return "\x1b[31m";
    }
    return "";
}

void append_head(std::string& out, const Line& line, LogFormat format, bool colour) {
    switch (format) {
        case LogFormat::json:
            out += "{\"ts\":\"";
            append_time(out, line.time);
            out += "\",\"level\":\"";
            out += to_string(line.level);
            out += '"';
            break;
        case LogFormat::logfmt:
            out += "ts=";
            append_time(out, line.time);
            out += " level=";
            out += to_string(line.level);
            break;
        case LogFormat::text: {
            append_time(out, line.time);
            out += ' ';
            if (colour) out += colour_of(line.level);
            const auto level = to_string(line.level);
            out += level;
            if (colour) out += "\x1b[0m";
            out.append(6 - level.size(), ' ');
            append_key(out, line.event);
            out += ": ";
            append_escaped(out, line.msg, kFieldBytes);
            return;
        }
    }
    append_field(out, format, "event", line.event, false);
    append_field(out, format, "msg", line.msg, false);
    out += line.base;
}

}  // namespace

void append_escaped(std::string& out, std::string_view text, std::size_t limit) {
    const std::size_t end = out.size() + limit - kEllipsis.size();
    while (!text.empty()) {
        const Decoded c = decode(text);
        const std::size_t before = out.size();
        if (c.bytes == 0) {
            out += kReplacement;
        } else if (c.code == '"' || c.code == '\\') {
            out += '\\';
            out += static_cast<char>(c.code);
        } else if (hidden(c.code)) {
            append_hex(out, c.code);
        } else {
            out += text.substr(0, c.bytes);
        }
        if (out.size() > end) {
            out.resize(before);
            out += kEllipsis;
            return;
        }
        text.remove_prefix(c.bytes == 0 ? 1 : c.bytes);
    }
}

void append_field(std::string& out, LogFormat format, std::string_view key, const Field::Value& value, bool content) {
    const bool json = format == LogFormat::json;
    out += json ? ",\"" : " ";
    append_key(out, key);
    out += json ? "\":" : "=";
    struct Writer {
        std::string& out;
        LogFormat format;
        bool content;
        void operator()(bool v) const { out += v ? "true" : "false"; }
        void operator()(std::int64_t v) const { append_number(out, v); }
        void operator()(std::uint64_t v) const { append_number(out, v); }
        void operator()(double v) const { append_double(out, v, format == LogFormat::json); }
        void operator()(std::string_view v) const { append_text(out, format, v); }
        void operator()(LogContent v) const {
            if (content) return append_text(out, format, v.text);
            out += "\"(";
            append_number(out, v.text.size());
            out += " bytes withheld)\"";
        }
    };
    std::visit(Writer{out, format, content}, value);
}

std::string render(const Line& line, LogFormat format, bool colour) {
    std::string out;
    out.reserve(512);
    append_head(out, line, format, colour);
    out += line.context;
    const std::size_t fields_from = out.size();
    bool truncated = false;
    std::string renamed;
    for (const Field& field : line.fields) {
        std::string_view key = field.key();
        const auto known = [&](std::string_view name) {
            return taken(name, line.context, format) || taken(name, std::string_view(out).substr(fields_from), format);
        };
        if (known(key)) {
            renamed = "field.";
            renamed += key.substr(0, 48);
            key = renamed;
            if (known(key)) continue;
        }
        const std::size_t before = out.size();
        append_field(out, format, key, field.value(), line.content);
        if (out.size() > kLineBytes - kTailBytes) {
            out.resize(before);
            truncated = true;
        }
    }
    if (line.suppressed > 0) append_field(out, format, "n_suppressed", line.suppressed, false);
    if (line.audit) append_field(out, format, "audit", true, false);
    if (truncated) append_field(out, format, "truncated", true, false);
    if (format == LogFormat::json) out += '}';
    out += '\n';
    return out;
}

}  // namespace parley::log_format

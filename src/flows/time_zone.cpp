#include "parley/flows/time_zone.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>

namespace parley::flows {

namespace {

using std::chrono::days;

constexpr std::size_t kHeader = 44;
constexpr std::int32_t kMostOffset = 26 * 3600;  // RFC 9636: -25:59:59 to +25:59:59

struct Counts {
    std::uint32_t isut = 0, isstd = 0, leap = 0, time = 0, type = 0, chars = 0;
    [[nodiscard]] std::uint64_t block(std::uint64_t time_size) const {
        return std::uint64_t{time} * (time_size + 1) + std::uint64_t{type} * 6 + chars + std::uint64_t{leap} * (time_size + 4) + isstd + isut;
    }
};

std::uint32_t word(std::span<const std::uint8_t> bytes, std::size_t at) {
    return static_cast<std::uint32_t>(bytes[at]) << 24U | static_cast<std::uint32_t>(bytes[at + 1]) << 16U | static_cast<std::uint32_t>(bytes[at + 2]) << 8U |
           bytes[at + 3];
}
std::int64_t big(std::span<const std::uint8_t> bytes, std::size_t at) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(word(bytes, at)) << 32U | word(bytes, at + 4));
}

std::optional<Counts> header(std::span<const std::uint8_t> bytes, std::size_t at, std::uint8_t& version) {
    if (bytes.size() < at + kHeader ||
        !std::ranges::equal(bytes.subspan(at, 4), std::string_view("TZif"), [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); }))
        return std::nullopt;
    version = bytes[at + 4];
    Counts counts;
    std::size_t from = at + 20;
    for (auto* count : {&counts.isut, &counts.isstd, &counts.leap, &counts.time, &counts.type, &counts.chars}) {
        *count = word(bytes, from);
        if (*count > kMaxZoneBytes) return std::nullopt;
        from += 4;
    }
    if (counts.type == 0 || counts.type > 256 || counts.chars == 0 || (counts.isut != 0 && counts.isut != counts.type) ||
        (counts.isstd != 0 && counts.isstd != counts.type))
        return std::nullopt;
    return counts;
}

// A cursor over a POSIX TZ string; every step answers whether it went.
struct RuleText {
    std::string_view rest;
    bool ok = true;

    [[nodiscard]] char peek() const { return rest.empty() ? '\0' : rest.front(); }
    bool eat(char c) {
        if (peek() != c) return false;
        rest.remove_prefix(1);
        return true;
    }
    void name() {
        std::size_t length = 0;
        if (eat('<')) {
            while (length < rest.size() && rest[length] != '>') ++length;
            ok = ok && length >= 3 && length < rest.size();
            rest.remove_prefix(std::min(rest.size(), length + 1));
            return;
        }
        while (length < rest.size() && std::isalpha(static_cast<unsigned char>(rest[length]))) ++length;
        ok = ok && length >= 3;
        rest.remove_prefix(length);
    }
    int digits(int most) {
        int value = 0, n = 0;
        for (; n < 3 && std::isdigit(static_cast<unsigned char>(peek())); ++n) {
            value = value * 10 + (rest.front() - '0');
            rest.remove_prefix(1);
        }
        ok = ok && n > 0 && value <= most;
        return value;
    }
    std::int32_t time(int most_hours) {
        const bool minus = eat('-');
        if (!minus) eat('+');
        std::int32_t seconds = digits(most_hours) * 3600;
        if (eat(':')) seconds += digits(59) * 60;
        if (eat(':')) seconds += digits(59);
        return minus ? -seconds : seconds;
    }
};

std::chrono::sys_days day(int year, int month, int of_month) {
    return std::chrono::sys_days(std::chrono::year(year) / month / of_month);
}

int year_of(std::int64_t at) {
    const auto date = std::chrono::year_month_day(std::chrono::floor<days>(Second(std::chrono::seconds(at))));
    return static_cast<int>(date.year());
}

}  // namespace

std::optional<TimeZone::Rule> TimeZone::parse_rule(std::string_view text) {
    RuleText in{.rest = text};
    Rule rule;
    const auto change = [&](Change& c) {
        in.ok = in.ok && in.eat(',');
        if (in.eat('M')) {
            c.form = Change::Form::month_week_day;
            c.month = in.digits(12);
            in.ok = in.ok && in.eat('.');
            c.week = in.digits(5);
            in.ok = in.ok && in.eat('.');
            c.day = in.digits(6);
            in.ok = in.ok && c.month > 0 && c.week > 0;
        } else if (in.eat('J')) {
            c.form = Change::Form::julian_without_leap;
            c.day = in.digits(365);
            in.ok = in.ok && c.day > 0;
        } else {
            c.form = Change::Form::day_of_year;
            c.day = in.digits(365);
        }
        if (in.eat('/')) c.at = in.time(167);
    };
    in.name();
    rule.standard = -in.time(24);
    if (!in.rest.empty() && in.ok) {
        rule.has_summer = true;
        in.name();
        rule.summer = in.peek() == ',' ? rule.standard + 3600 : -in.time(24);
        change(rule.begins);
        change(rule.ends);
    }
    if (!in.ok || !in.rest.empty()) return std::nullopt;
    return rule;
}

std::int64_t TimeZone::moment(const Change& c, int year) {
    std::chrono::sys_days on;
    switch (c.form) {
        case Change::Form::month_week_day: {
            const auto first = day(year, c.month, 1);
            const auto weekday = std::chrono::weekday(first).c_encoding();
            auto of_month = 1 + (static_cast<unsigned>(c.day) + 7 - weekday) % 7 + 7 * (static_cast<unsigned>(c.week) - 1);
            const auto last = static_cast<unsigned>((std::chrono::year(year) / c.month / std::chrono::last).day());
            while (of_month > last) of_month -= 7;
            on = first + days(of_month - 1);
            break;
        }
        case Change::Form::julian_without_leap: {
            const bool after_february = std::chrono::year(year).is_leap() && c.day >= 60;
            on = day(year, 1, 1) + days(c.day - (after_february ? 0 : 1));
            break;
        }
        case Change::Form::day_of_year:
            on = day(year, 1, 1) + days(c.day);
            break;
    }
    return on.time_since_epoch().count() * std::int64_t{86400} + c.at;
}

std::int32_t TimeZone::offset_by(const Rule& rule, std::int64_t at) {
    if (!rule.has_summer) return rule.standard;
    const int year = year_of(at + rule.standard);
    const auto begins = moment(rule.begins, year) - rule.standard, ends = moment(rule.ends, year) - rule.summer;
    // South of the equator summer holds over the new year.
    const bool summer = begins < ends ? at >= begins && at < ends : at >= begins || at < ends;
    return summer ? rule.summer : rule.standard;
}

std::shared_ptr<const TimeZone> TimeZone::parse(std::span<const std::uint8_t> bytes, std::string* why) {
    const auto wrong = [&](const char* what) -> std::shared_ptr<const TimeZone> {
        if (why != nullptr) *why = what;
        return nullptr;
    };
    if (bytes.size() > kMaxZoneBytes) return wrong("is larger than 64KiB");
    std::uint8_t version = 0;
    auto counts = header(bytes, 0, version);
    if (!counts) return wrong("is no time zone file");
    std::size_t at = kHeader;
    std::size_t size = 4;
    if (version >= '2') {
        at += counts->block(4);
        counts = header(bytes, at, version);
        if (!counts) return wrong("has no second part");
        at += kHeader;
        size = 8;
    } else if (version != 0) {
        return wrong("has an unknown version");
    }
    if (bytes.size() < at + counts->block(size)) return wrong("is cut short");
    const auto times = at, indices = times + counts->time * size, types = indices + counts->time, end = at + counts->block(size);
    auto zone = std::make_shared<TimeZone>();
    const auto offset = [&](std::size_t type) { return static_cast<std::int32_t>(word(bytes, types + type * 6)); };
    for (std::size_t i = 0; i < counts->type; ++i)
        if (offset(i) <= -kMostOffset || offset(i) >= kMostOffset) return wrong("has an impossible offset");
    zone->first_ = offset(0);
    for (std::size_t i = 0; i < counts->time; ++i) {
        const auto moment = size == 8 ? big(bytes, times + i * 8) : static_cast<std::int32_t>(word(bytes, times + i * 4));
        const auto type = bytes[indices + i];
        if (type >= counts->type || (!zone->transitions_.empty() && moment <= zone->transitions_.back().at)) return wrong("has its transitions out of order");
        zone->transitions_.push_back({moment, offset(type)});
    }
    if (size == 8) {
        if (bytes.size() < end + 2 || bytes[end] != '\n' || bytes.back() != '\n') return wrong("has no rule at its end");
        const std::string_view footer(reinterpret_cast<const char*>(bytes.data()) + end + 1, bytes.size() - end - 2);
        if (!footer.empty()) {
            zone->rule_ = parse_rule(footer);
            if (!zone->rule_) return wrong("has a rule at its end that cannot be read");
        }
    } else if (bytes.size() != end) {
        return wrong("is longer than its header says");
    }
    return zone;
}

std::shared_ptr<const TimeZone> TimeZone::load(std::string_view name, std::string* why, const std::filesystem::path& directory) {
    const auto wrong = [&](std::string what) -> std::shared_ptr<const TimeZone> {
        if (why != nullptr) *why = std::move(what);
        return nullptr;
    };
    const bool plain =
        !name.empty() && name.size() <= 64 && name.front() != '/' && name.find("..") == std::string_view::npos && std::ranges::all_of(name, [](char c) {
            return std::isalnum(static_cast<unsigned char>(c)) || std::string_view("/_+-").find(c) != std::string_view::npos;
        });
    if (!plain) return wrong("is no name of a time zone such as Europe/Berlin");
    const auto path = directory / std::string(name);
    std::error_code ec;
    if (!std::filesystem::is_directory(directory, ec)) return name == "UTC" ? utc() : wrong("needs the system's time zone data (package tzdata)");
    if (!std::filesystem::is_regular_file(path, ec)) return wrong("is no time zone this system knows");
    std::ifstream in(path, std::ios::binary);
    std::string content(kMaxZoneBytes + 1, '\0');
    in.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(in.gcount()));
    std::string problem;
    auto zone = parse({reinterpret_cast<const std::uint8_t*>(content.data()), content.size()}, &problem);
    return zone ? zone : wrong("cannot be read: " + path.string() + " " + problem);
}

std::shared_ptr<const TimeZone> TimeZone::utc() {
    static const auto zone = std::make_shared<const TimeZone>();
    return zone;
}

std::vector<std::string> TimeZone::names(const std::filesystem::path& directory) {
    std::vector<std::string> out;
    std::error_code ec;
    for (std::filesystem::recursive_directory_iterator at(directory, ec), end; !ec && at != end && out.size() < 5000; at.increment(ec)) {
        const auto name = at->path().lexically_relative(directory).string();
        if (at->is_directory(ec)) {
            if (name == "posix" || name == "right") at.disable_recursion_pending();
            continue;
        }
        if (std::isupper(static_cast<unsigned char>(name.front())) && name.find('.') == std::string::npos) out.push_back(name);
    }
    std::ranges::sort(out);
    return out;
}

std::chrono::seconds TimeZone::offset_at(Second instant) const {
    const auto at = instant.time_since_epoch().count();
    if (transitions_.empty() || at >= transitions_.back().at) {
        if (rule_) return std::chrono::seconds(offset_by(*rule_, at));
        return std::chrono::seconds(transitions_.empty() ? first_ : transitions_.back().offset);
    }
    const auto next = std::ranges::upper_bound(transitions_, at, {}, &Transition::at);
    return std::chrono::seconds(next == transitions_.begin() ? first_ : std::prev(next)->offset);
}

}  // namespace parley::flows

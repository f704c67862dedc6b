#pragma once
// A time zone of the IANA data base, from the system's compiled file (TZif, RFC 9636). Pure once it is parsed: time is an argument.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::flows {

using Second = std::chrono::sys_seconds;

inline constexpr std::size_t kMaxZoneBytes = 64UL * 1024;  // the largest of today's has 4 KiB

class TimeZone {
public:
    // The bytes of a file. Strict: magic, version, counts that fit the file exactly, times that rise, indices in range, a footer that parses.
    // Nothing: `why` says what is wrong.
    [[nodiscard]] static std::shared_ptr<const TimeZone> parse(std::span<const std::uint8_t> bytes, std::string* why = nullptr);
    // "Europe/Berlin" below the system's directory; a name that leads out of it is refused.
    [[nodiscard]] static std::shared_ptr<const TimeZone> load(std::string_view name, std::string* why = nullptr,
                                                              const std::filesystem::path& directory = "/usr/share/zoneinfo");
    [[nodiscard]] static std::shared_ptr<const TimeZone> utc();
    // Names known there, for suggestions.
    [[nodiscard]] static std::vector<std::string> names(const std::filesystem::path& directory = "/usr/share/zoneinfo");

    // East of Greenwich is positive.
    [[nodiscard]] std::chrono::seconds offset_at(Second instant) const;

private:
    // The rule after the last transition: a POSIX TZ string.
    struct Change {
        enum class Form : std::uint8_t { month_week_day, julian_without_leap, day_of_year } form = Form::month_week_day;
        int month = 1, week = 1, day = 0;
        std::int32_t at = 7200;  // seconds after local midnight; may be negative or above a day
    };
    struct Rule {
        std::int32_t standard = 0, summer = 0;
        bool has_summer = false;
        Change begins, ends;
    };
    static std::optional<Rule> parse_rule(std::string_view text);
    [[nodiscard]] static std::int64_t moment(const Change& change, int year);
    [[nodiscard]] static std::int32_t offset_by(const Rule& rule, std::int64_t at);

    struct Transition {
        std::int64_t at = 0;
        std::int32_t offset = 0;
    };
    std::int32_t first_ = 0;  // before the first transition
    std::vector<Transition> transitions_;
    std::optional<Rule> rule_;
};

}  // namespace parley::flows

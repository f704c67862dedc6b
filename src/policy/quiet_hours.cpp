#include "parley/policy/quiet_hours.hpp"

#include <array>
#include <cstdio>
#include <map>
#include <mutex>

namespace parley::policy {
namespace {

struct Country {
    std::string_view prefix, zone;
};
// ITU-T E.164 country codes of countries whose people live by one clock (islands far off aside). Longer prefixes go before shorter ones.
constexpr std::array kCountries{
    Country{"+30", "Europe/Athens"},
    Country{"+31", "Europe/Amsterdam"},
    Country{"+32", "Europe/Brussels"},
    Country{"+33", "Europe/Paris"},
    Country{"+350", "Europe/Gibraltar"},
    Country{"+352", "Europe/Luxembourg"},
    Country{"+353", "Europe/Dublin"},
    Country{"+354", "Atlantic/Reykjavik"},
    Country{"+355", "Europe/Tirane"},
    Country{"+356", "Europe/Malta"},
    Country{"+357", "Asia/Nicosia"},
    Country{"+358", "Europe/Helsinki"},
    Country{"+359", "Europe/Sofia"},
    Country{"+36", "Europe/Budapest"},
    Country{"+370", "Europe/Vilnius"},
    Country{"+371", "Europe/Riga"},
    Country{"+372", "Europe/Tallinn"},
    Country{"+373", "Europe/Chisinau"},
    Country{"+374", "Asia/Yerevan"},
    Country{"+375", "Europe/Minsk"},
    Country{"+376", "Europe/Andorra"},
    Country{"+377", "Europe/Monaco"},
    Country{"+378", "Europe/San_Marino"},
    Country{"+380", "Europe/Kyiv"},
    Country{"+381", "Europe/Belgrade"},
    Country{"+382", "Europe/Podgorica"},
    Country{"+385", "Europe/Zagreb"},
    Country{"+386", "Europe/Ljubljana"},
    Country{"+387", "Europe/Sarajevo"},
    Country{"+389", "Europe/Skopje"},
    Country{"+39", "Europe/Rome"},
    Country{"+40", "Europe/Bucharest"},
    Country{"+41", "Europe/Zurich"},
    Country{"+420", "Europe/Prague"},
    Country{"+421", "Europe/Bratislava"},
    Country{"+423", "Europe/Vaduz"},
    Country{"+43", "Europe/Vienna"},
    Country{"+44", "Europe/London"},
    Country{"+45", "Europe/Copenhagen"},
    Country{"+46", "Europe/Stockholm"},
    Country{"+47", "Europe/Oslo"},
    Country{"+48", "Europe/Warsaw"},
    Country{"+49", "Europe/Berlin"},
    Country{"+20", "Africa/Cairo"},
    Country{"+212", "Africa/Casablanca"},
    Country{"+213", "Africa/Algiers"},
    Country{"+216", "Africa/Tunis"},
    Country{"+233", "Africa/Accra"},
    Country{"+234", "Africa/Lagos"},
    Country{"+254", "Africa/Nairobi"},
    Country{"+27", "Africa/Johannesburg"},
    Country{"+51", "America/Lima"},
    Country{"+54", "America/Argentina/Buenos_Aires"},
    Country{"+57", "America/Bogota"},
    Country{"+58", "America/Caracas"},
    Country{"+502", "America/Guatemala"},
    Country{"+503", "America/El_Salvador"},
    Country{"+506", "America/Costa_Rica"},
    Country{"+507", "America/Panama"},
    Country{"+591", "America/La_Paz"},
    Country{"+595", "America/Asuncion"},
    Country{"+598", "America/Montevideo"},
    Country{"+60", "Asia/Kuala_Lumpur"},
    Country{"+63", "Asia/Manila"},
    Country{"+64", "Pacific/Auckland"},
    Country{"+65", "Asia/Singapore"},
    Country{"+66", "Asia/Bangkok"},
    Country{"+81", "Asia/Tokyo"},
    Country{"+82", "Asia/Seoul"},
    Country{"+84", "Asia/Ho_Chi_Minh"},
    Country{"+852", "Asia/Hong_Kong"},
    Country{"+853", "Asia/Macau"},
    Country{"+86", "Asia/Shanghai"},
    Country{"+880", "Asia/Dhaka"},
    Country{"+886", "Asia/Taipei"},
    Country{"+90", "Europe/Istanbul"},
    Country{"+91", "Asia/Kolkata"},
    Country{"+92", "Asia/Karachi"},
    Country{"+94", "Asia/Colombo"},
    Country{"+961", "Asia/Beirut"},
    Country{"+962", "Asia/Amman"},
    Country{"+965", "Asia/Kuwait"},
    Country{"+966", "Asia/Riyadh"},
    Country{"+971", "Asia/Dubai"},
    Country{"+972", "Asia/Jerusalem"},
    Country{"+973", "Asia/Bahrain"},
    Country{"+974", "Asia/Qatar"},
    Country{"+977", "Asia/Kathmandu"},
    Country{"+995", "Asia/Tbilisi"},
};

std::shared_ptr<const flows::TimeZone> zone_named(std::string_view name) {
    static std::mutex mutex;
    static std::map<std::string, std::shared_ptr<const flows::TimeZone>, std::less<>> loaded;
    const std::lock_guard lock(mutex);
    const auto found = loaded.find(name);
    if (found != loaded.end()) return found->second;
    return loaded.emplace(std::string(name), flows::TimeZone::load(name)).first->second;
}

}  // namespace

std::optional<unsigned> parse_clock(std::string_view text) {
    const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
    if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) return std::nullopt;
    const auto two = [&](std::size_t at) { return static_cast<unsigned>((text[at] - '0') * 10 + (text[at + 1] - '0')); };
    const auto hours = two(0), minutes = two(3);
    if (minutes > 59 || hours > 24 || (hours == 24 && minutes > 0)) return std::nullopt;
    return hours * 60 + minutes;
}

std::string_view zone_of_number(std::string_view number) {
    const Country* best = nullptr;
    for (const auto& country : kCountries)
        if (number.starts_with(country.prefix) && (best == nullptr || country.prefix.size() > best->prefix.size())) best = &country;
    return best == nullptr ? std::string_view{} : best->zone;
}

std::optional<std::string> QuietHours::quiet_at(std::string_view to_number, flows::Second now) const {
    if (from == to) return std::nullopt;
    auto clock = zone;
    // A zone the system does not have is one that says nothing.
    if (const auto own = zone_of_number(to_number); !own.empty())
        if (auto known = zone_named(own)) clock = std::move(known);
    const auto local = now.time_since_epoch() + (clock ? clock->offset_at(now) : std::chrono::seconds(0));
    const auto of_day = (local.count() % 86'400 + 86'400) % 86'400;
    const auto minute = static_cast<unsigned>(of_day / 60);
    const bool quiet = from < to ? minute >= from && minute < to : minute >= from || minute < to;
    if (!quiet) return std::nullopt;
    std::array<char, 8> text{};
    (void)std::snprintf(text.data(), text.size(), "%02u:%02u", minute / 60 % 24, minute % 60);
    return std::string(text.data());
}

}  // namespace parley::policy

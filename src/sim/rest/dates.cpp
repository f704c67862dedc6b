#include "dates.hpp"

#include <array>
#include <cstdio>
#include <ctime>

#include "parley/sim/identifiers.hpp"

namespace parley::sim {

std::optional<FilterDate> read_date(std::string_view text) {
    if (text.size() < 10 || text.size() > 32) return std::nullopt;
    const std::string owned(text);
    std::tm parts{};
    int used = 0;
    if (std::sscanf(owned.c_str(), "%4d-%2d-%2d%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &used) != 3 || used != 10) return std::nullopt;
    FilterDate out;
    out.day_only = owned.size() == 10;
    if (!out.day_only) {
        int rest = 0;
        if (std::sscanf(owned.c_str() + 10, "T%2d:%2d:%2d%n", &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &rest) != 3 || rest != 9) return std::nullopt;
        const auto tail = owned.substr(19);
        const bool fraction = tail.size() > 1 && tail[0] == '.' && tail.back() == 'Z';
        if (!tail.empty() && tail != "Z" && tail != "+00:00" && !fraction) return std::nullopt;
    }
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    if (parts.tm_mon < 0 || parts.tm_mon > 11 || parts.tm_mday < 1 || parts.tm_mday > 31) return std::nullopt;
    out.at = std::chrono::system_clock::from_time_t(timegm(&parts));
    return out;
}

bool date_passes(const ApiCall& call, const std::string& name, std::optional<WallTime> at) {
    const auto second = [](WallTime time) { return std::chrono::floor<std::chrono::seconds>(time); };
    if (const auto on = read_date(call.value(name))) {
        if (!at) return false;
        const bool same =
            on->day_only ? std::chrono::floor<std::chrono::days>(*at) == std::chrono::floor<std::chrono::days>(on->at) : second(*at) == second(on->at);
        if (!same) return false;
    }
    if (const auto before = read_date(call.value(name + "<"))) {
        if (!at || *at >= before->at) return false;
    }
    if (const auto since = read_date(call.value(name + ">"))) {
        if (!at || second(*at) < second(since->at)) return false;
    }
    return true;
}

std::string unreadable_date(const ApiCall& call, const std::string& name) {
    for (const auto& parameter : {name, name + "<", name + ">"}) {
        const auto text = call.value(parameter);
        if (!text.empty() && !read_date(text)) return parameter;
    }
    return {};
}

std::string iso_seconds(WallTime at) {
    auto text = iso8601(at);
    text.resize(19);
    return text + "Z";
}

}  // namespace parley::sim

#pragma once
// When nobody is called. Pure but for the zones' files, which are read once.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "parley/flows/time_zone.hpp"

namespace parley::policy {

// "21:00" as minutes after midnight, "24:00" too; otherwise why not.
[[nodiscard]] std::optional<unsigned> parse_clock(std::string_view text);

// The zone of a number whose country has one that serves all of it ("+4930…": Europe/Berlin). Empty: its country is not known here, or it has several.
[[nodiscard]] std::string_view zone_of_number(std::string_view number);

struct QuietHours {
    unsigned from = 0, to = 0;                                             // minutes; the same: never quiet; from > to: over midnight
    std::shared_ptr<const flows::TimeZone> zone = flows::TimeZone::utc();  // for numbers that say nothing, and for sip: and client:
    // The called party's time, "21:30", when it is quiet there; nothing: it may be called.
    [[nodiscard]] std::optional<std::string> quiet_at(std::string_view to_number, flows::Second now) const;
};

}  // namespace parley::policy

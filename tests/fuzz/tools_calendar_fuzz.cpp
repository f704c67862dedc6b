// What a calendar's server may send: iCalendar text, and multistatus documents with such texts in them. What we write is read again.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "caldav_codec.hpp"
#include "icalendar.hpp"

using namespace parley::tools;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    CalendarReading reading;
    reading.zone = parley::flows::TimeZone::utc();
    reading.window.from = Second(std::chrono::seconds(1'772'409'600));  // 2 March 2026
    reading.window.to = reading.window.from + std::chrono::days(1);
    if (const auto busy = read_busy(text, reading)) {
        FreeWish wish;
        wish.day = reading.window;
        for (const auto at : free_times(*busy, wish))
            for (const auto& one : *busy)
                if (one.meets({at, at + wish.length})) std::abort();
    }
    if (const auto calendars = read_multistatus(text))
        for (const auto& one : *calendars) (void)read_busy(one, reading);
    CalendarEvent event;
    event.uid = "u";
    event.when = {reading.window.from, reading.window.from + std::chrono::hours(1)};
    event.summary = event.description = std::string(text.substr(0, 4000));
    const auto again = read_busy(write_event(event), reading);
    if (!again || again->size() != 1) std::abort();
    return 0;
}

// A zone file from a hostile hand: refused, or one whose offsets are offsets at any time.

#include <cstdint>
#include <cstdlib>

#include "parley/flows/time_zone.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using parley::flows::Second;
    const auto zone = parley::flows::TimeZone::parse({data, size});
    if (!zone) return 0;
    for (std::int64_t at = -4'000'000'000; at < 8'000'000'000; at += 97'531'246)
        if (std::abs(zone->offset_at(Second(std::chrono::seconds(at))).count()) > 200 * 3600) std::abort();
    return 0;
}

#pragma once
// Two clocks: `Clock` (monotonic) for everything that waits or measures, `WallClock` only for what people and signatures read.

#include <chrono>

namespace parley {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;
using WallClock = std::chrono::system_clock;

// Time inside one call: microseconds since the call's start. Pure modules know no other time.
using Instant = std::chrono::microseconds;

}  // namespace parley

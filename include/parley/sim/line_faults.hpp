#pragma once

#include <chrono>
#include <cstdint>

namespace parley::sim {

// What goes wrong between the caller's telephone and the stream. Everything is drawn from one seeded generator, so a
// run can be repeated. Probabilities are per frame or per mark, 0 to 1.
struct LineFaults {
    double packet_loss = 0;                    // frames never sent; the timestamp jumps
    std::chrono::milliseconds jitter{0};       // each frame leaves up to so much late, order kept
    std::chrono::milliseconds burst_every{0};  // each period ...
    std::chrono::milliseconds burst_hold{0};   // ... frames are held so long and then leave at once
    std::chrono::milliseconds stall_at{0};     // once: from this time of the stream on ...
    std::chrono::milliseconds stall_for{0};    // ... nothing leaves for so long
    bool stall_drops = false;                  // what was held by the stall is lost instead of sent in one burst
    double marks_lost = 0;
    double marks_late = 0;
    std::chrono::milliseconds marks_delay{500};  // how late a late mark is
    double marks_duplicated = 0;
    double marks_reordered = 0;  // comes back after its successor (or a second later)
    double clock = 1.0;          // the play-out clock against the true one, 0.9 to 1.1
    double noise_dbfs = -100;    // white noise added to the caller's sound; -100 = none
    std::uint64_t seed = 1;
};

}  // namespace parley::sim

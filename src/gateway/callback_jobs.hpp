#pragma once
// Calls that agents promised, placed when they are due: through the same door as any other call out, with its limits and quiet hours. One promise is one call:
// the intention to dial is written down before, and an attempt that left it without saying what became of it may have dialled. Nobody dials after it.

#include <chrono>
#include <string>

#include "parley/control/outbound.hpp"
#include "parley/net/task.hpp"
#include "parley/store/database.hpp"

namespace parley::gateway {

struct CallbackJobs {
    store::Database& database;
    control::Outbound& outbound;
    Log log;
    std::string instance;
    std::chrono::milliseconds look{5'000};                      // for what is due
    std::chrono::milliseconds within{5'000};                    // each question to the store
    std::chrono::milliseconds pause{1'000};                     // before the same is written again
    std::chrono::milliseconds lease{std::chrono::minutes(2)};   // also: how long what became of an attempt is tried to be written
    std::chrono::milliseconds again{std::chrono::minutes(15)};  // after quiet hours, a limit, or a carrier that could not be reached

    // On the control loop, until it is cancelled. What it refers to outlives it.
    [[nodiscard]] static net::Task<> run(CallbackJobs jobs);
};

}  // namespace parley::gateway

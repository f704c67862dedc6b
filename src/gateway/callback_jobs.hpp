#pragma once
// Calls that agents promised, placed when they are due: through the same door as any other call out, with its limits and quiet hours.

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

    // On the control loop, until it is cancelled. What it refers to outlives it.
    [[nodiscard]] static net::Task<> run(CallbackJobs jobs);
};

}  // namespace parley::gateway

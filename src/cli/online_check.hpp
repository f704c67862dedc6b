#pragma once

#include "parley/gateway/config.hpp"

namespace parley::cli {

// Really asks every vendor the agents use, in every role they use it for: resolve, connect, TLS, accept, and one word recognised, thought or
// spoken. Prints the time of each stage; keys are never shown. Answers the exit status: 0, or 1 when one of them failed.
int check_online(const gateway::Config& config);

}  // namespace parley::cli

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "parley/gateway/config.hpp"

namespace parley::cli {

// What asking one vendor in one role gave.
struct OnlineAnswer {
    std::string role, name, vendor, stages, failure;  // failure: empty when it answered as it should
};
// Each answer goes to `each` as soon as it is there.
std::vector<OnlineAnswer> ask_vendors(const gateway::Config& config, const std::function<void(const OnlineAnswer&)>& each = {});

// Really asks every vendor the agents use, in every role they use it for: resolve, connect, TLS, accept, and one word recognised, thought or
// spoken. Prints the time of each stage; keys are never shown. Answers the exit status: 0, or 1 when one of them failed.
int check_online(const gateway::Config& config);

}  // namespace parley::cli

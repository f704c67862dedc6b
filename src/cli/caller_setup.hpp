#pragma once

#include <memory>
#include <string>

#include "parley/sim/carrier.hpp"
#include "parley/sim/scenario.hpp"

namespace parley::cli {

// The account a simulated carrier signs with. The token comes from the environment, never from the command line, where `ps` would show it.
[[nodiscard]] sim::CarrierOptions carrier_from_environment();

// "public-host=127.0.0.1:8080": the simulation's own balancer, which takes TLS off. Throws std::runtime_error.
[[nodiscard]] sim::Balancer parse_balancer(const std::string& text);

// The embedded voice and ear, where engines and model are installed.
void give_speech(sim::CarrierOptions& options, const std::string& voice);

}  // namespace parley::cli

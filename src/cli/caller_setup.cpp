#include "caller_setup.hpp"

#include <charconv>
#include <stdexcept>

#include "parley/gateway/config.hpp"
#include "parley/sim/embedded_speech.hpp"

namespace parley::cli {

sim::CarrierOptions carrier_from_environment() {
    const auto environment = gateway::process_environment();
    sim::CarrierOptions options;
    if (const auto sid = environment.find("TWILIO_ACCOUNT_SID"); sid != environment.end() && !sid->second.empty()) options.account_sid = sid->second;
    const auto token = environment.find("TWILIO_AUTH_TOKEN");
    if (token == environment.end() || token->second.empty())
        throw std::runtime_error("TWILIO_AUTH_TOKEN is not set: the simulated carrier signs with the token the gateway checks");
    options.auth_token = Secret(token->second);
    return options;
}

sim::Balancer parse_balancer(const std::string& text) {
    sim::Balancer balancer;
    const auto equals = text.find('=');
    const auto colon = text.rfind(':');
    if (equals == std::string::npos || colon == std::string::npos || colon < equals)
        throw std::runtime_error("--balancer: expected PUBLIC_HOST=ADDRESS:PORT, got '" + text + "'");
    balancer.public_host = text.substr(0, equals);
    balancer.address = text.substr(equals + 1, colon - equals - 1);
    const auto* end = text.data() + text.size();
    const auto [at, ec] = std::from_chars(text.data() + colon + 1, end, balancer.port);
    if (ec != std::errc{} || at != end || balancer.port == 0 || balancer.public_host.empty() || balancer.address.empty())
        throw std::runtime_error("--balancer: expected PUBLIC_HOST=ADDRESS:PORT, got '" + text + "'");
    return balancer;
}

void give_speech(sim::CarrierOptions& options, const std::string& voice) {
    sim::EmbeddedSpeechSettings settings;
    if (!voice.empty()) settings.default_voice = voice;
    options.voice = sim::make_embedded_voice(settings);
    options.ear = sim::make_embedded_ear(settings);
}

}  // namespace parley::cli

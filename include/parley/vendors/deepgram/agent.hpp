#pragma once
// Deepgram Voice Agent: recogniser, model and voice behind one WebSocket, µ-law both ways. The vendor decides turns,
// stops by itself when it hears the caller, and has no memory that could be truncated. Model: of its language model
// (default gpt-4o-mini); voice: of its speech (default aura-2-thalia-en).
//
// Options of the endpoint:
//   listen_model     default flux-general-en (its second interface); nova-… uses the first
//   eot_threshold    0.5-0.9, eot_timeout_ms 500-60000: flux only
//   think_provider   open_ai (default) | anthropic | google | groq | aws_bedrock

#include <memory>
#include <string>

#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/link.hpp"
#include "parley/vendors/s2s.hpp"

namespace parley::vendors {

[[nodiscard]] std::unique_ptr<S2sSession> make_deepgram_agent(const Endpoint& endpoint, const Link& link, S2sSetup setup, S2sSink& sink);
// Empty: the endpoint can be used; else one plain sentence.
[[nodiscard]] std::string check_deepgram_agent(const Endpoint& endpoint);

}  // namespace parley::vendors

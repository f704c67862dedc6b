#pragma once
// ElevenLabs Agents: recogniser, model and voice of an agent that is configured at the vendor. `model` is the agent's
// id. With a key a signed URL is fetched first (private agents); without one the agent must be public. µ-law where the
// agent is set to ulaw_8000, else PCM of 8, 16, 24 or 48 kHz is converted. The vendor decides turns and corrects its
// own memory after an interruption; tools are those of the agent's settings.
//
// Options of the endpoint:
//   overrides   prompt,first_message,language,voice (default: all of them): which of our settings the agent lets us
//   override; none signed      true (default with a key) | false

#include <memory>
#include <string>

#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/link.hpp"
#include "parley/vendors/s2s.hpp"

namespace parley::vendors {

[[nodiscard]] std::unique_ptr<S2sSession> make_elevenlabs_agents(const Endpoint& endpoint, const Link& link, S2sSetup setup, S2sSink& sink);
// Empty: the endpoint can be used; else one plain sentence.
[[nodiscard]] std::string check_elevenlabs_agents(const Endpoint& endpoint);

}  // namespace parley::vendors

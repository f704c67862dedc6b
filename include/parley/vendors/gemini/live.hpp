#pragma once
// Gemini Live: speech to speech over one WebSocket. It takes 16 kHz and gives 24 kHz PCM; both are converted here.
// Default model gemini-3.1-flash-live-preview, default voice the model's own. The vendor keeps what it has sent as
// said; there is nothing to truncate. A connection lives about ten minutes; resume_token() of the old session makes the
// next one (after the old one is closed) go on.
//
// Options of the endpoint:
//   turns            automatic (default) | manual: the gateway decides when the caller's turn is over
//   interrupt        true (default) | false: does the vendor break its answer off when it hears the caller
//   start_sensitivity, end_sensitivity   high | low;  prefix_ms, silence_ms
//   thinking_budget  0-24576 (default: the model's)
//   compress_tokens  from so many tokens on the context is a sliding window (default 25600; 0: none, then a session
//   ends after 15 min) inject           realtime | content: how text is given (default: by the model; 2.x content, else
//   realtime)

#include <memory>
#include <string>

#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/link.hpp"
#include "parley/vendors/s2s.hpp"

namespace parley::vendors {

[[nodiscard]] std::unique_ptr<S2sSession> make_gemini_live(const Endpoint& endpoint, const Link& link, S2sSetup setup, S2sSink& sink);
// Empty: the endpoint can be used; else one plain sentence.
[[nodiscard]] std::string check_gemini_live(const Endpoint& endpoint);

}  // namespace parley::vendors

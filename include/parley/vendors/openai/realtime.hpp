#pragma once
// OpenAI Realtime: speech to speech over one WebSocket, µ-law both ways. Default model gpt-realtime-2.1, default voice
// marin.
//
// Options of the endpoint:
//   shape        ga (default) | beta: the retired shape, which compatible servers and dated Azure versions still speak
//   turns        server_vad (default) | semantic_vad | manual: the gateway decides when the caller's turn is over
//   interrupt    true (default) | false: does the vendor break its answer off when it hears the caller
//   threshold, prefix_ms, silence_ms   of server_vad;  eagerness  of semantic_vad: low | medium | high | auto
//   transcription  model that writes down the caller (default gpt-realtime-whisper; whisper-1 in the beta shape); none:
//   no transcript noise_reduction near_field | far_field | none (default: the vendor's);  speed 0.25-1.5;
//   max_output_tokens effort       minimal | low | medium | high | xhigh, for reasoning models

#include <memory>
#include <string>

#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/link.hpp"
#include "parley/vendors/s2s.hpp"

namespace parley::vendors {

[[nodiscard]] std::unique_ptr<S2sSession> make_openai_realtime(const Endpoint& endpoint, const Link& link, S2sSetup setup, S2sSink& sink);
// Empty: the endpoint can be used; else one plain sentence.
[[nodiscard]] std::string check_openai_realtime(const Endpoint& endpoint);

}  // namespace parley::vendors

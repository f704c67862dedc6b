#pragma once
// The vendors' speech-to-speech surfaces, one source file each; the vendors' own dispatchers route to them by path.

#include <memory>
#include <string_view>

#include "parley/sim/vendor_emulator.hpp"

namespace parley::sim {

// OpenAI /v1/realtime; the retired beta shape is refused there as the vendor does, and spoken at /openai/realtime,
// where compatible servers have it.
[[nodiscard]] bool openai_realtime_path(const EmulatorRequest& request);  // not for intent=transcription
Task<> openai_realtime(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault);

// Deepgram /v1/agent/converse
[[nodiscard]] bool deepgram_agent_path(std::string_view path);
Task<> deepgram_agent(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault);

// Gemini …GenerativeService.BidiGenerateContent (v1beta, v1alpha)
[[nodiscard]] bool gemini_live_path(std::string_view path);
Task<> gemini_live(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault);

// ElevenLabs /v1/convai/conversation and …/get-signed-url. An agent's id may end in its formats: "agent_1-pcm_16000";
// else it is ulaw_8000.
[[nodiscard]] bool elevenlabs_agents_path(std::string_view path);
// The socket's own right to enter: a public agent ("public…"), or the signature its signed URL carries.
[[nodiscard]] bool elevenlabs_agents_admits(const EmulatorRequest& request);
Task<> elevenlabs_signed_url(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, HttpAnswer& out, Fault fault);
Task<> elevenlabs_agents(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault);

}  // namespace parley::sim

#pragma once
// OpenAI, emulated: one function a surface, routed in openai.cpp.

#include "parley/sim/vendor_emulator.hpp"

namespace parley::sim {

// WS /v1/realtime?intent=transcription
Task<> openai_transcribe(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault);

[[nodiscard]] std::shared_ptr<VendorEmulator> make_openai_emulator(std::shared_ptr<EmulatorWorld> world);

}  // namespace parley::sim

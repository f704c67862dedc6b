#pragma once
// ElevenLabs, emulated: one function a surface, routed in elevenlabs.cpp.

#include "parley/sim/vendor_emulator.hpp"

namespace parley::sim {

// WS /v1/speech-to-text/realtime
Task<> elevenlabs_scribe(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault);

[[nodiscard]] std::shared_ptr<VendorEmulator> make_elevenlabs_emulator(std::shared_ptr<EmulatorWorld> world);

}  // namespace parley::sim

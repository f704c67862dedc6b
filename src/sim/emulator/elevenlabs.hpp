#pragma once
// ElevenLabs, emulated: one function a surface, routed in elevenlabs.cpp.

#include "parley/sim/vendor_emulator.hpp"

namespace parley::sim {

[[nodiscard]] std::shared_ptr<VendorEmulator> make_elevenlabs_emulator(std::shared_ptr<EmulatorWorld> world);

}  // namespace parley::sim

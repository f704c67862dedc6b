#pragma once
// Deepgram, emulated: one function a surface, routed in deepgram.cpp.

#include "parley/sim/vendor_emulator.hpp"

namespace parley::sim {

[[nodiscard]] std::shared_ptr<VendorEmulator> make_deepgram_emulator(std::shared_ptr<EmulatorWorld> world);

}  // namespace parley::sim

#pragma once
// Gemini, emulated: one function a surface, routed in gemini.cpp.

#include "parley/sim/vendor_emulator.hpp"

namespace parley::sim {

[[nodiscard]] std::shared_ptr<VendorEmulator> make_gemini_emulator(std::shared_ptr<EmulatorWorld> world);

}  // namespace parley::sim

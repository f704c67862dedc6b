#pragma once
// OpenAI, emulated: one function a surface, routed in openai.cpp.

#include "parley/sim/vendor_emulator.hpp"

namespace parley::sim {

[[nodiscard]] std::shared_ptr<VendorEmulator> make_openai_emulator(std::shared_ptr<EmulatorWorld> world);

}  // namespace parley::sim

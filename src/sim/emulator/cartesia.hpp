#pragma once
// Cartesia, emulated: one function a surface, routed in cartesia.cpp.

#include "parley/sim/vendor_emulator.hpp"

namespace parley::sim {

[[nodiscard]] std::shared_ptr<VendorEmulator> make_cartesia_emulator(std::shared_ptr<EmulatorWorld> world);

}  // namespace parley::sim

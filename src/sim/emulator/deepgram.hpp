#pragma once
// Deepgram, emulated: one function a surface, routed in deepgram.cpp.

#include "parley/sim/vendor_emulator.hpp"

namespace parley::sim {

// WS /v1/listen
Task<> deepgram_listen(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault);
// WS /v2/listen (Flux)
Task<> deepgram_flux(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault);

[[nodiscard]] std::shared_ptr<VendorEmulator> make_deepgram_emulator(std::shared_ptr<EmulatorWorld> world);

}  // namespace parley::sim

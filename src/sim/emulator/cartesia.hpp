#pragma once
// Cartesia, emulated: one function a surface, routed in cartesia.cpp.

#include "parley/sim/vendor_emulator.hpp"

namespace parley::sim {

// WS /stt/turns/websocket
Task<> cartesia_ink_turns(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault);
// WS /stt/websocket
Task<> cartesia_ink_manual(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault);

[[nodiscard]] std::shared_ptr<VendorEmulator> make_cartesia_emulator(std::shared_ptr<EmulatorWorld> world);

}  // namespace parley::sim

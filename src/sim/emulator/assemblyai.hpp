#pragma once
// AssemblyAI, emulated: streaming recognition v3.

#include "parley/sim/vendor_emulator.hpp"

namespace parley::sim {

// WS /v3/ws
Task<> assemblyai_streaming(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault);

[[nodiscard]] std::shared_ptr<VendorEmulator> make_assemblyai_emulator(std::shared_ptr<EmulatorWorld> world);

}  // namespace parley::sim

#include "parley/sim/emulators.hpp"

namespace parley::sim {

// Each vendor's emulator has its own header and one line here.
const std::vector<EmulatorEntry>& vendor_emulators() {
    static const std::vector<EmulatorEntry> entries{};
    return entries;
}

}  // namespace parley::sim

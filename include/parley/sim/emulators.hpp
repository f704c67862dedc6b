#pragma once
// The vendors `parley sim <vendor>` knows.

#include <memory>
#include <string_view>
#include <vector>

#include "parley/sim/vendor_emulator.hpp"

namespace parley::sim {

struct EmulatorEntry {
    std::string_view name;     // of the subcommand
    std::string_view summary;  // its help
    std::shared_ptr<VendorEmulator> (*make)(std::shared_ptr<EmulatorWorld> world);
};

[[nodiscard]] const std::vector<EmulatorEntry>& vendor_emulators();

}  // namespace parley::sim

#pragma once

#include <string>

#include "parley/base/metrics.hpp"
#include "parley/brain/ports.hpp"

namespace parley::call {

// One line of JSON for the call file: role, vendor, request_id, outcome, times in milliseconds, tokens or characters where there are any.
[[nodiscard]] std::string vendor_line(const brain::VendorRecord& record);
void observe_vendor(Metrics& metrics, const brain::VendorRecord& record);

}  // namespace parley::call

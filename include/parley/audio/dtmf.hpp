#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

namespace parley::audio {

// The sound of keys, 8 kHz: each 0-9 * # A-D as its two frequencies (ITU-T Q.23) at -9 dBm0 together, `on` long with 5 ms edges and `off` between; w is half a
// second of silence, W a second; anything else is left out. At most 64 keys.
[[nodiscard]] std::vector<std::int16_t> dtmf_tones(std::string_view keys, std::chrono::milliseconds on = std::chrono::milliseconds(120),
                                                   std::chrono::milliseconds off = std::chrono::milliseconds(80));

}  // namespace parley::audio

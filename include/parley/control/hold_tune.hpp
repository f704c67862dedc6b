#pragma once

#include <string>

namespace parley::control {

inline constexpr const char* kHoldTunePath = "/sounds/hold.wav";

// A quiet melody for those who wait, twenty seconds, as a WAV file (8 kHz, mono, mu-law); made once.
[[nodiscard]] const std::string& hold_tune();

}  // namespace parley::control

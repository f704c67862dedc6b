#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace parley::hold {

// A whole recording, mono, from any rate between 8 and 48 kHz to 8 kHz: once, at upload. A windowed sinc in phases, so that music sampled at 44.1 or 22.05 kHz
// does not alias; audio::Resampler is for streams and knows telephony's rates only.
[[nodiscard]] std::vector<std::int16_t> to_8k(std::span<const std::int16_t> pcm, int rate);

}  // namespace parley::hold

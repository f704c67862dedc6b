#pragma once
// The polyphase filters behind Resampler, one a ratio, and the block kernel that runs them.
//
// The ratio is L/M. Input is taken in groups of M samples and dealt to M branches (branch r holds x[gM + r] at index
// g); each group yields L outputs, y[gL + j]. In branch form output j is a sum over branches of ordinary FIRs along g,
// so the kernel computes many groups at once, whatever L and M are.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace parley::audio {

inline constexpr int kResamplerFractionBits = 14;     // of the coefficients: full scale x sum of |taps| stays in 32 bits
inline constexpr std::size_t kResamplerBlock = 160;   // groups computed at once
inline constexpr std::size_t kResamplerHistory = 48;  // groups before them that taps reach
inline constexpr std::size_t kResamplerPadding = 64;  // what a vector may read beyond the block
inline constexpr std::size_t kResamplerStride = kResamplerHistory + kResamplerBlock + kResamplerPadding;
inline constexpr std::size_t kResamplerMaxRatio = 6;

struct ResamplerFilter {
    struct Branch {
        int newest = 0;         // offset in groups of the latest tap: 0 or -1
        std::size_t pairs = 0;  // taps at newest - 2q - 1 and newest - 2q, for q < pairs
    };
    int up = 1;                // L
    int down = 1;              // M
    int extra_bits = 0;        // of the coefficients beyond kResamplerFractionBits, taken off each branch's sum
    std::size_t delay_up = 0;  // group delay at the rate in x L
    std::array<Branch, kResamplerMaxRatio> branches{};
    // Branch by branch, pair by pair: L pairs {earlier tap, later tap}, one an output.
    std::vector<std::int16_t> taps;
};

// Built on first use and kept; thread-safe. The ratio is one of those between 8, 16, 24 and 48 kHz, not 1/1.
const ResamplerFilter& resampler_filter(int up, int down);

// branches: M arrays of kResamplerStride samples; the block begins at index kResamplerHistory. Writes L * groups
// samples, and may write on up to L * (groups rounded up to kResamplerPadding).
void resample_block(const ResamplerFilter& filter, const std::int16_t* branches, std::size_t groups, std::int16_t* out);

// The same, plainly.
void resample_block_scalar(const ResamplerFilter& filter, const std::int16_t* branches, std::size_t groups, std::int16_t* out);

}  // namespace parley::audio

#pragma once
// The text of a hold, plain or SSML, cut into what a voice is given at once.

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace parley::hold {

inline constexpr std::size_t kMostHoldText = 3000;  // characters
inline constexpr std::size_t kMostPiece = 400;      // bytes: what every voice takes in one request
inline constexpr std::chrono::milliseconds kMostBreak{10'000};

struct HoldPiece {
    std::string text;                    // plain words, UTF-8; may be empty
    std::chrono::milliseconds pause{0};  // behind it
};
struct HoldText {
    std::vector<HoldPiece> pieces;
    std::string error;  // non-empty: it cannot be spoken, and why
};

// What begins with <speak is SSML (1.0 and 1.1): <break> is honoured wherever the words end up, <p>, <s> and <sub alias> mean what they say, other
// elements are read for their words alone, since every voice has its own idea of them. Anything else is plain text.
[[nodiscard]] HoldText cut_hold_text(std::string_view text);

}  // namespace parley::hold

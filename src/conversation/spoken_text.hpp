#pragma once
// Where in a text a voice is after so much of its audio.

#include <cstdint>
#include <span>
#include <string_view>

#include "parley/conversation/ledger.hpp"

namespace parley::conversation {

// The bytes of `text` that are surely spoken after `samples` of `length`, cut back to a whole word. `words` are times
// known from synthesis, rising in both members; between and without them speech is taken as even over letters, digits
// counting more, and a tenth of a second is held back because voices begin late and speak unevenly.
[[nodiscard]] std::size_t spoken_prefix(std::string_view text, std::span<const Ledger::WordTime> words, std::uint64_t samples, std::uint64_t length);

// Samples a voice needs for `text` when nothing is known, on the long side.
[[nodiscard]] std::uint64_t longest_likely(std::string_view text);

}  // namespace parley::conversation

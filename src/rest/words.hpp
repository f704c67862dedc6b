#pragma once
// Twilio's words for the values of an enumeration, there and back.

#include <array>
#include <string_view>
#include <utility>

namespace parley::rest {

template <class E, std::size_t N>
using Words = std::array<std::pair<E, std::string_view>, N>;

template <class E, std::size_t N>
[[nodiscard]] E value_of(const Words<E, N>& words, std::string_view text, E otherwise) {
    for (const auto& [value, word] : words) {
        if (word == text) return value;
    }
    return otherwise;
}

// The first word of a value that has several.
template <class E, std::size_t N>
[[nodiscard]] std::string_view word_of(const Words<E, N>& words, E wanted) {
    for (const auto& [value, word] : words) {
        if (value == wanted) return word;
    }
    return "other";
}

}  // namespace parley::rest

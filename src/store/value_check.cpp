#include "value_check.hpp"

#include <cstdint>

namespace parley::store {

bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<std::uint8_t>(text[at]) : std::uint8_t{0}; };
        const auto first = byte(i);
        if (first < 0x80) {
            ++i;
            continue;
        }
        const std::size_t more = first >= 0xC2 && first <= 0xDF ? 1 : (first & 0xF0U) == 0xE0 ? 2 : first >= 0xF0 && first <= 0xF4 ? 3 : 0;
        if (more == 0) return false;
        const auto second = byte(i + 1);
        // Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte.
        if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) || (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F))
            return false;
        for (std::size_t k = 1; k <= more; ++k)
            if ((byte(i + k) & 0xC0U) != 0x80) return false;
        i += more + 1;
    }
    return true;
}

void check_values(const std::vector<Value>& values) {
    for (const auto& value : values) {
        const auto* text = std::get_if<std::string>(&value);
        if (text == nullptr) continue;
        if (text->find('\0') != std::string::npos) throw StoreError(StoreErrc::statement, "a text with a NUL in it");
        if (!is_utf8(*text)) throw StoreError(StoreErrc::statement, "a text that is not UTF-8");
    }
}

}  // namespace parley::store

#include "base64_text.hpp"

#include <cstdint>

namespace parley::twilio {

bool is_base64(std::string_view text) {
    if (text.size() % 4 != 0) return false;
    if (text.ends_with('=')) text.remove_suffix(1);
    if (text.ends_with('=')) text.remove_suffix(1);
    // Branch-free, so that the compiler makes vector code of it.
    unsigned bad = 0;
    for (const char raw : text) {
        const auto c = static_cast<std::uint8_t>(raw);
        const auto letter = static_cast<std::uint8_t>((c | 0x20) - 'a');
        const auto digit = static_cast<std::uint8_t>(c - '/');  // '/', '0'..'9' are neighbours
        bad |= static_cast<unsigned>(!((letter < 26) | (digit < 11) | (c == '+')));
    }
    return bad == 0;
}

}  // namespace parley::twilio

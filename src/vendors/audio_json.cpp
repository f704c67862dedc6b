#include "audio_json.hpp"

#include <algorithm>

#include "parley/audio/base64.hpp"

namespace parley::vendors {

std::optional<std::span<const std::uint8_t>> AudioJson::base64(ondemand::value value) {
    ondemand::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS || type != ondemand::json_type::string) return std::nullopt;
    const std::string_view token = value.raw_json_token();
    const auto end = token.find('"', 1);
    if (end == std::string_view::npos) return std::nullopt;
    char* const text = buffer_.data() + (token.data() - buffer_.data()) + 1;
    std::size_t size = end - 1;
    if (std::find(text, text + size, '\\') != text + size) {
        char* out = text;
        for (std::size_t i = 0; i < size; ++i) {
            if (text[i] == '\\' && (++i == size || text[i] != '/')) return std::nullopt;
            *out++ = text[i];
        }
        size = static_cast<std::size_t>(out - text);
    }
    // The decoder writes 3 bytes for 4 characters and reads ahead of what it writes, so the two may share their place.
    auto* const bytes = reinterpret_cast<std::uint8_t*>(text);
    const auto decoded = audio::base64_decode({text, size}, {bytes, size});
    if (!decoded) return std::nullopt;
    return std::span<const std::uint8_t>(bytes, *decoded);
}

}  // namespace parley::vendors

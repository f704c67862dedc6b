#include <algorithm>

#include "speech_surfaces.hpp"

namespace parley::sim {

std::vector<std::string> sound_chunks(const EmulatorWorld& world, const std::string& sound, const WireFormat& format) {
    const auto size = std::max(format.sample_bytes(), format.bytes(world.settings().chunk));
    std::vector<std::string> out;
    for (std::size_t at = 0; at < sound.size(); at += size) out.push_back(sound.substr(at, size));
    return out;
}

std::size_t characters_in(std::string_view utf8) {
    return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::vector<SpokenPart> spoken_characters(std::string_view text, double length_ms) {
    std::vector<SpokenPart> out;
    const auto each = length_ms / static_cast<double>(std::max<std::size_t>(1, characters_in(text)));
    for (const char c : text) {
        if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
            const auto from = each * static_cast<double>(out.size());
            out.push_back({{}, from, from + each});
        }
        if (!out.empty()) out.back().text += c;
    }
    return out;
}

std::vector<SpokenPart> spoken_words(std::string_view text, double length_ms) {
    std::vector<SpokenPart> out;
    bool inside = false;
    for (const auto& [character, from, to] : spoken_characters(text, length_ms)) {
        const bool blank = character == " " || character == "\n" || character == "\t";
        if (!blank && !inside) out.push_back({{}, from, to});
        if (!blank) {
            out.back().text += character;
            out.back().to_ms = to;
        }
        inside = !blank;
    }
    return out;
}

}  // namespace parley::sim

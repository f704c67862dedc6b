#include "parley/vendors/word_track.hpp"

#include <algorithm>

namespace parley::vendors {

namespace {

constexpr std::size_t kLookAhead = 80;  // bytes: a few words the vendor told otherwise, never the same word of the next sentence
constexpr std::size_t kLongestWord = 256;

bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}
bool space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

}  // namespace

std::optional<std::uint32_t> WordTrack::word(std::string_view spoken) {
    while (!spoken.empty() && !letter(spoken.front())) spoken.remove_prefix(1);
    while (!spoken.empty() && !letter(spoken.back())) spoken.remove_suffix(1);
    if (spoken.empty() || spoken.size() > kLongestWord) return std::nullopt;
    const auto equal = [](char a, char b) { return lower(a) == lower(b); };
    const auto end = std::min(text_.size(), at_ + kLookAhead + spoken.size());
    auto from = text_.begin() + static_cast<std::ptrdiff_t>(at_);
    const auto last = text_.begin() + static_cast<std::ptrdiff_t>(end);
    while (true) {
        const auto found = std::search(from, last, spoken.begin(), spoken.end(), equal);
        if (found == last) return std::nullopt;
        auto after = found + static_cast<std::ptrdiff_t>(spoken.size());
        const bool whole = (found == text_.begin() || !letter(*(found - 1))) && (after == text_.end() || !letter(*after));
        if (!whole) {
            from = found + 1;
            continue;
        }
        while (after != text_.end() && !letter(*after) && !space(*after)) ++after;
        at_ = static_cast<std::size_t>(after - text_.begin());
        return static_cast<std::uint32_t>(at_);
    }
}

std::optional<std::uint32_t> WordTrack::character(std::string_view utf8) {
    if (utf8.size() == 1 && space(utf8.front())) return finish();
    if (part_.size() <= kLongestWord) part_ += utf8;
    return std::nullopt;
}

std::optional<std::uint32_t> WordTrack::finish() {
    const auto ended = std::move(part_);
    part_.clear();
    return word(ended);
}

}  // namespace parley::vendors

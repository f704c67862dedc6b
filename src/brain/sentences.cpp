#include "sentences.hpp"

#include <algorithm>
#include <array>

namespace parley::brain {
namespace {

constexpr auto kAbbreviations = std::to_array<std::string_view>({"Dr.", "Mr.", "Mrs.", "Ms.", "St.", "No.", "a.m.", "p.m."});

}  // namespace

std::vector<std::string> sentences_of(std::string_view text) {
    std::vector<std::string> out;
    std::size_t begin = 0;
    const auto take = [&](std::size_t end) {
        auto piece = text.substr(begin, end - begin);
        while (!piece.empty() && piece.front() == ' ') piece.remove_prefix(1);
        while (!piece.empty() && piece.back() == ' ') piece.remove_suffix(1);
        if (!piece.empty()) out.emplace_back(piece);
        begin = end;
    };
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        if ((text[i] != '.' && text[i] != '?' && text[i] != '!') || text[i + 1] != ' ') continue;
        const auto so_far = text.substr(begin, i + 1 - begin);
        const auto word = so_far.substr(so_far.find_last_of(' ') == std::string_view::npos ? 0 : so_far.find_last_of(' ') + 1);
        if (std::ranges::find(kAbbreviations, word) != kAbbreviations.end()) continue;
        take(i + 1);
    }
    take(text.size());
    return out;
}

}  // namespace parley::brain

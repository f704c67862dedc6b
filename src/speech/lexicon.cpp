#include "parley/speech/lexicon.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "parley/speech/error.hpp"

namespace parley::speech {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{64} << 20U;

// "word(2)" is the second pronunciation of "word".
std::string_view base_of(std::string_view entry) {
    const auto paren = entry.find('(', 1);
    return paren == std::string_view::npos ? entry : entry.substr(0, paren);
}

// Levenshtein distance, given up (3) as soon as it must exceed 2.
int distance_up_to_two(std::string_view a, std::string_view b) {
    const auto gap = static_cast<long>(a.size()) - static_cast<long>(b.size());
    if (std::labs(gap) > 2 || a.size() > 40) return 3;
    std::vector<int> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        int diagonal = row[0];
        row[0] = static_cast<int>(i);
        int best = row[0];
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const int above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
            diagonal = above;
            best = std::min(best, row[j]);
        }
        if (best > 2) return 3;
    }
    return row[b.size()];
}

}  // namespace

Result<std::shared_ptr<const Lexicon>> Lexicon::load(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return make_error_code(errc::model_missing);
    auto lexicon = std::make_shared<Lexicon>();
    auto& text = lexicon->text_;
    char block[65536];
    while (file.read(block, sizeof block) || file.gcount() > 0) {
        if (text.size() > kMaxBytes) return make_error_code(errc::model_missing);
        text.append(block, static_cast<std::size_t>(file.gcount()));
    }
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        const auto blank = text.find(' ', at);
        if (blank != std::string::npos && blank < end && blank > at) lexicon->lines_.push_back(static_cast<std::uint32_t>(at));
        at = end + 1;
    }
    if (lexicon->lines_.empty()) return make_error_code(errc::model_missing);
    const auto key = [&](std::uint32_t line) { return std::pair(base_of(lexicon->word_at(line)), line); };
    std::ranges::sort(lexicon->lines_, {}, key);
    return std::shared_ptr<const Lexicon>(std::move(lexicon));
}

std::string_view Lexicon::word_at(std::size_t line) const {
    const std::string_view rest = std::string_view(text_).substr(line);
    return rest.substr(0, rest.find(' '));
}

bool Lexicon::contains(std::string_view word) const {
    const auto key = [&](std::uint32_t line) { return base_of(word_at(line)); };
    return std::ranges::binary_search(lines_, word, {}, key);
}

std::vector<std::string> Lexicon::pronunciations(std::string_view word) const {
    const auto key = [&](std::uint32_t line) { return base_of(word_at(line)); };
    std::vector<std::string> found;
    for (const auto line : std::ranges::equal_range(lines_, word, {}, key)) {
        const auto end = std::min(text_.find_first_of("\r\n", line), text_.size());
        const auto blank = text_.find(' ', line);
        found.emplace_back(text_, blank + 1, end - blank - 1);
    }
    return found;
}

std::string Lexicon::nearest(std::string_view word) const {
    std::string_view best;
    int best_distance = 3;
    for (const auto line : lines_) {
        const auto candidate = base_of(word_at(line));
        const int d = distance_up_to_two(word, candidate);
        if (d < best_distance) {
            best_distance = d;
            best = candidate;
        }
    }
    return std::string(best);
}

}  // namespace parley::speech

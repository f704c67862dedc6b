#include "spoken_text.hpp"

#include <algorithm>

namespace parley::conversation {
namespace {

constexpr std::uint64_t kHeldBack = 800;          // 100 ms
constexpr std::uint64_t kSamplesPerLetter = 800;  // ten letters a second is slow speech

bool space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

std::uint64_t weight(char c) {
    if (continuation(c)) return 0;
    if (c >= '0' && c <= '9') return 4;
    if (c == ',' || c == '.' || c == ';' || c == ':' || c == '?' || c == '!') return 2;
    return 1;
}

std::uint64_t weigh(std::string_view text) {
    std::uint64_t sum = 0;
    for (char c : text) sum += weight(c);
    return sum;
}

// Scripts that write no spaces are cut between characters: U+2E80 and above begin with 0xE2 0xBA or more.
bool unspaced(std::string_view text, std::size_t at) {
    if (at >= text.size()) return false;
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead > 0xE2) return lead < 0xEF || lead >= 0xF0;
    return lead == 0xE2 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xBA;
}

bool word_end(std::string_view text, std::size_t at) {
    if (at == 0 || at >= text.size()) return true;
    if (continuation(text[at])) return false;
    return space(text[at]) || space(text[at - 1]) || unspaced(text, at);
}

}  // namespace

std::uint64_t longest_likely(std::string_view text) {
    return weigh(text) * kSamplesPerLetter;
}

std::size_t spoken_prefix(std::string_view text, std::span<const Ledger::WordTime> words, std::uint64_t samples, std::uint64_t length) {
    if (samples >= length) return text.size();
    std::uint64_t from = 0, to = length;
    std::size_t begin = 0, end = text.size();
    bool bounded = false;
    for (const auto& word : words) {
        if (word.samples > samples) {
            to = word.samples;
            end = std::min<std::size_t>(word.characters, text.size());
            bounded = true;
            break;
        }
        from = word.samples;
        begin = std::min<std::size_t>(word.characters, text.size());
    }
    // Between two known times the word under way is not counted: proportion would only guess within it.
    std::size_t reached = begin;
    if (!bounded && to > from) {
        const auto past = samples - from;
        const auto sure = past > kHeldBack ? past - kHeldBack : 0;
        auto share = static_cast<std::uint64_t>(static_cast<long double>(weigh(text.substr(begin, end - begin))) * static_cast<long double>(sure) /
                                                static_cast<long double>(to - from));
        while (reached < end) {
            const auto cost = weight(text[reached]);
            if (cost > share) break;
            share -= cost;
            ++reached;
        }
    }
    while (reached > begin && !word_end(text, reached)) --reached;
    if (!word_end(text, reached)) {
        while (reached > 0 && !word_end(text, reached)) --reached;
    }
    return reached;
}

}  // namespace parley::conversation

#include "relay_speaking.hpp"

#include <algorithm>
#include <vector>

namespace parley::call {
namespace {

// A slow telephone voice; what is estimated must not end before the speech does.
constexpr std::size_t kCharactersPerSecond = 13;
constexpr auto kVoiceBegins = std::chrono::milliseconds(600);
// A report that does not come is waited for so much longer than the estimate: when there was never one, and when they have come before.
constexpr auto kNoReport = std::chrono::seconds(3);
constexpr auto kLateReport = std::chrono::seconds(15);

std::chrono::milliseconds time_of(std::size_t characters) {
    return std::chrono::milliseconds(characters * 1000 / kCharactersPerSecond);
}

bool letter(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}
char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

struct Word {
    std::string text;  // lower case, letters and digits only
    std::size_t end;   // in the original, behind it and the punctuation that belongs to it
};
std::vector<Word> words_of(std::string_view text) {
    std::vector<Word> out;
    std::string word;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const bool gap = i == text.size() || text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r';
        if (!gap) {
            if (letter(text[i])) word += lower(text[i]);
            continue;
        }
        if (!word.empty()) out.push_back({std::move(word), i});
        word.clear();
    }
    return out;
}

// Behind the first place where these words stand; npos: nowhere.
std::size_t end_of(const std::vector<Word>& sent, const std::vector<Word>& words, std::size_t count) {
    if (count == 0 || sent.size() < count) return std::string_view::npos;
    for (std::size_t at = 0; at + count <= sent.size(); ++at) {
        std::size_t same = 0;
        // The last word may have been cut in its middle.
        while (same < count && (sent[at + same].text == words[same].text || (same + 1 == count && sent[at + same].text.starts_with(words[same].text)))) ++same;
        if (same < count) continue;
        const auto& last = sent[at + count - 1];
        if (last.text == words[count - 1].text) return last.end;
        return count > 1 ? sent[at + count - 2].end : 0;
    }
    return std::string_view::npos;
}

}  // namespace

std::size_t heard_bytes(std::string_view sent, std::string_view words, std::chrono::milliseconds after, std::size_t floor) {
    floor = std::min(floor, sent.size());
    const auto told = words_of(words);
    if (told.empty()) return floor;
    const auto said = words_of(sent);
    // All of what Twilio says, or its longest beginning that is ours, as long as that is most of it.
    for (auto count = told.size(); count > told.size() / 2; --count) {
        const auto end = end_of(said, told, count);
        if (end != std::string_view::npos) return std::max(end, floor);
    }
    std::size_t by_time = floor;
    for (const auto& word : said)
        if (time_of(word.end) <= after) by_time = std::max(by_time, word.end);
    return by_time;
}

void RelaySpeaking::sent(std::string_view token, Whose whose, TimePoint now) {
    if (token.empty()) return;
    end_ = std::max(end_, now + kVoiceBegins) + time_of(token.size());
    pieces_.push_back({std::string(token), whose, false});
}

void RelaySpeaking::played(std::string_view token, TimePoint now) {
    const auto trimmed = [](std::string_view text) {
        const auto end = text.find_last_not_of(" \n\t\r");
        return end == std::string_view::npos ? std::string_view{} : text.substr(0, end + 1);
    };
    const auto found = std::ranges::find_if(pieces_, [&](const Piece& piece) { return !piece.played && trimmed(piece.text) == trimmed(token); });
    if (found == pieces_.end()) return;
    seen_ = true;
    // In order: what stands before it has been played as well.
    for (auto piece = pieces_.begin(); piece <= found; ++piece) piece->played = true;
    std::size_t left = 0;
    for (const auto& piece : pieces_)
        if (!piece.played) left += piece.text.size();
    end_ = now + time_of(left);
}

bool RelaySpeaking::has_brains() const {
    return std::ranges::any_of(pieces_, [](const Piece& piece) { return piece.whose == Whose::brain; });
}

bool RelaySpeaking::all_played(TimePoint now) const {
    if (pieces_.empty() || pieces_.back().played) return true;
    if (!reported_) return now >= end_;
    return now >= end_ + (seen_ ? kLateReport : kNoReport);
}

RelaySpeaking::Heard RelaySpeaking::cut(std::size_t bytes) {
    Heard heard;
    heard.all_of_brains = heard.all_of_ours = true;
    for (const auto& piece : pieces_) {
        const auto some = std::min(bytes, piece.text.size());
        bytes -= some;
        if (piece.whose == Whose::filler) continue;
        const bool brains = piece.whose == Whose::brain;
        (brains ? heard.brains : heard.ours) += piece.text.substr(0, some);
        const auto rest = std::string_view(piece.text).substr(some);
        if (rest.find_first_not_of(" \n\t\r") != std::string_view::npos) (brains ? heard.all_of_brains : heard.all_of_ours) = false;
    }
    for (auto* text : {&heard.brains, &heard.ours})
        while (!text->empty() && text->back() == ' ') text->pop_back();
    pieces_.clear();
    end_ = {};
    return heard;
}

RelaySpeaking::Heard RelaySpeaking::settle() {
    return cut(std::string::npos);
}

RelaySpeaking::Heard RelaySpeaking::interrupted(std::string_view words, std::chrono::milliseconds after) {
    std::string all;
    std::size_t floor = 0;
    for (const auto& piece : pieces_) {
        all += piece.text;
        if (piece.played) floor = all.size();
    }
    return cut(heard_bytes(all, words, after, floor));
}

RelaySpeaking::Heard RelaySpeaking::stopped(TimePoint now) {
    std::size_t all = 0, floor = 0;
    for (const auto& piece : pieces_) {
        all += piece.text.size();
        if (piece.played) floor = all;
    }
    const auto left = now >= end_
                          ? std::size_t{0}
                          : static_cast<std::size_t>(std::chrono::duration_cast<std::chrono::milliseconds>(end_ - now).count()) * kCharactersPerSecond / 1000;
    std::string text;
    for (const auto& piece : pieces_) text += piece.text;
    // Whole words only.
    auto bytes = left >= all ? std::size_t{0} : all - left;
    while (bytes > 0 && bytes < all && text[bytes] != ' ') --bytes;
    return cut(std::max(bytes, floor));
}

}  // namespace parley::call

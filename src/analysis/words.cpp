#include "words.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace parley::analysis {

namespace {

constexpr auto kUnits =
    std::to_array<std::string_view>({"zero", "one",    "two",    "three",    "four",     "five",    "six",     "seven",     "eight",    "nine",
                                     "ten",  "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"});
constexpr auto kTens = std::to_array<std::string_view>({"", "", "twenty", "thirty", "forty", "fifty"});

bool letter(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0 || (static_cast<unsigned char>(c) & 0x80U) != 0;
}
bool digit(char c) {
    return c >= '0' && c <= '9';
}

void spoken(int number, std::vector<std::string>& out) {
    if (number < 20) {
        out.emplace_back(kUnits[static_cast<std::size_t>(number)]);
        return;
    }
    out.emplace_back(kTens[static_cast<std::size_t>(number / 10)]);
    if (number % 10 != 0) out.emplace_back(kUnits[static_cast<std::size_t>(number % 10)]);
}

// "3", "3:30", "15:30", followed by "pm" or "p.m." perhaps. A number of no time of day stays as it is.
void number_words(std::string_view digits, std::string_view minutes, std::vector<std::string>& out) {
    const auto value = [](std::string_view text) {
        int all = 0;
        for (const char c : text) all = all * 10 + (c - '0');
        return all;
    };
    if (digits.size() > 2 || minutes.size() > 2) {
        out.emplace_back(digits);
        if (!minutes.empty()) out.emplace_back(minutes);
        return;
    }
    const int hour = value(digits);
    if (!minutes.empty()) {
        const int minute = value(minutes);
        if (hour > 24 || minute > 59) {
            out.emplace_back(digits);
            out.emplace_back(minutes);
            return;
        }
        spoken(hour % 24 > 12 ? hour - 12 : std::max(hour, 1), out);
        if (minute == 0)
            out.emplace_back("o'clock");
        else
            spoken(minute, out);
        if (hour > 12) {
            out.emplace_back("p");
            out.emplace_back("m");
        }
        return;
    }
    if (hour < 60)
        spoken(hour, out);
    else
        out.emplace_back(digits);
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (digit(c)) {
            auto end = at;
            while (end < text.size() && digit(text[end])) ++end;
            const auto whole = text.substr(at, end - at);
            std::string_view minutes;
            if (end + 2 < text.size() + 1 && end < text.size() && text[end] == ':' && end + 1 < text.size() && digit(text[end + 1])) {
                auto more = end + 1;
                while (more < text.size() && digit(text[more])) ++more;
                minutes = text.substr(end + 1, more - end - 1);
                end = more;
            }
            number_words(whole, minutes, words);
            at = end;
            continue;
        }
        if (letter(c)) {
            std::string word;
            while (at < text.size()) {
                const char now = text[at];
                if (letter(now))
                    word += static_cast<char>(static_cast<unsigned char>(now) < 0x80 ? std::tolower(static_cast<unsigned char>(now)) : now);
                else if (now == '\'' && at + 1 < text.size() && letter(text[at + 1]))
                    word += '\'';
                else
                    break;
                ++at;
            }
            // The right single quotation mark, as word processors and some recognisers write the apostrophe.
            for (auto mark = word.find("\xE2\x80\x99"); mark != std::string::npos; mark = word.find("\xE2\x80\x99")) word.replace(mark, 3, "'");
            if (word == "am" || word == "pm") {
                const bool after_number =
                    !words.empty() && (words.back() == "o'clock" || std::find(kUnits.begin(), kUnits.end(), words.back()) != kUnits.end() ||
                                       std::find(kTens.begin(), kTens.end(), words.back()) != kTens.end());
                if (after_number) {
                    words.emplace_back(1, word[0]);
                    words.emplace_back("m");
                    continue;
                }
            }
            words.push_back(std::move(word));
            continue;
        }
        ++at;
    }
    return words;
}

std::vector<std::string> sentences_of(std::string_view text) {
    std::vector<std::string> all;
    std::string now;
    const auto end = [&] {
        while (!now.empty() && now.front() == ' ') now.erase(0, 1);
        while (!now.empty() && now.back() == ' ') now.pop_back();
        if (!now.empty()) all.push_back(std::exchange(now, {}));
        now.clear();
    };
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at] == '\n' ? ' ' : text[at];
        now += c;
        if (c != '.' && c != '!' && c != '?') continue;
        if (at + 1 == text.size() || text[at + 1] == ' ' || text[at + 1] == '\n') end();
    }
    end();
    return all;
}

std::optional<std::size_t> find_phrase(std::span<const std::string> words, std::string_view phrase) {
    std::vector<std::string_view> wanted;
    while (!phrase.empty()) {
        const auto end = std::min(phrase.find(' '), phrase.size());
        if (end > 0) wanted.push_back(phrase.substr(0, end));
        phrase.remove_prefix(std::min(end + 1, phrase.size()));
    }
    if (wanted.empty() || wanted.size() > words.size()) return std::nullopt;
    for (std::size_t at = 0; at + wanted.size() <= words.size(); ++at)
        if (std::equal(wanted.begin(), wanted.end(), words.begin() + static_cast<std::ptrdiff_t>(at))) return at;
    return std::nullopt;
}

bool says(std::span<const std::string> words, std::span<const std::string_view> phrases) {
    return std::any_of(phrases.begin(), phrases.end(), [&](std::string_view phrase) { return find_phrase(words, phrase).has_value(); });
}

std::string shortened(std::string_view text, std::size_t most) {
    if (text.size() <= most) return std::string(text);
    auto end = most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return std::string(text.substr(0, end)) + "…";
}

}  // namespace parley::analysis

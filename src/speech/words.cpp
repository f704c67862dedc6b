#include "parley/speech/words.hpp"

#include <cctype>

namespace parley::speech {
namespace {

constexpr const char* kSmall[] = {"zero", "one",    "two",    "three",    "four",     "five",    "six",     "seven",     "eight",    "nine",
                                  "ten",  "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr const char* kTens[] = {"", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"};

// 0..99 as it is spoken, longer numbers digit by digit.
void speak_number(const std::string& digits, std::vector<std::string>& out) {
    if (digits.size() > 2 || (digits.size() == 2 && digits[0] == '0')) {
        for (const char d : digits) out.emplace_back(kSmall[d - '0']);
        return;
    }
    const int value = std::stoi(digits);
    if (value < 20) {
        out.emplace_back(kSmall[value]);
    } else {
        out.emplace_back(kTens[value / 10]);
        if (value % 10 != 0) out.emplace_back(kSmall[value % 10]);
    }
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
    constexpr std::size_t kMaxWords = 200;
    std::vector<std::string> words;
    for (std::size_t at = 0; at < text.size() && words.size() < kMaxWords;) {
        const auto c = static_cast<unsigned char>(text[at]);
        if (std::isdigit(c) != 0) {
            std::string number;
            while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0) number += text[at++];
            const bool minutes = at > number.size() && text[at - number.size() - 1] == ':';
            if (minutes && number == "00") {
                words.emplace_back("o'clock");
            } else if (minutes && number.size() == 2 && number[0] == '0') {
                words.emplace_back("oh");
                words.emplace_back(kSmall[number[1] - '0']);
            } else {
                speak_number(number, words);
            }
            continue;
        }
        if (c < 0x80 && std::isalpha(c) != 0) {
            std::string word;
            while (at < text.size()) {
                const auto u = static_cast<unsigned char>(text[at]);
                const bool inner = text[at] == '\'' || text[at] == '-';
                if (u >= 0x80 || (std::isalpha(u) == 0 && !inner)) break;
                word += static_cast<char>(std::tolower(u));
                ++at;
            }
            while (word.back() == '\'' || word.back() == '-') word.pop_back();
            if (word == "am" && !words.empty() && words.back() != "i") word = "a m";
            if (word == "pm") word = "p m";
            if (word == "a m" || word == "p m") {
                words.push_back(word.substr(0, 1));
                words.emplace_back("m");
            } else {
                words.push_back(std::move(word));
            }
            continue;
        }
        ++at;
    }
    return words;
}

}  // namespace parley::speech

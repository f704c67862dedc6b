#include "words.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

namespace parley::privacy {

namespace {

using Set = std::unordered_set<std::string_view>;
constexpr std::string_view kBullet = "\xC2\xB7";
constexpr std::size_t kSplits = 3;  // digits in a row part a word that has letters, too

bool digit(char c) {
    return c >= '0' && c <= '9';
}
bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool has_digit(std::string_view text) {
    return std::any_of(text.begin(), text.end(), digit);
}

bool between(std::string_view text, std::string_view least, std::string_view most) {
    return text.size() == most.size() && text >= least && text <= most;
}

// Bytes of white space at `at`, also the wide, the narrow and the unseen kinds; 0: none.
std::size_t space(std::string_view text, std::size_t at) {
    const char c = text[at];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f') return 1;
    if (static_cast<unsigned char>(c) < 0x80) return 0;
    const auto two = text.substr(at, 2);
    if (two == "\xC2\xA0" || two == "\xC2\xAD") return 2;
    const auto three = text.substr(at, 3);
    return between(three, "\xE2\x80\x80", "\xE2\x80\x8F") || between(three, "\xE2\x80\xA8", "\xE2\x80\xAF") || between(three, "\xE2\x81\x9F", "\xE2\x81\xA0") ||
                   three == "\xE3\x80\x80" || three == "\xEF\xBB\xBF"
               ? 3
               : 0;
}
// A dash of any width, a minus.
std::size_t dash(std::string_view text, std::size_t at) {
    if (text[at] == '-') return 1;
    const auto three = text.substr(at, 3);
    return between(three, "\xE2\x80\x90", "\xE2\x80\x95") || three == "\xE2\x88\x92" || three == "\xEF\xBC\x8D" ? 3 : 0;
}
// A dot in the middle, a bullet: between groups of digits.
std::size_t bullet(std::string_view text, std::size_t at) {
    if (text.substr(at, 2) == "\xC2\xB7") return 2;
    const auto three = text.substr(at, 3);
    return three == "\xE2\x80\xA2" || three == "\xE2\x80\xA7" || three == "\xE2\x88\x99" || three == "\xE2\x8B\x85" ? 3 : 0;
}
// Money's signs, quotation marks and the like, which are no letters. An apostrophe within a word belongs to it.
std::size_t sign(std::string_view text, std::size_t at) {
    const auto two = text.substr(at, 2);
    if (two == "\xC2\xA3" || two == "\xC2\xA5" || two == "\xC2\xAB" || two == "\xC2\xBB") return 2;
    const auto three = text.substr(at, 3);
    return three == "\xE2\x82\xAC" || between(three, "\xE2\x80\x9A", "\xE2\x80\x9F") ? 3 : 0;
}
// A digit, also a full-width one (U+FF10 to U+FF19); `length`: its bytes.
std::optional<char> digit_at(std::string_view text, std::size_t at, std::size_t& length) {
    length = 1;
    if (digit(text[at])) return text[at];
    const auto three = text.substr(at, 3);
    if (!between(three, "\xEF\xBC\x90", "\xEF\xBC\x99")) return std::nullopt;
    length = 3;
    return static_cast<char>('0' + (static_cast<unsigned char>(three[2]) - 0x90));
}

std::string small(std::string_view text) {
    std::string out(text);
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (out[i] >= 'A' && out[i] <= 'Z')
            out[i] = static_cast<char>(out[i] + 32);
        else if (i > 0 && out[i - 1] == '\xC3' && static_cast<unsigned char>(out[i]) >= 0x80 && static_cast<unsigned char>(out[i]) <= 0x9E)
            out[i] = static_cast<char>(out[i] + 0x20);
    }
    return out;
}

// Digits, and letters a recogniser or a hand puts for them.
bool looks_like_digits(const std::string& text) {
    std::size_t real = 0;
    for (const char c : text) {
        if (digit(c))
            ++real;
        else if (c != 'o' && c != 'l' && c != 'i')
            return false;
    }
    return real == text.size() || (text.size() >= 3 && real * 2 >= text.size());
}

const std::unordered_map<std::string_view, std::string_view>& units() {
    static const std::unordered_map<std::string_view, std::string_view> all{
        {"zero", "0"},  {"oh", "0"},          {"o", "0"},     {"nought", "0"}, {"naught", "0"}, {"one", "1"},   {"two", "2"},
        {"three", "3"}, {"four", "4"},        {"five", "5"},  {"fife", "5"},   {"six", "6"},    {"seven", "7"}, {"eight", "8"},
        {"nine", "9"},  {"niner", "9"},       {"null", "0"},  {"eins", "1"},   {"zwei", "2"},   {"zwo", "2"},   {"drei", "3"},
        {"vier", "4"},  {"f\xC3\xBCnf", "5"}, {"fuenf", "5"}, {"sechs", "6"},  {"sieben", "7"}, {"acht", "8"},  {"neun", "9"}};
    return all;
}
const std::unordered_map<std::string_view, std::string_view>& teens() {
    static const std::unordered_map<std::string_view, std::string_view> all{
        {"ten", "10"},       {"eleven", "11"},   {"twelve", "12"},          {"thirteen", "13"}, {"fourteen", "14"}, {"fifteen", "15"},      {"sixteen", "16"},
        {"seventeen", "17"}, {"eighteen", "18"}, {"nineteen", "19"},        {"zehn", "10"},     {"elf", "11"},      {"zw\xC3\xB6lf", "12"}, {"zwoelf", "12"},
        {"dreizehn", "13"},  {"vierzehn", "14"}, {"f\xC3\xBCnfzehn", "15"}, {"sechzehn", "16"}, {"siebzehn", "17"}, {"achtzehn", "18"},     {"neunzehn", "19"}};
    return all;
}
const std::unordered_map<std::string_view, char>& tens() {
    static const std::unordered_map<std::string_view, char> all{
        {"twenty", '2'},  {"thirty", '3'},         {"forty", '4'},   {"fourty", '4'},  {"fifty", '5'},          {"sixty", '6'},
        {"seventy", '7'}, {"eighty", '8'},         {"ninety", '9'},  {"zwanzig", '2'}, {"drei\xC3\x9Fig", '3'}, {"dreissig", '3'},
        {"vierzig", '4'}, {"f\xC3\xBCnfzig", '5'}, {"sechzig", '6'}, {"siebzig", '7'}, {"achtzig", '8'},        {"neunzig", '9'}};
    return all;
}
// What recognisers write for a digit that stands between two others.
const std::unordered_map<std::string_view, char>& sounds() {
    static const std::unordered_map<std::string_view, char> all{{"for", '4'}, {"fore", '4'}, {"to", '2'},  {"too", '2'},
                                                                {"ate", '8'}, {"won", '1'},  {"sex", '6'}, {"tree", '3'}};
    return all;
}

std::size_t times(std::string_view word) {
    if (word == "double" || word == "doppel" || word == "zweimal") return 2;
    if (word == "triple" || word == "treble" || word == "dreimal") return 3;
    return word == "quadruple" || word == "viermal" ? 4 : 0;
}

std::optional<char> unit(const Word& word) {
    if (word.number && word.text.size() == 1) return word.text[0];
    const auto found = units().find(word.text);
    return found == units().end() || word.mark ? std::nullopt : std::optional<char>(found->second[0]);
}

// "einundzwanzig" is 21.
std::optional<std::string> german_pair(std::string_view word) {
    for (auto at = word.find("und"); at != std::string_view::npos; at = word.find("und", at + 1)) {
        const auto ten = tens().find(word.substr(at + 3));
        const auto one = word.substr(0, at) == "ein" ? std::string_view("eins") : word.substr(0, at);
        const auto known = units().find(one);
        if (ten != tens().end() && known != units().end()) return std::string{ten->second, known->second[0]};
    }
    return std::nullopt;
}

// A number below a hundred; `used` words of it.
std::optional<std::string> below_hundred(const std::vector<Word>& words, std::size_t at, std::size_t& used) {
    used = 1;
    const auto& word = words[at];
    if (word.mark || word.number) return std::nullopt;
    if (const auto found = teens().find(word.text); found != teens().end()) return std::string(found->second);
    if (auto pair = german_pair(word.text)) return pair;
    if (const auto found = tens().find(word.text); found != tens().end()) {
        std::size_t next = at + 1;
        if (next < words.size() && words[next].mark && words[next].text == "-" && words[next].glued) ++next;
        if (next < words.size() && !words[next].mark && !words[next].number) {
            const auto one = units().find(words[next].text);
            if (one != units().end() && one->second != "0") {
                used = next - at + 1;
                return std::string{found->second, one->second[0]};
            }
        }
        return std::string{found->second, '0'};
    }
    return std::nullopt;
}

bool is_word(const std::vector<Word>& words, std::size_t at, std::string_view text) {
    return at < words.size() && words[at].text == text;
}
bool digit_word(const std::vector<Word>& words, std::size_t at) {
    std::size_t used = 0;
    return at < words.size() && (unit(words[at]) || below_hundred(words, at, used) || words[at].number);
}

// "b as in boy", "m for mike", "d wie dora": one letter. "(at)", "[dot]": one mark.
void join_spelled(std::vector<Word>& words) {
    std::vector<Word> out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        auto word = std::move(words[i]);
        if ((word.text == "(" || word.text == "[") && i + 2 < words.size() && (words[i + 1].text == "at" || words[i + 1].text == "dot") &&
            (words[i + 2].text == ")" || words[i + 2].text == "]")) {
            word.text = words[i + 1].text == "at" ? "@" : "dot";
            word.mark = word.text == "@";
            word.end = words[i + 2].end;
            i += 2;
        }
        if (word.spelled) {
            std::size_t to = 0;
            if (is_word(words, i + 1, "as") && is_word(words, i + 2, "in") && i + 3 < words.size())
                to = i + 3;
            else if ((is_word(words, i + 1, "like") || is_word(words, i + 1, "for") || is_word(words, i + 1, "wie")) && i + 2 < words.size())
                to = i + 2;
            if (to != 0 && !words[to].mark && words[to].text.starts_with(word.text)) {
                word.end = words[to].end;
                i = to;
            }
        }
        out.push_back(std::move(word));
    }
    words = std::move(out);
}

// A written word, byte for byte as it stands but for folded digits: where each of its characters begins.
struct Written {
    std::string text;                 // small letters
    std::vector<std::size_t> begins;  // of each byte of `text`, and of what is behind it
    bool glued = false;
};
Written written_at(std::string_view text, std::size_t& at, bool glued) {
    Written out{.text = {}, .begins = {}, .glued = glued};
    std::size_t length = 1;
    while (at < text.size() && space(text, at) == 0 && dash(text, at) == 0 && bullet(text, at) == 0 && sign(text, at) == 0) {
        if (const auto value = digit_at(text, at, length))
            out.text += *value;
        else if (letter(text[at]) || (text[at] == '\'' && at + 1 < text.size() && letter(text[at + 1])))
            out.text += text[at];
        else
            break;
        out.begins.push_back(at);
        at += length;
    }
    out.begins.push_back(at);
    out.text = small(out.text);
    return out;
}

// Letters that touch a number ("ssn123-45-6789", "0366x") are words of their own; "4th", "b22" and the like stay whole.
void add_written(std::vector<Word>& words, const Written& written) {
    const auto& text = written.text;
    std::vector<std::size_t> cuts{0};  // where a piece begins
    std::size_t longest = 0;
    if (!looks_like_digits(text)) {
        std::size_t row = 0;
        for (std::size_t i = 0; i < text.size(); ++i) {
            row = digit(text[i]) ? row + 1 : 0;
            longest = std::max(longest, row);
            if (i > 0 && digit(text[i]) != digit(text[i - 1])) cuts.push_back(i);
        }
        if (longest < kSplits || longest == text.size()) cuts.resize(1);
        // "IBANGB06…": the country's letters are not the word's.
        else if (text.starts_with("iban") && cuts.size() > 1 && cuts[1] == 6)
            cuts.insert(cuts.begin() + 1, 4);
    }
    cuts.push_back(text.size());
    for (std::size_t piece = 0; piece + 1 < cuts.size(); ++piece) {
        Word word;
        word.begin = written.begins[cuts[piece]];
        word.end = written.begins[cuts[piece + 1]];
        word.text = text.substr(cuts[piece], cuts[piece + 1] - cuts[piece]);
        word.glued = piece > 0 || written.glued;
        word.more = cuts.size() - 2 - piece;
        word.piece = piece > 0;
        if (looks_like_digits(word.text) && has_digit(word.text)) {
            word.number = true;
            for (auto& c : word.text) c = c == 'o' ? '0' : c == 'l' || c == 'i' ? '1' : c;
        }
        word.spelled = word.text.size() == 1 && word.text[0] >= 'a' && word.text[0] <= 'z';
        words.push_back(std::move(word));
    }
}

}  // namespace

std::vector<Word> words_of(std::string_view text) {
    std::vector<Word> words;
    std::size_t at = 0;
    bool apart = true;
    while (at < text.size()) {
        if (const auto wide = space(text, at); wide > 0) {
            at += wide;
            apart = true;
            continue;
        }
        Word word;
        word.begin = at;
        word.glued = !apart;
        apart = false;
        std::size_t length = 1;
        const auto mark = [&](std::size_t bytes, std::string_view as) {
            at += bytes;
            word.mark = true;
            word.text = as;
            word.end = at;
            words.push_back(std::move(word));
        };
        if (const auto wide = dash(text, at); wide > 0)
            mark(wide, "-");
        else if (const auto dot = bullet(text, at); dot > 0)
            mark(dot, kBullet);
        else if (const auto other = sign(text, at); other > 0)
            mark(other, text.substr(at, other));
        else if (letter(text[at]) || digit_at(text, at, length))
            add_written(words, written_at(text, at, word.glued));
        else
            mark(1, text.substr(at, 1));
    }
    join_spelled(words);
    return words;
}

std::optional<Item> item_at(const std::vector<Word>& words, std::size_t at) {
    Item item{.first = at, .last = at, .digits = {}, .spoken = true};
    const auto& word = words[at];
    if (word.mark) return std::nullopt;
    if (word.number) {
        item.digits = word.text;
        item.spoken = false;
        return item;
    }
    if (const auto count = times(word.text); count > 0) {
        std::size_t next = at + 1;
        if (is_word(words, next, "-")) ++next;
        if (is_word(words, next, "die")) ++next;
        if (next >= words.size()) return std::nullopt;
        const auto one = unit(words[next]);
        if (!one) return std::nullopt;
        item.last = next;
        item.digits.assign(count, *one);
        return item;
    }
    std::size_t used = 1;
    if (auto two = below_hundred(words, at, used)) {
        item.digits = std::move(*two);
        item.last = at + used - 1;
    } else if (const auto one = unit(word)) {
        item.digits = std::string(1, *one);
    } else if (const auto sound = sounds().find(word.text); sound != sounds().end() && at > 0 && unit(words[at - 1]) && !words[at - 1].number &&
                                                            at + 1 < words.size() && unit(words[at + 1]) && !words[at + 1].number) {
        item.digits = std::string(1, sound->second);
        return item;
    } else {
        return std::nullopt;
    }
    // "eight hundred" is 800; with "and", or tens behind it, the number goes on; with more single digits it is over.
    if (item.digits[0] != '0' && (is_word(words, item.last + 1, "hundred") || is_word(words, item.last + 1, "hundert"))) {
        auto next = item.last + 2;
        const bool joined = is_word(words, next, "and") || is_word(words, next, "und");
        if (joined) ++next;
        item.last = item.last + 1;
        std::string tail = "00";
        if (next < words.size()) {
            if (auto two = below_hundred(words, next, used)) {
                tail = *two;
                item.last = next + used - 1;
            } else if (const auto one = unit(words[next]); one && *one != '0' && (joined || !digit_word(words, next + 1))) {
                tail = std::string{'0', *one};
                item.last = next;
            }
        }
        item.digits += tail;
    } else if (is_word(words, item.last + 1, "thousand") || is_word(words, item.last + 1, "tausend")) {
        item.digits += "000";
        ++item.last;
    }
    return item;
}

bool is_hum(const Word& word) {
    static const Set all{"uh", "uhm", "um", "umm", "er", "erm", "hmm", "hm", "mm", "ah", "eh", "\xC3\xA4h", "\xC3\xA4hm", "aeh", ",", "\xE2\x80\xA6"};
    return all.contains(word.text);
}
bool is_noise(const Word& word) {
    static const Set all{"uh",         "uhm", "um",  "umm",  "er",  "erm",  "hmm", "hm",   "mm",    "ah",   "eh",          "\xC3\xA4h",
                         "\xC3\xA4hm", "aeh", "ok",  "okay", "let", "me",   "see", "wait", "sorry", "yeah", "yes",         "well",
                         "moment",     "so",  "and", "then", "und", "dann", "ja",  "also", ",",     ";",    "\xE2\x80\xA6"};
    return all.contains(word.text) && !is_soft(word);
}
bool is_soft(const Word& word) {
    static const Set all{"and", "then", "so", "und", "dann", "also", "yes", "yeah", "ja"};
    return all.contains(word.text);
}
bool is_separator(const Word& word) {
    static const Set all{"-",
                         kBullet,
                         "(",
                         ")",
                         ".",
                         "/",
                         "*",
                         "_",
                         "dash",
                         "hyphen",
                         "minus",
                         "space",
                         "strich",
                         "bindestrich",
                         "leerzeichen",
                         "slash",
                         "schr\xC3\xA4gstrich",
                         "dot",
                         "punkt"};
    return all.contains(word.text);
}
std::string_view joiner(const Word& word) {
    static const std::unordered_map<std::string_view, std::string_view> all{
        {".", "."},     {"dot", "."},         {"punkt", "."}, {"point", "."},      {"period", "."},      {"-", "-"}, {"dash", "-"}, {"hyphen", "-"},
        {"minus", "-"}, {"bindestrich", "-"}, {"_", "_"},     {"underscore", "_"}, {"unterstrich", "_"}, {"+", "+"}, {"plus", "+"}};
    const auto found = all.find(word.text);
    return found == all.end() ? std::string_view{} : found->second;
}

bool is_at(const std::vector<Word>& words, std::size_t at, std::size_t& length) {
    const auto& word = words[at];
    length = 1;
    if (word.text == "@" || word.text == "klammeraffe" || word.text == "\xC3\xA4t" || word.text == "\xC3\xA4tt" || word.text == "aet") return true;
    if (word.text == "at") {
        if (is_word(words, at + 1, "sign")) length = 2;
        return true;
    }
    return false;
}

}  // namespace parley::privacy

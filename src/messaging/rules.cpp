#include "parley/messaging/rules.hpp"

#include <algorithm>
#include <cctype>

namespace parley::messaging {

namespace {

// Letters and digits, lower case; bytes above ASCII belong to a word as they are. `also`: a further character that does.
std::vector<std::string> words_of(std::string_view text, char also = '\0') {
    std::vector<std::string> words;
    std::string word;
    const auto end = [&] {
        if (!word.empty()) words.push_back(std::move(word));
        word.clear();
    };
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || byte >= 0x80 || (also != '\0' && c == also))
            word += static_cast<char>(std::tolower(byte));
        else
            end();
    }
    end();
    return words;
}

bool has(const std::vector<std::string>& message, std::string_view wanted) {
    if (wanted == "*") return true;
    const bool prefix = wanted.ends_with('*');
    if (prefix) wanted.remove_suffix(1);
    return std::any_of(message.begin(), message.end(), [&](const auto& word) { return prefix ? word.starts_with(wanted) : word == wanted; });
}

}  // namespace

bool matches(std::string_view pattern, std::string_view message) {
    const auto said = words_of(message);
    while (true) {
        const auto bar = pattern.find('|');
        const auto wanted = words_of(pattern.substr(0, bar), '*');
        if (!wanted.empty() && std::all_of(wanted.begin(), wanted.end(), [&](const auto& word) { return has(said, word); })) return true;
        if (bar == std::string_view::npos) return false;
        pattern.remove_prefix(bar + 1);
    }
}

const Rule* first_match(const std::vector<Rule>& rules, std::string_view message) {
    const auto found = std::find_if(rules.begin(), rules.end(), [&](const Rule& rule) { return matches(rule.match, message); });
    return found == rules.end() ? nullptr : &*found;
}

}  // namespace parley::messaging

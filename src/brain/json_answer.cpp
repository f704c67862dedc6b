#include "json_answer.hpp"

namespace parley::brain {

namespace {

bool blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Behind the value that begins at `from`, with '{' or '['; npos: it does not end, or is too deep.
std::size_t end_of_value(std::string_view text, std::size_t from) {
    std::size_t depth = 0;
    bool quoted = false;
    for (auto at = from; at < text.size(); ++at) {
        const char c = text[at];
        if (quoted) {
            if (c == '\\')
                ++at;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > kDeepestJsonAnswer) return std::string_view::npos;
        } else if (c == '}' || c == ']') {
            if (--depth == 0) return at + 1;
        }
    }
    return std::string_view::npos;
}

}  // namespace

std::optional<nlohmann::json> json_in(std::string_view text) {
    if (text.size() > kMostJsonAnswer) return std::nullopt;
    constexpr int kMostTries = 16;  // braces that belong to prose: each costs a look to the end of the text
    int tries = 0;
    for (auto at = text.find_first_of("{["); at != std::string_view::npos && tries < kMostTries; at = text.find_first_of("{[", at + 1), ++tries) {
        const auto end = end_of_value(text, at);
        if (end == std::string_view::npos) continue;
        auto value = nlohmann::json::parse(text.substr(at, end - at), nullptr, false);
        if (!value.is_discarded()) return value;
    }
    if (text.find_first_of("{[") != std::string_view::npos) return std::nullopt;
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    auto value = nlohmann::json::parse(text, nullptr, false);
    if (value.is_discarded()) return std::nullopt;
    return value;
}

}  // namespace parley::brain

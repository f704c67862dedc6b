#include "parley/brain/filled.hpp"

#include <algorithm>
#include <cctype>

namespace parley::brain {

namespace {

constexpr std::size_t kLongestPlaceholder = 300;

bool is_name(std::string_view name) {
    return !name.empty() &&
           std::all_of(name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-'; });
}

}  // namespace

std::optional<std::string> value_of(std::string_view placeholder, const Variables& variables) {
    const auto bar = placeholder.find('|');
    const auto found = variables.find(std::string(placeholder.substr(0, bar)));
    if (found != variables.end() && !found->second.empty()) return found->second;
    if (bar != std::string_view::npos) return std::string(placeholder.substr(bar + 1));
    return std::nullopt;
}

std::string filled(std::string_view text, const Variables& variables) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto open = text.find('{');
        out += text.substr(0, open);
        if (open == std::string_view::npos) break;
        text.remove_prefix(open);
        const auto close = text.substr(0, kLongestPlaceholder).find('}');
        const auto inside = close == std::string_view::npos ? std::string_view{} : text.substr(1, close - 1);
        if (!is_name(inside.substr(0, inside.find('|')))) {
            out += '{';
            text.remove_prefix(1);
            continue;
        }
        text.remove_prefix(close + 1);
        if (const auto value = value_of(inside, variables); value && !value->empty()) {
            out += *value;
            continue;
        }
        if (!out.empty() && out.back() == ' ') out.pop_back();
        if (!out.empty() && out.back() == ',') out.pop_back();
    }
    return out;
}

}  // namespace parley::brain

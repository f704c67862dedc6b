#include "speech_request.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "parley/vendors/socket.hpp"

namespace parley::vendors {

std::string check_speech_endpoint(const Endpoint& endpoint, std::initializer_list<std::string_view> known) {
    if (endpoint.key.empty()) return "it has no key";
    if (!endpoint.base_url.empty() && http_url(endpoint.base_url, "/").empty()) return "its base_url is neither http(s) nor ws(s)";
    for (const auto& [option, value] : endpoint.options)
        if (std::ranges::find(known, std::string_view(option)) == known.end()) return "its option '" + option + "' is not known";
    return {};
}

std::optional<double> number_option(const Endpoint& endpoint, std::string_view option) {
    const auto text = endpoint.option(option);
    double value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

std::string check_number(const Endpoint& endpoint, std::string_view option, double low, double high) {
    if (endpoint.option(option).empty()) return {};
    const auto value = number_option(endpoint, option);
    if (value && *value >= low && *value <= high) return {};
    const auto plain = [](double bound) {
        char text[32];
        const auto end = std::to_chars(text, text + sizeof text, bound).ptr;
        return std::string(text, end);
    };
    return "its option '" + std::string(option) + "' is not a number from " + plain(low) + " to " + plain(high);
}

std::string check_one_of(const Endpoint& endpoint, std::string_view option, std::initializer_list<std::string_view> values) {
    const auto given = endpoint.option(option);
    if (given.empty() || std::ranges::find(values, std::string_view(given)) != values.end()) return {};
    std::string sentence = "its option '" + std::string(option) + "' is none of";
    for (const auto value : values) sentence += " '" + std::string(value) + "'";
    return sentence;
}

std::string_view or_default(std::string_view given, std::string_view fallback) {
    return given.empty() ? fallback : given;
}

std::string speech_without(std::string_view text, std::string_view marks) {
    std::string out(text);
    for (char& c : out) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F || marks.find(c) != std::string_view::npos) c = ' ';
    }
    return out;
}

std::size_t code_points(std::string_view utf8) {
    return static_cast<std::size_t>(std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace parley::vendors

#include "api_call.hpp"

#include <algorithm>
#include <charconv>

#include "parley/sim/url.hpp"

namespace parley::sim {

std::string ApiCall::value(std::string_view name) const {
    if (has_field(form, name)) return std::string(value_of(form, name));
    return std::string(value_of(query, name));
}

bool ApiCall::has(std::string_view name) const {
    return has_field(form, name) || has_field(query, name);
}

bool ApiCall::flag(std::string_view name, bool otherwise) const {
    const auto text = lower_case(value(name));
    return text.empty() ? otherwise : text == "true";
}

std::string ApiCall::verb(std::string_view name, const char* otherwise) const {
    const auto text = value(name);
    return text == "GET" || text == "POST" ? text : otherwise;
}

std::vector<std::string> ApiCall::list(std::string_view name) const {
    std::vector<std::string> out;
    for (const auto& text : values_of(has_field(form, name) ? form : query, name)) {
        std::size_t at = 0;
        while (at < text.size()) {
            const auto end = std::min(text.find(' ', at), text.size());
            if (end > at) out.push_back(text.substr(at, end - at));
            at = end + 1;
        }
    }
    return out;
}

std::optional<long> ApiCall::number(std::string_view name) const {
    const auto text = value(name);
    long parsed = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), parsed);
    if (text.empty() || ec != std::errc{} || end != text.data() + text.size() || parsed < 0) return std::nullopt;
    return parsed;
}

ApiAnswer api_json(int status, const Json& body) {
    return {status, "application/json", body.dump(-1, ' ', false, Json::error_handler_t::replace), {}};
}

ApiAnswer api_error(int status, int code, const std::string& message) {
    return api_json(status,
                    {{"code", code}, {"message", message}, {"more_info", "https://www.twilio.com/docs/errors/" + std::to_string(code)}, {"status", status}});
}

ApiAnswer not_found(const ApiCall& call) {
    return api_error(404, 20404, "The requested resource " + call.path + " was not found");
}

ApiAnswer not_allowed() {
    return api_error(405, 20004, "Method not allowed");
}

ApiAnswer no_content() {
    return {204, {}, {}, {}};
}

bool usable_url(std::string_view text) {
    const auto url = parse_url(text);
    return url && (url->scheme == "http" || url->scheme == "https");
}

bool e164(std::string_view text) {
    return text.size() >= 5 && text.size() <= 16 && text[0] == '+' && text[1] != '0' &&
           std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string lower_case(std::string text) {
    for (auto& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return text;
}

std::string national(const std::string& number) {
    if (number.size() != 12 || !number.starts_with("+1")) return number;
    return "(" + number.substr(2, 3) + ") " + number.substr(5, 3) + "-" + number.substr(8);
}

Json or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

}  // namespace parley::sim

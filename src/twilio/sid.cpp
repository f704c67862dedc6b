#include "parley/twilio/sid.hpp"

#include <algorithm>

namespace parley::twilio {
namespace {

constexpr std::string_view kBullets = "\u2022\u2022\u2022\u2022\u2022";

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Only harmless host characters survive in a log line.
bool is_host(std::string_view text) {
    return !text.empty() && text.size() <= 253 &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || is_upper(c) || is_lower(c) || c == '.' || c == '-'; });
}

}  // namespace

bool is_sid(std::string_view text, std::string_view prefix) {
    return text.size() == 34 && is_upper(text[0]) && is_upper(text[1]) && text.starts_with(prefix) && std::all_of(text.begin() + 2, text.end(), is_hex);
}

bool is_wire_id(std::string_view text) {
    return !text.empty() && text.size() <= 64 &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || is_upper(c) || is_lower(c) || c == '_' || c == '-'; });
}

bool is_e164(std::string_view text) {
    return text.size() >= 8 && text.size() <= 16 && text[0] == '+' && text[1] != '0' && std::all_of(text.begin() + 1, text.end(), is_digit);
}

std::string mask_phone(std::string_view text) {
    if (text.empty()) return {};
    std::string out;
    if (is_e164(text)) {
        out.append(text.substr(0, 3)).append(kBullets).append(text.substr(text.size() - 2));
        return out;
    }
    if (text.starts_with("client:")) return out.append("client:").append(kBullets);
    for (const std::string_view scheme : {std::string_view("sip:"), std::string_view("sips:")}) {
        if (!text.starts_with(scheme)) continue;
        out.append(scheme).append(kBullets);
        const std::size_t at = text.find('@');
        if (at == std::string_view::npos) return out;
        std::string_view host = text.substr(at + 1);
        host = host.substr(0, std::min(host.find_first_of(":;?"), host.size()));
        if (is_host(host)) out.append("@").append(host);
        return out;
    }
    return std::string(kBullets);
}

}  // namespace parley::twilio

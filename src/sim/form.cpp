#include "parley/sim/form.hpp"

#include <algorithm>

namespace parley::sim {
namespace {

void append_escaped(std::string& out, std::string_view text) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '*' || byte == '-' ||
                           byte == '.' || byte == '_';
        if (plain) {
            out += c;
        } else if (byte == ' ') {
            out += '+';
        } else {
            out += '%';
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        }
    }
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string unescape(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+') {
            out += ' ';
        } else if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
            out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

}  // namespace

std::string encode_form(const Form& form) {
    std::string out;
    for (const auto& [name, value] : form) {
        if (!out.empty()) out += '&';
        append_escaped(out, name);
        out += '=';
        append_escaped(out, value);
    }
    return out;
}

Form decode_form(std::string_view text) {
    Form form;
    while (!text.empty() && form.size() < kMaxFields) {
        const auto end = std::min(text.find('&'), text.size());
        const auto field = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (field.empty()) continue;
        const auto equals = field.find('=');
        if (equals == std::string_view::npos) {
            form.emplace_back(unescape(field), std::string{});
        } else {
            form.emplace_back(unescape(field.substr(0, equals)), unescape(field.substr(equals + 1)));
        }
    }
    return form;
}

std::string_view value_of(const Form& form, std::string_view name) {
    const auto at = std::find_if(form.begin(), form.end(), [&](const auto& field) { return field.first == name; });
    return at == form.end() ? std::string_view{} : std::string_view{at->second};
}

bool has_field(const Form& form, std::string_view name) {
    return std::any_of(form.begin(), form.end(), [&](const auto& field) { return field.first == name; });
}

std::vector<std::string> values_of(const Form& form, std::string_view name) {
    std::vector<std::string> out;
    for (const auto& field : form) {
        if (field.first == name) out.push_back(field.second);
    }
    return out;
}

void set_field(Form& form, std::string_view name, std::string value) {
    for (auto& field : form) {
        if (field.first == name) {
            field.second = std::move(value);
            return;
        }
    }
    form.emplace_back(std::string(name), std::move(value));
}

}  // namespace parley::sim

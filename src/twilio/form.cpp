#include "parley/twilio/form.hpp"

#include <algorithm>

namespace parley::twilio {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

error_code decode(std::string_view text, std::size_t limit, errc too_long, std::string& out) {
    out.reserve(std::min(text.size(), limit));
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) return errc::form_percent;
            c = static_cast<char>(high * 16 + low);
            i += 2;
        }
        if (out.size() == limit) return too_long;
        out.push_back(c);
    }
    return {};
}

}  // namespace

std::optional<std::string_view> Form::find(std::string_view name) const {
    const auto it = std::find_if(fields_.begin(), fields_.end(), [&](const FormField& f) { return f.name == name; });
    if (it == fields_.end()) return std::nullopt;
    return std::string_view(it->value);
}

std::string_view Form::get(std::string_view name, std::string_view fallback) const {
    return find(name).value_or(fallback);
}

std::vector<std::string_view> Form::all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const FormField& field : fields_) {
        if (field.name == name) values.emplace_back(field.value);
    }
    return values;
}

Result<Form> parse_form(std::string_view body) {
    if (body.size() > kMaxFormBytes) return make_error_code(errc::form_too_big);
    std::vector<FormField> fields;
    while (!body.empty()) {
        const std::size_t end = std::min(body.find('&'), body.size());
        const std::string_view segment = body.substr(0, end);
        body.remove_prefix(std::min(end + 1, body.size()));
        if (segment.empty()) continue;
        if (fields.size() == kMaxFormFields) return make_error_code(errc::form_too_many_fields);
        const std::size_t equals = std::min(segment.find('='), segment.size());
        FormField field;
        if (const error_code ec = decode(segment.substr(0, equals), kMaxFormNameBytes, errc::form_name_too_long, field.name)) {
            return ec;
        }
        if (equals < segment.size()) {
            const error_code ec = decode(segment.substr(equals + 1), kMaxFormValueBytes, errc::form_value_too_long, field.value);
            if (ec) return ec;
        }
        fields.push_back(std::move(field));
    }
    return Form(std::move(fields));
}

std::string_view query_of(std::string_view target) {
    target = target.substr(0, std::min(target.find('#'), target.size()));
    const std::size_t mark = target.find('?');
    return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
}

std::string encode_component(std::string_view text) {
    constexpr char kHex[] = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size() + 8);
    for (const char raw : text) {
        const auto c = static_cast<unsigned char>(raw);
        const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '*' || c == '-' || c == '.' || c == '_';
        if (plain) {
            out.push_back(raw);
        } else if (c == ' ') {
            out.push_back('+');
        } else {
            out.push_back('%');
            out.push_back(kHex[c >> 4]);
            out.push_back(kHex[c & 15]);
        }
    }
    return out;
}

std::string encode_form(const std::vector<FormField>& fields) {
    std::string out;
    for (const FormField& field : fields) {
        if (!out.empty()) out.push_back('&');
        out += encode_component(field.name);
        out.push_back('=');
        out += encode_component(field.value);
    }
    return out;
}

}  // namespace parley::twilio

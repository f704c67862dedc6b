#include "template.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace parley::tools {

using nlohmann::json;

namespace {

constexpr std::size_t kMostTemplate = 16 * 1024;
constexpr std::size_t kMostFilled = 64 * 1024;

bool is_name(std::string_view text) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    return !text.empty() && text.size() <= 100 && letter(text.front()) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-'; });
}
constexpr std::string_view kDigits = "digits.";
constexpr std::array<std::string_view, 4> kOfCall{"call.from", "call.to", "call.sid", "call.agent"};

std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// The value as JSON; null: there is none.
json value_of(const std::string& name, const TemplateValues& values) {
    if (name == "call.from") return std::string(values.from);
    if (name == "call.to") return std::string(values.to);
    if (name == "call.sid") return std::string(values.call_sid);
    if (name == "call.agent") return std::string(values.agent);
    if (name.starts_with("variables.")) {
        const auto found = values.variables.find(name.substr(10));
        return found == values.variables.end() ? json() : json(found->second);
    }
    if (name.starts_with(kDigits)) {
        if (values.digits == nullptr) return {};
        const auto found = values.digits->find(name.substr(kDigits.size()));
        return found == values.digits->end() ? json() : json(std::string(found->second.reveal()));
    }
    const auto found = values.arguments.find(name);
    return found == values.arguments.end() ? json() : *found;
}

std::string text_of(const json& value) {
    if (value.is_null()) return {};
    return value.is_string() ? value.get<std::string>() : dumped(value);
}

}  // namespace

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain)
            out += c;
        else
            out += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    }
    return out;
}

Template::Template(std::string_view text, Place place) : place_(place) {
    if (text.size() > kMostTemplate) throw std::invalid_argument("is longer than 16 KiB");
    // Up to where a URL's host and port are fixed.
    std::size_t fixed = 0;
    if (place == Place::url) {
        const auto scheme = text.find("://");
        if (scheme == std::string_view::npos) throw std::invalid_argument("expected a URL that begins with https:// or http://");
        fixed = std::min(text.find_first_of("/?#", scheme + 3), text.size());
    }
    bool query = false, quoted = false;
    std::string plain;
    const auto keep_plain = [&] {
        if (!plain.empty()) parts_.push_back({std::exchange(plain, {}), std::nullopt});
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const auto end = c == '{' ? text.find('}', i) : std::string_view::npos;
        const auto name = end == std::string_view::npos ? std::string_view{} : text.substr(i + 1, end - i - 1);
        if (is_name(name)) {
            if (place == Place::url && i < fixed)
                throw std::invalid_argument("'{" + std::string(name) + "}' stands before the path: scheme, host and port are fixed");
            if (name.starts_with("call.") && std::find(kOfCall.begin(), kOfCall.end(), name) == kOfCall.end())
                throw std::invalid_argument("'{" + std::string(name) + "}' is not known: call.from, call.to, call.sid and call.agent are");
            if (name.starts_with(kDigits)) {
                if (place == Place::url)
                    throw std::invalid_argument("'{" + std::string(name) +
                                                "}' stands in the address, which servers write down: collected digits go in a header or the body");
                digits_.emplace(name.substr(kDigits.size()));
            }
            keep_plain();
            const auto where = place == Place::header ? Where::header
                               : place == Place::url  ? (query ? Where::query : Where::path)
                               : quoted               ? Where::json_string
                                                      : Where::json_value;
            parts_.push_back({std::string(name), where});
            if (!name.starts_with("call.") && !name.starts_with("variables.") && !name.starts_with(kDigits)) arguments_.insert(std::string(name));
            i = end;
            continue;
        }
        if (place == Place::url) {
            if (c == '?') query = true;
            if (c == '{' || c == '}') throw std::invalid_argument("has a '{' or '}' that is no place for a value");
            if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) throw std::invalid_argument("has white space or control characters");
            if (c == '#') throw std::invalid_argument("has a fragment");
        } else if (place == Place::header) {
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) throw std::invalid_argument("has control characters");
        } else if (quoted && c == '\\' && i + 1 < text.size()) {
            plain += c;
            plain += text[++i];
            continue;
        } else if (c == '"') {
            quoted = !quoted;
        }
        plain += c;
    }
    keep_plain();
    if (place == Place::json && !parts_.empty()) {
        const auto none = json::object();
        const std::map<std::string, std::string> nothing;
        const auto filled = fill({none, nothing, {}, {}, {}, {}, nullptr});
        if (json::parse(filled.text, nullptr, false).is_discarded()) throw std::invalid_argument("is no JSON (with null for every value outside of strings)");
    }
}

Template::Filled Template::fill(const TemplateValues& values) const {
    Filled filled;
    for (const auto& part : parts_) {
        if (!part.where) {
            filled.text += part.text;
            continue;
        }
        if (values.digits != nullptr && part.text.starts_with(kDigits) && !values.digits->contains(part.text.substr(kDigits.size())))
            return {{}, "the digits '" + part.text.substr(kDigits.size()) + "' have not been collected on this call: use collect_digits with that name first"};
        const auto value = value_of(part.text, values);
        const auto text = text_of(value);
        switch (*part.where) {
            case Where::path:
                // An empty segment or one of dots is another place, not another value.
                if (text.empty() || text == "." || text == "..") return {{}, "'" + part.text + "' cannot be used in the address as it is"};
                filled.text += percent_encoded(text);
                break;
            case Where::query:
                filled.text += percent_encoded(text);
                break;
            case Where::header:
                if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
                    return {{}, "'" + part.text + "' has line breaks or control characters"};
                filled.text += text;
                break;
            case Where::json_string: {
                const auto whole = dumped(text);
                filled.text.append(whole, 1, whole.size() - 2);
                break;
            }
            case Where::json_value:
                filled.text += dumped(value);
                break;
        }
        if (filled.text.size() > kMostFilled) return {{}, "the arguments are too long"};
    }
    // What stands beside a value may make a segment of dots with it.
    if (place_ == Place::url) {
        const auto path = filled.text.substr(0, filled.text.find('?'));
        for (std::size_t at = path.find('/', path.find("://") + 3); at != std::string::npos;) {
            const auto next = path.find('/', at + 1);
            const auto segment = path.substr(at + 1, next == std::string::npos ? next : next - at - 1);
            if (segment == "." || segment == "..") return {{}, "an argument cannot be used in the address as it is"};
            at = next;
        }
    }
    return filled;
}

}  // namespace parley::tools

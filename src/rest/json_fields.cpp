#include "json_fields.hpp"

#include <charconv>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

namespace parley::rest {

using nlohmann::json;

std::optional<Document> Document::parse(std::string_view text) {
    auto value = std::make_shared<json>(json::parse(text.begin(), text.end(), nullptr, false));
    if (!value->is_object()) return {};
    Document document;
    document.value_ = std::move(value);
    return document;
}

const json* Fields::find(const char* key) const {
    const auto found = object_->find(key);
    return found == object_->end() || found->is_null() ? nullptr : &*found;
}

bool Fields::has(const char* key) const {
    return find(key) != nullptr;
}

std::string Fields::text(const char* key) const {
    const json* value = find(key);
    if (value == nullptr) return {};
    if (value->is_string()) return value->get_ref<const std::string&>();
    if (value->is_number()) return value->dump();
    return {};
}

std::optional<std::int64_t> Fields::integer(const char* key) const {
    const json* value = find(key);
    if (value == nullptr) return {};
    if (value->is_number_unsigned()) {
        const auto n = value->get<std::uint64_t>();
        if (n > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return {};
        return static_cast<std::int64_t>(n);
    }
    if (value->is_number_integer()) return value->get<std::int64_t>();
    if (!value->is_string()) return {};
    const auto& text = value->get_ref<const std::string&>();
    std::int64_t n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
    return n;
}

std::optional<int> Fields::number(const char* key) const {
    const auto n = integer(key);
    if (!n || *n < std::numeric_limits<int>::min() || *n > std::numeric_limits<int>::max()) return {};
    return static_cast<int>(*n);
}

std::optional<double> Fields::real(const char* key) const {
    const json* value = find(key);
    if (value == nullptr) return {};
    if (value->is_number()) return value->get<double>();
    if (!value->is_string()) return {};
    const auto& text = value->get_ref<const std::string&>();
    double x = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), x);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() || !std::isfinite(x)) return {};
    return x;
}

std::optional<bool> Fields::flag(const char* key) const {
    const json* value = find(key);
    if (value == nullptr) return {};
    if (value->is_boolean()) return value->get<bool>();
    if (value->is_string() && (*value == "true" || *value == "false")) return *value == "true";
    return {};
}

When Fields::when(const char* key) const {
    const json* value = find(key);
    return value != nullptr && value->is_string() ? parse_date(value->get_ref<const std::string&>()) : When{};
}

std::string Fields::raw(const char* key) const {
    const json* value = find(key);
    return value == nullptr ? std::string() : value->dump(-1, ' ', false, json::error_handler_t::replace);
}

std::vector<Fields> Fields::items(const char* key) const {
    std::vector<Fields> found;
    const json* value = find(key);
    if (value == nullptr || !value->is_array()) return found;
    for (const auto& item : *value) {
        if (item.is_object()) found.emplace_back(&item);
    }
    return found;
}

std::vector<std::string> Fields::texts(const char* key) const {
    std::vector<std::string> found;
    const json* value = find(key);
    if (value == nullptr || !value->is_array()) return found;
    for (const auto& item : *value) {
        if (item.is_string()) found.push_back(item.get<std::string>());
    }
    return found;
}

std::optional<Fields> Fields::inner(const char* key) const {
    const json* value = find(key);
    if (value == nullptr || !value->is_object()) return {};
    return Fields(value);
}

bool Fields::is_list(const char* key) const {
    const json* value = find(key);
    return value != nullptr && value->is_array();
}

}  // namespace parley::rest

#pragma once
// Reading members of a vendor's JSON object that may hold anything.

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace parley::vendors::stt {

using nlohmann::json;

// An object with a string member `key` (the vendor's word for the kind of message), or a discarded value.
inline json parse_message(std::string_view text, const char* key) {
    auto parsed = json::parse(text, nullptr, false);
    if (!parsed.is_object() || !parsed.contains(key) || !parsed[key].is_string()) return json(json::value_t::discarded);
    return parsed;
}

inline const json* member(const json& object, const char* key) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
}

// Empty when there is none or it is null; nothing when it is something else than a string.
inline std::optional<std::string_view> text_of(const json& object, const char* key) {
    const json* found = member(object, key);
    if (found == nullptr || found->is_null()) return std::string_view{};
    if (!found->is_string()) return std::nullopt;
    return std::string_view(found->get_ref<const std::string&>());
}

inline bool flag_of(const json& object, const char* key) {
    const json* found = member(object, key);
    return found != nullptr && found->is_boolean() && found->get<bool>();
}

inline double number_of(const json& object, const char* key, double fallback) {
    const json* found = member(object, key);
    return found != nullptr && found->is_number() ? found->get<double>() : fallback;
}

// The mean of the words' `confidence`; `fallback` when none has one.
inline double mean_confidence(const json& object, double fallback) {
    const json* words = member(object, "words");
    if (words == nullptr || !words->is_array()) return fallback;
    double sum = 0;
    int count = 0;
    for (const auto& word : *words) {
        const double value = number_of(word, "confidence", -1);
        if (value < 0) continue;
        sum += value;
        ++count;
    }
    return count == 0 ? fallback : sum / count;
}

}  // namespace parley::vendors::stt

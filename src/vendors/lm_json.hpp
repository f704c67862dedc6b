#pragma once
// Reading hostile JSON without exceptions.

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "parley/vendors/failure.hpp"

namespace parley::vendors {

using nlohmann::json;

// The member, or a null that lives for ever.
[[nodiscard]] inline const json& member(const json& object, const char* key) {
    static const json none;
    if (!object.is_object()) return none;
    const auto found = object.find(key);
    return found == object.end() ? none : *found;
}

[[nodiscard]] inline std::string_view text_of(const json& value) {
    const auto* text = value.get_ptr<const std::string*>();
    return text == nullptr ? std::string_view{} : std::string_view(*text);
}

[[nodiscard]] inline std::string_view text_of(const json& object, const char* key) {
    return text_of(member(object, key));
}

// A count: 0 for anything that is none.
[[nodiscard]] inline std::uint32_t count_of(const json& object, const char* key) {
    const json& value = member(object, key);
    if (!value.is_number_integer()) return 0;
    if (value.is_number_unsigned()) {
        const auto wide = value.get<std::uint64_t>();
        return wide > std::numeric_limits<std::uint32_t>::max() ? 0 : static_cast<std::uint32_t>(wide);
    }
    const auto wide = value.get<std::int64_t>();
    return wide < 0 || wide > std::numeric_limits<std::uint32_t>::max() ? 0 : static_cast<std::uint32_t>(wide);
}

// What we send: text that is not UTF-8 gets replacement characters instead of an exception.
[[nodiscard]] inline std::string written(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// nlohmann's parser recurses nowhere, but destroying and writing what it made does.
inline constexpr int kDeepest = 64;
[[nodiscard]] json parsed(std::string_view text);  // discarded() when it is none, or deeper than kDeepest

[[nodiscard]] Failure from_stream_error(const json& error);

}  // namespace parley::vendors

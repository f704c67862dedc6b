#pragma once
// A text among the members of a fact's JSON.

#include <nlohmann/json.hpp>
#include <string>

namespace parley::gateway {

// Empty where there is none, where it is no text, and where `object` is no object.
[[nodiscard]] inline std::string text_of(const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace parley::gateway

#pragma once
// JSON from outside: nlohmann's parser behind the limits we state for every message.

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "parley/twilio/error.hpp"
#include "parley/twilio/media_codec.hpp"

namespace parley::twilio {

// errc::json unless `text` is one JSON text within kMaxJsonDepth, without a raw NUL and without a key twice in one
// object.
Result<nlohmann::json> parse_json(std::string_view text);

// Access that answers errc::schema by "nothing": the key is absent or of another type.
const nlohmann::json* object_member(const nlohmann::json& object, const char* key);
std::optional<std::string_view> string_member(const nlohmann::json& object, const char* key);
// A string or number member; nothing when absent or of another type, not valid when it is no 64-bit decimal.
std::optional<Decimal> decimal_member(const nlohmann::json& object, const char* key);

}  // namespace parley::twilio

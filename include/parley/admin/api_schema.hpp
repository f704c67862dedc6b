#pragma once
// Pieces of JSON Schema (2020-12), for routes to say what they take and give.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace parley::admin::schema {

using Json = nlohmann::json;
using Members = std::vector<std::pair<std::string, Json>>;

[[nodiscard]] Json text(std::string_view about = {}, std::size_t most = 0);  // most 0: not said
[[nodiscard]] Json whole(std::string_view about, std::int64_t least, std::int64_t most);
[[nodiscard]] Json number(std::string_view about = {});
[[nodiscard]] Json flag(std::string_view about = {});
[[nodiscard]] Json choice(std::vector<std::string> values, std::string_view about = {});
[[nodiscard]] Json time(std::string_view about = {});  // 2026-11-21T16:00:00.000Z
[[nodiscard]] Json list(Json of, std::string_view about = {});
[[nodiscard]] Json texts_by_name(std::string_view about = {});
[[nodiscard]] Json any(std::string_view about = {});
[[nodiscard]] Json or_null(Json of);
// Nothing besides these members.
[[nodiscard]] Json object(Members members, std::vector<std::string> required = {});
// At least these: for answers, which may grow.
[[nodiscard]] Json answer(Members members, std::vector<std::string> required = {});

}  // namespace parley::admin::schema

namespace parley::admin {

// 2026-11-21T16:00:00.000Z of milliseconds since 1970.
[[nodiscard]] std::string iso_time(std::int64_t ms);

}  // namespace parley::admin

#pragma once
// application/x-www-form-urlencoded, written and read by the simulator's own code (WHATWG URL standard, section 5).

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/base/result.hpp"

namespace parley::sim {

// Name and value, decoded, in order; names may repeat.
using Form = std::vector<std::pair<std::string, std::string>>;

[[nodiscard]] std::string encode_form(const Form& form);
// Lenient as a receiver must be: a broken %-escape stays as it is. At most `kMaxFields` fields are read.
[[nodiscard]] Form decode_form(std::string_view text);
inline constexpr std::size_t kMaxFields = 1000;

// The first value of that name; empty when there is none.
[[nodiscard]] std::string_view value_of(const Form& form, std::string_view name);
[[nodiscard]] bool has_field(const Form& form, std::string_view name);
[[nodiscard]] std::vector<std::string> values_of(const Form& form, std::string_view name);
void set_field(Form& form, std::string_view name, std::string value);

}  // namespace parley::sim

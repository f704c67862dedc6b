#pragma once
// {name} in what an agent says and is told.

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace parley::brain {

using Variables = std::map<std::string, std::string>;

// What stands for "name" or "name|words otherwise" between braces; nothing: the name is unknown and there are no other words.
[[nodiscard]] std::optional<std::string> value_of(std::string_view placeholder, const Variables& variables);

// Every placeholder replaced once: what a value says is never looked into. One that stands for nothing disappears, and with it the blank before it and a
// comma between ("Hello, {caller_name}!" becomes "Hello!"). Braces around anything but a name (letters, digits, '_', '.', '-') stay as they are.
[[nodiscard]] std::string filled(std::string_view text, const Variables& variables);

}  // namespace parley::brain

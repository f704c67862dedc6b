#pragma once
// What neither database may be given, so that both refuse the same: texts with a NUL or that are no UTF-8.

#include <string_view>
#include <vector>

#include "parley/store/database.hpp"

namespace parley::store {

[[nodiscard]] bool is_utf8(std::string_view text);
// Throws StoreError (statement).
void check_values(const std::vector<Value>& values);

}  // namespace parley::store

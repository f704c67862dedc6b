#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

#include "parley/admin/api_router.hpp"

namespace parley::admin {

// The OpenAPI 3.1 document of all routes, so that it can name nothing that is not there and leave out nothing that is.
[[nodiscard]] nlohmann::json openapi_document(const ApiTable& table, std::string_view version);

}  // namespace parley::admin

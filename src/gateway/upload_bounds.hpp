#pragma once

#include "parley/net/http_server.hpp"

namespace parley::gateway {

// What a request to the admin listener may bring along, told from its head: sound for an agent is larger than everything else, and takes longer. Only a request
// that carries a bearer token gets so much room.
[[nodiscard]] net::HttpRoute admin_bounds(const net::HttpRequest& head);

}  // namespace parley::gateway

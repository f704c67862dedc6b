#include "upload_bounds.hpp"

#include "parley/hold/media_decode.hpp"

namespace parley::gateway {

net::HttpRoute admin_bounds(const net::HttpRequest& head) {
    net::HttpRoute route;
    const auto path = head.path();
    if (head.method != "PUT" || !path.starts_with("/v1/agents/") || !head.headers.get("Authorization").starts_with("Bearer ")) return route;
    if (path.find("/media/") != std::string_view::npos) {
        // One byte more than is taken, so that it is the route that says why not.
        route.body_limit = hold::MediaLimits{}.most_bytes + 1024;
        route.body_time = std::chrono::seconds(120);
    } else if (path.ends_with("/twilio")) {
        route.body_limit = std::size_t{512} * 1024;
    }
    return route;
}

}  // namespace parley::gateway

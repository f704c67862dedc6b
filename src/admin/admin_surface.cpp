#include "parley/admin/admin_surface.hpp"

#include <nlohmann/json.hpp>

namespace parley::admin {

namespace {

constexpr const char* kJson = "application/json";

// A page on another site could make a browser on this machine ask; its Host would be that site's name (DNS re-binding).
bool local_host(std::string_view host) {
    const auto name = host.starts_with('[') ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
    if (name.empty() || name == "localhost" || name == "[::1]") return true;
    return name.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

net::HttpResponse AdminSurface::handle(const net::HttpRequest& request) const {
    if (!local_host(request.headers.get("Host"))) return net::HttpResponse(403);
    const auto path = request.path();
    const bool known = path == "/livez" || path == "/readyz" || path == "/startupz" || path == "/metrics" || path == "/version" || path == "/calls";
    if (!known) return net::HttpResponse(404);
    if (request.method != "GET" && request.method != "HEAD") return net::HttpResponse(405);
    if (path == "/livez") return services_.live() ? net::HttpResponse(200, "text/plain", "ok\n") : net::HttpResponse(503, "text/plain", "a loop is stuck\n");
    if (path == "/readyz" || path == "/startupz")
        return services_.ready() ? net::HttpResponse(200, "text/plain", "ready\n") : net::HttpResponse(503, "text/plain", "not ready\n");
    if (path == "/metrics") return net::HttpResponse(200, std::string(Metrics::kContentType), services_.metrics.scrape());
    if (path == "/version") return net::HttpResponse(200, kJson, services_.version_json);
    nlohmann::json calls = nlohmann::json::array();
    for (const auto& live : services_.registry.live(Clock::now()))
        calls.push_back({{"call_sid", live.call_sid}, {"agent", live.agent}, {"age_s", live.age.count()}});
    return net::HttpResponse(200, kJson, nlohmann::json{{"calls", calls}}.dump());
}

}  // namespace parley::admin

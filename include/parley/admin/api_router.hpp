#pragma once
// The operators' interface as a table: each resource brings its routes, the table does the doors (hosts, tokens and their roles), the reading of JSON, the
// audit line of each change, and is what the OpenAPI document is made of. Everything on the control loop.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "parley/base/log.hpp"
#include "parley/base/metrics.hpp"
#include "parley/net/http_message.hpp"
#include "parley/net/task.hpp"

namespace parley::admin {

// Each may do what those before it may.
enum class Role : std::uint8_t { read, operate, admin };
[[nodiscard]] std::string_view name(Role role);
[[nodiscard]] std::optional<Role> role_named(std::string_view name);

inline constexpr std::size_t kMostJsonDepth = 32;

struct ApiRequest {
    const net::HttpRequest& http;
    std::map<std::string, std::string, std::less<>> path;   // "{name}" of the pattern, decoded
    std::map<std::string, std::string, std::less<>> query;  // decoded; the last of each name
    nlohmann::json body;                                    // an object for POST, PUT, PATCH (empty object without a body)
    Role role = Role::read;
    std::string who;  // the token's name: "server.admin_token" or as it was made
    // For the audit line of what is no GET; without secrets. `target` left empty is what the path names.
    std::string target{};
    nlohmann::json before = nullptr, after = nullptr;
};

struct ApiRoute {
    std::string method;   // GET POST PUT PATCH DELETE
    std::string pattern;  // "/v1/agents/{name}"
    Role role = Role::read;
    std::string summary;                // for the document
    nlohmann::json request = nullptr;   // JSON Schema of the body; null: none is read (a body other than JSON, too)
    nlohmann::json response = nullptr;  // JSON Schema of a 2xx body
    std::vector<std::string> query{};   // names it reads; any other is refused
    std::function<net::Task<net::HttpResponse>(ApiRequest& request)> handle;
    std::string audit{};                // what the audit line says was done ("agent.changed"); empty: nothing is changed
    int success = 200;                  // for the document: the status when all goes well
    std::string body_type{};            // for the document: the Content-Type of a body that is not JSON
    std::string response_type{};        // for the document: of an answer that is not JSON
    std::size_t most_body = 64 * 1024;  // bytes; beyond it 413 without reading further
    std::string person{};               // the name in the pattern that is somebody's number: it stands in no audit line
};

class ApiRouter {
public:
    virtual ~ApiRouter() = default;
    // Before the first request. A literal segment wins over a {name}; of two routes with one method and pattern the later one stands.
    virtual void add(ApiRoute route) = 0;
};

// Whoever a token belongs to.
struct ApiCaller {
    Role role = Role::read;
    std::string who;
};

// One change, or the attempt at one.
struct AuditLine {
    std::int64_t at_ms = 0;  // since 1970
    std::string who, role, action, target, method, path, remote;
    int status = 0;
    nlohmann::json before = nullptr, after = nullptr;
    std::string shown{};  // for the log, instead of `target`: masked
};

// What stands before every route.
struct ApiDoors {
    Log& log;
    Metrics& metrics;
    std::function<bool()> closed;                                                    // nobody could come in: no token exists
    std::function<net::Task<std::optional<ApiCaller>>(std::string token)> identify;  // nothing: wrong, expired or revoked
    std::function<bool(std::string_view host)> host_allowed;                         // by name, without port; IP addresses are never asked for
    std::function<net::Task<>(AuditLine line)> audit;                                // kept before the answer goes out
    std::function<std::string(std::string_view number)> subject{};  // for `person`: what tells who it was to whoever has the key; not set: nothing does
};

// The router itself.
class ApiTable final : public ApiRouter {
public:
    void add(ApiRoute route) override;
    // Before the first request; without doors everything is closed.
    void doors(ApiDoors doors);
    // Always an answer. `request` must live until the end.
    [[nodiscard]] net::Task<net::HttpResponse> serve(const net::HttpRequest& request) const;
    [[nodiscard]] const std::vector<ApiRoute>& routes() const { return routes_; }
    // How long a body this request may have, before it is read.
    [[nodiscard]] std::size_t body_limit(std::string_view method, std::string_view path) const;

private:
    struct Found {
        const ApiRoute* route = nullptr;
        std::string allow;  // the methods there are for this path
    };
    [[nodiscard]] Found find(std::string_view method, const std::optional<std::vector<std::string>>& path) const;

    std::vector<ApiRoute> routes_;
    std::shared_ptr<const ApiDoors> doors_;
};

// {"error":{"code":…,"message":…,"field":…}}, the one shape of refusals.
[[nodiscard]] net::HttpResponse api_error(int status, std::string_view code, std::string_view message, std::string_view field = {});
[[nodiscard]] net::HttpResponse api_answer(int status, const nlohmann::json& body);

// Strictly: UTF-8, at most kMostJsonDepth levels, no member twice. Nothing, and why, otherwise.
[[nodiscard]] std::optional<nlohmann::json> parse_strict_json(std::string_view text, std::string& why);
// A path's segments between its slashes, percent-decoded; nothing: it is no path (bad escapes, control characters, too many).
[[nodiscard]] std::optional<std::vector<std::string>> decoded_segments(std::string_view path);
// The name in a Host header, lower case, without port and brackets; empty: it is none.
[[nodiscard]] std::string host_name(std::string_view header);
[[nodiscard]] bool is_ip_address(std::string_view host);

}  // namespace parley::admin

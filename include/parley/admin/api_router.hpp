#pragma once
// The operators' interface as a table: each resource brings its routes, the router does the doors (tokens and their roles), the reading of JSON, the audit line
// of each change, and the OpenAPI document. Everything on the control loop.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "parley/net/http_message.hpp"
#include "parley/net/task.hpp"

namespace parley::admin {

// Each may do what those before it may.
enum class Role : std::uint8_t { read, operate, admin };
[[nodiscard]] std::string_view name(Role role);

struct ApiRequest {
    const net::HttpRequest& http;
    std::map<std::string, std::string, std::less<>> path;   // "{name}" of the pattern, decoded
    std::map<std::string, std::string, std::less<>> query;  // decoded; the last of each name
    nlohmann::json body;                                    // an object for POST, PUT, PATCH (empty object without a body)
    Role role = Role::read;
    std::string who;  // the token's name: "server.admin_token" or as it was made
};

struct ApiRoute {
    std::string method;   // GET POST PUT PATCH DELETE
    std::string pattern;  // "/v1/agents/{name}"
    Role role = Role::read;
    std::string summary;                // for the document
    nlohmann::json request = nullptr;   // JSON Schema of the body; null: none is read (a body other than JSON, too)
    nlohmann::json response = nullptr;  // JSON Schema of a 2xx body
    std::vector<std::string> query{};   // names it reads
    std::function<net::Task<net::HttpResponse>(ApiRequest& request)> handle;
    std::string audit{};                // what the audit line says was done ("agent.changed"); empty: nothing is changed
};

class ApiRouter {
public:
    virtual ~ApiRouter() = default;
    // Before the first request. A literal segment wins over a {name}.
    virtual void add(ApiRoute route) = 0;
};

// The router itself.
class ApiTable final : public ApiRouter {
public:
    void add(ApiRoute route) override;
    // Nothing: none of its routes. `request` must live until the end.
    [[nodiscard]] net::Task<std::optional<net::HttpResponse>> handle(const net::HttpRequest& request, Role role, std::string who) const;
    [[nodiscard]] const std::vector<ApiRoute>& routes() const { return routes_; }

private:
    std::vector<ApiRoute> routes_;
};

// {"error":{"code":…,"message":…,"field":…}}, the one shape of refusals.
[[nodiscard]] net::HttpResponse api_error(int status, std::string_view code, std::string_view message, std::string_view field = {});
[[nodiscard]] net::HttpResponse api_answer(int status, const nlohmann::json& body);

}  // namespace parley::admin

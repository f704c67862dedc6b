#include "parley/admin/openapi.hpp"

#include <algorithm>

#include "parley/admin/api_schema.hpp"

namespace parley::admin {

using nlohmann::json;

namespace {

// "/v1/agents/{name}/start" with POST is "post_agents_name_start".
std::string operation_id(const ApiRoute& route) {
    std::string id;
    for (const char c : route.method) id += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    for (const char c : std::string_view(route.pattern).substr(3)) {
        if (c == '/' || c == '.' || c == '-')
            id += '_';
        else if (c != '{' && c != '}')
            id += c;
    }
    return id;
}

std::string tag_of(std::string_view pattern) {
    pattern.remove_prefix(std::min<std::size_t>(4, pattern.size()));
    auto tag = std::string(pattern.substr(0, pattern.find('/')));
    return tag.substr(0, tag.find('.'));
}

json parameters(const ApiRoute& route) {
    json all = json::array();
    const std::string_view pattern = route.pattern;
    for (std::size_t at = pattern.find('{'); at != std::string_view::npos; at = pattern.find('{', at + 1)) {
        const auto end = pattern.find('}', at);
        all.push_back({{"name", pattern.substr(at + 1, end - at - 1)}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
    }
    for (const auto& name : route.query) all.push_back({{"name", name}, {"in", "query"}, {"required", false}, {"schema", {{"type", "string"}}}});
    return all;
}

json operation(const ApiRoute& route) {
    json out{{"operationId", operation_id(route)}, {"summary", route.summary}, {"tags", json::array({tag_of(route.pattern)})}, {"x-role", name(route.role)}};
    out["description"] = "Needs a token with the role " + std::string(name(route.role)) + (route.role == Role::admin ? "." : ", or a higher one.");
    if (auto all = parameters(route); !all.empty()) out["parameters"] = std::move(all);
    if (!route.request.is_null()) {
        const auto needed = route.request.find("required");
        out["requestBody"] = {{"required", needed != route.request.end() && !needed->empty()},
                              {"content", {{"application/json", {{"schema", route.request}}}}}};
    } else if (!route.body_type.empty()) {
        out["requestBody"] = {{"required", true}, {"content", {{route.body_type, {{"schema", {{"type", "string"}, {"format", "binary"}}}}}}}};
    }
    json good{{"description", "Done."}};
    if (!route.response.is_null())
        good["content"] = {{route.response_type.empty() ? "application/json" : route.response_type, {{"schema", route.response}}}};
    else if (!route.response_type.empty())
        good["content"] = {{route.response_type, {{"schema", {{"type", "string"}}}}}};
    out["responses"] = {{std::to_string(route.success), std::move(good)}, {"default", {{"$ref", "#/components/responses/Refused"}}}};
    return out;
}

}  // namespace

json openapi_document(const ApiTable& table, std::string_view version) {
    json paths = json::object();
    for (const auto& route : table.routes()) {
        std::string method;
        for (const char c : route.method) method += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        paths[route.pattern][method] = operation(route);
    }
    namespace s = schema;
    const auto problem =
        s::answer({{"code", s::text("Stable, for programs.")},
                   {"message", s::text("A sentence, for people.")},
                   {"field", s::text("Of the request: what is wrong.")},
                   {"problems", s::list(s::answer({{"field", s::text()}, {"message", s::text()}}), "All mistakes, where there is more than one.")}},
                  {"code", "message"});
    return {{"openapi", "3.1.0"},
            {"info",
             {{"title", "Parley"},
              {"version", version},
              {"summary", "What operators and their programs do to a gateway."},
              {"description", "On server.admin_listen, for whoever carries a bearer token. Each role may do what those before it may: read, operate, admin."}}},
            {"servers", json::array({{{"url", "/"}, {"description", "The gateway this document came from."}}})},
            {"security", json::array({{{"token", json::array()}}})},
            {"paths", std::move(paths)},
            {"components",
             {{"securitySchemes",
               {{"token", {{"type", "http"}, {"scheme", "bearer"}, {"description", "server.admin_token, or a token made by POST /v1/tokens."}}}}},
              {"schemas", {{"Error", s::answer({{"error", problem}}, {"error"})}}},
              {"responses",
               {{"Refused",
                 {{"description", "It was not done; the body says why."},
                  {"content", {{"application/json", {{"schema", {{"$ref", "#/components/schemas/Error"}}}}}}}}}}}}}};
}

}  // namespace parley::admin

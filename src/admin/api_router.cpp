#include "parley/admin/api_router.hpp"

#include "parley/twilio/form.hpp"

namespace parley::admin {

using nlohmann::json;

namespace {

std::vector<std::string_view> segments(std::string_view path) {
    std::vector<std::string_view> all;
    while (!path.empty()) {
        path.remove_prefix(1);
        const auto end = path.find('/');
        all.push_back(path.substr(0, end));
        path = end == std::string_view::npos ? std::string_view{} : path.substr(end);
    }
    return all;
}

bool matches(const std::vector<std::string_view>& pattern, const std::vector<std::string_view>& path, std::map<std::string, std::string, std::less<>>& values) {
    if (pattern.size() != path.size()) return false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i].starts_with('{')) values[std::string(pattern[i].substr(1, pattern[i].size() - 2))] = std::string(path[i]);
        else if (pattern[i] != path[i]) return false;
    }
    return true;
}

}  // namespace

std::string_view name(Role role) {
    switch (role) {
        case Role::read: return "read";
        case Role::operate: return "operate";
        case Role::admin: return "admin";
    }
    return "read";
}

net::HttpResponse api_answer(int status, const json& body) {
    net::HttpResponse response(status, "application/json", body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
    response.headers.add("Cache-Control", "no-store");
    return response;
}

net::HttpResponse api_error(int status, std::string_view code, std::string_view message, std::string_view field) {
    json error{{"code", code}, {"message", message}};
    if (!field.empty()) error["field"] = field;
    return api_answer(status, {{"error", std::move(error)}});
}

void ApiTable::add(ApiRoute route) { routes_.push_back(std::move(route)); }

net::Task<std::optional<net::HttpResponse>> ApiTable::handle(const net::HttpRequest& request, Role role, std::string who) const {
    const auto path = segments(request.path());
    for (const auto& route : routes_) {
        ApiRequest asked{.http = request, .path = {}, .query = {}, .body = json::object(), .role = role, .who = who};
        if (route.method != request.method || !matches(segments(route.pattern), path, asked.path)) continue;
        if (role < route.role) co_return api_error(403, "forbidden", "This needs a token with the role " + std::string(name(route.role)) + ".");
        const auto query = twilio::parse_query(request.query());
        for (const auto& key : route.query)
            if (query && query->has(key)) asked.query[key] = std::string(query->get(key));
        if (!route.request.is_null() && !request.body.empty()) {
            asked.body = json::parse(request.body, nullptr, false);
            if (!asked.body.is_object()) co_return api_error(400, "bad_json", "The body is no JSON object.");
        }
        auto response = co_await route.handle(asked);
        co_return response;
    }
    co_return std::nullopt;
}

}  // namespace parley::admin

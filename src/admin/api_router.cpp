#include "parley/admin/api_router.hpp"

#include <algorithm>
#include <set>

#include <boost/asio/ip/address.hpp>

#include "parley/base/clock.hpp"
#include "parley/store/database.hpp"
#include "parley/twilio/form.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::admin {

using nlohmann::json;

namespace {

constexpr std::size_t kMostSegments = 12, kMostSegment = 512;

std::vector<std::string_view> pattern_segments(std::string_view pattern) {
    std::vector<std::string_view> all;
    while (!pattern.empty()) {
        pattern.remove_prefix(1);
        const auto end = pattern.find('/');
        all.push_back(pattern.substr(0, end));
        pattern = end == std::string_view::npos ? std::string_view{} : pattern.substr(end);
    }
    return all;
}

bool is_name(std::string_view segment) {
    return segment.starts_with('{');
}

// The shape of a pattern, whatever its names are called.
std::string shape(std::string_view pattern) {
    std::string out;
    for (const auto segment : pattern_segments(pattern)) out += "/" + (is_name(segment) ? std::string("{}") : std::string(segment));
    return out;
}

// Literals in front win: "literal" sorts before "{name}", segment by segment.
std::optional<std::string> rank(std::string_view pattern, const std::vector<std::string>& path) {
    const auto segments = pattern_segments(pattern);
    if (segments.size() != path.size()) return std::nullopt;
    std::string rank;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        if (!is_name(segments[i]) && segments[i] != path[i]) return std::nullopt;
        if (is_name(segments[i]) && path[i].empty()) return std::nullopt;
        rank += is_name(segments[i]) ? '1' : '0';
    }
    return rank;
}

int hex_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool json_type(std::string_view given) {
    constexpr std::string_view kJson = "application/json";
    std::string lower;
    for (const char c : given.substr(0, given.find(';'))) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    while (lower.ends_with(' ')) lower.pop_back();
    return lower == kJson || lower == "application/merge-patch+json";
}

}  // namespace

std::string_view name(Role role) {
    switch (role) {
        case Role::read:
            return "read";
        case Role::operate:
            return "operate";
        case Role::admin:
            return "admin";
    }
    return "read";
}

std::optional<Role> role_named(std::string_view text) {
    for (const auto role : {Role::read, Role::operate, Role::admin})
        if (name(role) == text) return role;
    return std::nullopt;
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

std::optional<json> parse_strict_json(std::string_view text, std::string& why) {
    // Nested deeper than anything that is asked for here: refused before the parser goes down after it.
    std::size_t depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted && c == '\\')
            ++i;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '[')) {
            if (++depth > kMostJsonDepth) {
                why = "The body is nested deeper than " + std::to_string(kMostJsonDepth) + " levels.";
                return std::nullopt;
            }
        } else if (!quoted && (c == '}' || c == ']') && depth > 0)
            --depth;
    }
    // A member given twice would hide one of both.
    std::vector<std::set<std::string>> members;
    std::string twice;
    auto parsed = json::parse(
        text,
        [&](int, json::parse_event_t event, json& value) {
            if (event == json::parse_event_t::object_start)
                members.emplace_back();
            else if (event == json::parse_event_t::object_end && !members.empty())
                members.pop_back();
            else if (event == json::parse_event_t::key && !members.empty() && value.is_string() && !members.back().insert(value.get<std::string>()).second)
                twice = value.get<std::string>();
            return true;
        },
        false);
    if (parsed.is_discarded()) {
        why = "The body is not JSON.";
        return std::nullopt;
    }
    if (!twice.empty()) {
        why = "'" + twice.substr(0, 64) + "' is given twice.";
        return std::nullopt;
    }
    return parsed;
}

std::optional<std::vector<std::string>> decoded_segments(std::string_view path) {
    if (!path.starts_with('/')) return std::nullopt;
    std::vector<std::string> all;
    while (!path.empty()) {
        path.remove_prefix(1);
        const auto end = path.find('/');
        const auto raw = path.substr(0, end);
        std::string segment;
        for (std::size_t i = 0; i < raw.size(); ++i) {
            char c = raw[i];
            if (c == '%') {
                const bool whole = raw.size() - i > 2;
                const int high = whole ? hex_of(raw[i + 1]) : -1, low = whole ? hex_of(raw[i + 2]) : -1;
                if (high < 0 || low < 0) return std::nullopt;
                c = static_cast<char>(high * 16 + low);
                i += 2;
            }
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return std::nullopt;
            segment += c;
        }
        if (segment.size() > kMostSegment || segment == "." || segment == "..") return std::nullopt;
        all.push_back(std::move(segment));
        if (all.size() > kMostSegments) return std::nullopt;
        path = end == std::string_view::npos ? std::string_view{} : path.substr(end);
    }
    return all;
}

std::string host_name(std::string_view header) {
    std::string_view host = header;
    if (host.starts_with('[')) {
        const auto end = host.find(']');
        if (end == std::string_view::npos) return {};
        host = host.substr(1, end - 1);
    } else {
        host = host.substr(0, host.find(':'));
    }
    if (host.ends_with('.')) host.remove_suffix(1);
    std::string lower;
    for (const char c : host) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    return lower;
}

bool is_ip_address(std::string_view host) {
    boost::system::error_code ec;
    (void)boost::asio::ip::make_address(std::string(host), ec);
    return !ec;
}

void ApiTable::add(ApiRoute route) {
    const auto mine = shape(route.pattern);
    const auto same =
        std::find_if(routes_.begin(), routes_.end(), [&](const ApiRoute& there) { return there.method == route.method && shape(there.pattern) == mine; });
    if (same != routes_.end())
        *same = std::move(route);
    else
        routes_.push_back(std::move(route));
}

ApiTable::Found ApiTable::find(std::string_view method, const std::optional<std::vector<std::string>>& path) const {
    Found found;
    if (!path) return found;
    std::string best;
    std::set<std::string> methods;
    for (const auto& route : routes_) {
        const auto place = rank(route.pattern, *path);
        if (!place) continue;
        methods.insert(route.method);
        if (route.method != method || (found.route != nullptr && *place >= best)) continue;
        found.route = &route;
        best = *place;
    }
    for (const auto& one : methods) found.allow += (found.allow.empty() ? "" : ", ") + one;
    return found;
}

std::size_t ApiTable::body_limit(std::string_view method, std::string_view path) const {
    const auto found = find(method, decoded_segments(path));
    return found.route == nullptr ? ApiRoute{}.most_body : found.route->most_body;
}

void ApiTable::doors(ApiDoors doors) {
    doors_ = std::make_shared<const ApiDoors>(std::move(doors));
}

namespace {

net::HttpResponse denied(const ApiDoors& doors, const net::HttpRequest& request, std::string_view reason, net::HttpResponse response) {
    doors.metrics.security_events.at("admin_denied").add();
    doors.log.warn("security.admin_denied", "A request to /v1 was turned away.",
                   {{"remote", request.remote_address}, {"reason", reason}, {"method", request.method}});
    return response;
}

// Nothing: no token of ours.
std::string_view bearer_of(const net::HttpRequest& request) {
    constexpr std::string_view kBearer = "Bearer ";
    const auto given = request.headers.get("Authorization");
    return given.starts_with(kBearer) ? given.substr(kBearer.size()) : std::string_view{};
}

}  // namespace

net::Task<net::HttpResponse> ApiTable::serve(const net::HttpRequest& request) const {
    if (!doors_) co_return api_error(403, "closed", "/v1 is closed.");
    const auto& doors = *doors_;
    // A page of somebody else's whose name has come to mean this machine (DNS re-binding) is not who is meant.
    if (const auto host = host_name(request.headers.get("Host"));
        request.headers.count("Host") > 1 || (request.headers.has("Host") && !is_ip_address(host) && !doors.host_allowed(host)))
        co_return denied(
            doors, request, "host",
            api_error(403, "host", "The gateway is not known here by the name in the Host header: use its address, or list the name in server.admin_hosts."));
    if (doors.closed())
        co_return denied(doors, request, "closed", api_error(403, "closed", "/v1 is closed: set server.admin_token, and send it as Authorization: Bearer."));
    auto caller = co_await doors.identify(std::string(bearer_of(request)));
    if (!caller) {
        auto response =
            api_error(401, "unauthorized", "It takes Authorization: Bearer with a token that is in force: server.admin_token, or one that was made.");
        response.headers.add("WWW-Authenticate", "Bearer");
        co_return denied(doors, request, request.headers.get("Authorization").empty() ? "missing" : "mismatch", std::move(response));
    }

    const auto path = decoded_segments(request.path());
    const auto found = find(request.method, path);
    if (found.route == nullptr) {
        if (found.allow.empty()) co_return api_error(404, "no_such_path", "There is nothing here.");
        auto response = api_error(405, "method", "It takes " + found.allow + ".");
        response.headers.add("Allow", found.allow);
        co_return response;
    }
    const auto& route = *found.route;
    if (caller->role < route.role)
        co_return denied(doors, request, "role", api_error(403, "forbidden", "This needs a token with the role " + std::string(name(route.role)) + "."));

    ApiRequest asked{.http = request, .path = {}, .query = {}, .body = json::object(), .role = caller->role, .who = caller->who};
    const auto segments = pattern_segments(route.pattern);
    for (std::size_t i = 0; i < segments.size(); ++i)
        if (is_name(segments[i])) asked.path[std::string(segments[i].substr(1, segments[i].size() - 2))] = (*path)[i];
    const auto query = twilio::parse_query(request.query());
    if (!query) co_return api_error(400, "bad_query", "The query cannot be read.");
    for (const auto& field : query->fields()) {
        if (std::find(route.query.begin(), route.query.end(), field.name) == route.query.end())
            co_return api_error(400, "invalid", "There is no such parameter.", field.name.substr(0, 64));
        asked.query[field.name] = field.value;
    }
    if (!route.request.is_null() && !request.body.empty()) {
        if (!json_type(request.headers.get("Content-Type"))) co_return api_error(415, "content_type", "It takes Content-Type: application/json.");
        if (request.body.size() > route.most_body)
            co_return api_error(413, "too_large", "The body is longer than " + std::to_string(route.most_body) + " bytes.");
        std::string why;
        auto body = parse_strict_json(request.body, why);
        if (body && !body->is_object()) why = "The body is not a JSON object.";
        if (!why.empty()) co_return api_error(400, "bad_json", why);
        asked.body = std::move(*body);
    }
    net::HttpResponse response;
    try {
        response = co_await route.handle(asked);
    } catch (const store::StoreError& e) {
        doors.log.error("api.failed", "A request to /v1 failed at the store.", {{"what", route.pattern}, {"error.type", std::string_view(e.what())}});
        response = api_error(503, "unavailable", "The store cannot be asked at the moment.");
    } catch (const std::exception& e) {
        doors.log.error("api.failed", "A request to /v1 failed by an error of ours.", {{"what", route.pattern}, {"error.type", std::string_view(e.what())}});
        response = api_error(500, "internal", "This failed by an error of the gateway's.");
    }
    if (route.method == "GET") co_return response;
    AuditLine line;
    line.at_ms = std::chrono::duration_cast<std::chrono::milliseconds>(WallClock::now().time_since_epoch()).count();
    line.who = asked.who;
    line.role = name(asked.role);
    line.action = route.audit.empty() ? route.method + " " + route.pattern : route.audit;
    line.target = asked.target;
    if (line.target.empty())
        for (const auto& [key, value] : asked.path) line.target += (line.target.empty() ? "" : "/") + value;
    line.method = route.method;
    line.path = request.path();
    // Whoever is forgotten would be remembered here, for as long as the audit log is kept.
    if (const auto person = asked.path.find(route.person); !route.person.empty() && person != asked.path.end()) {
        const auto subject = "subject:" + (doors.subject ? doors.subject(person->second) : std::string());
        line.shown = twilio::mask_phone(person->second);
        line.target = subject;
        line.path.clear();
        for (std::size_t i = 0; i < segments.size(); ++i) line.path += "/" + (segments[i] == "{" + route.person + "}" ? subject : (*path)[i]);
    }
    line.remote = request.remote_address;
    line.status = response.status;
    line.before = std::move(asked.before);
    line.after = std::move(asked.after);
    co_await doors.audit(std::move(line));
    co_return response;
}

}  // namespace parley::admin

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "analysis_api.hpp"
#include "parley/analysis/caller_profile.hpp"
#include "parley/base/json_schema.hpp"
#include "parley/store/profiles.hpp"
#include "telephony.hpp"

namespace parley::gateway {

using admin::api_answer;
using admin::api_error;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr auto kWithin = 5s;
constexpr std::size_t kPage = 50, kMostPage = 200;

net::HttpResponse unavailable() {
    return api_error(503, "store_unavailable", "The store did not answer in time; try again.");
}

json described(const store::Profile& profile) {
    auto value = json::parse(profile.json, nullptr, false);
    return {{"caller", profile.caller},         {"agent", profile.owner},           {"revision", profile.revision},
            {"created_ms", profile.created_ms}, {"updated_ms", profile.updated_ms}, {"profile", value.is_object() ? std::move(value) : json::object()}};
}

std::string text_of(const std::map<std::string, std::string, std::less<>>& from, std::string_view key) {
    const auto found = from.find(key);
    return found == from.end() ? std::string{} : found->second;
}

// Whose profile a request is about: ?agent=NAME, or * for those that agents share; without it the only profile there is of this caller.
struct Asked {
    std::string caller, owner, schema;
    std::optional<net::HttpResponse> refusal;
};
Asked asked_for(Telephony& telephony, const admin::ApiRequest& request) {
    Asked asked;
    asked.caller = store::caller_key(text_of(request.path, "number"));
    if (asked.caller.empty()) asked.refusal = api_error(422, "invalid_caller", "Expected a number such as +15550100100, or a caller's identity.", "number");
    const auto agent = text_of(request.query, "agent");
    if (agent.empty()) return asked;
    asked.owner = agent;
    if (agent == store::kSharedProfiles) return asked;
    const auto known = telephony.agents()->by_name(agent);
    if (known && known->analysis) {
        asked.owner = analysis::profile_owner(*known->analysis, agent);
        asked.schema = known->analysis->profile_schema;
    }
    return asked;
}

net::Task<net::HttpResponse> show(Telephony& telephony, Asked asked) {
    if (asked.refusal) co_return std::move(*asked.refusal);
    std::function<std::vector<store::Profile>(store::Session&)> work = [caller = asked.caller, owner = asked.owner](store::Session& session) {
        if (owner.empty()) return store::profiles_of(session, caller);
        std::vector<store::Profile> one;
        if (auto found = store::read_profile(session, owner, caller)) one.push_back(std::move(*found));
        return one;
    };
    const auto found = co_await telephony.database.ask<std::vector<store::Profile>>(std::move(work), kWithin);
    if (!found) co_return unavailable();
    if (found->empty()) co_return api_error(404, "not_found", "Nothing is remembered of this caller.");
    if (found->size() > 1) co_return api_error(409, "ambiguous", "Several agents remember this caller: say which with ?agent=NAME.", "agent");
    co_return api_answer(200, described(found->front()));
}

enum class Wrote : std::uint8_t { yes, conflict, too_big };
struct Written {
    Wrote how = Wrote::conflict;
    std::optional<store::Profile> now;
};

net::Task<net::HttpResponse> write(Telephony& telephony, Asked asked, json body, bool whole) {
    if (asked.refusal) co_return std::move(*asked.refusal);
    if (asked.owner.empty()) co_return api_error(422, "missing", "Say whose profile with ?agent=NAME, or agent=* for the shared one.", "agent");
    const auto news = body.dump(-1, ' ', false, json::error_handler_t::replace);
    if (news.size() > store::kMostProfile) co_return api_error(413, "too_big", "A profile has at most 8192 bytes.");
    const auto schema = JsonSchema::compile(asked.schema.empty() ? analysis::builtin_profile_schema() : std::string_view(asked.schema));
    if (whole && schema)
        if (const auto wrong = schema.schema->wrong(body)) co_return api_error(422, "invalid_profile", *wrong);
    // A part is judged as what it leaves behind.
    const auto left = std::make_shared<std::string>();
    std::function<Written(store::Session&)> work = [caller = asked.caller, owner = asked.owner, news, whole, left, compiled = schema](store::Session& session) {
        Written written;
        const auto before = store::read_profile(session, owner, caller);
        const auto text = whole ? news : analysis::merged_profile(before ? before->json : "{}", news);
        left->clear();
        if (!whole && compiled)
            if (const auto wrong = compiled.schema->wrong_text(text)) {
                *left = *wrong;
                return written;
            }
        if (store::write_profile(session, owner, caller, text, before ? before->revision : 0)) {
            written.how = Wrote::yes;
            written.now = store::read_profile(session, owner, caller);
        }
        return written;
    };
    const auto done = co_await telephony.database.ask<Written>(std::move(work), kWithin);
    if (!done) co_return unavailable();
    if (!left->empty()) co_return api_error(422, "invalid_profile", *left);
    if (done->how != Wrote::yes || !done->now) co_return api_error(409, "conflict", "The profile was changed at this moment; read it again.");
    co_return api_answer(200, described(*done->now));
}

net::Task<net::HttpResponse> erase(Telephony& telephony, Asked asked) {
    if (asked.refusal) co_return std::move(*asked.refusal);
    std::function<std::size_t(store::Session&)> work = [caller = asked.caller, owner = asked.owner](store::Session& session) -> std::size_t {
        if (owner.empty()) return store::erase_profile(session, caller);
        return store::erase_profile(session, owner, caller) ? 1U : 0U;
    };
    const auto gone = co_await telephony.database.ask<std::size_t>(std::move(work), kWithin);
    if (!gone) co_return unavailable();
    if (*gone == 0) co_return api_error(404, "not_found", "Nothing is remembered of this caller.");
    const json answer{{"erased", *gone}};
    co_return api_answer(200, answer);
}

net::Task<net::HttpResponse> list(Telephony& telephony, std::string agent, std::string limit, std::string before) {
    if (agent.empty()) co_return api_error(422, "missing", "Say whose callers with ?agent=NAME, or agent=* for the shared profiles.", "agent");
    const auto number = [](const std::string& text, std::int64_t fallback) {
        std::int64_t value = 0;
        const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
        return ec == std::errc() && end == text.data() + text.size() && value > 0 ? value : text.empty() ? fallback : -1;
    };
    const auto most = number(limit, static_cast<std::int64_t>(kPage));
    const auto since = number(before, 0);
    if (most < 0 || most > static_cast<std::int64_t>(kMostPage)) co_return api_error(422, "out_of_range", "Expected 1 to 200.", "limit");
    if (since < 0) co_return api_error(422, "invalid", "Expected the `next` of the page before.", "before");
    const auto known = telephony.agents()->by_name(agent);
    const auto owner = known && known->analysis ? analysis::profile_owner(*known->analysis, agent) : agent;
    std::function<std::vector<store::Profile>(store::Session&)> work = [owner, since, most](store::Session& session) {
        return store::list_profiles(session, owner, since, static_cast<std::size_t>(most));
    };
    const auto found = co_await telephony.database.ask<std::vector<store::Profile>>(std::move(work), kWithin);
    if (!found) co_return unavailable();
    auto callers = json::array();
    for (const auto& profile : *found) callers.push_back(described(profile));
    json answer{{"callers", std::move(callers)}};
    if (found->size() == static_cast<std::size_t>(most)) answer["next"] = found->back().updated_ms;
    co_return api_answer(200, answer);
}

}  // namespace

void add_profile_routes(Telephony& telephony) {
    const json shape{{"type", "object"},
                     {"properties",
                      {{"caller", {{"type", "string"}}},
                       {"agent", {{"type", "string"}}},
                       {"revision", {{"type", "integer"}}},
                       {"updated_ms", {{"type", "integer"}}},
                       {"profile", {{"type", "object"}}}}}};
    const auto add = [&](std::string method, std::string pattern, admin::Role role, std::string summary, std::string audit, json request, json response,
                         std::vector<std::string> query, std::function<net::Task<net::HttpResponse>(admin::ApiRequest&)> handle) {
        admin::ApiRoute route;
        route.method = std::move(method);
        route.pattern = std::move(pattern);
        route.role = role;
        route.summary = std::move(summary);
        route.audit = std::move(audit);
        route.request = std::move(request);
        route.response = std::move(response);
        route.query = std::move(query);
        route.handle = std::move(handle);
        if (route.pattern.find("{number}") != std::string::npos) route.person = "number";
        telephony.api.add(std::move(route));
    };
    const std::string one = "/v1/callers/{number}/profile";
    const json any{{"type", "object"}};
    const json page{{"type", "object"}, {"properties", {{"callers", {{"type", "array"}, {"items", shape}}}, {"next", {{"type", "integer"}}}}}};
    add("GET", "/v1/callers", admin::Role::read, "Callers an agent remembers, newest first", {}, nullptr, page, {"agent", "limit", "before"},
        [&telephony](admin::ApiRequest& request) {
            return list(telephony, text_of(request.query, "agent"), text_of(request.query, "limit"), text_of(request.query, "before"));
        });
    add("GET", one, admin::Role::read, "What is remembered of a caller", {}, nullptr, shape, {"agent"},
        [&telephony](admin::ApiRequest& request) { return show(telephony, asked_for(telephony, request)); });
    add("PUT", one, admin::Role::operate, "Puts another profile in its place", "caller.profile_changed", any, shape, {"agent"},
        [&telephony](admin::ApiRequest& request) { return write(telephony, asked_for(telephony, request), std::move(request.body), true); });
    add("PATCH", one, admin::Role::operate, "Merges into a profile; null takes a member away", "caller.profile_changed", any, shape, {"agent"},
        [&telephony](admin::ApiRequest& request) { return write(telephony, asked_for(telephony, request), std::move(request.body), false); });
    add("DELETE", one, admin::Role::operate, "Forgets a caller", "caller.profile_erased", nullptr,
        json{{"type", "object"}, {"properties", {{"erased", {{"type", "integer"}}}}}}, {"agent"},
        [&telephony](admin::ApiRequest& request) { return erase(telephony, asked_for(telephony, request)); });
}

}  // namespace parley::gateway

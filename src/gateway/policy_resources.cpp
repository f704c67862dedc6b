#include <nlohmann/json.hpp>

#include "policy_desk.hpp"

namespace parley::gateway {

using admin::ApiRequest;
using admin::ApiRoute;
using nlohmann::json;

namespace {

constexpr auto kStoreWithin = std::chrono::seconds(5);

flows::Second wall() {
    return std::chrono::floor<std::chrono::seconds>(WallClock::now());
}

json shown(const policy::Used& used) {
    return {{"calls", used.calls},
            {"seconds", static_cast<double>(used.milliseconds) / 1e3},
            {"input_tokens", used.input_tokens},
            {"output_tokens", used.output_tokens},
            {"characters", used.characters},
            {"money", static_cast<double>(used.micros) / 1e6}};
}

json shown(const policy::Budget& budget) {
    json out = json::object();
    if (budget.money) out["money"] = *budget.money;
    if (budget.tokens) out["tokens"] = *budget.tokens;
    if (budget.time) out["seconds"] = budget.time->count();
    return out;
}

json number_schema() {
    return {{"type", "number"}};
}
json used_schema() {
    json properties = json::object();
    for (const char* name : {"calls", "seconds", "input_tokens", "output_tokens", "characters", "money"}) properties[name] = number_schema();
    return {{"type", "object"}, {"properties", std::move(properties)}};
}

net::Task<net::HttpResponse> usage(Telephony& t, std::string currency, ApiRequest& request) {
    const auto day = request.query.contains("day") ? request.query.at("day") : policy::day_of(wall());
    const auto agent = request.query.contains("agent") ? request.query.at("agent") : std::string();
    if (!policy::is_day(day)) co_return admin::api_error(400, "invalid", "day is no date such as 2026-11-21.", "day");
    std::function<policy::UsageTable(store::Session&)> work = [day, agent](store::Session& session) { return policy::read_usage(session, day, agent); };
    auto table = co_await t.database.ask<policy::UsageTable>(std::move(work), kStoreWithin);
    if (!table) co_return admin::api_error(503, "store", "The store does not answer: " + table.error().message() + ".");
    std::map<std::string, json> agents;
    std::map<std::string, policy::Used> sums;
    policy::Used total;
    for (const auto& [key, used] : *table) {
        auto line = shown(used);
        line["vendor"] = key.vendor;
        line["role"] = key.role;
        agents[key.agent].push_back(std::move(line));
        // Time and calls are the call's own; tokens and money are everybody's.
        auto apart = used;
        if (key.role != policy::kCallRole) apart.milliseconds = apart.calls = 0;
        sums[key.agent] += apart;
        total += apart;
    }
    json list = json::array();
    for (auto& [name, lines] : agents) {
        auto one = shown(sums[name]);
        one["agent"] = name;
        one["vendors"] = std::move(lines);
        list.push_back(std::move(one));
    }
    const json body{{"day", day}, {"currency", currency}, {"agents", std::move(list)}, {"total", shown(total)}};
    co_return admin::api_answer(200, body);
}

}  // namespace

void PolicyDesk::add_resources() {
    ApiRoute day;
    day.method = "GET";
    day.pattern = "/v1/usage";
    day.summary = "What a day has cost: by agent, vendor and role.";
    day.query = {"day", "agent"};
    day.response = {{"type", "object"},
                    {"properties",
                     {{"day", {{"type", "string"}}},
                      {"currency", {{"type", "string"}}},
                      {"total", used_schema()},
                      {"agents", {{"type", "array"}, {"items", used_schema()}}}}}};
    day.handle = [this](ApiRequest& request) { return usage(t_, rules()->currency, request); };
    t_.api.add(std::move(day));

    ApiRoute limits;
    limits.method = "GET";
    limits.pattern = "/v1/limits";
    limits.summary = "How many calls may run at once and how many do, and what may be spent today and is.";
    limits.response = {{"type", "object"}, {"properties", {{"fleet", {{"type", "object"}}}, {"agents", {{"type", "array"}, {"items", {{"type", "object"}}}}}}}};
    limits.handle = [this](ApiRequest&) -> net::Task<net::HttpResponse> {
        const auto now_rules = rules();
        const auto now = wall();
        const auto fleet = places_.everywhere({}, {});
        json body{{"fleet",
                   {{"max_calls", now_rules->max_calls},
                    {"max_calls_account", now_rules->max_calls_account},
                    {"calls", fleet.fleet},
                    {"instances", places_.instances()},
                    {"waiting", places_.waiting()},
                    {"store", places_.alone() ? "alone" : "together"},
                    {"day", {{"budget", shown(now_rules->day)}, {"used", shown(meter_.today({}, now))}}}}},
                  {"agents", json::array()}};
        // Those of the file and those that were made by the API.
        for (const auto& agent : t_.agents()->all()) {
            if (!agent->policy) continue;
            const auto& name = agent->name;
            body["agents"].push_back({{"agent", name},
                                      {"max_calls", agent->policy->max_calls},
                                      {"calls", places_.everywhere(name, {}).agent},
                                      {"calls_here", places_.here(name, {}).agent},
                                      {"call", {{"budget", shown(agent->policy->call)}}},
                                      {"day", {{"budget", shown(agent->policy->day)}, {"used", shown(meter_.today(name, now))}}}});
        }
        co_return admin::api_answer(200, body);
    };
    t_.api.add(std::move(limits));
}

}  // namespace parley::gateway

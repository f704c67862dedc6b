#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "gateway_part.hpp"
#include "parley/analysis/caller_profile.hpp"
#include "parley/gateway/history_json.hpp"
#include "profile_hook.hpp"
#include "telephony.hpp"

namespace parley::gateway {

namespace {

constexpr std::chrono::seconds kWithin{5};

struct Found {
    bool cursor = true;  // false: none of ours
    store::HistoryPage page;
};
struct Detail {
    store::HistoryRow row;
    std::string record;
};

net::HttpResponse away(const error_code& why) {
    return admin::api_error(503, "store_unavailable",
                            why == store::make_error_code(store::StoreErrc::timeout) ? "The store did not answer in time." : "The store cannot be asked now.");
}

net::HttpResponse unknown() {
    return admin::api_error(404, "not_found", "There is no such call.");
}

net::Task<net::HttpResponse> list(store::Database& database, admin::ApiRequest& request) {
    auto question = history_question(request.query);
    if (!question.wrong.empty()) co_return admin::api_error(400, "invalid_parameter", question.wrong + " " + question.why + ".", question.wrong);
    std::function<Found(store::Session&)> work = [filter = std::move(question.filter)](store::Session& session) {
        auto page = store::list_history(session, filter);
        return page ? Found{true, std::move(*page)} : Found{false, {}};
    };
    auto found = co_await database.ask<Found>(std::move(work), kWithin);
    if (!found) co_return away(found.error());
    if (!found->cursor) co_return admin::api_error(400, "invalid_parameter", "cursor is not one that was given here.", "cursor");
    auto calls = nlohmann::ordered_json::array();
    for (const auto& row : found->page.rows) calls.push_back(history_json(row));
    const nlohmann::json body{{"calls", std::move(calls)},
                              {"nextCursor", found->page.next.empty() ? nlohmann::json(nullptr) : nlohmann::json(found->page.next)}};
    co_return admin::api_answer(200, body);
}

net::Task<net::HttpResponse> one(store::Database& database, admin::ApiRequest& request) {
    std::function<std::optional<Detail>(store::Session&)> work = [guid = request.path["messageguid"]](store::Session& session) -> std::optional<Detail> {
        if (guid.size() > 64 || guid.find('\0') != std::string::npos) return std::nullopt;
        auto row = store::find_history(session, guid);
        if (!row) return std::nullopt;
        auto record = store::read_record(session, row->call_sid).value_or("{}");
        return Detail{std::move(*row), std::move(record)};
    };
    auto found = co_await database.ask<std::optional<Detail>>(std::move(work), kWithin);
    if (!found) co_return away(found.error());
    if (!*found) co_return unknown();
    const nlohmann::json body = history_detail((*found)->row, (*found)->record);
    co_return admin::api_answer(200, body);
}

}  // namespace

std::unique_ptr<GatewayPart> compose_history(Telephony& telephony) {
    auto& database = telephony.database;
    admin::ApiRoute all;
    all.method = "GET";
    all.pattern = "/v1/history";
    all.summary = "Calls, the newest first: limit (50, at most 200), cursor (of the page before), and filters";
    all.response = history_page_schema();
    all.query = {"limit", "cursor", "agent", "status", "endReason", "channel", "direction", "number", "callsid", "from", "to", "search"};
    all.handle = [&database](admin::ApiRequest& request) { return list(database, request); };
    telephony.api.add(std::move(all));
    admin::ApiRoute detail;
    detail.method = "GET";
    detail.pattern = "/v1/history/{messageguid}";
    detail.summary = "One call with everything that was kept of it";
    detail.response = history_row_schema();
    detail.handle = [&database](admin::ApiRequest& request) { return one(database, request); };
    telephony.api.add(std::move(detail));
    if (telephony.config.records.enabled)
        telephony.fact_hooks.kept.emplace_back(ProfileHook([&telephony](const std::string& name) -> std::optional<ProfileHook::Agent> {
            const auto agent = telephony.agents()->by_name(name);
            if (!agent) return std::nullopt;
            return ProfileHook::Agent{agent->analysis ? analysis::profile_owner(*agent->analysis, name) : name,
                                      agent->privacy ? *agent->privacy : privacy::PrivacySettings{}};
        }));
    return std::make_unique<GatewayPart>();
}

}  // namespace parley::gateway

#include "analysis_api.hpp"

#include <nlohmann/json.hpp>

#include "on_store.hpp"
#include "parley/store/analyses.hpp"
#include "parley/store/call_history.hpp"
#include "telephony.hpp"

namespace parley::gateway {

using admin::api_answer;
using admin::api_error;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr auto kWithin = 5s;

net::HttpResponse unavailable() {
    return api_error(503, "store_unavailable", "The store did not answer in time; try again.");
}
net::HttpResponse no_call() {
    return api_error(404, "not_found", "There is no record of this call.");
}

json described(const store::AnalysisState& state) {
    json made{{"state", state.state}, {"run", state.run}, {"updated_ms", state.updated_ms}};
    if (!state.error.empty()) made["error"] = state.error;
    return made;
}

net::Task<net::HttpResponse> show(Telephony& telephony, std::string sid) {
    std::function<std::optional<store::AnalysisState>(store::Session&)> ask = [sid](store::Session& session) { return store::analysis_state(session, sid); };
    const auto state = co_await telephony.database.ask<std::optional<store::AnalysisState>>(std::move(ask), kWithin);
    if (!state) co_return unavailable();
    std::function<std::optional<std::string>()> read = [&records = telephony.records, sid] { return records.read(sid); };
    const auto text = co_await on_store<std::optional<std::string>>(telephony.database, std::move(read), kWithin);
    if (!text) co_return unavailable();
    if (!*text) co_return no_call();
    const auto record = json::parse(**text, nullptr, false);
    json answer{{"call_sid", sid}};
    if (*state)
        answer.update(described(**state));
    else
        answer["state"] = "none";
    if (record.is_object() && record.contains("analysis")) answer["analysis"] = record["analysis"];
    co_return api_answer(200, answer);
}

// In one transaction: what was erased meanwhile is not wanted again.
net::Task<net::HttpResponse> again(Telephony& telephony, std::string sid) {
    struct Wanted {
        bool there = false, ended = false;
        std::uint32_t run = 0;
    };
    std::function<Wanted(store::Session&)> want = [sid](store::Session& session) {
        Wanted wanted;
        const auto text = store::read_record(session, sid);
        if (!text) return wanted;
        wanted.there = true;
        const auto record = json::parse(*text, nullptr, false);
        wanted.ended = record.is_object() && record.contains("end");
        if (wanted.ended) wanted.run = store::want_analysis(session, sid);
        return wanted;
    };
    const auto wanted = co_await telephony.database.ask<Wanted>(std::move(want), kWithin);
    if (!wanted) co_return unavailable();
    if (!wanted->there) co_return no_call();
    if (!wanted->ended) co_return api_error(409, "not_ended", "The call has not ended.");
    const json answer{{"call_sid", sid}, {"state", "pending"}, {"run", wanted->run}};
    co_return api_answer(202, answer);
}

}  // namespace

void add_analysis_routes(Telephony& telephony) {
    const json state{{"type", "object"},
                     {"properties",
                      {{"call_sid", {{"type", "string"}}},
                       {"state", {{"type", "string"}, {"enum", {"none", "waiting", "pending", "done", "dead"}}}},
                       {"run", {{"type", "integer"}}},
                       {"error", {{"type", "string"}}},
                       {"analysis", {{"type", "object"}}}}},
                     {"required", {"call_sid", "state"}}};
    admin::ApiRoute get;
    get.method = "GET";
    get.pattern = "/v1/calls/{sid}/analysis";
    get.summary = "What was understood of a call after its end, and how far that is";
    get.response = state;
    get.handle = [&telephony](admin::ApiRequest& request) { return show(telephony, request.path["sid"]); };
    telephony.api.add(std::move(get));
    admin::ApiRoute post;
    post.method = "POST";
    post.pattern = "/v1/calls/{sid}/analysis";
    post.role = admin::Role::operate;
    post.summary = "Looks back at a finished call once more";
    post.response = state;
    post.audit = "call.analysis_wanted";
    post.handle = [&telephony](admin::ApiRequest& request) { return again(telephony, request.path["sid"]); };
    telephony.api.add(std::move(post));
}

}  // namespace parley::gateway

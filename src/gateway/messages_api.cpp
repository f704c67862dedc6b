#include "messages_api.hpp"

#include <charconv>

#include <nlohmann/json.hpp>

#include "parley/store/messages_taken.hpp"
#include "telephony.hpp"

namespace parley::gateway {

using admin::api_answer;
using admin::api_error;
using nlohmann::json;

namespace {

constexpr auto kWithin = std::chrono::seconds(5);
constexpr std::int64_t kPage = 50, kMostPage = 200;

std::string asked(const admin::ApiRequest& request, std::string_view key) {
    const auto found = request.query.find(key);
    return found == request.query.end() ? std::string() : found->second;
}

// A positive number; `missing` if there is none, -1 if it is something else.
std::int64_t number_in(const std::string& text, std::int64_t missing) {
    if (text.empty()) return missing;
    std::int64_t value = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
    return bad == std::errc{} && end == text.data() + text.size() && value > 0 ? value : -1;
}

net::Task<net::HttpResponse> list(Telephony& telephony, std::string agent, std::int64_t most, std::int64_t before) {
    if (most < 0 || most > kMostPage) co_return api_error(422, "out_of_range", "Expected 1 to 200.", "limit");
    if (before < 0) co_return api_error(422, "invalid", "Expected the `next` of the page before.", "before");
    std::function<std::vector<store::MessageTaken>(store::Session&)> ask = [agent, most, before](store::Session& session) {
        return store::messages_taken(session, agent, before, static_cast<std::size_t>(most));
    };
    const auto found = co_await telephony.database.ask<std::vector<store::MessageTaken>>(std::move(ask), kWithin);
    if (!found) co_return api_error(503, "store_unavailable", "The store did not answer in time; try again.");
    auto messages = json::array();
    for (const auto& one : *found)
        messages.push_back({{"id", one.id},
                            {"agent", one.agent},
                            {"call_sid", one.call_sid},
                            {"caller", one.caller},
                            {"name", one.name},
                            {"number", one.callback_number},
                            {"for", one.for_whom},
                            {"text", one.text},
                            {"urgent", one.urgent},
                            {"at_ms", one.at_ms}});
    json answer{{"messages", std::move(messages)}};
    if (found->size() == static_cast<std::size_t>(most)) answer["next"] = found->back().id;
    co_return api_answer(200, answer);
}

}  // namespace

void add_messages_route(Telephony& telephony) {
    telephony.api.add(
        {.method = "GET",
         .pattern = "/v1/messages",
         .role = admin::Role::read,
         .summary = "Messages that agents took for somebody, newest first: limit (50, at most 200), before (`next` of the page before), agent.",
         .response = json::parse(
             R"({"type":"object","properties":{"messages":{"type":"array","items":{"type":"object","properties":{"id":{"type":"integer"},"agent":{"type":"string"},"call_sid":{"type":"string"},"caller":{"type":"string"},"name":{"type":"string"},"number":{"type":"string"},"for":{"type":"string"},"text":{"type":"string"},"urgent":{"type":"boolean"},"at_ms":{"type":"integer"}}}},"next":{"type":"integer"}}})"),
         .query = {"agent", "limit", "before"},
         .handle = [&telephony](admin::ApiRequest& request) {
             return list(telephony, asked(request, "agent"), number_in(asked(request, "limit"), kPage), number_in(asked(request, "before"), 0));
         }});
}

}  // namespace parley::gateway

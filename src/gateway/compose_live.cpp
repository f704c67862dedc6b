// Who watches calls, and who speaks into them.

#include <mutex>
#include <set>

#include <nlohmann/json.hpp>

#include "gateway_part.hpp"
#include "live_feed.hpp"
#include "parley/store/erasure.hpp"
#include "parley/twilio/sid.hpp"
#include "telephony.hpp"

namespace parley::gateway {

namespace {

using admin::api_answer;
using admin::api_error;
using admin::ApiRequest;
using admin::Role;
using nlohmann::json;
using store::Fact;

constexpr auto kOwnerWithin = std::chrono::seconds(2);
constexpr std::size_t kLongestWhisper = 2000;

class LivePart final : public GatewayPart {
public:
    explicit LivePart(Telephony& t) : t_(t), feed_(std::make_shared<LiveFeed>(t.executor, t.metrics)) {
        t.fact_hooks.added.emplace_back([feed = feed_](const store::FactEvent& event) {
            feed->tell(event.call_sid, store::name(event.fact), event.json, event.at_ms, event.fact == Fact::end || event.fact == Fact::rejection);
        });
        t.services.watched = [feed = feed_](std::string_view call_sid, std::string_view what, std::string_view text) {
            feed->tell_passing(call_sid, what, what == "state" ? "state" : "text", text);
        };
        t.forget.emplace_back([feed = feed_](const std::string& sid) { feed->forget(sid); });
        const auto watching = [this](ApiRequest& request) { return watch(request); };
        t.api.add({.method = "GET",
                   .pattern = "/v1/events",
                   .role = Role::read,
                   .summary = "All calls of this instance as they go, as server-sent events.",
                   .handle = watching,
                   .response_type = "text/event-stream"});
        t.api.add({.method = "GET",
                   .pattern = "/v1/calls/{sid}/events",
                   .role = Role::read,
                   .summary = "One running call of this instance as server-sent events, until it is over.",
                   .handle = watching,
                   .response_type = "text/event-stream"});
        t.api.add(
            {.method = "POST",
             .pattern = "/v1/calls/{sid}/whisper",
             .role = Role::operate,
             .summary = "A word to the agent's model, which the caller does not hear.",
             .request = json::parse(
                 R"({"type":"object","required":["text"],"additionalProperties":false,"properties":{"text":{"type":"string","minLength":1,"maxLength":2000}}})"),
             .response = json::parse(R"({"type":"object"})"),
             .handle = [this](ApiRequest& request) { return whisper(request); },
             .audit = "call.whispered"});
        t.api.add({.method = "POST",
                   .pattern = "/v1/calls/{sid}/takeover",
                   .role = Role::operate,
                   .summary = "The agent falls silent (on: true) and what the caller hears comes by …/say, or it is given back (on: false).",
                   .request = json::parse(R"({"type":"object","required":["on"],"additionalProperties":false,"properties":{"on":{"type":"boolean"}}})"),
                   .response = json::parse(R"({"type":"object"})"),
                   .handle = [this](ApiRequest& request) { return take_over(request); },
                   .audit = "call.taken_over"});
    }

    net::Task<> close() override {
        feed_->close();
        co_return;
    }

private:
    [[nodiscard]] std::string agent_here(std::string_view sid) const {
        for (const auto& live : t_.registry.live(Clock::now()))
            if (live.call_sid == sid) return live.agent;
        return {};
    }
    // The call is not here; perhaps it is known where it is.
    net::Task<net::HttpResponse> elsewhere(std::string sid) {
        std::function<std::string(store::Session&)> ask = [sid = std::move(sid)](store::Session& session) {
            const auto rows = session.run("SELECT instance FROM fleet_calls WHERE call_sid = $1 AND live = 1", {sid});
            return rows.empty() ? std::string() : rows.front().text(0);
        };
        const auto owner = co_await t_.database.ask<std::string>(std::move(ask), kOwnerWithin);
        if (!owner || owner->empty() || *owner == t_.instance) co_return api_error(404, "no_such_call", "No such call is running here.");
        auto response = api_error(404, "elsewhere", "This call is served by the instance " + *owner + ".");
        response.headers.add("Parley-Instance", *owner);
        co_return response;
    }

    // It does not run here, and its row is final: also where its end was told to another instance. A store that does not answer ends nothing.
    net::Task<bool> over(std::string sid) {
        if (!agent_here(sid).empty()) co_return false;
        std::function<bool(store::Session&)> ask = [sid = std::move(sid)](store::Session& session) {
            const auto rows = session.run("SELECT final FROM history WHERE call_sid = $1", {sid});
            return rows.empty() ? store::is_erased(session, sid, store::now_ms()) : rows.front().integer(0) != 0;
        };
        const auto known = co_await t_.database.ask<bool>(std::move(ask), kOwnerWithin);
        co_return known && *known;
    }

    net::Task<net::HttpResponse> watch(ApiRequest& request) {
        const auto sid = request.path["sid"];
        std::optional<std::uint64_t> after;
        if (request.http.headers.has("Last-Event-ID")) {
            const auto given = text::parse_integer(request.http.headers.get("Last-Event-ID"));
            if (!given || given.value < 0) co_return api_error(400, "invalid", "Last-Event-ID is no number of an event.", "Last-Event-ID");
            after = static_cast<std::uint64_t>(given.value);
        }
        if (!sid.empty() && agent_here(sid).empty() && !feed_->knows(sid)) {
            auto response = co_await elsewhere(sid);
            co_return response;
        }
        // Who was there to the end has nothing to come back for; a client that follows the standard stops with this.
        if (after && !sid.empty() && !feed_->more(sid, *after)) {
            const bool done = co_await over(sid);
            if (done) co_return net::HttpResponse(204);
        }
        LiveFeed::Over asked;
        if (!sid.empty()) asked = [this](std::string call_sid) { return over(std::move(call_sid)); };
        auto writer = feed_->watch(sid, after, std::move(asked));
        if (!writer) {
            auto refused = api_error(503, "too_many", "There are as many watchers as there may be.");
            refused.headers.add("Retry-After", "5");
            co_return refused;
        }
        t_.writers[&request.http] = std::move(writer);
        net::HttpResponse response(200, "text/event-stream", {});
        response.headers.add("Cache-Control", "no-store");
        response.headers.add("X-Accel-Buffering", "no");
        co_return response;
    }

    net::Task<net::HttpResponse> whisper(ApiRequest& request) {
        const auto sid = request.path["sid"];
        const auto found = request.body.find("text");
        if (found == request.body.end() || !found->is_string() || found->get_ref<const std::string&>().empty() ||
            found->get_ref<const std::string&>().size() > kLongestWhisper)
            co_return api_error(422, "invalid", "It takes text of 1 to 2000 bytes.", "text");
        const auto name = agent_here(sid);
        if (name.empty()) {
            auto response = co_await elsewhere(sid);
            co_return response;
        }
        const auto agent = t_.agents()->by_name(name);
        if (!agent || agent->brain != call::BrainKind::pipeline || !agent->pipeline || !agent->pipeline->takes_advice())
            co_return api_error(409, "no_model", "This agent has no model that could be told something.");
        if (!t_.registry.tell(sid, call::WhisperNow{found->get<std::string>()}))
            co_return api_error(404, "no_such_call", "The call cannot be reached (yet, or any more).");
        t_.log.info("call.whispered", "Something was said to the agent's model.", {{"call_sid", sid}, {"who", request.who}});
        co_return api_answer(202, {{"call_sid", sid}});
    }

    net::Task<net::HttpResponse> take_over(ApiRequest& request) {
        const auto sid = request.path["sid"];
        const auto found = request.body.find("on");
        if (found == request.body.end() || !found->is_boolean()) co_return api_error(422, "invalid", "It takes on: true or false.", "on");
        const auto name = agent_here(sid);
        if (name.empty()) {
            auto response = co_await elsewhere(sid);
            co_return response;
        }
        const auto agent = t_.agents()->by_name(name);
        if (!agent || agent->brain != call::BrainKind::pipeline)
            co_return api_error(409, "no_conversation", "This agent's conversation is not ours to take over.");
        if (!t_.registry.tell(sid, call::TakeOver{found->get<bool>()}))
            co_return api_error(404, "no_such_call", "The call cannot be reached (yet, or any more).");
        t_.log.audit("call.taken_over", found->get<bool>() ? "An operator speaks for the agent." : "The agent speaks again.",
                     {{"call_sid", sid}, {"who", request.who}});
        co_return api_answer(202, {{"call_sid", sid}, {"on", found->get<bool>()}});
    }

    Telephony& t_;
    std::shared_ptr<LiveFeed> feed_;
};

}  // namespace

std::unique_ptr<GatewayPart> compose_live(Telephony& telephony) {
    return std::make_unique<LivePart>(telephony);
}

}  // namespace parley::gateway

// Webhooks to customers, and what must not be kept.

#include <atomic>

#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include "gateway_part.hpp"
#include "outbox_hook.hpp"
#include "parley/net/egress.hpp"
#include "parley/net/errands.hpp"
#include "parley/outbox/deliverer.hpp"
#include "parley/store/jobs.hpp"
#include "redact_facts.hpp"
#include "retention_part.hpp"
#include "telephony.hpp"

namespace parley::gateway {

namespace {

namespace asio = boost::asio;
using admin::api_answer;
using admin::api_error;
using admin::ApiRequest;
using admin::Role;
using nlohmann::json;

constexpr auto kStoreWithin = std::chrono::seconds(5);
constexpr auto kCountEvery = std::chrono::seconds(5);
constexpr std::size_t kDeadShown = 200;

net::HttpResponse store_down() {
    return api_error(503, "unavailable", "The store does not answer.");
}

json dead_json(const store::Job& job) {
    const auto payload = json::parse(job.payload, nullptr, false);
    json out{{"id", std::to_string(job.id)}, {"event", job.key},       {"call_sid", job.order}, {"attempts", job.attempts},
             {"created_ms", job.created_ms}, {"error", job.last_error}};
    for (const char* key : {"type", "agent"})
        if (payload.is_object() && payload.contains(key)) out[key] = payload[key];
    return out;
}

class OutboxPart final : public GatewayPart {
public:
    explicit OutboxPart(Telephony& t)
        : t_(t),
          redactor_({.log = t.log,
                     .metrics = t.metrics,
                     .settings = [&t](const std::string& agent) -> std::shared_ptr<const privacy::PrivacySettings> {
                         const auto made = t.agents()->by_name(agent);
                         return made ? made->privacy : nullptr;
                     },
                     .agent_of = [&t](std::string_view call_sid) { return agent_of(t, call_sid); },
                     .strictest = [&t] { return t.agents()->strictest_privacy(); }}),
          errands_(t.executor, t.log),
          deliverer_({.database = t.database,
                      .log = t.log,
                      .metrics = t.metrics,
                      .executor = t.executor,
                      .instance = t.instance,
                      .post = [this](std::string url, net::HttpHeaders headers, std::string body,
                                     std::chrono::milliseconds within) { return post(std::move(url), std::move(headers), std::move(body), within); },
                      .receiver = [this](const std::string& agent) -> std::optional<outbox::WebhookSettings> {
                          const auto to = receiver(agent);
                          return to ? std::optional<outbox::WebhookSettings>(*to) : std::nullopt;
                      },
                      .known = [&t](const std::string& agent) { return t.agents()->by_name(agent) != nullptr; }},
                     {.first_pause = t.config.webhook_first_pause, .look_every = std::chrono::milliseconds(500)}),
          retention_(make_retention(t)) {
        t.fact_hooks.redact = [this](std::string_view call_sid, store::Fact fact, std::string text) { return redactor_(call_sid, fact, std::move(text)); };
        t.fact_hooks.kept.emplace_back([hook = std::make_shared<OutboxHook>([this](const std::string& agent) { return receiver(agent); })](
                                           store::Session& session, const store::FactEvent& event) { (*hook)(session, event); });
        add_routes();
    }

    void start() override {
        deliverer_.start();
        errands_.start(count());
        retention_->start();
    }
    void reloaded() override { retention_->reloaded(); }
    void join() override { retention_->join(); }
    net::Task<> close() override {
        co_await retention_->close();
        co_await deliverer_.close();
        co_await errands_.end();
    }

private:
    // Any thread.
    static std::string agent_of(Telephony& t, std::string_view call_sid) {
        for (const auto& live : t.registry.live(Clock::now()))
            if (live.call_sid == call_sid) return live.agent;
        const auto outcome = t.registry.outcome(call_sid);
        return outcome ? outcome->agent : std::string();
    }
    // Where the events of an agent go; of one that is not known (yet) only which there are to be: they wait until it is.
    [[nodiscard]] std::shared_ptr<const outbox::WebhookSettings> receiver(const std::string& agent) const {
        const auto agents = t_.agents();
        const auto made = agents->by_name(agent);
        return made ? made->webhooks : agents->common_webhooks();
    }

    net::Task<Result<net::HttpReply>> post(std::string url, net::HttpHeaders headers, std::string body, std::chrono::milliseconds within) {
        net::HttpCall call("POST", std::move(url), within);
        call.headers = std::move(headers);
        call.body = std::move(body);
        call.body_limit = 64 * 1024;
        auto reply = co_await guard_.request(t_.http, std::move(call));
        co_return reply;
    }

    void refused(net::EgressReason reason, const std::string& host) {
        t_.metrics.security_events.at("ssrf").add();
        t_.log.warn("security.egress", "A receiver is where events must not go; webhooks.private_networks would allow it.",
                    {{"reason", net::name(reason)}, {"host", host}});
    }

    // What is waiting, for the metrics.
    net::Task<> count() {
        asio::steady_timer pause(t_.executor);
        for (;;) {
            std::function<std::pair<std::size_t, std::int64_t>(store::Session&)> ask = [](store::Session& s) {
                return std::pair(store::pending_jobs(s, outbox::kJobKind), store::oldest_pending_ms(s, outbox::kJobKind));
            };
            const auto seen = co_await t_.database.ask<std::pair<std::size_t, std::int64_t>>(std::move(ask), kStoreWithin);
            if (seen) {
                t_.metrics.outbox_pending.at().set(static_cast<double>(seen->first));
                t_.metrics.outbox_oldest.at().set(seen->second == 0 ? 0 : static_cast<double>(store::now_ms() - seen->second) / 1000);
            }
            pause.expires_after(kCountEvery);
            const auto [ec] = co_await pause.async_wait(net::nothrow);
            if (ec) co_return;
        }
    }

    void add_routes() {
        t_.api.add({.method = "GET",
                    .pattern = "/v1/webhooks/pending",
                    .role = Role::read,
                    .summary = "Events that are still to be delivered.",
                    .response = json::parse(R"({"type":"object","properties":{"pending":{"type":"integer"},"oldest_seconds":{"type":"number"}}})"),
                    .handle = [this](ApiRequest& request) { return pending(request); }});
        t_.api.add({.method = "GET",
                    .pattern = "/v1/webhooks/dead",
                    .role = Role::read,
                    .summary = "Events that were given up.",
                    .response = json::parse(R"({"type":"object","properties":{"dead":{"type":"array","items":{"type":"object"}}}})"),
                    .handle = [this](ApiRequest& request) { return dead(request); }});
        t_.api.add({.method = "POST",
                    .pattern = "/v1/webhooks/dead/{id}/retry",
                    .role = Role::operate,
                    .summary = "Tries one of them again, from the first attempt.",
                    .request = json::parse(R"({"type":"object"})"),
                    .response = json::parse(R"({"type":"object","properties":{"id":{"type":"string"}}})"),
                    .handle = [this](ApiRequest& request) { return retry(request); },
                    .audit = "webhook.retried"});
    }
    net::Task<net::HttpResponse> pending(ApiRequest& /*request*/) {
        std::function<std::pair<std::size_t, std::int64_t>(store::Session&)> ask = [](store::Session& s) {
            return std::pair(store::pending_jobs(s, outbox::kJobKind), store::oldest_pending_ms(s, outbox::kJobKind));
        };
        const auto seen = co_await t_.database.ask<std::pair<std::size_t, std::int64_t>>(std::move(ask), kStoreWithin);
        if (!seen) co_return store_down();
        co_return api_answer(
            200, {{"pending", seen->first}, {"oldest_seconds", seen->second == 0 ? 0.0 : static_cast<double>(store::now_ms() - seen->second) / 1000}});
    }
    net::Task<net::HttpResponse> dead(ApiRequest& /*request*/) {
        std::function<std::vector<store::Job>(store::Session&)> ask = [](store::Session& s) { return store::dead_jobs(s, outbox::kJobKind, kDeadShown); };
        const auto jobs = co_await t_.database.ask<std::vector<store::Job>>(std::move(ask), kStoreWithin);
        if (!jobs) co_return store_down();
        json all = json::array();
        for (const auto& job : *jobs) all.push_back(dead_json(job));
        co_return api_answer(200, {{"dead", std::move(all)}});
    }
    net::Task<net::HttpResponse> retry(ApiRequest& request) {
        const auto number = text::parse_integer(request.path["id"]);
        if (!number) co_return api_error(404, "no_such_event", "There is no such event among the dead ones.");
        std::function<bool(store::Session&)> ask = [id = number.value](store::Session& s) { return store::revive_job(s, id); };
        const auto revived = co_await t_.database.ask<bool>(std::move(ask), kStoreWithin);
        if (!revived) co_return store_down();
        if (!*revived) co_return api_error(404, "no_such_event", "There is no such event among the dead ones.");
        deliverer_.wake();
        co_return api_answer(202, {{"id", request.path["id"]}});
    }

    Telephony& t_;
    net::EgressGuard guard_{t_.config.webhook_networks, [this](net::EgressReason reason, const std::string& host) { refused(reason, host); }};
    FactRedactor redactor_;
    net::Errands errands_;
    outbox::Deliverer deliverer_;
    std::unique_ptr<GatewayPart> retention_;
};

}  // namespace

std::unique_ptr<GatewayPart> compose_outbox(Telephony& telephony) {
    return std::make_unique<OutboxPart>(telephony);
}

}  // namespace parley::gateway

#include "compose_control.hpp"

#include "callback_jobs.hpp"
#include "carrier_by_account.hpp"

#include <mutex>

#include "parley/admin/admin_api.hpp"
#include "parley/control/hold_tune.hpp"
#include "parley/control/outbound.hpp"
#include "parley/control/powers.hpp"
#include "parley/rest/client.hpp"
#include "parley/webhooks/control_routes.hpp"
#include "rest_account.hpp"
#include "telephony.hpp"

namespace parley::gateway {
namespace {

std::string missing_account(const Config& config) {
    if (!config.twilio.account_sids.empty() && (!config.twilio.api_key.empty() || !config.twilio.auth_tokens.empty())) return {};
    return "No Twilio account is configured: set twilio.account_sids, and twilio.auth_tokens or an API key.";
}

class Composed final : public Control {
public:
    explicit Composed(Telephony& t)
        : telephony_(t),
          client_(make_rest_client(t)),
          carrier_(make_carrier_by_account(t, client_ ? control::make_carrier(*client_) : control::make_no_carrier(missing_account(t.config)))),
          guard_(t.config.outbound.limits),
          errands_(t.executor, t.log, "control.failed", "Something to be done for a call failed by an error of ours."),
          outbound_({.public_url = t.config.server.public_url, .from = t.config.outbound.from, .no_account = missing_account(t.config)},
                    {.log = t.log,
                     .metrics = t.metrics,
                     .registry = t.registry,
                     .carrier = *carrier_,
                     .guard = guard_,
                     .guard_mutex = guard_mutex_,
                     .records = t.services.records,
                     .errands = errands_,
                     .agent_exists = [&t](std::string_view name) { return t.agents()->open(name) != nullptr; },
                     .drop_text =
                         [&t](std::string_view name) {
                             const auto agent = t.agents()->made(name);
                             return agent == nullptr ? std::string{} : agent->written.machine_message;
                         },
                     .may_place = [&t](std::string id, std::string agent, std::string to,
                                       std::chrono::seconds ring) { return t.may_place(std::move(id), std::move(agent), std::move(to), ring); },
                     .placed = [&t](const std::string& id, const std::string& call_sid, std::chrono::seconds limit) { t.placed(id, call_sid, limit); },
                     .over = [&t](const std::string& call_sid) { t.dial_over(call_sid); },
                     .agent = [&t](std::string_view name) { return t.agents()->by_name(name); }}),
          powers_({.public_url = t.config.server.public_url,
                   .from = t.config.outbound.from,
                   .hold_music = t.config.outbound.hold_music.empty() ? t.config.server.public_url + control::kHoldTunePath : t.config.outbound.hold_music},
                  {.log = t.log,
                   .metrics = t.metrics,
                   .registry = t.registry,
                   .carrier = *carrier_,
                   .guard = guard_,
                   .guard_mutex = guard_mutex_,
                   .records = t.services.records,
                   .errands = errands_,
                   .running = [this] { return outbound_.running(); }}),
          api_({.log = t.log,
                .metrics = t.metrics,
                .registry = t.registry,
                .outbound = outbound_,
                .powers = powers_,
                .carrier = *carrier_,
                .records = t.services.records},
               t.api) {
        webhooks::add_outbound_routes(t.routes, outbound_);
        webhooks::add_power_routes(t.routes, powers_);
        t.brief = [this](const std::string& call_sid, std::string summary) { powers_.brief(call_sid, std::move(summary)); };
    }

    void start() override {
        errands_.start(outbound_.watch());
        errands_.start(powers_.watch());
        errands_.start(CallbackJobs::run({telephony_.database, outbound_, telephony_.log, telephony_.instance}));
    }
    net::Task<> end() override { return errands_.end(); }
    [[nodiscard]] std::size_t in_the_air() const override { return outbound_.ringing() + powers_.waiting(); }
    void close() override {
        outbound_.cancel_ringing();
        powers_.close();
    }
    net::Task<net::HttpResponse> handle(net::HttpRequest& request) override { return api_.handle(request); }
    void reloaded() override {
        renew_rest_account(telephony_);
        const std::lock_guard lock(guard_mutex_);
        guard_.set(telephony_.config.outbound.limits);
    }
    control::CallPowers& powers() override { return powers_; }
    control::Outbound& outbound() override { return outbound_; }

private:
    Telephony& telephony_;
    std::unique_ptr<rest::Client> client_;  // null: no account
    std::unique_ptr<control::Carrier> carrier_;
    control::DialGuard guard_;
    std::mutex guard_mutex_;
    net::Errands errands_;
    control::Outbound outbound_;
    control::Powers powers_;
    admin::AdminApi api_;
};

}  // namespace

std::unique_ptr<Control> compose_control(Telephony& telephony) {
    return std::make_unique<Composed>(telephony);
}

}  // namespace parley::gateway

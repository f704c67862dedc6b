#include "compose_messaging.hpp"

#include <charconv>

#include "account_clients.hpp"
#include "agent_actions.hpp"
#include "kept_calls.hpp"
#include "messages_api.hpp"
#include "parley/call/vendor_report.hpp"
#include "parley/messaging/delivery.hpp"
#include "parley/messaging/inbox.hpp"
#include "parley/messaging/opt_outs.hpp"
#include "parley/messaging/sender.hpp"
#include "parley/net/loop_hop.hpp"
#include "parley/twilio/sid.hpp"
#include "rest_account.hpp"

namespace parley::gateway {

namespace {

using webhooks::Answer;
using webhooks::Asked;
using webhooks::Subject;

constexpr auto kWebhookWithin = std::chrono::seconds(12);  // Twilio waits for 15
constexpr std::string_view kXml = "text/xml; charset=utf-8";
constexpr std::string_view kEmpty = R"(<?xml version="1.0" encoding="UTF-8"?><Response/>)";

Answer xml(std::string body) {
    return {.status = 200, .content_type = std::string(kXml), .body = std::move(body)};
}

int number_of(std::string_view text) {
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// What the vendors of a talk by text tell.
class TalkVendors final : public brain::VendorSink {
public:
    TalkVendors(Log& log, Metrics& metrics) : log_(log), metrics_(metrics) {}
    void on_vendor(const brain::VendorRecord& record) override { call::observe_vendor(metrics_, record); }
    void on_failover(std::string_view role, std::string_view from, std::string_view to, std::string_view reason) override {
        log_.warn("provider.failover", "A backup took over.", {{"role", role}, {"provider", from}, {"to", to}, {"reason", reason}});
        metrics_.provider_failovers.at(role, from, to).add();
    }

private:
    Log& log_;
    Metrics& metrics_;
};

class Part final : public MessagingPart {
public:
    explicit Part(Telephony& given)
        : t_(given),
          errands_(t_.executor, t_.log),
          client_(make_rest_client(t_)),
          vendors_(t_.log, t_.metrics),
          opt_outs_(t_.config.server.data_dir / "messaging" / "opt-outs.jsonl",
                    [this](error_code why) { t_.log.error("store.full", "An opt-out could not be written down.", {{"error.type", why.message()}}); }),
          sender_({.transport = [this](rest::MessageCreate wanted) { return transport(std::move(wanted)); },
                   .opt_outs = opt_outs_,
                   .records = &t_.records,
                   .log = t_.log,
                   .count = [this](std::string_view direction, std::string_view outcome, std::size_t segments) { count(direction, outcome, segments); },
                   .status_url = t_.config.server.public_url.empty() ? std::string() : t_.routes.url("/webhooks/twilio/sms-status")},
                  t_.config.messaging),
          desk_{.errands = errands_,
                .sender = sender_,
                .client = client_.get(),
                .registry = t_.registry,
                .records = t_.records,
                .ours = [this](const std::string& number) { return ours(number); },
                .recording_url = t_.routes.url("/webhooks/twilio/recording"),
                .shop = std::make_shared<tools::Workshop>(tools::Workshop::Parts{
                    .errands = errands_, .http = t_.http, .log = t_.log, .metrics = t_.metrics, .records = &t_.records, .database = &t_.database}),
                .database = &t_.database,
                .brief = t_.brief},
          inbox_({.executor = t_.executor,
                  .http = &t_.http,
                  .spawn = [this](net::Task<> errand) { errands_.start(std::move(errand)); },
                  .log = t_.log,
                  .opt_outs = opt_outs_,
                  .sender = sender_,
                  .vendor = vendors_,
                  .records = &t_.records,
                  .actions =
                      [this](const call::Agent& agent, const brain::CallFacts& facts) {
                          return make_actions(desk_, t_.agents()->made(agent.name), agent, facts, t_.executor, false);
                      },
                  .count = [this](std::string_view direction, std::string_view outcome, std::size_t segments) { count(direction, outcome, segments); },
                  .used =
                      [this](const call::Agent& agent, const std::string& conversation, const brain::VendorRecord& record) {
                          if (t_.services.used) t_.services.used(agent, conversation, record);
                      },
                  .ours = [this](std::string_view number) { return ours(number); }}),
          kept_(t_, errands_, client_.get(), accounts_) {
        t_.services.actions = [this](const call::Agent& agent, const brain::CallFacts& facts, call::CallWorker& worker, brain::Handset* handset) {
            return make_actions(desk_, t_.agents()->made(agent.name), agent, facts, worker.loop.executor(), true, handset);
        };
        t_.forget_opt_outs = [this](const std::string& number) { return opt_outs_.forget(number); };
        t_.forget.emplace_back([this](const std::string& id) { inbox_.forget(id); });
        add_messages_route(t_);
        auto listing = list_servers();
        errands_.start(std::move(listing));
        t_.routes.route("sms", Subject::account, [this](const Asked& asked) { return sms(asked); });
        t_.routes.route("sms-status", Subject::account, [this](const Asked& asked) { return sms_status(asked); });
    }

    net::Task<messaging::Sent> send(messaging::Outgoing message) override { return sender_.send(std::move(message)); }
    net::Task<> close() override { return errands_.end(); }

private:
    // The tools of MCP servers, listed before a call needs them and again when they may have changed.
    net::Task<> list_servers() {
        boost::asio::steady_timer pause(t_.executor);
        for (;;) {
            for (const auto& agent : t_.agents()->all()) desk_.shop->refresh(agent->tools, agent->flow ? agent->flow->hours : std::nullopt);
            pause.expires_after(std::chrono::seconds(5));
            co_await pause.async_wait(net::nothrow);
            const auto state = co_await boost::asio::this_coro::cancellation_state;
            if (state.cancelled() != boost::asio::cancellation_type::none) co_return;
        }
    }

    [[nodiscard]] bool ours(std::string_view number) const { return t_.agents()->has_number(number) || number == caller_id_; }

    void count(std::string_view direction, std::string_view outcome, std::size_t segments) {
        t_.metrics.messages.at(direction, outcome).add();
        if (segments > 0) t_.metrics.message_segments.at(direction).add(segments);
    }

    net::Task<rest::Outcome<rest::Message>> transport(rest::MessageCreate wanted) {
        auto* client = client_.get();
        if (const auto agents = t_.agents(); wanted.from && agents->has_number(*wanted.from))
            if (const auto agent = agents->by_number(*wanted.from); agent != nullptr && !agent->account.empty())
                if (auto* theirs = accounts_.of(agent->account)) client = theirs;
        if (client == nullptr) {
            rest::Error error;
            error.kind = rest::Failure::credentials;
            error.sentence = "No account is configured to send messages with: twilio.account_sids and a token or API key are needed.";
            co_return error;
        }
        rest::Messages messages(*client);
        auto answer = co_await messages.create(std::move(wanted));
        co_return answer;
    }

    net::Task<Answer> sms(const Asked& asked) {
        auto message = messaging::read_incoming(asked.form);
        if (!message) co_return Answer{.status = 400, .content_type = {}, .body = {}};
        const auto agents = t_.agents();
        const auto agent = agents->by_number(message->to);
        const auto settings = agent ? agents->messaging(agent->name) : nullptr;
        if (!settings) {
            t_.log.warn("message.rejected", "A message came for a number nobody answers.", {{"to", twilio::mask_phone(message->to)}});
            co_return xml(std::string(kEmpty));
        }
        auto work = inbox_.receive(std::move(*message), agent, settings->sms);
        auto answer = co_await net::on_loop_of<std::string>(errands_, std::move(work), kWebhookWithin);
        co_return xml(answer && !answer->empty() ? std::move(*answer) : std::string(kEmpty));
    }

    net::Task<Answer> sms_status(const Asked& asked) {
        const auto& form = asked.form;
        const auto sid = std::string(form.get("MessageSid", form.get("SmsSid")));
        if (!twilio::is_sid(sid, "SM") && !twilio::is_sid(sid, "MM")) co_return Answer{.status = 400, .content_type = {}, .body = {}};
        auto record = std::string(asked.query.get("record"));
        if (!twilio::is_wire_id(record)) record.clear();
        errands_.start(take_status(sid, std::move(record), rest::message_status(form.get("MessageStatus", form.get("SmsStatus"))),
                                   number_of(form.get("ErrorCode")), std::string(form.get("ErrorMessage").substr(0, 300)),
                                   std::string(form.get("To").substr(0, 80)), std::string(form.get("From").substr(0, 80))));
        co_return webhooks::no_content();
    }
    net::Task<> take_status(std::string sid, std::string record, rest::MessageStatus status, int code, std::string words, std::string to, std::string from) {
        if (sender_.status(sid, record, status, code, words, to, from)) {
            count("out", rest::name(status), 0);
            if (code != 0) t_.metrics.twilio_errors.at(std::to_string(code)).add();
        } else {
            t_.log.info("callback.ignored", "A message's status came late or twice.",
                        {{"message_sid", sid}, {"status", rest::name(status)}, {"reason", "stale"}});
        }
        co_return;
    }

    Telephony& t_;
    const std::string caller_id_ = t_.config.outbound.from;  // asked on workers too
    net::Errands errands_;
    std::unique_ptr<rest::Client> client_;
    AccountClients accounts_{t_};  // of agents that bring their own
    TalkVendors vendors_;
    messaging::OptOuts opt_outs_;
    messaging::Sender sender_;
    ToolDesk desk_;
    messaging::Inbox inbox_;
    KeptCalls kept_;
};

}  // namespace

std::unique_ptr<MessagingPart> compose_messaging(Telephony& telephony) {
    return std::make_unique<Part>(telephony);
}

}  // namespace parley::gateway

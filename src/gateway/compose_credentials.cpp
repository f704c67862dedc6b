#include <boost/asio/steady_timer.hpp>

#include "account_clients.hpp"
#include "call_accounts.hpp"
#include "credential_api.hpp"
#include "gateway_part.hpp"
#include "parley/net/errands.hpp"
#include "parley/store/media.hpp"
#include "telephony.hpp"

namespace parley::gateway {

namespace {

constexpr auto kLookEvery = std::chrono::seconds(5);  // for what other instances have changed
constexpr auto kStoreWithin = std::chrono::seconds(5);
constexpr int kLooksBetweenTries = 6;
constexpr int kLooksBetweenSweeps = 720;                            // an hour
constexpr std::int64_t kUnusedMs = std::int64_t{24} * 3600 * 1000;  // an upload nobody names any more: calls that play it are over by then

class Part final : public GatewayPart {
public:
    explicit Part(Telephony& t)
        : t_(t),
          errands_(t.executor, t.log, "credential.failed", "Something to be done for credentials failed by an error of ours."),
          clients_(t),
          api_(t, clients_) {
        webhooks::AccountDoor door;
        door.knows = [&t](std::string_view account) { return t.credentials.knows(account); };
        door.signatures = [&t](std::string_view account) {
            return std::make_shared<const twilio::SignatureValidator>(t.credentials.tokens_of(account, store::now_ms()));
        };
        door.saw_call = [&t](const std::string& call_sid, std::string_view account) { keep_account(t, call_sid, std::string(account)); };
        door.any = [&t] { return std::make_shared<const twilio::SignatureValidator>(t.credentials.all_tokens(store::now_ms())); };
        t.routes.accounts(std::move(door));
    }

    void start() override { errands_.start(watch()); }
    net::Task<> close() override {
        closing_ = true;
        return errands_.end();
    }

private:
    net::Task<> watch() {
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor);
        // Cancelled once: what waits afterwards would wait its time.
        for (int looks = 0; !closing_; ++looks) {
            pause.expires_after(kLookEvery);
            const auto [ec] = co_await pause.async_wait(net::nothrow);
            if (ec || closing_) co_return;
            std::function<std::int64_t(store::Session&)> look = [](store::Session& session) { return store::credentials_revision(session); };
            const auto revision = co_await t_.database.ask<std::int64_t>(std::move(look), kStoreWithin);
            // The book may be ahead of the agents: making them failed, and is tried again.
            const bool again = !api_.in_force() && looks % kLooksBetweenTries == 0;
            if (revision && (again || *revision != t_.credentials.revision())) (void)co_await api_.renew();
            if (closing_) co_return;
            if (looks % kLooksBetweenSweeps != 0) continue;
            std::function<std::size_t(store::Session&)> sweep = [](store::Session& session) {
                return store::sweep_media(session, store::now_ms() - kUnusedMs);
            };
            const auto swept = co_await t_.database.ask<std::size_t>(std::move(sweep), kStoreWithin);
            if (swept && *swept > 0) t_.log.audit("retention.deleted", "Uploads no agent uses any more were deleted.", {{"kind", "media"}, {"n", *swept}});
        }
    }

    Telephony& t_;
    net::Errands errands_;
    AccountClients clients_;
    CredentialApi api_;
    bool closing_ = false;
};

}  // namespace

std::unique_ptr<GatewayPart> compose_credentials(Telephony& telephony) {
    return std::make_unique<Part>(telephony);
}

}  // namespace parley::gateway

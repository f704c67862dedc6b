#include <algorithm>

#include "agent_book.hpp"
#include "agent_routes.hpp"
#include "build_info.hpp"
#include "gateway_part.hpp"
#include "parley/admin/access.hpp"
#include "parley/net/deadline.hpp"
#include "parley/net/errands.hpp"
#include "parley/net/http_message.hpp"
#include "parley/store/profiles.hpp"
#include "person_data.hpp"
#include "telephony.hpp"

namespace parley::gateway {

namespace {

constexpr auto kLook = std::chrono::milliseconds(500);  // for what others have changed
constexpr auto kWithin = std::chrono::seconds(2);
constexpr auto kPruneEvery = std::chrono::seconds(60);

// By which names /v1 may be asked for, besides addresses.
bool host_known(const Config& config, std::string_view host) {
    if (host == "localhost" || host == admin::host_name(config.server.admin_listen.host)) return true;
    if (const auto url = net::parse_url(config.server.public_url); url && url->host == host) return true;
    return std::any_of(config.server.admin_hosts.begin(), config.server.admin_hosts.end(),
                       [&](const std::string& name) { return admin::host_name(name) == host; });
}

class AgentsPart final : public GatewayPart {
public:
    explicit AgentsPart(Telephony& t)
        : t_(t),
          access_({.log = t.log,
                   .metrics = t.metrics,
                   .database = t.database,
                   .instance = t.instance,
                   .version = kVersion,
                   .bootstrap = [&t] { return t.config.server.admin_token; },
                   .host_allowed = [&t](std::string_view host) { return host_known(t.config, host); },
                   .subject =
                       [&t](std::string_view number) {
                           const auto caller = store::caller_key(number);
                           return person_subject(stream_token_key(t.config), caller.empty() ? number : std::string_view(caller));
                       }}),
          errands_(t.executor, t.log, "agents.failed", "Looking after the agents of the store failed by an error of ours."),
          book_({.config = t.config,
                 .log = t.log,
                 .database = t.database,
                 .sealing = t.sealing,
                 .makers = t.makers,
                 .publish = t.publish_agents,
                 .errands = errands_}),
          routes_({.config = t.config, .log = t.log, .database = t.database, .book = book_}) {
        access_.join(t.api);
        routes_.join(t.api);
        t.agent_revision = [this](std::string name, std::uint32_t revision) { return book_.at(std::move(name), revision); };
        try {
            access_.load();
            book_.load();
        } catch (const std::exception& e) {
            t.log.error("agents.unread", "The store's agents and tokens could not be read at start; they come as soon as it answers.",
                        {{"error.type", std::string_view(e.what())}});
            behind_ = true;
        }
    }
    void start() override { errands_.start(watch()); }
    void reloaded() override { book_.remake(); }
    void credentials_changed() override { book_.renew(); }
    net::Task<> close() override {
        closing_ = true;
        return errands_.end();
    }

private:
    struct Versions {
        std::int64_t agents = 0, tokens = 0;
    };
    net::Task<> watch() {
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        auto pruned = Clock::now();
        std::int64_t agents = -1;
        while (!closing_) {
            std::function<Versions(store::Session&)> work = [](store::Session& session) {
                Versions versions;
                versions.agents = store::change_version(session, "agents");
                versions.tokens = store::change_version(session, "tokens");
                return versions;
            };
            auto versions = co_await t_.database.ask<Versions>(std::move(work), kWithin);
            if (closing_) co_return;
            if (versions) {
                co_await access_.refresh(versions->tokens);
                if (versions->agents != agents) {
                    const bool read = co_await book_.refresh();
                    if (read) agents = versions->agents;
                }
                if (behind_) t_.log.info("agents.read", "The store answers again; its agents and tokens are what it says.", {{"agents", book_.all().size()}});
                behind_ = false;
            } else if (!behind_) {
                behind_ = true;
                t_.log.warn("agents.stale", "The store does not answer; agents and tokens go on as they were.", {{"error.type", versions.error().message()}});
            }
            if (Clock::now() - pruned > kPruneEvery) {
                pruned = Clock::now();
                book_.prune();
            }
            if (closing_) co_return;
            const bool waited = co_await net::sleep_until(Clock::now() + kLook);
            if (!waited) co_return;
        }
    }

    Telephony& t_;
    admin::Access access_;
    net::Errands errands_;
    AgentBook book_;
    AgentRoutes routes_;
    bool behind_ = false, closing_ = false;
};

}  // namespace

std::unique_ptr<GatewayPart> compose_agents(Telephony& telephony) {
    return std::make_unique<AgentsPart>(telephony);
}

}  // namespace parley::gateway

#pragma once
// What the composition of Twilio's telephony (flows, control, messaging, relay) is given. Each part has its own compose_*.cpp beside this.

#include <functional>
#include <map>
#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "agents.hpp"
#include "credential_book.hpp"
#include "parley/admin/api_router.hpp"
#include "parley/base/log.hpp"
#include "parley/base/metrics.hpp"
#include "parley/call/call_worker.hpp"
#include "parley/call/pipeline_call.hpp"
#include "parley/call/registry.hpp"
#include "parley/control/outbound.hpp"
#include "parley/gateway/config.hpp"
#include "parley/net/http_client.hpp"
#include "parley/net/http_server.hpp"
#include "parley/store/call_records.hpp"
#include "parley/twilio/stream_token.hpp"
#include "parley/webhooks/twilio_webhooks.hpp"
#include "sealing.hpp"

namespace parley::rest {
struct Account;
}

namespace parley::gateway {

// Everything here outlives the listeners. Webhook handlers run on workers, the admin surface and REST requests on `executor` (one thread).
struct Telephony {
    const Config& config;
    Log& log;
    Metrics& metrics;
    call::Registry& registry;
    store::CallRecords& records;
    call::CallServices& services;  // `actions` may be set here, before the first call
    const twilio::StreamTokens& tokens;
    webhooks::TwilioWebhooks& routes;
    boost::asio::any_io_executor executor;
    net::HttpClient& http;  // on `executor`
    std::function<std::shared_ptr<const Agents>()> agents;
    std::function<call::CallWorker*()> worker;  // the one whose thread asks; null on any other thread
    store::Database& database;
    Sealing& sealing;
    CredentialBook& credentials;
    admin::ApiTable& api;                               // resources of /v1 are added before the first request
    store::FactHooks& fact_hooks;                       // in force once all parts are composed
    std::shared_ptr<brain::UpstreamShared> upstream{};  // for brain::make_model
    const std::string& instance;                        // this process, as others name it
    std::function<void()>
        renew_agents{};  // on the control loop: agents are made again (one was changed in the store); on failure the old ones stay, and it throws
    // For the part that looks after the agents of the store. Both on the control loop.
    std::function<AgentMakers(bool engine)> makers{};                                            // `engine`: it is started if there is none yet
    std::function<void(std::vector<std::shared_ptr<const MadeAgent>> stored)> publish_agents{};  // in force for the next call
    // Set by compose_agents: exactly this revision of an agent of the store; null: it cannot be had. Any thread.
    std::function<net::Task<std::shared_ptr<const call::Agent>>(std::string name, std::uint32_t revision)> agent_revision{};
    // What REST requests are made with, shared by all clients (rest_account.hpp); null: none is configured. On `executor`.
    std::shared_ptr<rest::Account> account{};
    // What writes the rest of an answer of /v1 as it comes, by its request: put here by the handler, taken when it has answered. On the control loop.
    std::map<const net::HttpRequest*, net::HttpWriter> writers{};
    // Set by compose_messaging: who does not want messages is known by a hash only from now on; how many entries. Any thread.
    std::function<std::size_t(const std::string& number)> forget_opt_outs{};
    // Set by compose_control: keeps what a person called for a warm transfer of this call will hear first. Any thread.
    std::function<void(const std::string& call_sid, std::string summary)> brief{};
    // Set by compose_policy: what calls that are placed, and browsers' calls, have to ask first (control/outbound.hpp, admin/web_voice.hpp).
    std::function<net::Task<std::optional<control::Veto>>(std::string id, std::string agent, std::string to, std::chrono::seconds ring)> may_place{};
    std::function<void(const std::string& id, const std::string& call_sid, std::chrono::seconds time_limit)> placed{};
    std::function<void(const std::string& call_sid)> dial_over{};  // one that was placed has come to its end, answered or not
    std::function<net::Task<bool>(std::shared_ptr<const call::Agent> agent, std::string call_sid)> may_talk{};
    // What remembers a call or a thread of messages in memory forgets it, because it was erased. On `executor`.
    std::vector<std::function<void(const std::string& call_sid)>> forget{};
};

}  // namespace parley::gateway

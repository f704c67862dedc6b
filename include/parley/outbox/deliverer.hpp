#pragma once
// Brings the outbox to its receivers: jobs of the kind "webhook", those of one call in their order, different calls side by side. At least once: a receiver
// that answered 2xx while we died hears the same event, with the same id, again.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "parley/base/log.hpp"
#include "parley/base/metrics.hpp"
#include "parley/net/http_message.hpp"
#include "parley/net/nursery.hpp"
#include "parley/net/task.hpp"
#include "parley/outbox/webhook_settings.hpp"
#include "parley/store/database.hpp"
#include "parley/store/jobs.hpp"

namespace parley::outbox {

inline constexpr std::string_view kJobKind = "webhook";

// A job's payload: {"agent","type","body"}; body is the text that is sent.
[[nodiscard]] std::string job_payload(std::string_view agent, std::string_view type, std::string_view body);

struct DeliverySettings {
    std::chrono::milliseconds within{10'000};      // one request
    std::chrono::milliseconds first_pause{5'000};  // before the second attempt; three times as long each time
    std::chrono::milliseconds longest_pause{std::chrono::hours(4)};
    std::chrono::milliseconds given_up{std::chrono::hours(24)};  // after the event
    std::chrono::milliseconds look_every{1'000};                 // for work nobody told us of: what another instance left, what is due again
    std::size_t at_once = 128;                                   // requests
    std::size_t at_once_each = 16;                               // requests to one receiver; further events for it are put off until it should have a place
    std::uint32_t failures = 5;                                  // in a row, and a receiver is left alone
    std::chrono::milliseconds left_alone{30'000};                // … for so long, then twice as long, up to 10 minutes
};

// The pause behind attempt `attempt` (from 1), with `random` from [0, 1) taking up to half of it away.
[[nodiscard]] std::chrono::milliseconds pause_after(const DeliverySettings& settings, std::uint32_t attempt, double random);

enum class Fate : std::uint8_t { delivered, retry, dead };
// What a receiver's status means. 410: it wants no more.
[[nodiscard]] Fate fate_of(int status);

// On one loop.
class Deliverer {
public:
    struct Services {
        store::Database& database;
        Log& log;
        Metrics& metrics;
        boost::asio::any_io_executor executor;
        std::string instance;
        // Sends and answers with the reply; an error without a reply. Checks where it goes.
        std::function<net::Task<Result<net::HttpReply>>(std::string url, net::HttpHeaders headers, std::string body, std::chrono::milliseconds within)> post;
        // Where an agent's events go now; nothing: nowhere any more.
        std::function<std::optional<WebhookSettings>(const std::string& agent)> receiver;
        // Whether this instance knows the agent yet; events of one that it does not know wait. Not set: it knows all.
        std::function<bool(const std::string& agent)> known{};
    };
    Deliverer(Services services, DeliverySettings settings);
    ~Deliverer();
    Deliverer(const Deliverer&) = delete;
    Deliverer& operator=(const Deliverer&) = delete;

    void start();
    void wake();  // there is something to do; any thread
    net::Task<> close();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace parley::outbox

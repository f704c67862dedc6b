#pragma once

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <condition_variable>
#include <stdexcept>
#include <thread>

#include "carrier_call.hpp"
#include "switchboard.hpp"

namespace parley::sim {

inline constexpr std::size_t kMaxNotifications = 100000;

struct CarrierWorker {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
    std::thread thread;
};

class SimCarrier::Impl {
public:
    explicit Impl(CarrierOptions given)
        : options(std::move(given)),
          client(std::make_shared<const HttpClient>(make_client_tls(options.tls), options.balancer)),
          webhooks(client, {options.auth_token, options.previous_auth_token, options.signature}, late_policy(options), options.webhook_tricks),
          stream_signer(client, {options.auth_token, options.previous_auth_token, options.stream_signature}),
          compute(static_cast<std::size_t>(std::max(1, options.compute_threads))) {
        if (options.voice == nullptr) options.voice = std::make_shared<ToneVoice>();
        if (!(options.speed > 0)) throw std::invalid_argument("the line's speed must be positive");
        for (int i = 0; i < std::max(1, options.threads); ++i) {
            workers.push_back(std::make_unique<CarrierWorker>());
            auto& worker = *workers.back();
            worker.thread = std::thread([&worker] { worker.context.run(); });
        }
    }
    void open_board(SimCarrier& carrier) {
        auto place = [&carrier](CallPlan plan) { return carrier.place_call(std::move(plan)); };
        board = std::make_unique<Switchboard>(Switchboard::Links{options, webhooks, compute, workers.front()->context.get_executor(), place});
    }

    static LatePolicy late_policy(const CarrierOptions& options) {
        const auto patience = options.webhook_faults.patience.count();
        if (patience <= 0) return {15000, options.webhook_faults.repeats};
        return {std::max(1, static_cast<int>(static_cast<double>(patience) / options.speed)), options.webhook_faults.repeats};
    }

    std::shared_ptr<SharedCall> find(const std::string& sid) const {
        const std::lock_guard lock(mutex);
        const auto at = by_sid.find(sid);
        return at == by_sid.end() ? nullptr : at->second;
    }

    // Runs `action` with the live call on its worker; nothing happens when the call has ended meanwhile.
    template <class Action>
    static void on_worker(const std::shared_ptr<SharedCall>& shared, Action action) {
        asio::post(shared->executor, [shared, action = std::move(action)]() mutable {
            if (shared->live != nullptr) action(*shared->live);
        });
    }

    CallDeps deps() {
        const std::lock_guard guard(mutex);
        return {options,
                callbacks,
                webhooks,
                stream_signer,
                compute,
                *options.voice,
                options.ear.get(),
                [this](CarrierNotification note) {
                    const std::lock_guard lock(mutex);
                    if (notifications.size() < kMaxNotifications) notifications.push_back(std::move(note));
                },
                *board};
    }

    CarrierOptions options;
    CallbackWeather callbacks = options.callbacks;  // the ones in force
    std::shared_ptr<const HttpClient> client;
    WebhookSender webhooks, stream_signer;
    asio::thread_pool compute;
    std::vector<std::unique_ptr<CarrierWorker>> workers;
    mutable std::mutex mutex;
    std::condition_variable idle;
    std::map<std::string, std::shared_ptr<SharedCall>> by_sid;
    std::vector<std::shared_ptr<SharedCall>> in_order;
    std::vector<CarrierNotification> notifications;
    std::unique_ptr<Switchboard> board;
    std::size_t live = 0;
    std::uint64_t placed = 0;
    bool stopping = false, stopped = false;
};

}  // namespace parley::sim

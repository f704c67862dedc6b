#pragma once
// What the calls of one carrier have in common: who answers which number, conferences, queues, recordings, reports of legs that are over, and
// the callbacks that belong to no call. Thread-safe.

#include <boost/asio/thread_pool.hpp>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

#include "call_queue.hpp"
#include "callback_planner.hpp"
#include "conference.hpp"
#include "parley/sim/carrier.hpp"
#include "recording_store.hpp"

namespace parley::sim {

class Switchboard {
public:
    struct Links {
        const CarrierOptions& options;
        const WebhookSender& webhooks;
        asio::thread_pool& compute;
        asio::any_io_executor executor;  // of its own tasks
        std::function<SimCarrier::Placed(CallPlan)> place;
    };
    explicit Switchboard(Links links);

    [[nodiscard]] const CarrierOptions& options() const { return links_.options; }
    [[nodiscard]] const asio::any_io_executor& executor() const { return links_.executor; }
    // The rule for an address: as it stands, without its headers and parameters, or "*".
    [[nodiscard]] DialTarget target_of(const std::string& address) const;
    void set_target(const std::string& address, DialTarget target);
    SimCarrier::Placed place(CallPlan plan) { return links_.place(std::move(plan)); }

    // ---- tasks that outlive calls
    void spawn(Task<> task);
    void wait_idle();
    Task<> sleep(milliseconds line_time);
    void callback(std::string kind, std::string url, std::string method, Form form);
    [[nodiscard]] std::vector<CallbackTruth> callbacks() const;
    void set_callbacks(const CallbackWeather& weather);
    // The sound of a document of Say, Play and Pause, or of a sound file. Empty with `why` when it cannot be had.
    Task<Pcm8k> render(std::string url, std::string method, Form form, std::string& why);
    [[nodiscard]] std::string recording_url(const std::string& sid) const;

    // ---- reports
    void keep(CallReport report);
    [[nodiscard]] std::optional<CallReport> report_of(const std::string& sid) const;
    [[nodiscard]] std::vector<CallReport> wait_reports(const std::string& number, std::size_t count, std::chrono::milliseconds within) const;

    ConferenceTable conferences;
    QueueTable queues;
    RecordingStore recordings;

private:
    Task<> send(std::size_t index, milliseconds delay);
    Task<WebhookReply> fetch(std::string url, std::string method, Form form);

    Links links_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::map<std::string, DialTarget> targets_;
    std::deque<CallReport> reports_;
    std::vector<CallbackTruth> callbacks_;
    CallbackPlanner planner_;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::size_t tasks_ = 0;
};

}  // namespace parley::sim

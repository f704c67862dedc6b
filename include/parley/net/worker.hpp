#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "parley/net/task.hpp"

namespace parley::net {

struct WorkerOptions {
    // Under load the worker rests up to so long after a round of socket events, so that one wake-up serves several
    // sockets. The rest grows with the share of time it was busy in the last second: 0 below `batch_from`, `max_batch`
    // at half a core, up to `max_batch_overload` at 85 %. 0 = never.
    Duration max_batch = std::chrono::microseconds(200);
    Duration max_batch_overload = std::chrono::milliseconds(1);
    double batch_from = 0.08;
    // Told how late the loop was, ten times a second, on the worker's thread.
    std::function<void(Duration lag)> on_lag;
};

// One io_context and the one thread that runs it. What is placed on a worker never leaves it, so it needs no lock.
class Worker {
public:
    explicit Worker(WorkerOptions options = {});
    ~Worker();  // stops and joins
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void start();
    // Ends the loop whatever still waits; whoever wants an orderly end cancels and joins his coroutines first. Any
    // thread.
    void stop();
    void join();

    [[nodiscard]] asio::any_io_executor executor() { return context_.get_executor(); }
    [[nodiscard]] asio::io_context& context() { return context_; }
    [[nodiscard]] bool is_current() const { return std::this_thread::get_id() == thread_id_.load(std::memory_order_relaxed); }
    template <class Function>
    void post(Function&& function) {
        asio::post(context_, std::forward<Function>(function));
    }

    // What is placed here, in whatever unit the pool's users count. Any thread.
    void add_load(int weight) { load_.fetch_add(weight, std::memory_order_relaxed); }
    [[nodiscard]] int load() const { return load_.load(std::memory_order_relaxed); }
    // Share of a core used in the last second, 0..1. Any thread.
    [[nodiscard]] double busy() const { return busy_.load(std::memory_order_relaxed); }
    [[nodiscard]] Duration batch_window() const { return Duration(window_.load(std::memory_order_relaxed)); }
    // When the loop last turned; a watchdog's food. Any thread.
    [[nodiscard]] TimePoint last_turn() const { return TimePoint(Duration(turn_.load(std::memory_order_relaxed))); }

    // Pure: the rest for a share of busy time.
    [[nodiscard]] static Duration batch_for(double busy, const WorkerOptions& options);

private:
    void run();
    void probe();

    WorkerOptions options_;
    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    asio::steady_timer probe_timer_;
    TimePoint probe_due_{};
    int probes_ = 0;
    Duration cpu_before_{};
    TimePoint wall_before_{};
    std::atomic<std::thread::id> thread_id_{};
    std::atomic<int> load_{0};
    std::atomic<double> busy_{0};
    std::atomic<Duration::rep> window_{0}, turn_{0};
    std::thread thread_;
};

class WorkerPool {
public:
    explicit WorkerPool(std::size_t count, WorkerOptions options = {});
    ~WorkerPool();
    void start();
    void stop();
    void join();
    [[nodiscard]] std::size_t size() const { return workers_.size(); }
    [[nodiscard]] Worker& at(std::size_t index) { return *workers_[index]; }
    // The worker with the least load; among equals in turn. Any thread.
    [[nodiscard]] Worker& least_loaded();
    // The worker whose thread this is, or nullptr.
    [[nodiscard]] Worker* current();
    // For HttpServerOptions::place.
    [[nodiscard]] std::function<asio::any_io_executor()> placer() {
        return [this] { return least_loaded().executor(); };
    }

private:
    std::vector<std::unique_ptr<Worker>> workers_;
    std::atomic<std::size_t> turn_{0};
};

// Load for as long as it lives.
class LoadTicket {
public:
    LoadTicket(Worker& worker, int weight) : worker_(&worker), weight_(weight) { worker.add_load(weight); }
    LoadTicket(LoadTicket&& other) noexcept : worker_(std::exchange(other.worker_, nullptr)), weight_(other.weight_) {}
    LoadTicket& operator=(LoadTicket&&) = delete;
    ~LoadTicket() {
        if (worker_ != nullptr) worker_->add_load(-weight_);
    }

private:
    Worker* worker_;
    int weight_;
};

}  // namespace parley::net

#include "parley/net/worker.hpp"

#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <utility>

#include "reactor.hpp"

namespace parley::net {
namespace {

constexpr Duration kProbe = std::chrono::milliseconds(100);
constexpr int kProbesPerSecond = 10;
constexpr double kHalf = 0.5, kOverload = 0.85;

Duration thread_cpu() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

Duration Worker::batch_for(double busy, const WorkerOptions& options) {
    if (options.max_batch <= Duration::zero() || busy < options.batch_from) return Duration::zero();
    const auto scaled = [](Duration from, Duration to, double part) {
        return from + Duration(static_cast<Duration::rep>(static_cast<double>((to - from).count()) * std::clamp(part, 0.0, 1.0)));
    };
    if (busy < kHalf) return scaled(options.max_batch / 4, options.max_batch, (busy - options.batch_from) / (kHalf - options.batch_from));
    return scaled(options.max_batch, std::max(options.max_batch, options.max_batch_overload), (busy - kHalf) / (kOverload - kHalf));
}

Worker::Worker(WorkerOptions options) : options_(std::move(options)), work_(context_.get_executor()), probe_timer_(context_) {
    turn_ = Clock::now().time_since_epoch().count();
    asio::use_service<Reactor>(context_);
}

Worker::~Worker() {
    stop();
    join();
}

void Worker::start() {
    thread_ = std::thread([this] { run(); });
}

void Worker::stop() {
    context_.stop();
}

void Worker::join() {
    if (thread_.joinable()) thread_.join();
}

void Worker::run() {
    thread_id_ = std::this_thread::get_id();
    ::prctl(PR_SET_TIMERSLACK, 1000UL);  // the rest between rounds is short: 1 us instead of 50
    wall_before_ = Clock::now();
    cpu_before_ = thread_cpu();
    probe_due_ = wall_before_;
    probe();
    context_.run();
}

// Ten times a second: how late is the loop; once a second: how busy was it, and how long may it rest between rounds.
void Worker::probe() {
    const TimePoint now = Clock::now();
    turn_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    if (options_.on_lag && probes_ > 0) options_.on_lag(std::max(Duration::zero(), now - probe_due_));
    if (++probes_ % kProbesPerSecond == 0 && now > wall_before_) {
        const Duration cpu = thread_cpu();
        const double busy = static_cast<double>((cpu - cpu_before_).count()) / static_cast<double>((now - wall_before_).count());
        cpu_before_ = cpu;
        wall_before_ = now;
        busy_.store(std::clamp(busy, 0.0, 1.0), std::memory_order_relaxed);
        const Duration window = batch_for(busy, options_);
        window_.store(window.count(), std::memory_order_relaxed);
        asio::use_service<Reactor>(context_).set_batch_window(window);
    }
    probe_due_ = std::max(probe_due_ + kProbe, now);
    probe_timer_.expires_at(probe_due_);
    probe_timer_.async_wait([this](error_code ec) {
        if (!ec) probe();
    });
}

WorkerPool::WorkerPool(std::size_t count, WorkerOptions options) {
    for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i) workers_.push_back(std::make_unique<Worker>(options));
}

WorkerPool::~WorkerPool() {
    stop();
    join();
}

void WorkerPool::start() {
    for (auto& worker : workers_) worker->start();
}

void WorkerPool::stop() {
    for (auto& worker : workers_) worker->stop();
}

void WorkerPool::join() {
    for (auto& worker : workers_) worker->join();
}

Worker& WorkerPool::least_loaded() {
    const std::size_t first = turn_.fetch_add(1, std::memory_order_relaxed);
    Worker* best = nullptr;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        Worker& candidate = *workers_[(first + i) % workers_.size()];
        if (best == nullptr || candidate.load() < best->load()) best = &candidate;
    }
    return *best;
}

Worker* WorkerPool::current() {
    for (auto& worker : workers_) {
        if (worker->is_current()) return worker.get();
    }
    return nullptr;
}

}  // namespace parley::net

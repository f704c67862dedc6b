#include "work_queue.hpp"

#include <utility>

namespace parley::store {

WorkQueue::WorkQueue(std::size_t threads, std::size_t most, std::chrono::milliseconds every, std::function<void()> idle)
    : most_(most), every_(every), idle_(std::move(idle)) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this, keeper = i == 0] { run(keeper); });
}

WorkQueue::~WorkQueue() {
    stop();
}

void WorkQueue::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    for (auto& thread : threads_)
        if (thread.joinable()) thread.join();
}

bool WorkQueue::push(std::function<void()> job) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || jobs_.size() >= most_) return false;
        jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
}

void WorkQueue::run(bool keeper) {
    std::unique_lock lock(mutex_);
    auto next = std::chrono::steady_clock::now() + every_;
    for (;;) {
        const auto due = [this] { return stopping_ || !jobs_.empty(); };
        if (!keeper)
            wake_.wait(lock, due);
        else
            wake_.wait_until(lock, next, due);
        if (keeper && !stopping_ && std::chrono::steady_clock::now() >= next) {
            lock.unlock();
            idle_();
            lock.lock();
            next = std::chrono::steady_clock::now() + every_;
        }
        if (jobs_.empty()) {
            if (stopping_) return;
            continue;
        }
        auto job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job();
        job = nullptr;  // what it holds goes outside the lock
        lock.lock();
    }
}

}  // namespace parley::store

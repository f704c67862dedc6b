#pragma once
// The threads of a database: jobs in the order they came, bounded.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace parley::store {

class WorkQueue {
public:
    // `idle`: run every `every` on one of the threads.
    WorkQueue(std::size_t threads, std::size_t most, std::chrono::milliseconds every, std::function<void()> idle);
    ~WorkQueue();  // what was queued is done first
    WorkQueue(const WorkQueue&) = delete;
    WorkQueue& operator=(const WorkQueue&) = delete;

    bool push(std::function<void()> job);
    void stop();

private:
    void run(bool keeper);

    std::size_t most_;
    std::chrono::milliseconds every_;
    std::function<void()> idle_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> jobs_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace parley::store

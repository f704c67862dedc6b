#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>
#include <semaphore>
#include <string>
#include <utility>

#include "parley/store/database.hpp"

namespace parley::store {

// Stands between the records and their store: refuses when it is told to.
class Gate final : public Database {
public:
    explicit Gate(Database& behind) : behind_(behind) {}
    [[nodiscard]] Dialect dialect() const override { return behind_.dialect(); }
    void transact(const std::function<void(Session&)>& work) override {
        ++attempts;
        if (first) first();
        if (shut) throw StoreError(why, "shut");
        if (counted) {
            ++waiting;
            permits.acquire();
            --waiting;
        }
        behind_.transact(work);
        if (auto then = taken()) then();
        // The answer is lost on its way back: whoever asked does not know that it is written.
        if (forget > 0 && forget-- > 0) throw StoreError(StoreErrc::unavailable, "lost");
    }
    bool enqueue(std::function<void()> job) override { return behind_.enqueue(std::move(job)); }
    [[nodiscard]] bool available() const override { return !shut; }
    void backup(const std::filesystem::path& to) override { behind_.backup(to); }
    std::string check() override { return behind_.check(); }
    std::atomic<bool> shut{false};
    std::atomic<int> forget{0}, attempts{0};
    StoreErrc why = StoreErrc::unavailable;
    std::function<void()> first{};  // before each; set before anybody asks
    // As long as `counted`, each transaction takes one of these, and waits for it.
    std::atomic<bool> counted{false};
    std::counting_semaphore<> permits{0};
    std::atomic<int> waiting{0};
    // Done once, behind the next transaction.
    void once(std::function<void()> then) {
        const std::lock_guard lock(mutex_);
        once_ = std::move(then);
    }

private:
    std::function<void()> taken() {
        const std::lock_guard lock(mutex_);
        return std::exchange(once_, nullptr);
    }
    std::mutex mutex_;
    std::function<void()> once_;
    Database& behind_;
};

}  // namespace parley::store

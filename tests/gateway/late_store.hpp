#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "parley/store/database.hpp"

namespace parley::gateway {

// Questions to the store that get no answer in time: the n-th ones named, counted from 1, wait here until they are let through.
class LateStore final : public store::Database {
public:
    explicit LateStore(store::Database& behind) : behind_(behind) {}
    [[nodiscard]] store::Dialect dialect() const override { return behind_.dialect(); }
    void transact(const std::function<void(store::Session&)>& work) override { behind_.transact(work); }
    bool enqueue(std::function<void()> job) override {
        if (!late.contains(++asked)) return behind_.enqueue(std::move(job));
        held_.push_back(std::move(job));
        return true;
    }
    [[nodiscard]] bool available() const override { return behind_.available(); }
    void backup(const std::filesystem::path& to) override { behind_.backup(to); }
    std::string check() override { return behind_.check(); }

    // Done now, on this thread; nobody hears of it any more.
    void let_through() {
        for (auto held = std::exchange(held_, {}); auto& job : held) job();
    }
    [[nodiscard]] std::size_t held() const { return held_.size(); }
    std::set<int> late;
    int asked = 0;

private:
    store::Database& behind_;
    std::deque<std::function<void()>> held_;
};

}  // namespace parley::gateway

#pragma once
// One answer that another thread gives, awaited on a loop for so long and no longer.

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "parley/base/clock.hpp"
#include "parley/net/deadline.hpp"
#include "parley/net/task.hpp"

namespace parley::net {

// Lives in the coroutine that asks. Whoever answers after it is gone, or after its loop is, touches neither.
template <class T>
class Awaited {
    struct Slot {
        std::mutex mutex;
        Awaited* asker = nullptr;  // null: nobody waits any more
        boost::asio::any_io_executor executor;
    };

public:
    // The side that answers. Any thread, once; what is said later, or twice, is dropped.
    class Answer {
    public:
        explicit Answer(std::shared_ptr<Slot> slot) : slot_(std::move(slot)) {}
        void operator()(T value) const {
            // Held while it is handed over: the asker, and its loop with it, cannot go meanwhile.
            const std::lock_guard lock(slot_->mutex);
            if (slot_->asker == nullptr) return;
            boost::asio::post(slot_->executor, [slot = slot_, value = std::move(value)]() mutable {
                Awaited* asker = nullptr;
                {
                    const std::lock_guard held(slot->mutex);
                    asker = slot->asker;
                }
                if (asker == nullptr || asker->value_) return;
                asker->value_ = std::move(value);
                asker->woken_.cancel();
            });
        }

    private:
        std::shared_ptr<Slot> slot_;
    };

    explicit Awaited(const boost::asio::any_io_executor& executor) : slot_(std::make_shared<Slot>()), woken_(executor) {
        slot_->asker = this;
        slot_->executor = executor;
    }
    ~Awaited() {
        const std::lock_guard lock(slot_->mutex);
        slot_->asker = nullptr;
        slot_->executor = {};
    }
    Awaited(const Awaited&) = delete;
    Awaited& operator=(const Awaited&) = delete;

    [[nodiscard]] Answer answer() const { return Answer(slot_); }
    // Nothing: it took longer, or the asker was cancelled.
    [[nodiscard]] Task<std::optional<T>> within(Duration limit) {
        woken_.expires_after(limit);
        co_await woken_.async_wait(nothrow);
        auto value = std::move(value_);
        co_return value;
    }

private:
    std::shared_ptr<Slot> slot_;
    boost::asio::steady_timer woken_;
    std::optional<T> value_;
};

}  // namespace parley::net

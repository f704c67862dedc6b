#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "parley/net/task.hpp"

namespace parley::net {

// What a tick means to a subscriber. Ticks lie at start + n * 20 ms, for ever; a late one does not move the next.
struct Tick {
    TimePoint due;         // when it should have been
    Duration late;         // now - due
    std::uint32_t missed;  // ticks passed over since the last call, after a pause longer than the wheel makes up for
};

// One 20 ms beat for all calls of a worker, from one timer. Subscribers are spread over phase slots, so that each
// wake-up serves the calls of one slot and the work is even over the 20 ms. After a pause every subscriber is called
// for up to `kCatchUp` of the ticks it slept through, at once; older ones are passed over and reported. The timer runs
// only while there are subscribers, and a tick allocates nothing. One worker's thread.
class TickWheel {
public:
    static constexpr Duration kPeriod = std::chrono::milliseconds(20);
    static constexpr std::uint32_t kCatchUp = 5;  // 100 ms: what playout keeps ahead of real time

    class Subscription {  // unsubscribes when it goes; also inside its own callback
    public:
        Subscription() = default;
        Subscription(Subscription&& other) noexcept : wheel_(std::exchange(other.wheel_, nullptr)), slot_(other.slot_), place_(other.place_) {}
        Subscription& operator=(Subscription&& other) noexcept;
        ~Subscription() { reset(); }
        void reset();
        [[nodiscard]] bool active() const { return wheel_ != nullptr; }
        [[nodiscard]] std::uint32_t slot() const { return slot_; }

    private:
        friend class TickWheel;
        TickWheel* wheel_ = nullptr;
        std::uint32_t slot_ = 0, place_ = 0;
    };
    using Callback = std::function<void(const Tick&)>;

    // `slots`: phases of the 20 ms, 10 to 20 (2 ms to 1 ms apart).
    explicit TickWheel(asio::any_io_executor executor, std::uint32_t slots = 10);
    ~TickWheel();
    TickWheel(const TickWheel&) = delete;
    TickWheel& operator=(const TickWheel&) = delete;

    // Takes the slot with the fewest subscribers. The first tick is the slot's next one.
    [[nodiscard]] Subscription subscribe(Callback callback);
    [[nodiscard]] std::size_t subscribers() const { return count_; }
    [[nodiscard]] bool armed() const { return armed_; }

    // What the timer does, for tests in virtual time: serves everything due at `now` and says when to come again.
    TimePoint advance(TimePoint now);
    // Tests: the schedule's origin.
    void set_origin(TimePoint origin);

private:
    struct Entry {
        Callback callback;
        TimePoint next{};
        bool live = false;
    };
    struct Slot {
        std::deque<Entry> entries;  // a callback stays where it is while it runs and subscribes others
        std::vector<std::uint32_t> free;
        std::size_t live = 0;
        TimePoint next{};  // the slot's next due time
    };
    void arm();
    void unsubscribe(std::uint32_t slot, std::uint32_t place);
    void serve(Slot& slot, TimePoint now);

    asio::steady_timer timer_;
    std::vector<Slot> slots_;
    TimePoint origin_;
    std::size_t count_ = 0;
    bool armed_ = false, serving_ = false, manual_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace parley::net

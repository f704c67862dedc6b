#include "parley/net/tick_wheel.hpp"

#include <algorithm>

namespace parley::net {

TickWheel::Subscription& TickWheel::Subscription::operator=(Subscription&& other) noexcept {
    if (this != &other) {
        reset();
        wheel_ = std::exchange(other.wheel_, nullptr);
        slot_ = other.slot_;
        place_ = other.place_;
    }
    return *this;
}

void TickWheel::Subscription::reset() {
    if (wheel_ != nullptr) std::exchange(wheel_, nullptr)->unsubscribe(slot_, place_);
}

TickWheel::TickWheel(asio::any_io_executor executor, std::uint32_t slots) : timer_(std::move(executor)), slots_(std::clamp<std::uint32_t>(slots, 1, 20)) {
    origin_ = Clock::now();
    set_origin(origin_);
    manual_ = false;
}

TickWheel::~TickWheel() {
    *alive_ = false;
}

void TickWheel::set_origin(TimePoint origin) {
    origin_ = origin;
    manual_ = true;
    for (std::size_t i = 0; i < slots_.size(); ++i)
        slots_[i].next = origin_ + kPeriod * static_cast<Duration::rep>(i) / static_cast<Duration::rep>(slots_.size());
}

TickWheel::Subscription TickWheel::subscribe(Callback callback) {
    const auto emptiest = std::min_element(slots_.begin(), slots_.end(), [](const Slot& a, const Slot& b) { return a.live < b.live; });
    Slot& slot = *emptiest;
    if (slot.live == 0 && !manual_) {
        // The slot slept: bring its schedule to the next instant of the same phase.
        const TimePoint now = Clock::now();
        if (slot.next <= now) slot.next += kPeriod * ((now - slot.next) / kPeriod + 1);
    }
    std::uint32_t place;
    if (slot.free.empty()) {
        place = static_cast<std::uint32_t>(slot.entries.size());
        slot.entries.emplace_back();
    } else {
        place = slot.free.back();
        slot.free.pop_back();
    }
    Entry& entry = slot.entries[place];
    entry.callback = std::move(callback);
    entry.live = true;
    entry.next = slot.next;
    ++slot.live;
    ++count_;
    slot.free.reserve(slot.entries.size());  // giving up a place never allocates
    Subscription subscription;
    subscription.wheel_ = this;
    subscription.slot_ = static_cast<std::uint32_t>(emptiest - slots_.begin());
    subscription.place_ = place;
    if (!serving_) arm();
    return subscription;
}

void TickWheel::unsubscribe(std::uint32_t slot_index, std::uint32_t place) {
    Slot& slot = slots_[slot_index];
    Entry& entry = slot.entries[place];
    entry.live = false;
    --slot.live;
    --count_;
    if (!serving_) {
        entry.callback = nullptr;
        slot.free.push_back(place);
        if (count_ == 0 && !manual_) {
            timer_.cancel();
            armed_ = false;
        }
    }
}

void TickWheel::serve(Slot& slot, TimePoint now) {
    const auto behind = static_cast<std::uint64_t>((now - slot.next) / kPeriod);
    const std::uint32_t missed = behind >= kCatchUp ? static_cast<std::uint32_t>(behind - kCatchUp + 1) : 0;
    slot.next += kPeriod * missed;
    bool first = true;
    for (; slot.next <= now; slot.next += kPeriod) {
        for (std::size_t i = 0; i < slot.entries.size(); ++i) {  // callbacks may subscribe and unsubscribe
            Entry& entry = slot.entries[i];
            if (!entry.live || entry.next > slot.next) continue;
            const Tick tick{slot.next, now - slot.next, first ? missed : 0};
            entry.next = slot.next + kPeriod;
            const Callback& callback = entry.callback;
            callback(tick);
            if (!*alive_) return;
        }
        first = false;
    }
}

TimePoint TickWheel::advance(TimePoint now) {
    serving_ = true;
    const auto alive = alive_;
    TimePoint next = TimePoint::max();
    for (Slot& slot : slots_) {
        if (slot.live == 0 && slot.free.size() == slot.entries.size()) {
            if (slot.next <= now) slot.next += kPeriod * ((now - slot.next) / kPeriod + 1);
            continue;
        }
        if (slot.next <= now) serve(slot, now);
        if (!*alive) return TimePoint::max();
        for (std::uint32_t place = 0; place < slot.entries.size(); ++place) {
            Entry& entry = slot.entries[place];
            if (entry.live || !entry.callback) continue;
            entry.callback = nullptr;
            slot.free.push_back(place);
        }
        if (slot.live != 0) next = std::min(next, slot.next);
    }
    serving_ = false;
    return next;
}

void TickWheel::arm() {
    if (manual_ || count_ == 0) return;
    TimePoint next = TimePoint::max();
    for (const Slot& slot : slots_) {
        if (slot.live != 0) next = std::min(next, slot.next);
    }
    if (armed_ && timer_.expiry() <= next) return;
    armed_ = true;
    timer_.expires_at(next);
    timer_.async_wait([this, alive = alive_](error_code ec) {
        if (!*alive || ec) return;
        armed_ = false;
        const TimePoint due = advance(Clock::now());
        if (!*alive) return;
        if (due != TimePoint::max()) arm();
    });
}

}  // namespace parley::net

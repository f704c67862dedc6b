#include "parley/vendors/health.hpp"

#include <algorithm>

#include "parley/base/ids.hpp"

namespace parley::vendors {

namespace {
constexpr std::size_t kRemembered = 1000;
constexpr Duration kLostProbe = std::chrono::seconds(10);  // a probe nobody reported back on (its caller interrupted) holds up the next no longer
}  // namespace

std::string_view name(BreakerState state) {
    switch (state) {
        case BreakerState::closed:
            return "closed";
        case BreakerState::open:
            return "open";
        case BreakerState::half_open:
            return "half_open";
    }
    return "closed";
}

bool Breaker::allow(TimePoint now, double jitter) {
    jitter_ = std::clamp(jitter, 0.0, 1.0);
    if (state_ == BreakerState::closed) return true;
    if (locked_ || now < next_probe_) return false;
    if (probing_ && now - probe_began_ < kLostProbe) return false;
    state_ = BreakerState::half_open;
    probing_ = true;
    probe_began_ = now;
    return true;
}

void Breaker::open(TimePoint now) {
    state_ = BreakerState::open;
    probing_ = false;
    good_probes_ = 0;
    const auto spread = static_cast<double>(settings_.probe_every.count()) * (0.8 + 0.4 * jitter_);
    next_probe_ = now + Duration(static_cast<Duration::rep>(spread));
}

void Breaker::success(TimePoint now) {
    in_a_row_ = 0;
    if (locked_) return;
    if (state_ != BreakerState::closed) {
        probing_ = false;
        if (++good_probes_ < settings_.close_after) {
            state_ = BreakerState::half_open;
            next_probe_ = now;  // the second probe may follow at once
            return;
        }
        state_ = BreakerState::closed;
        recent_.clear();
        return;
    }
    recent_.emplace_back(now, false);
    if (recent_.size() > kRemembered) recent_.pop_front();
}

void Breaker::failure(TimePoint now, FailureKind kind) {
    if (kind == FailureKind::auth) {
        open(now);
        locked_ = true;
        return;
    }
    if (locked_) return;
    if (state_ != BreakerState::closed) {
        open(now);
        return;
    }
    ++in_a_row_;
    recent_.emplace_back(now, true);
    while (!recent_.empty() && (now - recent_.front().first > settings_.window || recent_.size() > kRemembered)) recent_.pop_front();
    const auto failed = static_cast<std::size_t>(std::count_if(recent_.begin(), recent_.end(), [](const auto& r) { return r.second; }));
    const bool half = recent_.size() >= settings_.share_of && failed * 2 >= recent_.size();
    if (in_a_row_ >= settings_.failures || half || kind == FailureKind::tls) open(now);
}

void LatencyWindow::add(Duration latency) {
    values_[next_] = latency;
    next_ = (next_ + 1) % values_.size();
    count_ = std::min(count_ + 1, values_.size());
}

std::optional<Duration> LatencyWindow::p95() const {
    if (count_ < 20) return std::nullopt;
    auto sorted = values_;
    const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(count_);
    const auto place = sorted.begin() + static_cast<std::ptrdiff_t>(count_ * 95 / 100);
    std::nth_element(sorted.begin(), place, end);
    return *place;
}

bool Health::allow(TimePoint now) {
    const std::lock_guard lock(mutex_);
    return breaker_.allow(now, static_cast<double>(random_u64() % 1000) / 1000);
}

void Health::success(TimePoint now, std::optional<Duration> first_byte) {
    const std::lock_guard lock(mutex_);
    breaker_.success(now);
    if (first_byte) latencies_.add(*first_byte);
}

void Health::failure(TimePoint now, const Failure& failure) {
    const std::lock_guard lock(mutex_);
    if (blames_vendor(failure))
        breaker_.failure(now, failure.kind);
    else
        breaker_.success(now);
}

bool Health::take_retry() {
    const std::lock_guard lock(mutex_);
    return retries_.take();
}

void Health::request() {
    const std::lock_guard lock(mutex_);
    retries_.request();
}

std::optional<Duration> Health::p95() const {
    const std::lock_guard lock(mutex_);
    return latencies_.p95();
}

BreakerState Health::state() const {
    const std::lock_guard lock(mutex_);
    return breaker_.state();
}

std::shared_ptr<Health> HealthBook::of(std::string_view role, std::string_view endpoint) {
    const std::lock_guard lock(mutex_);
    auto& entry = book_[{std::string(role), std::string(endpoint)}];
    if (!entry) entry = std::make_shared<Health>(settings_);
    return entry;
}

}  // namespace parley::vendors

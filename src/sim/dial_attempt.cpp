#include "dial_attempt.hpp"

#include <vector>

namespace parley::sim {

void DialAttempt::expect(int legs) {
    const std::lock_guard lock(mutex_);
    expected_ = legs;
}

std::string DialAttempt::winner() const {
    const std::lock_guard lock(mutex_);
    return winner_;
}

bool DialAttempt::winner_left() const {
    const std::lock_guard lock(mutex_);
    return !winner_.empty() && gone_.contains(winner_);
}

bool DialAttempt::all_left() const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(gone_.size()) >= expected_;
}

std::optional<DialAttempt::Left> DialAttempt::left_of(const std::string& sid) const {
    const std::lock_guard lock(mutex_);
    const auto at = gone_.find(sid);
    if (at == gone_.end()) return std::nullopt;
    return at->second;
}

void DialAttempt::release() {
    std::vector<std::function<void()>> wakes;
    {
        const std::lock_guard lock(mutex_);
        released_ = true;
        for (const auto& [sid, wake] : legs_) wakes.push_back(wake);
    }
    for (const auto& wake : wakes) wake();
}

void DialAttempt::attach(const std::string& sid, std::function<void()> wake) {
    const std::lock_guard lock(mutex_);
    legs_[sid] = std::move(wake);
}

bool DialAttempt::win(const std::string& sid) {
    std::vector<std::function<void()>> wakes;
    {
        const std::lock_guard lock(mutex_);
        if (released_ || !winner_.empty()) return winner_ == sid && !released_;
        winner_ = sid;
        for (const auto& [other, wake] : legs_) {
            if (other != sid) wakes.push_back(wake);
        }
    }
    for (const auto& wake : wakes) wake();
    wake_parent_();
    return true;
}

void DialAttempt::left(const std::string& sid, Left how) {
    {
        const std::lock_guard lock(mutex_);
        if (!gone_.emplace(sid, std::move(how)).second) return;
        legs_.erase(sid);
    }
    wake_parent_();
}

bool DialAttempt::dismissed(const std::string& sid) const {
    const std::lock_guard lock(mutex_);
    return released_ || (!winner_.empty() && winner_ != sid);
}

}  // namespace parley::sim

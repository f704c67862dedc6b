#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace parley::vendors::s2s {

// Where the gateway decides turns, a vendor gets the caller's turns alone: the silence between them would be committed
// with the next one. The moment before a turn was noticed is kept, and goes first.
class TurnGate {
public:
    explicit TurnGate(bool manual) : open_(!manual), manual_(manual) {}

    // May these frames pass now? If not they are kept.
    bool pass(std::span<const std::uint8_t> mulaw) {
        if (open_) return true;
        before_.insert(before_.end(), mulaw.begin(), mulaw.end());
        if (before_.size() > kBefore) before_.erase(before_.begin(), before_.end() - static_cast<std::ptrdiff_t>(kBefore));
        return false;
    }
    // False: not manual, or already so.
    bool begin() {
        if (!manual_ || open_) return false;
        return open_ = true;
    }
    bool end() {
        if (!manual_ || !open_) return false;
        open_ = false;
        return true;
    }
    [[nodiscard]] std::vector<std::uint8_t> take_before() { return std::exchange(before_, {}); }
    [[nodiscard]] bool manual() const { return manual_; }

private:
    static constexpr std::size_t kBefore = 600 * 8;  // 600 ms of µ-law
    bool open_, manual_;
    std::vector<std::uint8_t> before_;
};

}  // namespace parley::vendors::s2s

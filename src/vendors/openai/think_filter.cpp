#include "think_filter.hpp"

namespace parley::vendors {

namespace {
constexpr std::string_view kOpen = "<think>", kClose = "</think>", kBlank = " \t\r\n";
}

std::string ThinkFilter::feed(std::string_view delta) {
    if (state_ == State::passing) return std::string(delta);
    held_ += delta;
    if (state_ == State::before) {
        const auto start = held_.find_first_not_of(kBlank);
        if (start == std::string::npos) return {};
        const auto text = std::string_view(held_).substr(start);
        if (text.starts_with(kOpen)) {
            held_.erase(0, start + kOpen.size());
            state_ = State::inside;
        } else if (kOpen.starts_with(text)) {
            return {};
        } else {
            state_ = State::passing;
            return std::move(held_);
        }
    }
    if (state_ == State::inside) {
        const auto close = held_.find(kClose);
        if (close == std::string::npos) {
            if (held_.size() >= kClose.size()) held_.erase(0, held_.size() - kClose.size() + 1);
            return {};
        }
        held_.erase(0, close + kClose.size());
        state_ = State::behind;
    }
    const auto start = held_.find_first_not_of(kBlank);
    if (start == std::string::npos) {
        held_.clear();
        return {};
    }
    state_ = State::passing;
    return held_.substr(start);
}

std::string ThinkFilter::rest() {
    return state_ == State::before ? std::move(held_) : std::string{};
}

}  // namespace parley::vendors

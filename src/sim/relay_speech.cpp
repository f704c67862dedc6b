#include "relay_speech.hpp"

#include <algorithm>

namespace parley::sim {
namespace {

constexpr std::size_t kLongestHeldBack = 300;  // bytes without an end of sentence

bool blank(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}
bool has_words(std::string_view text) {
    return !std::ranges::all_of(text, blank);
}

// Behind the first sentence; npos: it is not over yet. A full stop counts once a blank follows.
std::size_t sentence_end(std::string_view text) {
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        const bool stop = text[i] == '.' || text[i] == '!' || text[i] == '?' || text[i] == ':' || text[i] == ';';
        if (stop && blank(text[i + 1])) return i + 2;
        if (text[i] == '\n') return i + 1;
    }
    if (text.size() < kLongestHeldBack) return std::string_view::npos;
    const auto at = text.rfind(' ', kLongestHeldBack);
    return at == std::string_view::npos ? kLongestHeldBack : at + 1;
}

// Whole words of the first `share` of the text.
std::size_t words_of_share(std::string_view text, double share) {
    auto at = std::min(text.size(), static_cast<std::size_t>(static_cast<double>(text.size()) * share));
    while (at > 0 && at < text.size() && !blank(text[at])) --at;
    while (at > 0 && blank(text[at - 1])) --at;
    return at;
}

}  // namespace

std::uint32_t RelaySpeech::begin(const Options& options) {
    Cycle cycle;
    cycle.language = options.language;
    cycle.interruptible = options.interruptible;
    cycle.preemptible = options.preemptible;
    cycle.greeting = options.greeting;
    cycles_.push_back(std::move(cycle));
    return static_cast<std::uint32_t>(cycles_.size() - 1);
}

void RelaySpeech::token(std::string_view text, bool last, const Options& options) {
    if (!open_) {
        if (text.empty() && last) {
            ++empty_;
            return;
        }
        begin(options);
        open_ = true;
    }
    auto& cycle = cycles_.back();
    cycle.text += text;
    cycle.interruptible = options.interruptible;
    if (!text.empty()) messages_.push_back({static_cast<std::uint32_t>(cycles_.size() - 1), cycle.text.size(), std::string(text)});
    buffer_ += text;
    flush(last);
    if (!last) return;
    cycle.closed = true;
    open_ = false;
}

void RelaySpeech::flush(bool all) {
    const auto number = static_cast<std::uint32_t>(cycles_.size() - 1);
    const auto& cycle = cycles_.back();
    for (;;) {
        auto end = sentence_end(buffer_);
        if (end == std::string::npos) {
            if (!all || buffer_.empty()) return;
            end = buffer_.size();
        }
        queue_.push_back({number, buffer_.substr(0, end), {}, 1, {}, cycle.interruptible, cycle.language});
        buffer_.erase(0, end);
    }
}

void RelaySpeech::add(Sentence item, const Options& options) {
    if (open_) {
        flush(true);
        open_ = false;
    }
    item.cycle = begin(options);
    cycles_.back().closed = true;
    item.interruptible = options.interruptible;
    queue_.push_back(std::move(item));
}

std::optional<RelaySpeech::Sentence> RelaySpeech::take() {
    if (queue_.empty() || taken_) return std::nullopt;
    taken_ = std::move(queue_.front());
    queue_.pop_front();
    return taken_;
}

bool RelaySpeech::place(std::uint64_t ticket, Sample from, Sample to) {
    if (ticket != epoch_ || !taken_) return false;
    placed_.push_back({taken_->cycle, std::move(taken_->text), from, to});
    taken_.reset();
    return true;
}

bool RelaySpeech::audible(Sample now) const {
    return std::ranges::any_of(placed_, [&](const auto& one) { return one.from <= now && now < one.to && !cycles_[one.cycle].interrupted; });
}

std::optional<std::uint32_t> RelaySpeech::current(Sample now) const {
    for (const auto& one : placed_)
        if (now < one.to && !cycles_[one.cycle].interrupted) return one.cycle;
    if (taken_) return taken_->cycle;
    if (!queue_.empty()) return queue_.front().cycle;
    return std::nullopt;
}

bool RelaySpeech::busy(Sample now) const {
    return current(now).has_value();
}

RelayInputs RelaySpeech::interruptible(Sample now) const {
    const auto cycle = current(now);
    return cycle ? cycles_[*cycle].interruptible : RelayInputs{};
}

bool RelaySpeech::preemptible(Sample now) const {
    const auto cycle = current(now);
    return cycle && cycles_[*cycle].preemptible;
}

std::size_t RelaySpeech::heard_bytes(std::uint32_t cycle, Sample now) const {
    std::size_t bytes = 0;
    for (const auto& one : placed_) {
        if (one.cycle != cycle) continue;
        if (one.to <= now)
            bytes += one.text.size();
        else if (one.from < now)
            bytes += words_of_share(one.text, static_cast<double>(now - one.from) / static_cast<double>(one.to - one.from));
    }
    return bytes;
}

RelaySpeech::Cut RelaySpeech::drop(Sample now) {
    Cut cut;
    const auto playing = current(now);
    const auto first = playing.value_or(static_cast<std::uint32_t>(cycles_.size()));
    if (playing) {
        cut.heard = cycles_[*playing].text.substr(0, heard_bytes(*playing, now));
        while (!cut.heard.empty() && blank(cut.heard.back())) cut.heard.pop_back();
        for (const auto& one : placed_) {
            if (one.cycle != *playing) continue;
            cut.since = std::max<Sample>(0, now - one.from);
            break;
        }
    }
    for (auto number = first; number < cycles_.size(); ++number) {
        cycles_[number].heard = cycles_[number].text.substr(0, heard_bytes(number, now));
        cycles_[number].interrupted = true;
    }
    queue_.clear();
    taken_.reset();
    buffer_.clear();
    messages_.clear();
    open_ = false;
    ++epoch_;
    return cut;
}

std::vector<std::string> RelaySpeech::newly_played(Sample now) {
    std::vector<std::string> out;
    while (!messages_.empty()) {
        const auto& message = messages_.front();
        const auto& text = cycles_[message.cycle].text;
        auto end = message.end;
        while (end > 0 && blank(text[end - 1])) --end;
        const auto heard = heard_bytes(message.cycle, now);
        if (heard < end) break;
        if (has_words(message.text)) out.push_back(message.text);
        messages_.pop_front();
    }
    return out;
}

std::vector<RelaySpeech::Cycle> RelaySpeech::cycles(Sample now) const {
    std::vector<Cycle> out(cycles_.begin(), cycles_.end());
    for (std::uint32_t number = 0; number < out.size(); ++number) {
        if (!out[number].interrupted) out[number].heard = out[number].text.substr(0, heard_bytes(number, now));
    }
    return out;
}

}  // namespace parley::sim

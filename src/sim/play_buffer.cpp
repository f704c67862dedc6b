#include "parley/sim/play_buffer.hpp"

#include <algorithm>

namespace parley::sim {

void PlayBuffer::note_heard(Sample at, std::int64_t offset, Sample length) {
    if (!segments_.empty()) {
        auto& last = segments_.back();
        if (last.at + last.length == at && last.offset + last.length == offset) {
            last.length += length;
            return;
        }
    }
    segments_.push_back({at, offset, length});
}

void PlayBuffer::advance(Sample to, Mulaw& heard, std::vector<MarkReturn>& returned) {
    while (!items_.empty()) {
        auto& item = items_.front();
        if (item.codes.empty()) {  // a mark is reached with the last sample before it, even when no time is left
            if (now_ > to) break;
            returned.push_back({std::move(item.mark), now_, false});
            --marks_;
            items_.pop_front();
            continue;
        }
        if (now_ >= to) break;
        const auto left = static_cast<Sample>(item.codes.size() - item.used);
        const auto n = std::min(left, to - now_);
        const auto first = item.codes.begin() + static_cast<std::ptrdiff_t>(item.used);
        heard.insert(heard.end(), first, first + n);
        note_heard(now_, item.offset + static_cast<std::int64_t>(item.used), n);
        item.used += static_cast<std::size_t>(n);
        now_ += n;
        queued_ -= n;
        played_ += n;
        if (n == left) items_.pop_front();
    }
    if (now_ < to) {
        heard.insert(heard.end(), static_cast<std::size_t>(to - now_), kMulawSilence);
        now_ = to;
    }
}

Sample PlayBuffer::append(std::span<const std::uint8_t> codes) {
    const auto room = std::max<Sample>(0, limits_.queued - queued_);
    const auto n = std::min<Sample>(room, static_cast<Sample>(codes.size()));
    if (n > 0) {
        Item item;
        item.codes.assign(codes.begin(), codes.begin() + n);
        item.offset = appended_;
        items_.push_back(std::move(item));
        queued_ += n;
        appended_ += n;
    }
    return static_cast<Sample>(codes.size()) - n;
}

void PlayBuffer::mark(std::string name, std::vector<MarkReturn>& returned) {
    if (items_.empty()) {
        returned.push_back({std::move(name), now_, false});
        return;
    }
    Item item;
    item.mark = std::move(name);
    items_.push_back(std::move(item));
    ++marks_;
}

Sample PlayBuffer::clear(std::vector<MarkReturn>& returned) {
    std::deque<Item> tail;
    Sample kept = 0;
    for (auto& item : items_) {
        if (item.codes.empty()) {
            returned.push_back({std::move(item.mark), now_, true});
            continue;
        }
        const auto left = static_cast<Sample>(item.codes.size() - item.used);
        const auto n = std::min(left, limits_.clear_tail - kept);
        if (n <= 0) continue;
        item.codes.resize(item.used + static_cast<std::size_t>(n));
        kept += n;
        tail.push_back(std::move(item));
    }
    const auto dropped = queued_ - kept;
    items_ = std::move(tail);
    queued_ = kept;
    marks_ = 0;
    discarded_ += dropped;
    return dropped;
}

void PlayBuffer::drop_all() {
    discarded_ += queued_;
    items_.clear();
    queued_ = 0;
    marks_ = 0;
}

std::optional<Sample> PlayBuffer::next_mark_at() const {
    Sample at = now_;
    for (const auto& item : items_) {
        if (item.codes.empty()) return at;
        at += static_cast<Sample>(item.codes.size() - item.used);
    }
    return std::nullopt;
}

}  // namespace parley::sim

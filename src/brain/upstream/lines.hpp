#pragma once
// What every role does with its lines to vendors, however they differ in what is said on them.

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "parley/audio/g711.hpp"
#include "parts.hpp"

namespace parley::brain::upstream {

// Calls for the next turn of the loop: a core is never answered from within its own command. What was asked for is not done once its owner is
// gone or has said stop().
class Later {
public:
    explicit Later(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}
    void post(std::function<void()> f) const {
        boost::asio::post(executor_, [going = std::weak_ptr<int>(going_), f = std::move(f)] {
            if (!going.expired()) f();
        });
    }
    void stop() { going_.reset(); }
    [[nodiscard]] bool stopped() const { return going_ == nullptr; }

private:
    boost::asio::any_io_executor executor_;
    std::shared_ptr<int> going_ = std::make_shared<int>(0);
};

// When a vendor whose line was lost may be called again: soon at first, ever later while it keeps being lost.
class Reconnect {
public:
    void lost(TimePoint now) {
        after_loss(now);
        pause_ = std::min<std::chrono::milliseconds>(pause_ * 2, kLongest);
    }
    void after_loss(TimePoint now) { due_ = now + jittered(pause_); }  // of a loss that is not held against it
    void nobody_there(TimePoint now) { due_ = now + jittered(kLongest / 4); }
    void at(TimePoint due) { due_ = due; }
    void accepted() { pause_ = kShortest; }
    [[nodiscard]] bool due(TimePoint now) const { return now >= due_; }

private:
    static constexpr std::chrono::milliseconds kShortest{150}, kLongest{5000};
    TimePoint due_{};
    std::chrono::milliseconds pause_ = kShortest;
};

// The caller's present utterance and a moment before it, so that a line that takes over hears it from its beginning.
class CallerMemory {
public:
    void keep(std::span<const std::uint8_t> mulaw, bool utterance_open) {
        if (mulaw.size() != kFrame) return;
        std::copy(mulaw.begin(), mulaw.end(), frames_.emplace_back().begin());
        bound(utterance_open ? kMostFrames : kPreRollFrames);
    }
    void utterance_over() { bound(kPreRollFrames); }
    template <class Stream>
    void tell(Stream& stream) const {
        std::array<std::int16_t, kFrame> pcm{};
        for (const auto& frame : frames_) {
            audio::mulaw_decode(frame, pcm);
            stream.audio({frame, pcm});
        }
    }

private:
    static constexpr std::size_t kFrame = 160;
    static constexpr std::size_t kPreRollFrames = 20;    // 400 ms before the utterance was noticed
    static constexpr std::size_t kMostFrames = 50 * 30;  // 30 s of one utterance
    void bound(std::size_t most) {
        while (frames_.size() > most) frames_.pop_front();
    }
    std::deque<std::array<std::uint8_t, kFrame>> frames_;
};

// What the record of any line says, whose role adds the rest.
template <class Line>
[[nodiscard]] VendorRecord record_of(const Place& place, const Line& line, std::string_view outcome, std::string_view reason,
                                     std::string_view request_id = {}) {
    VendorRecord record;
    record.outcome = outcome;
    record.reason = reason;
    record.request_id = line.request_id.empty() ? std::string(request_id) : line.request_id;
    record.began = place.since_began(line.opened);
    record.lasted = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - line.opened);
    record.backup = line.index != 0;
    return record;
}

// What of a line's use was told while it was open: budgets do not wait for its end.
struct Told {
    std::chrono::milliseconds lasted{0};
    std::uint32_t input_tokens = 0, output_tokens = 0;
};
inline constexpr auto kTellEvery = std::chrono::seconds(1);

// Tells what has come since the last time. `input` and `output` are the line's tokens in all.
template <class Line>
void tell_use(const Place& place, std::string_view role, const vendors::Endpoint& endpoint, Line& line, TimePoint now, std::uint32_t input = 0,
              std::uint32_t output = 0) {
    auto& told = line.told;
    VendorRecord more;
    more.role = role;
    more.vendor = endpoint.name;
    more.under_way = true;
    // A line that was given up has told its time; a vendor may still count tokens.
    if (!line.retired)
        more.lasted = std::max(std::chrono::milliseconds(0), std::chrono::duration_cast<std::chrono::milliseconds>(now - line.opened) - told.lasted);
    more.input_tokens = input - told.input_tokens;
    more.output_tokens = output - told.output_tokens;
    told = {told.lasted + more.lasted, input, output};
    place.ports.vendor.on_used(more);
}
template <class Line>
void take_told(VendorRecord& record, const Line& line) {
    record.told = line.told.lasted;
    record.told_input_tokens = line.told.input_tokens;
    record.told_output_tokens = line.told.output_tokens;
}

template <class Line>
net::Task<> close_line(std::unique_ptr<Line> line) {
    // Retired from within its own call-back: only the next turn of the loop may take it apart.
    co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
    co_await line->stream->close();
}

}  // namespace parley::brain::upstream

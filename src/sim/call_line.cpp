// The telephone line of a call: the caller's mouth, the play-out, and the clock both run on.

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <cmath>

#include "carrier_call.hpp"
#include "stream_session.hpp"

namespace parley::sim {
namespace {

constexpr Sample kKept = 120LL * kSampleRate;  // without keep_sound, so much stays for the ear

void trim(Mulaw& sound, Sample& from) {
    if (static_cast<Sample>(sound.size()) < kKept + kKept / 2) return;
    const auto drop = static_cast<Sample>(sound.size()) - kKept;
    sound.erase(sound.begin(), sound.begin() + drop);
    from += drop;
}

Pcm8k cut(const Mulaw& sound, Sample base, Sample from, Sample to) {
    from = std::clamp<Sample>(from - base, 0, static_cast<Sample>(sound.size()));
    to = std::clamp<Sample>(to - base, from, static_cast<Sample>(sound.size()));
    return from_mulaw(std::span<const std::uint8_t>(sound.data() + from, static_cast<std::size_t>(to - from)));
}

}  // namespace

Sample CarrierCall::line_now() const {
    if (!answered_at_) return 0;
    const std::chrono::duration<double> since = Clock::now() - *answered_at_;
    return static_cast<Sample>(since.count() * kSampleRate * deps_.options.speed);
}

TimePoint CarrierCall::time_of(Sample line) const {
    if (!answered_at_ || line >= kForever / 2) return TimePoint::max();
    const std::chrono::duration<double> since(static_cast<double>(line) / (kSampleRate * deps_.options.speed));
    return *answered_at_ + std::chrono::duration_cast<Duration>(since);
}

Sample CarrierCall::play_of(Sample line) const {
    return static_cast<Sample>(static_cast<double>(line) * scenario_->line.clock);
}

Sample CarrierCall::line_of(Sample play) const {
    return static_cast<Sample>(std::ceil(static_cast<double>(play) / scenario_->line.clock));
}

double CarrierCall::ms_of_line(Sample line) const {
    return report_.answered_ms.value_or(0) + static_cast<double>(line) / (8.0 * deps_.options.speed);
}

void CarrierCall::advance() {
    if (!answered_at_ || over_) return;
    const auto now = line_now();
    const auto before = heard_.size();
    std::vector<PlayBuffer::MarkReturn> returned;
    speaker_.advance(play_of(now), heard_, returned);
    if (mixer_ != nullptr && heard_.size() > before) {
        const std::span<std::uint8_t> fresh(heard_.data() + before, heard_.size() - before);
        auto pcm = from_mulaw(fresh);
        if (mixer_->pull(port_, pcm)) std::transform(pcm.begin(), pcm.end(), fresh.begin(), linear_to_mulaw);
    }
    const bool turned = activity_.feed(std::span<const std::uint8_t>(heard_).subspan(before));
    if (!returned.empty()) {
        for (auto& stream : streams_) stream->on_marks(returned, now);
    }
    // Whoever looks sees both directions up to now, even when the line's own timer is late.
    while ((frame_ + 1) * kFrameSamples <= now) frame();
    if (!deps_.options.keep_sound) trim(heard_, heard_from_);
    if (turned) changed_.notify();
}

void CarrierCall::hear(std::span<const std::int16_t> pcm) {
    advance();
    (void)speaker_.append(to_mulaw(pcm));
}

Sample CarrierCall::mouth_free_at() const {
    return std::max(line_now(), frame_ * kFrameSamples + static_cast<Sample>(mouth_.size() - mouth_used_));
}

Sample CarrierCall::speak(Mulaw codes) {
    if (mouth_used_ == mouth_.size()) {
        mouth_.clear();
        mouth_used_ = 0;
        // Begin at this very sample, not at the beginning of the running frame.
        const auto lead = std::max<Sample>(0, line_now() - frame_ * kFrameSamples);
        mouth_.assign(static_cast<std::size_t>(lead), kMulawSilence);
    }
    const auto start = frame_ * kFrameSamples + static_cast<Sample>(mouth_.size() - mouth_used_);
    mouth_.insert(mouth_.end(), codes.begin(), codes.end());
    return start;
}

void CarrierCall::press(char key) {
    presses_.push_back({key, line_now()});
    for (auto& stream : streams_) stream->on_key(key, line_now());
    if (mixer_ != nullptr) mixer_->key(port_, key);
    changed_.notify();
}

void CarrierCall::plug(std::shared_ptr<Mixer> mixer, Mixer::Port port) {
    advance();  // what was said before is not for the others
    mixer_ = std::move(mixer);
    port_ = port;
}

void CarrierCall::unplug() {
    advance();
    mixer_.reset();
    port_ = Mixer::kNobody;
}

Pcm8k CarrierCall::heard(Sample play_from, Sample play_to) const {
    return cut(heard_, heard_from_, play_from, play_to);
}
Pcm8k CarrierCall::said(Sample line_from, Sample line_to) const {
    return cut(said_, said_from_, line_from, line_to);
}

void CarrierCall::frame() {
    Mulaw codes(kFrameSamples, kMulawSilence);
    const auto n = std::min<std::size_t>(kFrameSamples, mouth_.size() - mouth_used_);
    std::copy_n(mouth_.begin() + static_cast<std::ptrdiff_t>(mouth_used_), n, codes.begin());
    mouth_used_ += n;
    if (trunk_ != nullptr) {
        Pcm8k far(kFrameSamples, 0);
        trunk_->pull(far);
        codes = to_mulaw(far);
        (void)mouth_activity_.feed(codes);
    }
    if (scenario_->line.noise_dbfs > -100) {
        std::normal_distribution<double> noise(0, 32768 * std::pow(10.0, scenario_->line.noise_dbfs / 20));
        for (auto& code : codes) {
            const auto mixed = std::clamp(mulaw_to_linear(code) + noise(random_), -32768.0, 32767.0);
            code = linear_to_mulaw(static_cast<std::int16_t>(mixed));
        }
    }
    said_.insert(said_.end(), codes.begin(), codes.end());
    if (!deps_.options.keep_sound) trim(said_, said_from_);
    const auto start = frame_ * kFrameSamples;
    ++frame_;
    const auto first = std::clamp<Sample>(play_of(start) - heard_from_, 0, static_cast<Sample>(heard_.size()));
    const auto last = std::min<Sample>(first + kFrameSamples, static_cast<Sample>(heard_.size()));
    Mulaw outbound(heard_.begin() + first, heard_.begin() + last);
    outbound.resize(kFrameSamples, kMulawSilence);
    const bool recorded = std::any_of(recorders_.begin(), recorders_.end(), [](const auto& one) { return !one->stopped; });
    if (mixer_ != nullptr || trunk_ != nullptr || recorded) {
        const auto said = from_mulaw(codes);
        const auto heard = from_mulaw(outbound);
        if (mixer_ != nullptr) mixer_->push(port_, said);
        if (trunk_ != nullptr) trunk_->push(heard);
        for (const auto& recorder : recorders_) recorder->feed(said, heard);
    }
    for (auto& stream : streams_) {
        stream->on_frame(Track::inbound, codes, start);
        stream->on_frame(Track::outbound, outbound, start);
    }
}

Task<> CarrierCall::line() {
    asio::steady_timer timer(executor_);
    while (!over_) {
        timer.expires_at(time_of((frame_ + 1) * kFrameSamples));
        co_await timer.async_wait(net::nothrow);
        advance();
    }
}

}  // namespace parley::sim

#include "parley/twilio/stream_protocol.hpp"

#include <algorithm>
#include <cassert>

#include "parley/twilio/sid.hpp"

namespace parley::twilio {
namespace {

constexpr std::uint32_t kSamplesPerMs = 8;
constexpr std::uint64_t kMaxTimestampMs = 1ULL << 40;  // 34 years; arithmetic on anything larger could overflow
constexpr std::int64_t kSlackSamples = 10 * kSamplesPerMs;
constexpr std::uint64_t kWindow = 64;
// A tiny frame costs as much work as a real one: charge at least this, so that one-byte frames cannot flood.
constexpr std::uint32_t kMinChargeSamples = 2 * kSamplesPerMs;
constexpr Instant kPacedEnough = std::chrono::milliseconds(500);

Instant duration_of(std::uint64_t samples) {
    return Instant(samples * 125);
}
std::uint32_t samples_in(Instant time) {
    return static_cast<std::uint32_t>(time.count() / 125);
}

std::uint64_t hash_of(std::string_view text) {  // FNV-1a
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return hash;
}

}  // namespace

std::string_view to_string(StreamFault fault) {
    constexpr std::array<std::string_view, 13> kNames{"json",  "schema",   "base64",    "too_big", "binary", "unknown_event", "stream_sid",
                                                      "order", "sequence", "timestamp", "rate",    "mark",   "dtmf"};
    return kNames[static_cast<std::size_t>(fault)];
}

void StreamActions::push(StreamAction action) {
    assert(size_ < kCapacity);
    if (size_ < kCapacity) items_[size_++] = std::move(action);
}

bool Allowance::take(std::int64_t units, Instant now) {
    // Whole seconds away refill everything; this also keeps the product small.
    const std::int64_t elapsed = std::clamp<std::int64_t>((now - at_).count(), 0, 3'600'000'000);
    const std::int64_t earned = elapsed * rate_ / 1'000'000;
    if (earned > 0) {
        left_ = std::min(burst_, left_ + earned);
        at_ = left_ == burst_ ? now : at_ + Instant(earned * 1'000'000 / rate_);
    }
    if (left_ < units) return false;
    left_ -= units;
    return true;
}

StreamProtocol::StreamProtocol(Instant opened, const StreamLimits& limits)
    : limits_(limits),
      opened_(opened),
      audio_(std::int64_t{limits.audio_speed} * 8000, samples_in(limits.audio_burst), opened),
      outbound_audio_(audio_),
      messages_(limits.messages_per_second, limits.message_burst, opened),
      digits_(limits.digits_per_second, limits.digits_per_second, opened) {
    marks_.reserve(limits_.outstanding_marks);
}

void StreamProtocol::count(StreamFault fault, StreamActions& out) {
    out.push(CountFault{fault});
}

void StreamProtocol::close(std::uint16_t code, std::string_view reason, StreamActions& out) {
    if (closed_) return;
    closed_ = true;
    out.push(CloseStream{code, reason});
}

// False when the input is to be ignored altogether.
bool StreamProtocol::admit(Instant now, StreamActions& out) {
    out.clear();
    if (closed_) return false;
    if (messages_.take(1, now)) return true;
    count(StreamFault::rate, out);
    close(1008, "rate", out);
    return false;
}

void StreamProtocol::on_message(const StreamMessage& message, Instant now, StreamActions& out) {
    if (!admit(now, out)) return;
    std::visit([&](const auto& m) { handle(m, now, out); }, message);
}

void StreamProtocol::on_bad_message(const error_code& why, Instant now, StreamActions& out) {
    if (!admit(now, out)) return;
    if (why == errc::base64) return count(StreamFault::base64, out);
    if (why == errc::too_big) {
        count(StreamFault::too_big, out);
        return close(1009, "too_big", out);
    }
    count(why == errc::json ? StreamFault::json : StreamFault::schema, out);
    if (++malformed_ >= limits_.malformed) close(1008, "schema", out);
}

void StreamProtocol::on_binary(Instant now, StreamActions& out) {
    if (!admit(now, out)) return;
    count(StreamFault::binary, out);
    close(1003, "binary", out);
}

std::optional<Instant> StreamProtocol::deadline() const {
    if (closed_) return std::nullopt;
    if (phase_ == Phase::waiting) return opened_ + limits_.start_within;
    if (phase_ == Phase::stopped) return stopped_at_ + limits_.close_after_stop;
    return std::nullopt;
}

void StreamProtocol::on_timer(Instant now, StreamActions& out) {
    out.clear();
    const auto due = deadline();
    if (!due || now < *due) return;
    if (phase_ == Phase::waiting) return close(1008, "no_start", out);
    close(1000, "stopped", out);
}

bool StreamProtocol::ours(std::string_view stream_sid, StreamActions& out) {
    if (stream_sid == this->stream_sid()) return true;
    count(StreamFault::stream_sid, out);
    if (++sid_faults_ >= limits_.stream_sid_faults) close(1008, "stream_sid", out);
    return false;
}

StreamProtocol::Order StreamProtocol::order(const Decimal& sequence, StreamActions& out) {
    missing_ = 0;
    if (!sequence.valid) {
        count(StreamFault::sequence, out);
        return Order::unknown;
    }
    if (sequence.value > last_sequence_) {
        const std::uint64_t step = sequence.value - last_sequence_;
        const bool counted_before = seen_ != 0;  // else `start` had no usable number
        seen_ = step < kWindow ? (seen_ << step) | 1 : 1;
        last_sequence_ = sequence.value;
        if (step == 1 || !counted_before) return Order::fresh;
        missing_ = step - 1;
        count(StreamFault::sequence, out);
        return Order::gap;
    }
    count(StreamFault::sequence, out);
    const std::uint64_t back = last_sequence_ - sequence.value;
    if (back >= kWindow) {  // wrapped or started again
        last_sequence_ = sequence.value;
        seen_ = 1;
        return Order::unknown;
    }
    const std::uint64_t bit = 1ULL << back;
    if ((seen_ & bit) != 0) return Order::duplicate;
    seen_ |= bit;
    return Order::late;
}

void StreamProtocol::handle(const ConnectedMessage&, Instant, StreamActions& out) {
    if (connected_ || phase_ != Phase::waiting) count(StreamFault::order, out);
    connected_ = true;
}

void StreamProtocol::handle(const StartMessage& message, Instant, StreamActions& out) {
    if (phase_ != Phase::waiting) {
        count(StreamFault::order, out);
        return close(1008, "duplicate_start", out);
    }
    if (!message.is_mulaw_8k_mono()) return close(1003, "media_format", out);
    phase_ = Phase::live;
    sid_size_ = std::min(message.stream_sid.size(), sid_.size());
    std::copy_n(message.stream_sid.begin(), sid_size_, sid_.begin());
    if (message.sequence.valid) {
        last_sequence_ = message.sequence.value;
        seen_ = 1;
    }
    out.push(StreamStarted{message});
}

void StreamProtocol::handle(const StopMessage& message, Instant now, StreamActions& out) {
    if (phase_ != Phase::live) return count(StreamFault::order, out);
    if (!message.stream_sid.empty() && !ours(message.stream_sid, out)) return;
    phase_ = Phase::stopped;
    stopped_at_ = now;
    out.push(StreamStopped{});
}

void StreamProtocol::handle(const UnknownMessage&, Instant, StreamActions& out) {
    count(StreamFault::unknown_event, out);
}

void StreamProtocol::handle(const MediaMessage& message, Instant now, StreamActions& out) {
    const auto samples = static_cast<std::uint32_t>(payload_samples(message.payload));
    if (phase_ == Phase::waiting) {
        count(StreamFault::order, out);
        early_samples_ += std::max(samples, kMinChargeSamples);
        if (duration_of(early_samples_) > limits_.early_audio) close(1008, "media_before_start", out);
        return;
    }
    if (phase_ == Phase::stopped) return count(StreamFault::order, out);
    if (!ours(message.stream_sid, out)) return;
    const bool outbound = message.track == Track::outbound;
    if (!(outbound ? outbound_audio_ : audio_).take(std::max(samples, kMinChargeSamples), now)) {
        count(StreamFault::rate, out);
        return close(1008, "rate", out);
    }
    const Order place = order(message.sequence, out);
    if (place == Order::duplicate) return;
    if (outbound && limits_.both_tracks) {
        if (samples == 0) return count(StreamFault::base64, out);
        return out.push(OutboundAudio{message.payload, samples});
    }
    if (outbound) {
        if (!outbound_seen_) out.push(OutboundAudio{});
        outbound_seen_ = true;
        return;
    }
    if (samples == 0) return count(StreamFault::base64, out);
    const std::uint32_t lost = gap_samples(message, samples, place, out);
    if (const std::uint32_t fill = std::min(lost, samples_in(limits_.max_fill)); fill > 0) out.push(FillSilence{fill});
    out.push(DeliverAudio{message.payload, samples, is_stale(samples, lost, now)});
}

// How much audio is missing before this chunk. The timestamp decides; sequence numbers also count other messages, so
// they speak only when the timestamp cannot.
std::uint32_t StreamProtocol::gap_samples(const MediaMessage& message, std::uint32_t samples, Order place, StreamActions& out) {
    if (place == Order::late) return 0;
    if (!message.timestamp_ms.valid || message.timestamp_ms.value > kMaxTimestampMs) {
        count(StreamFault::timestamp, out);
        if (next_sample_) *next_sample_ += samples;
        return static_cast<std::uint32_t>(std::min<std::uint64_t>(missing_, 1000) * std::min<std::uint32_t>(samples, 8000));
    }
    const std::uint64_t begin = message.timestamp_ms.value * kSamplesPerMs;
    const auto ahead = next_sample_ ? static_cast<std::int64_t>(begin) - static_cast<std::int64_t>(*next_sample_) : 0;
    // Small steps are rounding of the timestamp (whole milliseconds) and must not add up.
    next_sample_ = std::abs(ahead) < kSlackSamples && next_sample_ ? *next_sample_ + samples : begin + samples;
    if (std::abs(ahead) < kSlackSamples) return 0;
    if (ahead > 0 && duration_of(static_cast<std::uint64_t>(ahead)) <= limits_.sane_jump) return static_cast<std::uint32_t>(ahead);
    count(StreamFault::timestamp, out);
    return ahead > 0 && missing_ > 0 ? samples_in(limits_.max_fill) : 0;
}

// Real time owes one second of audio a second. After a stall the debt is paid back in a burst; if frames go on at
// real-time pace instead, the audio is lost or the path has become longer, and the debt is forgotten.
bool StreamProtocol::is_stale(std::uint32_t samples, std::uint32_t lost, Instant now) {
    const Instant audio = duration_of(samples);
    if (last_arrival_) {
        const Instant elapsed = std::max(now - *last_arrival_, Instant(0));
        behind_ = std::max(behind_ + elapsed - audio - duration_of(lost), Instant(0));
        const bool paced = elapsed * 4 >= audio * 3 && elapsed <= limits_.stale_after;
        paced_ = paced ? paced_ + audio : Instant(0);
        if (paced_ >= kPacedEnough) behind_ = Instant(0);
    }
    last_arrival_ = now;
    return behind_ > limits_.stale_after;
}

void StreamProtocol::handle(const DtmfMessage& message, Instant now, StreamActions& out) {
    if (phase_ != Phase::live) return count(StreamFault::order, out);
    if (!ours(message.stream_sid, out) || order(message.sequence, out) == Order::duplicate) return;
    constexpr std::string_view kDigits = "0123456789*#ABCD";
    const bool known = message.digit.size() == 1 && kDigits.find(message.digit) != std::string_view::npos;
    if (!known || !digits_.take(1, now)) return count(StreamFault::dtmf, out);
    out.push(DigitPressed{message.digit[0]});
}

bool StreamProtocol::mark_sent(std::string_view name) {
    if (marks_.size() >= limits_.outstanding_marks) return false;
    marks_.push_back(hash_of(name));
    return true;
}

void StreamProtocol::handle(const MarkMessage& message, Instant, StreamActions& out) {
    if (phase_ != Phase::live) return count(StreamFault::order, out);
    if (!ours(message.stream_sid, out) || order(message.sequence, out) == Order::duplicate) return;
    const auto it = std::find(marks_.begin(), marks_.end(), hash_of(message.name));
    if (it != marks_.begin() || it == marks_.end()) count(StreamFault::mark, out);  // unknown, echoed twice, or out of order
    if (it == marks_.end()) return;
    marks_.erase(it);
    out.push(MarkEchoed{message.name});
}

}  // namespace parley::twilio

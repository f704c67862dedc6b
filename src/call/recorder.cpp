#include "parley/call/recorder.hpp"

#include <algorithm>
#include <cstring>

namespace parley::call {

namespace {

constexpr std::size_t kRate = 8000;
constexpr std::size_t kKeep = kRate;                  // frames kept back for a clear: more than any playout runs ahead
constexpr std::size_t kBlock = kRate;                 // frames a disk job
constexpr std::size_t kMaxFrames = kRate * 3600 * 5;  // five hours: longer than any call, well under the 4 GiB of the format
constexpr std::uint32_t kHeaderBytes = 44;

std::size_t index_of(Instant at) {
    return static_cast<std::size_t>(std::max<std::int64_t>(0, at.count())) * kRate / 1'000'000;
}

void put32(std::string& out, std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(value >> shift & 0xFF));
}
void put16(std::string& out, std::uint32_t value) {
    out.push_back(static_cast<char>(value & 0xFF));
    out.push_back(static_cast<char>(value >> 8 & 0xFF));
}

}  // namespace

Recorder::Recorder(DiskWriter& disk, std::string path) : disk_(disk), path_(std::move(path)), file_(disk_.open(path_)) {
    window_.reserve(2 * (kKeep + 2 * kBlock));
    disk_.write(file_, header(0), 0);
}

Recorder::~Recorder() {
    finish();
}

std::string Recorder::header(std::uint32_t frames) const {
    // RIFF WAVE, format 1 (PCM), 2 channels, 16 bit.
    const std::uint32_t data = frames * 4;
    std::string out;
    out.reserve(kHeaderBytes);
    out += "RIFF";
    put32(out, data + kHeaderBytes - 8);
    out += "WAVEfmt ";
    put32(out, 16);
    put16(out, 1);
    put16(out, 2);
    put32(out, kRate);
    put32(out, kRate * 4);
    put16(out, 4);
    put16(out, 16);
    out += "data";
    put32(out, data);
    return out;
}

void Recorder::ensure(std::size_t end) {
    end = std::min(end, kMaxFrames);
    const auto need = end > committed_ ? 2 * (end - committed_) : 0;
    if (window_.size() < need) window_.resize(need, 0);
}

void Recorder::caller(std::span<const std::int16_t> pcm8k, Instant at) {
    if (finished_) return;
    // Arrival jitter must not tear the recording: frames are laid end to end and only a real gap (over 200 ms) moves the position.
    const auto nominal = index_of(at);
    if (nominal > end_ + kRate / 5 + pcm8k.size()) end_ = nominal - pcm8k.size();
    if (end_ < committed_) end_ = committed_;
    if (end_ + pcm8k.size() > kMaxFrames) return;
    ensure(end_ + pcm8k.size());
    for (std::size_t i = 0; i < pcm8k.size(); ++i) window_[2 * (end_ - committed_ + i)] = pcm8k[i];
    end_ += pcm8k.size();
    if (end_ > committed_ + kKeep + kBlock) commit(end_ - kKeep);
}

void Recorder::agent(std::span<const std::int16_t> pcm8k, Instant plays_at) {
    const auto at = index_of(plays_at);
    if (finished_ || at < committed_ || at + pcm8k.size() > committed_ + 10 * kRate || at + pcm8k.size() > kMaxFrames) return;
    ensure(at + pcm8k.size());
    for (std::size_t i = 0; i < pcm8k.size(); ++i) window_[2 * (at - committed_ + i) + 1] = pcm8k[i];
}

void Recorder::cleared(Instant now) {
    const auto from = std::max(index_of(now), committed_) - committed_;
    for (std::size_t i = 2 * from + 1; i < window_.size(); i += 2) window_[i] = 0;
}

void Recorder::commit(std::size_t until) {
    const auto frames = std::min(until - committed_, window_.size() / 2);
    if (frames == 0) return;
    // Little-endian PCM16 is the machine's own layout on every platform Debian builds this for.
    std::string block(frames * 4, '\0');
    std::memcpy(block.data(), window_.data(), block.size());
    disk_.write(file_, std::move(block), static_cast<std::int64_t>(kHeaderBytes + 4 * committed_));
    window_.erase(window_.begin(), window_.begin() + static_cast<std::ptrdiff_t>(2 * frames));
    committed_ += frames;
    disk_.write(file_, header(static_cast<std::uint32_t>(committed_)), 0);
}

void Recorder::silence_caller(Instant from, Instant to) {
    if (!finished_ && to > from) silenced_.emplace_back(index_of(from), index_of(to));
}

void Recorder::finish() {
    if (finished_) return;
    for (const auto& [from, to] : silenced_)  // what is still here never gets there
        for (auto i = std::max(from, committed_); i < to && 2 * (i - committed_) < window_.size(); ++i) window_[2 * (i - committed_)] = 0;
    commit(committed_ + window_.size() / 2);
    for (const auto& [from, to] : silenced_)
        disk_.blank(file_, static_cast<std::int64_t>(kHeaderBytes + 4 * from), static_cast<std::int64_t>(kHeaderBytes + 4 * std::min(to, committed_)), 4, 2);
    finished_ = true;
    disk_.close(file_);
}

}  // namespace parley::call

#include "listen_track.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>

#include "parley/audio/g711.hpp"

namespace parley::call {

namespace {

constexpr std::uint64_t kQuietFrames = 30;         // 600 ms of quiet end a turn: nobody waits for an answer here
constexpr std::uint64_t kLongestFrames = 50 * 20;  // a turn is cut after 20 s

}  // namespace

ListenTrack::ListenTrack(const Agent& agent, const brain::CallFacts& facts, CallWorker& worker, brain::VendorSink& vendor, Said said)
    : vad_(agent.vad), said_(std::move(said)) {
    if (!agent.pipeline) return;
    auto executor = worker.loop.executor();
    const brain::EarPorts ports{.stt = *this, .vendor = vendor, .executor = executor, .http = &worker.http, .post = [executor](std::function<void()> f) {
                                    boost::asio::post(executor, std::move(f));
                                }};
    ear_ = agent.pipeline->open_ear(facts, ports);
}

void ListenTrack::audio(std::span<const std::uint8_t> mulaw) {
    while (!mulaw.empty()) {
        const auto taken = std::min(mulaw.size(), frame_.size() - fill_);
        std::copy_n(mulaw.begin(), taken, frame_.begin() + static_cast<std::ptrdiff_t>(fill_));
        fill_ += taken;
        mulaw = mulaw.subspan(taken);
        if (fill_ < frame_.size()) return;
        fill_ = 0;
        frame();
    }
}

void ListenTrack::frame() {
    if (!ear_) return;
    std::array<std::int16_t, audio::kFrameSamples> pcm{};
    audio::mulaw_decode(frame_, pcm);
    const auto heard = vad_.push(pcm);
    ++frames_;
    if (heard.edge == audio::VadResult::started && open_ == 0) begin(heard.edge_ago);
    ear_->stt().audio({frame_, pcm});
    quiet_ = heard.speech ? 0 : quiet_ + 1;
    if (open_ == 0) return;
    const auto length = frames_ - begun_[open_ % begun_.size()].frame;
    if (quiet_ >= kQuietFrames)
        finish();
    else if (length >= kLongestFrames) {
        finish();
        if (heard.speech) begin(std::chrono::milliseconds(0));
    }
}

void ListenTrack::begin(std::chrono::milliseconds ago) {
    open_ = ++last_;
    const auto back = static_cast<std::uint64_t>(std::max<std::int64_t>(0, ago.count() / 20));
    begun_[open_ % begun_.size()] = {open_, frames_ - std::min(frames_, back)};
    ear_->stt().begin(open_);
}

void ListenTrack::finish() {
    ear_->stt().finish(std::exchange(open_, 0));
}

void ListenTrack::tick(TimePoint now) {
    if (ear_) ear_->tick(now);
}

net::Task<> ListenTrack::close() {
    if (!ear_) co_return;
    if (open_ != 0) finish();
    co_await ear_->close();
    ear_.reset();
}

void ListenTrack::on_final(brain::UtteranceId utterance, std::string_view text, double confidence) {
    if (utterance == open_) open_ = 0;  // its recogniser was sure before the quiet was
    const auto& begun = begun_[utterance % begun_.size()];
    if (!text.empty() && begun.utterance == utterance) said_(text, std::chrono::milliseconds(begun.frame * 20), confidence);
}
void ListenTrack::on_stt_failed(brain::UtteranceId utterance, std::string_view) {
    if (utterance == open_) open_ = 0;
}
void ListenTrack::on_turn_end(brain::UtteranceId utterance, double, bool eager) {
    if (!eager && utterance == open_ && open_ != 0) finish();
}

}  // namespace parley::call

#include "recording_store.hpp"

#include <algorithm>
#include <utility>

#include "parley/sim/identifiers.hpp"
#include "parley/sim/voice_activity.hpp"

namespace parley::sim {
namespace {

constexpr std::size_t kMaxRecordings = 1000;
constexpr std::size_t kMaxSamples = 4u * 3600 * kSampleRate;

std::int16_t mixed(int a, int b) {
    return static_cast<std::int16_t>(std::clamp(a + b, -32768, 32767));
}

void cut(Pcm8k& pcm, Interval keep) {
    if (pcm.empty()) return;
    pcm.erase(pcm.begin() + std::min<Sample>(keep.to, static_cast<Sample>(pcm.size())), pcm.end());
    pcm.erase(pcm.begin(), pcm.begin() + std::min<Sample>(keep.from, static_cast<Sample>(pcm.size())));
}

}  // namespace

Pcm8k RecordingAudio::mono() const {
    if (right.empty()) return left;
    Pcm8k out(std::max(left.size(), right.size()));
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = mixed(i < left.size() ? left[i] : 0, i < right.size() ? right[i] : 0);
    return out;
}

bool RecordingStore::open(RecordingView view, bool exclusive) {
    const std::lock_guard lock(mutex_);
    if (exclusive) {
        for (const auto& [sid, kept] : by_sid_) {
            const bool same = kept.view.call_sid == view.call_sid && kept.view.conference_sid == view.conference_sid;
            if (same && kept.view.source == view.source && kept.view.running()) return false;
        }
    }
    in_order_.push_back(view.sid);
    auto& kept = by_sid_[in_order_.back()];
    kept.view = std::move(view);
    if (in_order_.size() > kMaxRecordings) {
        by_sid_.erase(in_order_.front());
        in_order_.erase(in_order_.begin());
    }
    return true;
}

void RecordingStore::set_status(const std::string& sid, const std::string& status) {
    const std::lock_guard lock(mutex_);
    const auto at = by_sid_.find(sid);
    if (at == by_sid_.end()) return;
    at->second.view.status = status;
    at->second.view.updated = std::chrono::system_clock::now();
}

void RecordingStore::complete(const std::string& sid, RecordingAudio audio) {
    const std::lock_guard lock(mutex_);
    const auto at = by_sid_.find(sid);
    if (at == by_sid_.end()) return;
    const auto samples = std::max(audio.left.size(), audio.right.size());
    at->second.view.status = samples == 0 ? "absent" : "completed";
    at->second.view.updated = std::chrono::system_clock::now();
    at->second.view.duration = samples == 0 ? 0 : std::max(1, static_cast<int>((samples + kSampleRate / 2) / kSampleRate));
    at->second.audio = std::move(audio);
}

std::vector<RecordingView> RecordingStore::list(const std::string& owner) const {
    const std::lock_guard lock(mutex_);
    std::vector<RecordingView> out;
    for (const auto& sid : in_order_) {
        const auto& view = by_sid_.at(sid).view;
        if (owner.empty() || view.call_sid == owner || view.conference_sid == owner) out.push_back(view);
    }
    return out;
}

std::optional<RecordingView> RecordingStore::view(const std::string& sid) const {
    const std::lock_guard lock(mutex_);
    const auto at = by_sid_.find(sid);
    if (at == by_sid_.end()) return std::nullopt;
    return at->second.view;
}

std::optional<RecordingView> RecordingStore::current(const std::string& owner) const {
    const auto all = list(owner);
    const auto at = std::find_if(all.rbegin(), all.rend(), [](const RecordingView& view) { return view.running(); });
    if (at == all.rend()) return std::nullopt;
    return *at;
}

std::optional<RecordingAudio> RecordingStore::audio(const std::string& sid) const {
    const std::lock_guard lock(mutex_);
    const auto at = by_sid_.find(sid);
    if (at == by_sid_.end() || at->second.view.status != "completed") return std::nullopt;
    return at->second.audio;
}

bool RecordingStore::erase(const std::string& sid) {
    const std::lock_guard lock(mutex_);
    if (by_sid_.erase(sid) == 0) return false;
    std::erase(in_order_, sid);
    return true;
}

void SoundRecorder::pause(bool skip) {
    paused_ = true;
    skip_ = skip;
}

void SoundRecorder::resume() {
    paused_ = false;
}

void SoundRecorder::feed(std::span<const std::int16_t> said, std::span<const std::int16_t> heard) {
    if (stopped || said_.size() > kMaxSamples || (paused_ && skip_)) return;
    if (paused_) {
        said_.insert(said_.end(), said.size(), 0);
        heard_.insert(heard_.end(), heard.size(), 0);
        return;
    }
    said_.insert(said_.end(), said.begin(), said.end());
    heard_.insert(heard_.end(), heard.begin(), heard.end());
}

RecordingAudio SoundRecorder::take() {
    auto said = std::exchange(said_, {});
    auto heard = std::exchange(heard_, {});
    if (plan_.track == "inbound") std::fill(heard.begin(), heard.end(), std::int16_t{0});
    if (plan_.track == "outbound") std::fill(said.begin(), said.end(), std::int16_t{0});
    if (plan_.trim_silence) {
        const auto a = voiced_part(said), b = voiced_part(heard);
        if (!a && !b) return {};
        const Interval keep{std::min(a ? a->from : b->from, b ? b->from : a->from), std::max(a ? a->to : b->to, b ? b->to : a->to)};
        cut(said, keep);
        cut(heard, keep);
    }
    if (plan_.dual) return {std::move(said), std::move(heard)};
    for (std::size_t i = 0; i < said.size(); ++i) said[i] = mixed(said[i], heard[i]);
    return {std::move(said), {}};
}

Form recording_form(const RecordingView& view, const std::string& account_sid, const std::string& url) {
    Form form{{"AccountSid", account_sid}};
    if (view.call_sid.empty()) {
        form.emplace_back("ConferenceSid", view.conference_sid);
    } else {
        form.emplace_back("CallSid", view.call_sid);
    }
    form.emplace_back("RecordingSid", view.sid);
    if (view.status == "completed") form.emplace_back("RecordingUrl", url);
    form.emplace_back("RecordingStatus", view.status);
    if (view.status == "completed") form.emplace_back("RecordingDuration", std::to_string(view.duration.value_or(0)));
    form.emplace_back("RecordingChannels", std::to_string(view.channels));
    form.emplace_back("RecordingStartTime", rfc2822(view.start_time));
    form.emplace_back("RecordingSource", view.source);
    form.emplace_back("RecordingTrack", view.track);
    return form;
}

bool wants_event(const std::string& list, std::string_view event) {
    std::size_t at = 0;
    while (at < list.size()) {
        const auto end = std::min(list.find(' ', at), list.size());
        if (std::string_view(list).substr(at, end - at) == event) return true;
        at = end + 1;
    }
    return false;
}

}  // namespace parley::sim

#include "parley/audio/vad.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "parley/audio/level.hpp"

namespace parley::audio {

namespace {

using std::chrono::milliseconds;
constexpr milliseconds kFrame{20};
constexpr int kLeadFrames = 3;          // how far a soft beginning may lie before the first candidate frame
constexpr float kLeadDb = 3.0F;         // over the floor, for it
constexpr float kSteadyDb = 1.0F;       // a line tone's level moves less than this from frame to frame
constexpr float kMinimumBiasDb = 1.5F;  // the minimum of smoothed noise lies about this far below its mean
constexpr int kForgivenGap = 1;

// Butterworth high-pass, 150 Hz at 8 kHz: away with hum and offset, which would look periodic.
constexpr float kB0 = 0.9200662F, kB1 = -1.8401325F, kA1 = -1.8337326F, kA2 = 0.8465322F;

float to_dbfs(float mean_square) {
    constexpr float kFullScale = 32768.0F * 32768.0F;
    return mean_square > 0 ? std::max(kSilenceDbfs, 10.0F * std::log10(mean_square / kFullScale)) : kSilenceDbfs;
}

}  // namespace

Vad::Vad(const VadConfig& config) : config_(config) {
    reset();
}

void Vad::reset() {
    *this = [this] {
        Vad fresh(*this);
        fresh.samples_.fill(0);
        fresh.hp_x_ = fresh.hp_x2_ = fresh.hp_y_ = fresh.hp_y2_ = 0;
        fresh.slot_min_.fill(config_.floor_start_dbfs);
        fresh.slot_ = 0;
        fresh.slot_age_ = 0;
        fresh.smooth_ = fresh.last_level_ = kSilenceDbfs;
        fresh.floor_ = config_.floor_start_dbfs;
        fresh.primed_ = fresh.speech_ = false;
        fresh.run_ = fresh.run_active_ = fresh.run_voiced_ = fresh.run_gap_ = 0;
        fresh.quiet_run_ = fresh.lead_ = 0;
        return fresh;
    }();
}

float Vad::filter(std::span<const std::int16_t> frame) {
    std::copy(samples_.begin() + kFrameSamples, samples_.end(), samples_.begin());
    float energy = 0;
    for (std::size_t i = 0; i < kFrameSamples; ++i) {
        const float x = i < frame.size() ? static_cast<float>(frame[i]) : 0.0F;
        const float y = kB0 * (x + hp_x2_) + kB1 * hp_x_ - kA1 * hp_y_ - kA2 * hp_y2_;
        hp_x2_ = hp_x_;
        hp_x_ = x;
        hp_y2_ = hp_y_;
        hp_y_ = y;
        samples_[kFrameSamples + i] = y;
        energy += y * y;
    }
    if (std::abs(hp_y_) < 1e-3F && std::abs(hp_y2_) < 1e-3F) hp_y_ = hp_y2_ = 0;  // no denormals in silence
    return to_dbfs(energy / kFrameSamples);
}

// Normalised autocorrelation at 4 kHz, 60 to 400 Hz. Only a local maximum counts: that of coloured noise just decays.
bool Vad::voiced() const {
    constexpr std::size_t kWindow = kFrameSamples / 2, kShortest = 10, kLongest = 66;
    std::array<float, kKeep / 2> s;
    for (std::size_t i = 0; i < s.size(); ++i) s[i] = samples_[2 * i] + samples_[2 * i + 1];
    const float* now = s.data() + s.size() - kWindow;
    const auto dot = [&](std::size_t lag) {
        float sum = 0;
        for (std::size_t i = 0; i < kWindow; ++i) sum += now[i] * *(now + i - lag);
        return sum;
    };
    const float energy_now = dot(0);
    if (energy_now <= 0) return false;
    float energy_then = 0;
    for (std::size_t i = 0; i < kWindow; ++i)
        energy_then += *(now + i - (kShortest - 1)) * *(now + i - (kShortest - 1));
    float before = 1, here = 1;
    for (std::size_t lag = kShortest - 1; lag <= kLongest; ++lag) {
        const float after = energy_then > 0 ? dot(lag) / std::sqrt(energy_now * energy_then) : 0;
        if (lag > kShortest && here >= config_.voicing && here >= before && here >= after) return true;
        before = here;
        here = after;
        const float entering = *(now - lag - 1), leaving = *(now + kWindow - lag - 1);
        energy_then = std::max(0.0F, energy_then + entering * entering - leaving * leaving);
    }
    return false;
}

// A fourth-order linear predictor (Levinson-Durbin) follows two sinusoids but no voice.
bool Vad::tone() const {
    static const auto window = [] {
        std::array<float, kFrameSamples> hann{};
        for (std::size_t i = 0; i < hann.size(); ++i) {
            hann[i] = static_cast<float>(
                0.5 - 0.5 * std::cos(2.0 * 3.14159265358979 * (static_cast<double>(i) + 0.5) / kFrameSamples));
        }
        return hann;
    }();
    std::array<float, kFrameSamples> x;
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = window[i] * samples_[kFrameSamples + i];
    constexpr std::size_t kOrder = 4;
    std::array<double, kOrder + 1> r{};
    for (std::size_t lag = 0; lag <= kOrder; ++lag) {
        for (std::size_t i = lag; i < x.size(); ++i) r[lag] += static_cast<double>(x[i] * x[i - lag]);
    }
    if (r[0] <= 0) return false;
    std::array<double, kOrder + 1> a{1.0};
    double error = r[0];
    for (std::size_t order = 1; order <= kOrder; ++order) {
        double reflection = 0;
        for (std::size_t i = 0; i < order; ++i) reflection -= a[i] * r[order - i];
        reflection /= error;
        auto next = a;
        for (std::size_t i = 1; i <= order; ++i) next[i] = a[i] + reflection * a[order - i];
        a = next;
        error *= 1.0 - reflection * reflection;
        if (error <= r[0] * 1e-9) return true;
    }
    return 10.0 * std::log10(r[0] / error) > static_cast<double>(config_.tone_gain_db);
}

void Vad::track_floor(float level) {
    level = std::clamp(level, config_.floor_min_dbfs, config_.floor_max_dbfs);
    smooth_ = primed_ ? smooth_ + 0.35F * (level - smooth_) : level;
    if (!primed_) {
        primed_ = true;
        slot_min_.fill(std::max(config_.floor_start_dbfs, config_.floor_min_dbfs));
    }
    if (slot_age_ == 0) slot_min_[slot_] = smooth_;
    slot_min_[slot_] = std::min(slot_min_[slot_], smooth_);
    if (++slot_age_ == kSlotFrames) {
        slot_age_ = 0;
        slot_ = (slot_ + 1) % kSlots;
    }
    const float minimum = *std::min_element(slot_min_.begin(), slot_min_.end()) + kMinimumBiasDb;
    floor_ = std::clamp(minimum, config_.floor_min_dbfs, config_.floor_max_dbfs);
}

VadResult Vad::push(std::span<const std::int16_t> frame) {
    frame = frame.first(std::min(frame.size(), kFrameSamples));
    VadResult result{.speech = speech_, .level_dbfs = measure_level(frame).rms_dbfs};
    const float level = filter(frame);
    track_floor(level);
    result = speech_ ? go_on_or_end(level, result) : begin_or_wait(level, result);
    last_level_ = level;
    return result;
}

VadResult Vad::begin_or_wait(float level, VadResult result) {
    const bool active = level > floor_ + config_.onset_db && level > config_.min_speech_dbfs;
    if (!active) {
        if (run_ > 0 && run_gap_ < kForgivenGap) {
            ++run_gap_;
            ++run_;
            return result;
        }
        run_ = run_active_ = run_voiced_ = run_gap_ = 0;
        lead_ = level > floor_ + kLeadDb ? std::min(lead_ + 1, kLeadFrames) : 0;
        return result;
    }
    ++run_;
    ++run_active_;
    const bool steady = std::abs(level - last_level_) < kSteadyDb;
    if (voiced() && !(steady && tone())) ++run_voiced_;
    if (run_active_ < config_.onset_frames || run_voiced_ < config_.onset_voiced_frames) return result;

    // A voice may begin with up to this much hiss; a longer one was noise before it.
    constexpr int kLongestOnset = 25;
    speech_ = true;
    result.speech = true;
    result.edge = VadResult::started;
    result.edge_ago = kFrame * std::min(run_ + lead_, kLongestOnset);
    run_ = run_active_ = run_voiced_ = run_gap_ = lead_ = quiet_run_ = 0;
    return result;
}

VadResult Vad::go_on_or_end(float level, VadResult result) {
    const bool active = level > floor_ + config_.offset_db && level > config_.min_speech_dbfs - 3.0F;
    quiet_run_ = active ? 0 : quiet_run_ + 1;
    if (quiet_run_ < config_.hangover_frames) return result;
    speech_ = false;
    result.speech = false;
    result.edge = VadResult::stopped;
    result.edge_ago = kFrame * quiet_run_;
    quiet_run_ = 0;
    return result;
}

}  // namespace parley::audio

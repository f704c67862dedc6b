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
constexpr float kPreEmphasis = 0.9F;
constexpr int kForgivenGap = 1;
constexpr int kHissFrames = 8;    // what of an unvoiced run before the first voiced frame may belong to the utterance
constexpr int kNoiseFrames = 20;  // active frames without a voice that are no consonant any more

// Butterworth high-pass, 250 Hz at 8 kHz: telephone speech begins at 300 Hz, and hum, car noise and offset below that
// look periodic.
constexpr float kB0 = 0.8703308F, kB1 = -1.7406616F, kA1 = -1.7237762F, kA2 = 0.7575469F;

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
        fresh.run_ = {};
        fresh.quiet_run_ = fresh.lead_ = 0;
        return fresh;
    }();
}

float Vad::filter(std::span<const std::int16_t> frame) {
    std::copy(samples_.begin() + kFrameSamples, samples_.end(), samples_.begin());
    // In locals, and the newest output added last: the recursion's latency is what this function costs.
    float x1 = hp_x_, x2 = hp_x2_, y1 = hp_y_, y2 = hp_y2_, energy = 0;
    for (std::size_t i = 0; i < kFrameSamples; ++i) {
        const float x = i < frame.size() ? static_cast<float>(frame[i]) : 0.0F;
        const float y = (kB0 * (x + x2) + kB1 * x1 - kA2 * y2) - kA1 * y1;
        x2 = x1;
        x1 = x;
        y2 = y1;
        y1 = y;
        samples_[kFrameSamples + i] = y;
        energy += y * y;
    }
    const bool faded = std::abs(y1) < 1e-3F && std::abs(y2) < 1e-3F;  // no denormals in silence
    hp_x_ = x1;
    hp_x2_ = x2;
    hp_y_ = faded ? 0 : y1;
    hp_y2_ = faded ? 0 : y2;
    return to_dbfs(energy / kFrameSamples);
}

// Normalised autocorrelation at 4 kHz, 60 to 400 Hz, pre-emphasised so that a rumble's narrow peak does not pass for a
// pitch. Only a local maximum counts (that of coloured noise just decays), and the first of several nearly as high,
// which are the multiples of the period.
int Vad::pitch_lag() const {
    constexpr std::size_t kWindow = kFrameSamples / 2, kShortest = 10, kLongest = 66;
    constexpr float kNearlyAsHigh = 0.85F;
    std::array<float, kKeep / 2> s;
    float previous = samples_[0] + samples_[1];
    for (std::size_t i = 0; i < s.size(); ++i) {
        const float x = samples_[2 * i] + samples_[2 * i + 1];
        s[i] = x - kPreEmphasis * previous;
        previous = x;
    }
    const float* now = s.data() + s.size() - kWindow;
    const auto dot = [now](const float* then) {
        constexpr std::size_t kLanes = 8;  // float sums have an order; several of them let the compiler use vectors
        static_assert(kWindow % kLanes == 0);
        std::array<float, kLanes> sums{};
        for (std::size_t i = 0; i < kWindow; i += kLanes) {
            for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += now[i + lane] * then[i + lane];
        }
        return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
    };
    const float energy_now = dot(now);
    if (energy_now <= 0) return 0;
    // Correlations for lags kShortest - 1 .. kLongest + 1, the energy of the older stretch carried along.
    std::array<float, kLongest - kShortest + 3> r;
    const float* then = now - (kShortest - 1);
    float energy_then = 0;
    for (std::size_t i = 0; i < kWindow; ++i) energy_then += then[i] * then[i];
    for (float& value : r) {
        value = energy_then > 0 ? dot(then) / std::sqrt(energy_now * energy_then) : 0;
        --then;
        energy_then = std::max(0.0F, energy_then + then[0] * then[0] - then[kWindow] * then[kWindow]);
    }
    const auto peak_at = [&r](std::size_t i) { return r[i] >= r[i - 1] && r[i] >= r[i + 1]; };
    float best = config_.voicing;
    for (std::size_t i = 1; i + 1 < r.size(); ++i) {
        if (peak_at(i)) best = std::max(best, r[i]);
    }
    for (std::size_t i = 1; i + 1 < r.size(); ++i) {
        if (peak_at(i) && r[i] >= config_.voicing && r[i] >= kNearlyAsHigh * best) return static_cast<int>(i + kShortest - 1);
    }
    return 0;
}

// A fourth-order linear predictor (Levinson-Durbin) follows two sinusoids but no voice.
bool Vad::tone() const {
    static const auto window = [] {
        std::array<float, kFrameSamples> hann{};
        for (std::size_t i = 0; i < hann.size(); ++i) {
            hann[i] = static_cast<float>(0.5 - 0.5 * std::cos(2.0 * 3.14159265358979 * (static_cast<double>(i) + 0.5) / kFrameSamples));
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
        if (run_.frames > 0 && run_.gap < kForgivenGap) {
            ++run_.gap;
            ++run_.frames;
            return result;
        }
        run_ = {};
        lead_ = level > floor_ + kLeadDb ? std::min(lead_ + 1, kLeadFrames) : 0;
        return result;
    }
    run_.lowest = run_.active == 0 ? smooth_ : std::min(run_.lowest, smooth_);
    ++run_.frames;
    ++run_.active;
    run_.gap = 0;
    const bool steady = std::abs(level - last_level_) < kSteadyDb;
    // Noise has a pitch now and then, a voice keeps it.
    const int lag = pitch_lag();
    const bool voiced = lag != 0 && !(steady && tone());
    const bool kept = voiced && run_.voiced > 0 && std::abs(lag - run_.lag) <= std::max(1, run_.lag / 6);
    if (voiced && !kept) run_.first_voiced = run_.frames;
    run_.voiced = voiced ? (kept ? run_.voiced + 1 : 1) : 0;
    run_.lag = lag;
    if (run_.active < config_.onset_frames || run_.voiced < config_.onset_voiced_frames) {
        if (run_.active >= kNoiseFrames) learn_noise();
        return result;
    }
    const int before_voice = run_.first_voiced - 1 + (run_.first_voiced <= kHissFrames ? lead_ : 0);
    speech_ = true;
    result.speech = true;
    result.edge = VadResult::started;
    result.edge_ago = kFrame * (run_.frames - run_.first_voiced + 1 + std::min(before_voice, kHissFrames));
    run_ = {};
    lead_ = quiet_run_ = 0;
    return result;
}

// Loud and long, but no voice: the line has become this noisy, and waiting for the window to pass would only mean
// deafness.
void Vad::learn_noise() {
    for (float& minimum : slot_min_) minimum = std::max(minimum, run_.lowest);
    run_ = {};
    lead_ = 0;
}

VadResult Vad::go_on_or_end(float level, VadResult result) {
    const bool active = level > floor_ + config_.offset_db && level > config_.min_speech_dbfs - 3.0F;
    quiet_run_ = active ? 0 : quiet_run_ + 1;
    // run_ now counts what has no voice: speech that noise took over must end too.
    ++run_.frames;
    if (active && pitch_lag() != 0) {
        run_ = {};
    } else if (active) {
        run_.lowest = run_.active == 0 ? smooth_ : std::min(run_.lowest, smooth_);
        ++run_.active;
    }
    const bool taken_over = run_.active >= kNoiseFrames;
    if (quiet_run_ < config_.hangover_frames && !taken_over) return result;
    speech_ = false;
    result.speech = false;
    result.edge = VadResult::stopped;
    result.edge_ago = kFrame * (taken_over ? run_.frames : quiet_run_);
    if (taken_over) learn_noise();
    run_ = {};
    quiet_run_ = 0;
    return result;
}

}  // namespace parley::audio

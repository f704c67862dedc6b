#include "parley/audio/resampler.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <stdexcept>

#include "resampler_filter.hpp"

namespace parley::audio {

struct Resampler::State {
    const ResamplerFilter* filter;
    std::size_t filled = 0;              // samples in the block, dealt to the branches in turn
    std::vector<std::int16_t> result;    // of one block
    std::vector<std::int16_t> branches;  // see resample_block

    std::size_t up() const { return static_cast<std::size_t>(filter->up); }
    std::size_t down() const { return static_cast<std::size_t>(filter->down); }

    void deal(std::span<const std::int16_t> in) {
        const std::size_t m = down();
        std::int16_t* block = branches.data() + kResamplerHistory;
        if (m == 1) {
            std::copy(in.begin(), in.end(), block + filled);
        } else {
            for (std::size_t r = 0; r < std::min(m, in.size()); ++r) {
                const std::size_t at = filled + r;
                std::int16_t* to = block + (at % m) * kResamplerStride + at / m;
                for (std::size_t i = r; i < in.size(); i += m) *to++ = in[i];
            }
        }
        filled += in.size();
    }

    // The block's tail becomes the history of the next one.
    void advance(std::size_t groups) {
        for (std::size_t r = 0; r < down(); ++r) {
            std::int16_t* branch = branches.data() + r * kResamplerStride;
            std::memmove(branch, branch + groups, (kResamplerHistory + 1) * sizeof(std::int16_t));
        }
        filled -= groups * down();
    }
};

Resampler::Resampler(int in_hz, int out_hz) : in_hz_(in_hz), out_hz_(out_hz) {
    if (!resampler_supports(in_hz) || !resampler_supports(out_hz)) {
        throw std::invalid_argument("resampler: rates are 8000, 16000, 24000 and 48000 Hz");
    }
    if (in_hz == out_hz) return;
    const int divisor = std::gcd(in_hz, out_hz);
    state_ = std::make_unique<State>();
    state_->filter = &resampler_filter(out_hz / divisor, in_hz / divisor);
    state_->result.resize(state_->up() * (kResamplerBlock + kResamplerPadding));
    state_->branches.resize(state_->down() * kResamplerStride);
}

Resampler::~Resampler() = default;
Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;

void Resampler::process(std::span<const std::int16_t> in, std::vector<std::int16_t>& out) {
    if (!state_) {
        out.insert(out.end(), in.begin(), in.end());
        return;
    }
    State& s = *state_;
    while (!in.empty()) {
        const std::size_t take = std::min(in.size(), kResamplerBlock * s.down() - s.filled);
        s.deal(in.first(take));
        in = in.subspan(take);
        const std::size_t groups = s.filled / s.down();
        if (groups == 0) continue;
        resample_block(*s.filter, s.branches.data(), groups, s.result.data());
        const auto end = s.result.begin() + static_cast<std::ptrdiff_t>(groups * s.up());
        out.insert(out.end(), s.result.begin(), end);
        s.advance(groups);
    }
}

void Resampler::flush(std::vector<std::int16_t>& out) {
    if (!state_) return;
    State& s = *state_;
    const std::size_t owed = (s.filled * s.up() + s.down() - 1) / s.down() + delay_samples();
    const std::size_t end = out.size() + owed;
    const std::size_t groups = (owed + s.up() - 1) / s.up();
    constexpr std::int16_t kSilence[kResamplerMaxRatio * kResamplerBlock] = {};
    for (std::size_t missing = groups * s.down() - s.filled; missing != 0;) {
        const std::size_t step = std::min(missing, std::size(kSilence));
        process({kSilence, step}, out);
        missing -= step;
    }
    out.resize(end);
    reset();
}

void Resampler::reset() {
    if (!state_) return;
    std::fill(state_->branches.begin(), state_->branches.end(), std::int16_t{0});
    state_->filled = 0;
}

std::size_t Resampler::delay_samples() const {
    return state_ ? state_->filter->delay_up / state_->down() : 0;
}

std::size_t Resampler::output_bound(std::size_t in) const {
    return state_ ? (state_->filled + in) / state_->down() * state_->up() : in;
}

}  // namespace parley::audio

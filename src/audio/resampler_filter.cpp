#include "resampler_filter.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <stdexcept>

namespace parley::audio {

namespace {

constexpr int kZeroCrossings = 16;   // each side of the sinc, hence 32 taps at the lower rate
constexpr double kKaiserBeta = 7.2;  // about 74 dB; more is lost in 14-bit coefficients

double bessel_i0(double x) {
    double sum = 1.0, term = 1.0;
    for (int k = 1; term > sum * 1e-12; ++k) {
        term *= (x / (2.0 * k)) * (x / (2.0 * k));
        sum += term;
    }
    return sum;
}

// Low-pass at half the lower rate, sampled at the rate in x L, gain L.
std::vector<double> prototype(int up, int down) {
    const int widest = std::max(up, down);
    const int centre = kZeroCrossings * widest;
    std::vector<double> h(static_cast<std::size_t>(2 * centre));
    for (int n = 0; n < 2 * centre; ++n) {
        const double x = static_cast<double>(n - centre) / widest;
        const double sinc = n == centre ? 1.0 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
        const double edge = static_cast<double>(n - centre) / centre;
        const double window = bessel_i0(kKaiserBeta * std::sqrt(std::max(0.0, 1.0 - edge * edge))) / bessel_i0(kKaiserBeta);
        h[static_cast<std::size_t>(n)] = sinc * window * up / widest;
    }
    return h;
}

// One phase in fixed point. Each sums to exactly one, or a constant input would come out with a ripple at the input
// rate.
std::vector<std::int16_t> quantised_phase(const std::vector<double>& h, int up, int phase, int bits) {
    std::vector<double> taps;
    for (auto n = static_cast<std::size_t>(phase); n < h.size(); n += static_cast<std::size_t>(up)) taps.push_back(h[n]);
    const double sum = std::accumulate(taps.begin(), taps.end(), 0.0);
    std::vector<std::int16_t> fixed;
    int total = 0;
    for (const double tap : taps) {
        fixed.push_back(static_cast<std::int16_t>(std::lround(tap / sum * (1 << bits))));
        total += fixed.back();
    }
    auto largest = std::max_element(fixed.begin(), fixed.end());
    *largest = static_cast<std::int16_t>(*largest + (1 << bits) - total);
    return fixed;
}

int floor_div(int a, int b) {
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

ResamplerFilter build(int up, int down) {
    ResamplerFilter filter;
    filter.up = up;
    filter.down = down;
    filter.delay_up = std::size_t{kZeroCrossings} * static_cast<std::size_t>(std::max(up, down));
    // Going down, taps are small and rounding them to the common 14 bits would cost 10 dB of the stop band; a branch
    // holds only part of the taps, so its own sum has room for more bits.
    filter.extra_bits = up > down ? 0 : (down / up >= 6 ? 3 : (down / up >= 3 ? 2 : 1));
    const int bits = kResamplerFractionBits + filter.extra_bits;
    const auto h = prototype(up, down);
    std::vector<std::vector<std::int16_t>> phases;
    phases.reserve(static_cast<std::size_t>(up));
    for (int j = 0; j < up; ++j) phases.push_back(quantised_phase(h, up, j * down % up, bits));

    // Output j of a group reads x[gM + s] for s = start(j) - k, tap k of its phase; s = M * offset + branch.
    const int taps = static_cast<int>(phases.front().size());
    const auto start = [&](int j) { return j * down / up; };
    for (int r = 0; r < down; ++r) {
        int newest = -taps, oldest = 0;
        for (int j = 0; j < up; ++j) {
            newest = std::max(newest, floor_div(start(j) - r, down));
            oldest = std::min(oldest, -floor_div(r - (start(j) - taps + 1), down));
        }
        auto& branch = filter.branches[static_cast<std::size_t>(r)];
        branch = {.newest = newest, .pairs = static_cast<std::size_t>((newest - oldest + 2) / 2)};
        if (2 * branch.pairs + 1 > kResamplerHistory) throw std::logic_error("resampler history too short");
        for (std::size_t q = 0; q < branch.pairs; ++q) {
            for (int j = 0; j < up; ++j) {
                for (const int step : {1, 0}) {
                    const int offset = newest - 2 * static_cast<int>(q) - step;
                    const int k = start(j) - (down * offset + r);
                    const auto& phase = phases[static_cast<std::size_t>(j)];
                    filter.taps.push_back(k >= 0 && k < taps ? phase[static_cast<std::size_t>(k)] : std::int16_t{0});
                }
            }
        }
    }
    return filter;
}

}  // namespace

const ResamplerFilter& resampler_filter(int up, int down) {
    static const auto filters = [] {
        std::vector<ResamplerFilter> all;
        for (const auto& [l, m] : {std::pair{2, 1}, {3, 1}, {6, 1}, {3, 2}, {1, 2}, {1, 3}, {1, 6}, {2, 3}}) {
            all.push_back(build(l, m));
        }
        return all;
    }();
    const auto it = std::find_if(filters.begin(), filters.end(), [&](const ResamplerFilter& filter) { return filter.up == up && filter.down == down; });
    if (it == filters.end()) throw std::invalid_argument("no resampling filter for this ratio");
    return *it;
}

void resample_block_scalar(const ResamplerFilter& filter, const std::int16_t* branches, std::size_t groups, std::int16_t* out) {
    const auto up = static_cast<std::size_t>(filter.up);
    for (std::size_t g = 0; g < groups; ++g) {
        for (std::size_t j = 0; j < up; ++j) {
            std::int32_t total = 1 << (kResamplerFractionBits - 1);
            const std::int16_t* tap = filter.taps.data() + 2 * j;
            for (std::size_t r = 0; r < static_cast<std::size_t>(filter.down); ++r) {
                const auto& branch = filter.branches[r];
                const std::int16_t* x = branches + r * kResamplerStride + kResamplerHistory + g + branch.newest;
                std::int32_t sum = 0;
                for (std::size_t q = 0; q < branch.pairs; ++q, x -= 2, tap += 2 * up) sum += tap[0] * x[-1] + tap[1] * x[0];
                total += sum >> filter.extra_bits;
            }
            out[g * up + j] = static_cast<std::int16_t>(std::clamp(total >> kResamplerFractionBits, -32768, 32767));
        }
    }
}

}  // namespace parley::audio

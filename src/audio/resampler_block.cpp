// The vector form of resample_block: 16-bit multiplications in pairs into 32-bit sums, as many groups at once as a
// register has 16-bit lanes. Integer sums have no order, so every target gives the same samples.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "resampler_block.cpp"
#include "resampler_filter.hpp"
#include "simd.hpp"
// foreach_target.h must come before highway.h.
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace parley::audio::HWY_NAMESPACE {
#if PARLEY_SIMD_TARGET
namespace hn = hwy::HWY_NAMESPACE;

using D16 = hn::ScalableTag<std::int16_t>;
using D32 = hn::RepartitionToWide<D16>;
using V16 = hn::VFromD<D16>;
using V32 = hn::VFromD<D32>;

// The 32-bit sums of one output in one branch. Some targets add the products of the upper half into a second sum.
struct Sums {
    V32 low, low2, high, high2;

    // Spelled out: an implicit constructor would not be compiled for the target.
    HWY_INLINE Sums() : low(hn::Zero(D32())), low2(low), high(low), high2(low) {}

    HWY_INLINE void add(V16 pairs_low, V16 pairs_high, V16 taps) {
        low = hn::ReorderWidenMulAccumulate(D32(), pairs_low, taps, low, low2);
        high = hn::ReorderWidenMulAccumulate(D32(), pairs_high, taps, high, high2);
    }
};

// The sums of one output for a register of groups.
struct Totals {
    V32 low, high;

    HWY_INLINE Totals() : low(hn::Set(D32(), 1 << (kResamplerFractionBits - 1))), high(low) {}

    HWY_INLINE void add(const Sums& branch, int extra_bits) {
        low = hn::Add(low, hn::ShiftRightSame(hn::RearrangeToOddPlusEven(branch.low, branch.low2), extra_bits));
        high = hn::Add(high, hn::ShiftRightSame(hn::RearrangeToOddPlusEven(branch.high, branch.high2), extra_bits));
    }
    HWY_INLINE V16 samples() const {
        // Saturates. Its order undoes that of InterleaveLower and InterleaveUpper.
        return hn::ReorderDemote2To(D16(), hn::ShiftRight<kResamplerFractionBits>(low), hn::ShiftRight<kResamplerFractionBits>(high));
    }
};

template <std::size_t kUp>
HWY_INLINE void store(const Totals (&totals)[kUp], std::int16_t* out) {
    const D16 d;
    if constexpr (kUp == 1) {
        hn::StoreU(totals[0].samples(), d, out);
    } else if constexpr (kUp == 2) {
        hn::StoreInterleaved2(totals[0].samples(), totals[1].samples(), d, out);
    } else if constexpr (kUp == 3) {
        hn::StoreInterleaved3(totals[0].samples(), totals[1].samples(), totals[2].samples(), d, out);
    } else {
        HWY_ALIGN std::int16_t lanes[kUp][hn::MaxLanes(D16())];
        for (std::size_t j = 0; j < kUp; ++j) hn::Store(totals[j].samples(), d, lanes[j]);
        for (std::size_t i = 0; i < hn::MaxLanes(D16()); ++i) {
            for (std::size_t j = 0; j < kUp; ++j) *out++ = lanes[j][i];
        }
    }
}

template <std::size_t kUp>
HWY_INLINE void run(const ResamplerFilter& filter, const std::int16_t* branches, std::size_t groups, std::int16_t* out) {
    const D16 d;
    constexpr std::size_t kLanes = hn::MaxLanes(D16());
    static_assert(kLanes <= kResamplerPadding);
    for (std::size_t g = 0; g < groups; g += kLanes) {
        Totals totals[kUp];
        const std::int16_t* tap = filter.taps.data();
        for (std::size_t r = 0; r < static_cast<std::size_t>(filter.down); ++r) {
            const auto& branch = filter.branches[r];
            const std::int16_t* x = branches + r * kResamplerStride + kResamplerHistory + g + branch.newest;
            Sums sums[kUp];
            for (std::size_t q = 0; q < branch.pairs; ++q, x -= 2) {
                const auto earlier = hn::LoadU(d, x - 1);
                const auto later = hn::LoadU(d, x);
                const auto low = hn::InterleaveLower(d, earlier, later);
                const auto high = hn::InterleaveUpper(d, earlier, later);
                for (std::size_t j = 0; j < kUp; ++j, tap += 2) {
                    std::int32_t pair = 0;
                    __builtin_memcpy(&pair, tap, sizeof pair);
                    sums[j].add(low, high, hn::BitCast(d, hn::Set(D32(), pair)));
                }
            }
            for (std::size_t j = 0; j < kUp; ++j) totals[j].add(sums[j], filter.extra_bits);
        }
        store<kUp>(totals, out + g * kUp);
    }
}

static void block(const ResamplerFilter& filter, const std::int16_t* branches, std::size_t groups, std::int16_t* out) {
    switch (filter.up) {
        case 1:
            return run<1>(filter, branches, groups, out);
        case 2:
            return run<2>(filter, branches, groups, out);
        case 3:
            return run<3>(filter, branches, groups, out);
        default:
            return run<6>(filter, branches, groups, out);
    }
}

#else

static void block(const ResamplerFilter& filter, const std::int16_t* branches, std::size_t groups, std::int16_t* out) {
    resample_block_scalar(filter, branches, groups, out);
}

#endif
}  // namespace parley::audio::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace parley::audio {

HWY_EXPORT(block);

void resample_block(const ResamplerFilter& filter, const std::int16_t* branches, std::size_t groups, std::int16_t* out) {
    HWY_DYNAMIC_DISPATCH(block)(filter, branches, groups, out);
}

}  // namespace parley::audio
#endif

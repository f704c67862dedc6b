// The arithmetic of both laws on 16-bit lanes. Segments become factors by a byte table (a variable 16-bit shift exists
// only from AVX-512 on), so one multiplication does the shifting.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "g711.cpp"
#include "parley/audio/g711.hpp"

#include <algorithm>
#include <cassert>

#include "simd.hpp"
// foreach_target.h must come before highway.h.
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace parley::audio::HWY_NAMESPACE {
#if PARLEY_SIMD_TARGET
namespace hn = hwy::HWY_NAMESPACE;

using D16 = hn::ScalableTag<std::int16_t>;
using Du16 = hn::RebindToUnsigned<D16>;
using Dbytes = hn::Repartition<std::uint8_t, D16>;  // the same register seen as bytes
using Dhalf = hn::Rebind<std::uint8_t, D16>;        // as many bytes as there are 16-bit lanes
using V16 = hn::VFromD<D16>;
using Vu16 = hn::VFromD<Du16>;

// Per 16-bit lane: table[lane]. `index` needs bit 15 set, or table[0] == 0, so that the high byte comes out zero.
HWY_INLINE Vu16 lookup(const std::uint8_t* HWY_RESTRICT table, Vu16 index) {
    const Du16 d;
    const Dbytes db;
    return hn::BitCast(d, hn::TableLookupBytesOr0(hn::LoadDup128(db, table), hn::BitCast(db, index)));
}

HWY_INLINE Vu16 load_codes(const std::uint8_t* in) {
    return hn::PromoteTo(Du16(), hn::LoadU(Dhalf(), in));
}

HWY_INLINE void store_codes(Vu16 codes, std::uint8_t* out) {
    hn::StoreU(hn::DemoteTo(Dhalf(), hn::BitCast(D16(), codes)), Dhalf(), out);
}

// All bits of a lane where bit 7 of the code is set.
HWY_INLINE V16 bit7_mask(Vu16 code) {
    return hn::ShiftRight<15>(hn::BitCast(D16(), hn::ShiftLeft<8>(code)));
}

HWY_INLINE V16 negate_where(V16 mask, V16 value) {
    return hn::Sub(hn::Xor(value, mask), mask);
}

alignas(16) constexpr std::uint8_t kMulawFactor[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
alignas(16) constexpr std::uint8_t kAlawFactor[16] = {1, 1, 2, 4, 8, 16, 32, 64, 1, 1, 2, 4, 8, 16, 32, 64};

struct MulawDecode {
    HWY_INLINE void operator()(const std::uint8_t* in, std::int16_t* out) const {
        const Du16 d;
        const auto code = hn::Xor(load_codes(in), hn::Set(d, 0xFF));
        const auto step = hn::Add(hn::ShiftLeft<3>(hn::And(code, hn::Set(d, 0x0F))), hn::Set(d, 0x84));
        const auto factor = lookup(kMulawFactor, hn::Or(hn::ShiftRight<4>(code), hn::Set(d, 0x8000)));
        const auto magnitude = hn::BitCast(D16(), hn::Sub(hn::Mul(step, factor), hn::Set(d, 0x84)));
        hn::StoreU(negate_where(bit7_mask(code), magnitude), D16(), out);
    }
};

struct AlawDecode {
    HWY_INLINE void operator()(const std::uint8_t* in, std::int16_t* out) const {
        const Du16 d;
        const auto code = hn::Xor(load_codes(in), hn::Set(d, 0xD5));  // bit 7 now means negative
        const auto segment_bits = hn::And(code, hn::Set(d, 0x70));
        const auto step = hn::Add(hn::ShiftLeft<4>(hn::And(code, hn::Set(d, 0x0F))), hn::Set(d, 8));
        const auto above = hn::And(hn::VecFromMask(d, hn::Ne(segment_bits, hn::Zero(d))), hn::Set(d, 0x100));
        const auto factor = lookup(kAlawFactor, hn::Or(hn::ShiftRight<4>(segment_bits), hn::Set(d, 0x8000)));
        const auto magnitude = hn::BitCast(D16(), hn::Mul(hn::Or(step, above), factor));
        hn::StoreU(negate_where(bit7_mask(code), magnitude), D16(), out);
    }
};

// Encoding: a first step brings the magnitude's leading bit into the top nibble h = m >> 11, and from h two byte tables
// give the factor that brings it to bit 14 and 16 x (segment - 1). Then code = (m x factor >> 10) + table - (first
// step's share): the leading one, now worth 16, makes up for the -16.
alignas(16) constexpr std::uint8_t kMulawNormalise[16] = {0, 8, 4, 4, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1};
alignas(16) constexpr std::uint8_t kMulawSegment[16] = {0, 48, 64, 64, 80, 80, 80, 80, 96, 96, 96, 96, 96, 96, 96, 96};
alignas(16) constexpr std::uint8_t kAlawNormalise[16] = {8, 8, 4, 4, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1};
alignas(16) constexpr std::uint8_t kAlawSegment[16] = {48, 48, 64, 64, 80, 80, 80, 80, 96, 96, 96, 96, 96, 96, 96, 96};

struct MulawEncode {
    HWY_INLINE void operator()(const std::int16_t* in, std::uint8_t* out) const {
        const Du16 d;
        const auto sample = hn::LoadU(D16(), in);
        // |-32768| is 0x8000, which unsigned comparison clips like any other.
        const auto clipped = hn::Min(hn::BitCast(d, hn::Abs(sample)), hn::Set(d, 32635));
        const auto magnitude = hn::Add(clipped, hn::Set(d, 0x84));
        const auto small = hn::Lt(hn::BitCast(D16(), magnitude), hn::Set(D16(), 2048));
        const auto m = hn::IfThenElse(hn::RebindMask(d, small), hn::ShiftLeft<4>(magnitude), magnitude);
        const auto h = hn::ShiftRight<11>(m);  // never 0, so the tables' entry 0 serves the high bytes
        const auto t = hn::ShiftRight<10>(hn::Mul(m, lookup(kMulawNormalise, h)));
        const auto share = hn::IfThenElseZero(hn::RebindMask(d, small), hn::Set(d, 64));
        const auto code = hn::Sub(hn::Add(t, lookup(kMulawSegment, h)), share);
        const auto sign = hn::And(hn::ShiftRight<8>(hn::BitCast(d, sample)), hn::Set(d, 0x80));
        store_codes(hn::Xor(hn::Xor(code, sign), hn::Set(d, 0xFF)), out);
    }
};

struct AlawEncode {
    HWY_INLINE void operator()(const std::int16_t* in, std::uint8_t* out) const {
        const Du16 d;
        const auto sample = hn::LoadU(D16(), in);
        const auto signed_magnitude = hn::Xor(sample, hn::ShiftRight<15>(sample));
        const auto magnitude = hn::BitCast(d, signed_magnitude);
        // Segments 0 and 1 share one slope, so a step of 3 (not 4) lets h = 0 and h = 1 mean the same.
        const auto small = hn::Lt(signed_magnitude, hn::Set(D16(), 4096));
        const auto m = hn::IfThenElse(hn::RebindMask(d, small), hn::ShiftLeft<3>(magnitude), magnitude);
        const auto h = hn::Or(hn::ShiftRight<11>(m), hn::Set(d, 0x8000));
        const auto t = hn::ShiftRight<10>(hn::Mul(m, lookup(kAlawNormalise, h)));
        const auto share = hn::IfThenElseZero(hn::RebindMask(d, small), hn::Set(d, 48));
        const auto code = hn::Sub(hn::Add(t, lookup(kAlawSegment, h)), share);
        const auto sign = hn::And(hn::ShiftRight<8>(hn::BitCast(d, sample)), hn::Set(d, 0x80));
        store_codes(hn::Xor(hn::Xor(code, sign), hn::Set(d, 0xD5)), out);
    }
};

// Whole vectors, then the last one again, aligned to the end: computing a sample twice is harmless and cheaper than a
// tail.
template <class Kernel, class Twin, class In, class Out>
HWY_INLINE void convert(const Kernel& kernel, Twin twin, const In* HWY_RESTRICT in, Out* HWY_RESTRICT out, std::size_t n) {
    const std::size_t lanes = hn::Lanes(D16());
    if (n < lanes) {
        for (std::size_t i = 0; i < n; ++i) out[i] = twin(in[i]);
        return;
    }
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes) kernel(in + i, out + i);
    if (i != n) kernel(in + n - lanes, out + n - lanes);
}

static void decode_mulaw(const std::uint8_t* in, std::int16_t* out, std::size_t n) {
    convert(MulawDecode(), mulaw_decode_sample, in, out, n);
}
static void encode_mulaw(const std::int16_t* in, std::uint8_t* out, std::size_t n) {
    convert(MulawEncode(), mulaw_encode_sample, in, out, n);
}
static void decode_alaw(const std::uint8_t* in, std::int16_t* out, std::size_t n) {
    convert(AlawDecode(), alaw_decode_sample, in, out, n);
}
static void encode_alaw(const std::int16_t* in, std::uint8_t* out, std::size_t n) {
    convert(AlawEncode(), alaw_encode_sample, in, out, n);
}

#else

static void decode_mulaw(const std::uint8_t* in, std::int16_t* out, std::size_t n) {
    std::transform(in, in + n, out, mulaw_decode_sample);
}
static void encode_mulaw(const std::int16_t* in, std::uint8_t* out, std::size_t n) {
    std::transform(in, in + n, out, mulaw_encode_sample);
}
static void decode_alaw(const std::uint8_t* in, std::int16_t* out, std::size_t n) {
    std::transform(in, in + n, out, alaw_decode_sample);
}
static void encode_alaw(const std::int16_t* in, std::uint8_t* out, std::size_t n) {
    std::transform(in, in + n, out, alaw_encode_sample);
}

#endif
}  // namespace parley::audio::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace parley::audio {

HWY_EXPORT(decode_mulaw);
HWY_EXPORT(encode_mulaw);
HWY_EXPORT(decode_alaw);
HWY_EXPORT(encode_alaw);

void mulaw_decode(std::span<const std::uint8_t> in, std::span<std::int16_t> out) {
    assert(out.size() >= in.size());
    HWY_DYNAMIC_DISPATCH(decode_mulaw)(in.data(), out.data(), std::min(in.size(), out.size()));
}

void mulaw_encode(std::span<const std::int16_t> in, std::span<std::uint8_t> out) {
    assert(out.size() >= in.size());
    HWY_DYNAMIC_DISPATCH(encode_mulaw)(in.data(), out.data(), std::min(in.size(), out.size()));
}

void alaw_decode(std::span<const std::uint8_t> in, std::span<std::int16_t> out) {
    assert(out.size() >= in.size());
    HWY_DYNAMIC_DISPATCH(decode_alaw)(in.data(), out.data(), std::min(in.size(), out.size()));
}

void alaw_encode(std::span<const std::int16_t> in, std::span<std::uint8_t> out) {
    assert(out.size() >= in.size());
    HWY_DYNAMIC_DISPATCH(encode_alaw)(in.data(), out.data(), std::min(in.size(), out.size()));
}

}  // namespace parley::audio
#endif

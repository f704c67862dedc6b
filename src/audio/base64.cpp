// Vector base64. Both directions work on 128-bit blocks of 12 bytes <-> 16 characters, as many blocks at once as the
// register holds, then on single blocks, then on groups (the scalar twin). Nothing is read or written outside the
// caller's ranges.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "base64.cpp"
#include "parley/audio/base64.hpp"

#include "base64_scalar.hpp"
#include "simd.hpp"
// foreach_target.h must come before highway.h.
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace parley::audio::HWY_NAMESPACE {
#if PARLEY_SIMD_TARGET
namespace hn = hwy::HWY_NAMESPACE;

using Wide = hn::ScalableTag<std::uint8_t>;
using Block = hn::CappedTag<std::uint8_t, 16>;

// Dword orders that deal 12 bytes to each block, and gather them again.
alignas(64) constexpr std::uint32_t kDeal[16] = {0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9, 10, 11, 12};
alignas(64) constexpr std::uint32_t kGather8[8] = {0, 1, 2, 4, 5, 6, 3, 7};
alignas(64) constexpr std::uint32_t kGather16[16] = {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15};

template <class D, class V>
HWY_INLINE V reorder_dwords(D d, V v, const std::uint32_t* order) {
    const hn::Repartition<std::uint32_t, D> d32;
    return hn::BitCast(d, hn::TableLookupLanes(hn::BitCast(d32, v), hn::SetTableIndices(d32, order)));
}

// Bytes a b c of a group as b a c b: both sextet pairs lie then within one 16-bit lane.
alignas(16) constexpr std::uint8_t kSpread[16] = {1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10};
// Character minus sextet, by class: 0 is a-z, 1-10 digits, 11 '+', 12 '/', 13 A-Z.
alignas(16) constexpr std::uint8_t kToText[16] = {71, 252, 252, 252, 252, 252, 252, 252, 252, 252, 252, 237, 240, 65, 0, 0};

template <class D, class V>
HWY_INLINE V encode_vector(D d, V bytes) {
    const hn::Repartition<std::uint16_t, D> d16;
    const hn::Repartition<std::uint32_t, D> d32;
    if constexpr (hn::MaxLanes(D()) > 16) bytes = reorder_dwords(d, bytes, kDeal);
    const auto spread = hn::BitCast(d32, hn::TableLookupBytes(bytes, hn::LoadDup128(d, kSpread)));
    // Multiplications shift each lane by its own amount: right by 10 and 6 (high half), left by 4 and 8 (low half).
    const auto first = hn::MulHigh(hn::BitCast(d16, hn::And(spread, hn::Set(d32, 0x0FC0FC00U))), hn::BitCast(d16, hn::Set(d32, 0x04000040U)));
    const auto second = hn::Mul(hn::BitCast(d16, hn::And(spread, hn::Set(d32, 0x003F03F0U))), hn::BitCast(d16, hn::Set(d32, 0x01000010U)));
    const auto sextets = hn::BitCast(d, hn::Or(first, second));
    const auto above = hn::SaturatedSub(sextets, hn::Set(d, 51));
    const auto upper = hn::VecFromMask(d, hn::Lt(sextets, hn::Set(d, 26)));
    const auto kind = hn::Or(above, hn::And(upper, hn::Set(d, 13)));
    return hn::Add(sextets, hn::TableLookupBytes(hn::LoadDup128(d, kToText), kind));
}

template <class D>
HWY_INLINE void encode_blocks(D d, const std::uint8_t*& in, std::size_t& size, char*& out) {
    constexpr std::size_t kLanes = hn::MaxLanes(D());
    for (; size >= kLanes; in += kLanes / 4 * 3, size -= kLanes / 4 * 3, out += kLanes) {
        hn::StoreU(encode_vector(d, hn::LoadU(d, in)), d, reinterpret_cast<std::uint8_t*>(out));
    }
}

static void encode(const std::uint8_t* in, std::size_t size, char* out) {
    encode_blocks(Wide(), in, size, out);
    encode_blocks(Block(), in, size, out);
    base64_encode_scalar(in, size, out);
}

// A character is valid if the class of its high nibble allows its low nibble: one bit a class in each table, set in
// kLow where the class does *not* allow it. Classes: 0x01 for 2x (+ /), 0x02 for 3x (digits), 0x04 for 4x and 6x, 0x08
// for 5x and 7x, 0x10 for the rest, which allows nothing.
alignas(16) constexpr std::uint8_t kHigh[16] = {0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10};
alignas(16) constexpr std::uint8_t kLow[16] = {0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A};
// Sextet minus character, by high nibble; '/' borrows entry 1.
alignas(16) constexpr std::uint8_t kToSextet[16] = {0, 16, 19, 4, 191, 191, 185, 185, 0, 0, 0, 0, 0, 0, 0, 0};
// Big-endian 24 bits of each dword.
alignas(16) constexpr std::uint8_t kPack[16] = {2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 0x80, 0x80, 0x80, 0x80};

template <class D, class V>
HWY_INLINE V check_vector(D d, V text, V high) {
    const auto low = hn::And(text, hn::Set(d, 0x0F));
    return hn::And(hn::TableLookupBytes(hn::LoadDup128(d, kHigh), high), hn::TableLookupBytes(hn::LoadDup128(d, kLow), low));
}

template <class D, class V>
HWY_INLINE V decode_vector(D d, V text, V high) {
    const hn::Repartition<std::uint16_t, D> d16;
    const hn::Repartition<std::uint32_t, D> d32;
    const auto slash = hn::VecFromMask(d, hn::Eq(text, hn::Set(d, '/')));
    const auto sextets = hn::Add(text, hn::TableLookupBytes(hn::LoadDup128(d, kToSextet), hn::Add(high, slash)));
    const auto s16 = hn::BitCast(d16, sextets);
    const auto pairs = hn::Or(hn::And(hn::ShiftLeft<6>(s16), hn::Set(d16, 0x0FC0)), hn::ShiftRight<8>(s16));
    const auto p32 = hn::BitCast(d32, pairs);
    const auto groups = hn::Or(hn::And(hn::ShiftLeft<12>(p32), hn::Set(d32, 0x00FFF000U)), hn::ShiftRight<16>(p32));
    auto bytes = hn::TableLookupBytesOr0(hn::BitCast(d, groups), hn::LoadDup128(d, kPack));
    if constexpr (hn::MaxLanes(D()) == 32) bytes = reorder_dwords(d, bytes, kGather8);
    if constexpr (hn::MaxLanes(D()) == 64) bytes = reorder_dwords(d, bytes, kGather16);
    return bytes;
}

// A vector's store reaches a quarter beyond what it decodes, so `size`, what is still to be decoded, must cover it.
template <bool kWrite, class D>
HWY_INLINE bool decode_blocks(D d, const char*& in, std::uint8_t*& out, std::size_t& size) {
    constexpr std::size_t kLanes = hn::MaxLanes(D());
    auto bad = hn::Zero(d);
    for (; size >= kLanes; in += kLanes, size -= kLanes / 4 * 3) {
        const auto text = hn::LoadU(d, reinterpret_cast<const std::uint8_t*>(in));
        const auto high = hn::ShiftRight<4>(text);
        bad = hn::Or(bad, check_vector(d, text, high));
        if constexpr (kWrite) {
            hn::StoreU(decode_vector(d, text, high), d, out);
            out += kLanes / 4 * 3;
        }
    }
    return hn::AllTrue(d, hn::Eq(bad, hn::Zero(d)));
}

template <bool kWrite>
HWY_INLINE bool decode_all(const char* in, std::uint8_t* out, std::size_t size) {
    const bool wide_ok = decode_blocks<kWrite>(Wide(), in, out, size);
    const bool block_ok = decode_blocks<kWrite>(Block(), in, out, size);
    return base64_decode_scalar<kWrite>(in, out, size) && wide_ok && block_ok;
}

#else

static void encode(const std::uint8_t* in, std::size_t size, char* out) {
    base64_encode_scalar(in, size, out);
}

template <bool kWrite>
static bool decode_all(const char* in, std::uint8_t* out, std::size_t size) {
    return base64_decode_scalar<kWrite>(in, out, size);
}

#endif

static bool decode(const char* in, std::uint8_t* out, std::size_t size) {
    return decode_all<true>(in, out, size);
}
static bool check(const char* in, std::size_t size) {
    return decode_all<false>(in, nullptr, size);
}

}  // namespace parley::audio::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace parley::audio {

HWY_EXPORT(encode);
HWY_EXPORT(decode);
HWY_EXPORT(check);

std::size_t base64_encode(std::span<const std::uint8_t> in, std::span<char> out) {
    const std::size_t size = base64_encoded_size(in.size());
    if (size == 0 || out.size() < size) return 0;
    HWY_DYNAMIC_DISPATCH(encode)(in.data(), in.size(), out.data());
    return size;
}

std::optional<std::size_t> base64_decode(std::string_view in, std::span<std::uint8_t> out) {
    const auto size = base64_shape(in);
    if (!size || *size > out.size()) return std::nullopt;
    if (*size == 0) return size;
    if (!HWY_DYNAMIC_DISPATCH(decode)(in.data(), out.data(), *size)) return std::nullopt;
    return size;
}

std::optional<std::size_t> base64_valid(std::string_view in) {
    const auto size = base64_shape(in);
    if (!size || *size == 0) return size;
    if (!HWY_DYNAMIC_DISPATCH(check)(in.data(), *size)) return std::nullopt;
    return size;
}

}  // namespace parley::audio
#endif

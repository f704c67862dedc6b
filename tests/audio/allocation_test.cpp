// The media path allocates nothing once its vectors have capacity. Counted in this thread by replacing operator new.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <vector>

#include "parley/audio/base64.hpp"
#include "parley/audio/g711.hpp"
#include "parley/audio/level.hpp"
#include "parley/audio/mix.hpp"
#include "parley/audio/resampler.hpp"
#include "parley/audio/vad.hpp"

namespace {
thread_local std::size_t allocations = 0;

void* counted(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
}  // namespace

void* operator new(std::size_t size) {
    return counted(size);
}
void* operator new[](std::size_t size) {
    return counted(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace parley::audio {
namespace {

TEST(Allocations, a_thousand_frames_each_way_cost_none) {
    std::vector<char> text(base64_encoded_size(kFrameBytes));
    std::vector<std::uint8_t> codes(kFrameBytes, kMulawSilence);
    std::vector<std::int16_t> pcm(kFrameSamples), other(kFrameSamples, 1000), wide, narrow;
    Vad vad;
    GainRamp gain;
    Resampler up(8000, 24000), down(24000, 8000);
    wide.reserve(up.output_bound(kFrameSamples) + 8);
    narrow.reserve(kFrameSamples + 8);
    const std::size_t before = allocations;
    for (int i = 0; i < 1000; ++i) {
        codes[static_cast<std::size_t>(i) % kFrameBytes] = static_cast<std::uint8_t>(i);
        ASSERT_EQ(base64_encode(codes, text), text.size());
        ASSERT_EQ(base64_decode({text.data(), text.size()}, codes), kFrameBytes);
        mulaw_decode(codes, pcm);
        vad.push(pcm);
        ASSERT_LE(measure_level(pcm).peak_dbfs, 0.0F);
        wide.clear();
        up.process(pcm, wide);
        narrow.clear();
        down.process(wide, narrow);
        if (i % 100 == 0) gain.set_target(i % 200 == 0 ? 0.3F : 1.0F, 400);
        gain.mix(other, narrow);
        mulaw_encode(narrow, codes);
        alaw_encode(narrow, codes);
        alaw_decode(codes, pcm);
    }
    EXPECT_EQ(allocations - before, 0U);
    const std::vector<int> control(1);  // the counter counts
    EXPECT_EQ(allocations - before, 1U);
}

}  // namespace
}  // namespace parley::audio

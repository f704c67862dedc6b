#pragma once
// Runs a test once for every vector instruction set that was compiled in and that this machine has.

#include <gtest/gtest.h>

#include "simd.hpp"
// foreach_target.h is not needed here, only the list of targets.
#include <hwy/highway.h>

namespace parley::audio {

template <class Body>
void for_each_simd_target(const Body& body) {
    int count = 0;
    const std::int64_t usable = hwy::SupportedTargets() & HWY_TARGETS;
    for (std::int64_t bit = 1; bit > 0; bit <<= 1) {
        if ((usable & bit) == 0) continue;
        const testing::ScopedTrace trace(__FILE__, __LINE__, hwy::TargetName(bit));
        hwy::SetSupportedTargetsForTest(bit);
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
        body();
        ++count;
        if (bit == std::int64_t{1} << 62) break;
    }
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    EXPECT_GE(count, 1);
}

}  // namespace parley::audio

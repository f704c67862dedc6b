#pragma once
// Runs a benchmark on one vector instruction set, named by its argument as an index into the list of those usable here.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "simd.hpp"
// After simd.hpp, which selects the targets.
#include <hwy/highway.h>

namespace parley::audio {

inline std::vector<std::int64_t> usable_targets() {
    std::vector<std::int64_t> targets;
    for (int bit = 0; bit < 62; ++bit) {
        if (((hwy::SupportedTargets() & HWY_TARGETS) >> bit & 1) != 0) targets.push_back(std::int64_t{1} << bit);
    }
    return targets;
}

inline void each_target(benchmark::internal::Benchmark* benchmark) {
    for (std::size_t i = 0; i < usable_targets().size(); ++i) benchmark->Arg(static_cast<std::int64_t>(i));
}

class ChosenTarget {
public:
    explicit ChosenTarget(benchmark::State& state) {
        const std::int64_t target = usable_targets()[static_cast<std::size_t>(state.range(0))];
        hwy::SetSupportedTargetsForTest(target);
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
        state.SetLabel(hwy::TargetName(target));
    }
    ChosenTarget(const ChosenTarget&) = delete;
    ChosenTarget& operator=(const ChosenTarget&) = delete;
    ~ChosenTarget() {
        hwy::SetSupportedTargetsForTest(0);
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    }
};

}  // namespace parley::audio

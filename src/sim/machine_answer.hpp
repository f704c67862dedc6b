#pragma once

#include <optional>

#include "parley/net/task.hpp"
#include "parley/sim/parties.hpp"
#include "parley/sim/play_buffer.hpp"
#include "parley/sim/voice_activity.hpp"

namespace parley::sim {

using net::Task;
class CarrierCall;

// An answering machine at the far end of a call: one child of it.
class MachineAnswer {
public:
    MachineAnswer(CarrierCall& call, std::shared_ptr<const MachineGreeting> greeting) : call_(call), greeting_(std::move(greeting)) {}
    Task<> play();

    // Line samples; nothing until it is known.
    [[nodiscard]] std::optional<Interval> greeting() const { return spoken_; }
    [[nodiscard]] std::optional<Sample> beep_end() const { return beep_end_; }
    [[nodiscard]] bool beeps() const { return greeting_->beep; }

private:
    Task<> until(Sample line);

    CarrierCall& call_;
    std::shared_ptr<const MachineGreeting> greeting_;
    std::optional<Interval> spoken_;
    std::optional<Sample> beep_end_;
};

}  // namespace parley::sim

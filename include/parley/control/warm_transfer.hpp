#pragma once
// One warm transfer: the caller waits in a conference, a person is called, hears what it is about, takes the call or does not. Pure: facts and the time in,
// what is to be done out; facts may come late, twice or in another order.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "parley/base/clock.hpp"
#include "parley/rest/calls.hpp"

namespace parley::control {

enum class WarmResult : std::uint8_t { pending, accepted, refused, busy, no_answer, failed, hung_up, silent, machine, caller_left };
[[nodiscard]] std::string_view name(WarmResult result);

class WarmTransfer {
public:
    struct Times {
        std::chrono::milliseconds ring{25'000}, brief{40'000}, join{10'000};
        std::chrono::milliseconds slack{10'000};  // for the carrier's own time-outs to come first
    };
    enum class Phase : std::uint8_t { calling, briefing, accepted, joined, over };
    // What is to be done now. A note is left for the agent before its caller comes back.
    struct Step {
        bool hang_up_person = false;    // still ringing, or listening
        bool tell_person_gone = false;  // a sentence first: the caller has gone
        bool take_back = false;
        bool verify = false;  // nobody said whether the person has joined: ask the carrier, then say on_person_joined or on_not_joined
        std::string note;
    };

    WarmTransfer(Times times, TimePoint now) : times_(times), deadline_(now + times.ring + times.slack) {}

    Step on_person(rest::CallStatus status, TimePoint now);
    Step on_person_failed();          // could not be called at all
    Step on_briefing(TimePoint now);  // the briefing was asked for
    Step on_answer(bool takes, TimePoint now);
    Step on_silence();  // neither key nor word
    Step on_machine();
    Step on_person_joined();
    Step on_not_joined();
    Step on_caller_gone();
    Step on_closing();  // the gateway goes down
    Step on_time(TimePoint now);

    [[nodiscard]] Phase phase() const { return phase_; }
    [[nodiscard]] WarmResult result() const { return result_; }
    [[nodiscard]] bool person_over() const { return person_over_; }
    [[nodiscard]] bool waiting() const { return phase_ != Phase::joined && phase_ != Phase::over; }

private:
    Step fail(WarmResult why, std::string note, bool person_lives);

    Times times_;
    Phase phase_ = Phase::calling;
    WarmResult result_ = WarmResult::pending;
    TimePoint deadline_;
    bool person_over_ = false;
};

}  // namespace parley::control

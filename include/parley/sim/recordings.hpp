#pragma once
// Recordings of calls and conferences, as the REST side sees them. All are copies.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parley/sim/sound.hpp"

namespace parley::sim {

// What is wanted of a recording. Words are the carrier's own.
struct RecordingPlan {
    bool dual = false;           // of a call: left what the leg said, right what it heard. Mono: both mixed
    std::string track = "both";  // inbound: only what the leg said; outbound: only what it heard
    bool trim_silence = false;   // at both ends
    std::string callback = {}, callback_method = "POST";
    std::string callback_events = "completed";  // in-progress completed absent, separated by blanks
};

struct RecordingView {
    std::string sid, call_sid, conference_sid;  // one of the two is empty
    std::string status;                         // in-progress paused stopped processing completed absent
    int channels = 1;
    // DialVerb RecordVerb OutboundAPI Conference StartCallRecordingAPI StartConferenceRecordingAPI StartCallRecordingTwiML
    std::string source;
    std::string track = "both";
    std::chrono::system_clock::time_point created, updated, start_time;
    std::optional<int> duration;  // seconds of sound; nothing while it runs
    [[nodiscard]] bool running() const { return status == "in-progress" || status == "paused"; }
};

struct RecordingAudio {
    Pcm8k left, right;                 // mono: `right` is empty
    [[nodiscard]] Pcm8k mono() const;  // both mixed
};

enum class RecordingOutcome : std::uint8_t {
    done,
    no_such_call,  // nor conference
    no_such_recording,
    wrong_state,  // the call is not in progress; the recording has ended already
    overlap,      // one is running already (16108)
};

}  // namespace parley::sim

#pragma once
// `parley call`: one scripted caller against any voice URL.

#include <functional>
#include <optional>
#include <string>

#include "parley/sim/carrier.hpp"

namespace parley::sim {

struct CallerOptions {
    CarrierOptions carrier;  // account, token, trust, voice, ear, faults of signature and callbacks
    CallPlan plan;           // voice_url and scenario at least
    std::string directory;   // where truth and sound go; empty: nothing is written
    std::string stem;        // of the file names; empty: the scenario's name
};

struct CallerReport {
    CallReport call;
    std::optional<ReportFiles> files;
    std::string files_error;  // why they were not written
    int exit_status = 0;      // see below
};

inline constexpr int kExitPassed = 0;
inline constexpr int kExitUnmet = 1;   // a step could not be done or an expectation did not hold
inline constexpr int kExitNoCall = 6;  // never answered, or ended by an error of the application

// Places the call and waits for its end and its callbacks. Throws ScenarioError when the ear could never recognise one
// of the scenario's phrases.
[[nodiscard]] CallerReport run_caller(CallerOptions options);

// One line for a terminal: time, who, and the words; recognised ones are marked as such.
[[nodiscard]] std::string format_line(const TranscriptLine& line);

}  // namespace parley::sim

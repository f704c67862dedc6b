#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "parley/conversation/commands.hpp"

namespace parley::call {

// What a call file says about time: each turn's stages and each interruption.
struct CallTimes {
    std::vector<conversation::TurnTimes> turns;
    std::vector<conversation::BargedIn> interruptions;
    bool complete = false;  // the file has its end line
    std::string error;      // why it could not be read further
};
CallTimes read_call_times(std::istream& file);

// The fact `waterfall` of a call's record: {"turn":1,"at_ms":…,"endpoint_ms":…,"final_text_ms":…,"first_text_ms":…,"first_audio_ms":…,"first_frame_ms":…,
// "heard_ms":…}: milliseconds since the caller stopped speaking; at_ms when that was, in the call's own time. Stages that did not come are left out.
std::string waterfall_fact(const conversation::TurnTimes& turn);

// A table, one turn a row, milliseconds since the caller stopped speaking, with the length of each stage.
void print_waterfall(const CallTimes& times, std::ostream& out);

}  // namespace parley::call

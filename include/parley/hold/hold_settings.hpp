#pragma once
// What a caller hears while the agent prepares, and what is prepared.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace parley::hold {

enum class Strategy : std::uint8_t { none, text, audio, music, audio_then_music, text_then_music, text_over_music };

struct HoldSettings {
    Strategy strategy = Strategy::none;
    std::string text;                                    // at most 3000 characters, SSML allowed
    std::string voice;                                   // empty: the agent's
    std::string audio, music;                            // files below the data directory, or ids of uploads ("media:<id>")
    std::chrono::milliseconds least{0}, longest{15000};  // it lasts until the preparation is done, within these
    // Preparation: looked up and called meanwhile.
    bool look_up_caller = true;      // the caller's profile, if there is one
    std::vector<std::string> tools;  // called with what is known of the call; names of the agent's tools
    std::string summary_prompt;      // non-empty: the model writes a summary of what was found, for the conversation
    std::chrono::milliseconds summary_within{4000};
    bool required = false;  // a call whose preparation fails is not served: it ends with an apology
    double duck_db = -14;   // music under speech
};

}  // namespace parley::hold

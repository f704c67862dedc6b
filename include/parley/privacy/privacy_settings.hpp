#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace parley::privacy {

// What an agent's calls may leave behind.
struct PrivacySettings {
    bool redact = false;             // personal data in transcripts, tool calls, messages: masked before anything is stored
    std::vector<std::string> kinds;  // card ssn iban email phone; empty: all
    bool redact_audio = false;       // the same stretches are silenced in our own recording
};

}  // namespace parley::privacy

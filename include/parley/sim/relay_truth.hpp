#pragma once
// What is true about one ConversationRelay session, and what can be made to go wrong with it.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace parley::sim {

struct RelayFaults {
    std::optional<std::chrono::milliseconds> drop_after;  // so long after `setup` the connection is gone, without a close frame
    int drops = 1;                                        // in so many sessions of a call
    std::chrono::milliseconds read_pause{0};              // waits so long before it reads the next message
    std::chrono::milliseconds greeting_delay{0};
    bool empty_prompts = false;       // an empty prompt comes before each
    bool duplicated_prompts = false;  // each comes twice
    bool malformed_frames = false;    // a frame that is no JSON and one of a type nobody knows come before each prompt
    bool duration_as_text = false;    // durationUntilInterruptMs as a string
};

struct RelayTruth {
    struct Cycle {
        std::string text;   // as sent, the welcome greeting included
        std::string heard;  // of it, by the words that came out of the caller's telephone
        std::string language;
        bool closed = false;       // `last` came
        bool interrupted = false;  // or cut by preemption
        bool greeting = false;
    };
    struct Interruption {
        std::string heard;
        std::chrono::milliseconds after{0};
        double at_ms = 0;
        bool by_key = false;
    };
    std::string session_id, url;
    double opened_ms = 0, ended_ms = 0;  // opened: 101 received; 0 when it never was
    std::string status;                  // ended, completed, failed
    int error = 0;
    std::string error_text, handoff;
    bool has_handoff = false;
    int close_code = 0;  // sent by the server; 0 none
    std::vector<Cycle> cycles;
    std::vector<std::string> prompts;  // final ones, as sent
    std::vector<Interruption> interruptions;
    std::vector<std::string> languages;  // switched to, "tts/transcription"
    std::vector<std::string> plays;
    std::string digits_sent;
    std::uint64_t text_messages = 0, partial_prompts = 0, keys = 0, invalid_messages = 0;
    std::uint64_t empty_cycles = 0;            // `last` with nothing said before it
    std::uint64_t tokens_after_interrupt = 0;  // text between an interruption and the prompt that belongs to it
    std::uint64_t unheard_prompts = 0;         // caller speech that was not reported (not interruptible)
};

}  // namespace parley::sim

#pragma once
// What `parley chaos` does to a configuration and what it makes of the result: the list of faults, the caller's truth
// read for silence, the table. No sockets here.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/sim/fault_script.hpp"
#include "parley/sim/gate.hpp"
#include "parley/sim/report.hpp"

namespace parley::sim {

enum class ChaosRole : std::uint8_t { stt, lm, tts, s2s, carrier };
[[nodiscard]] std::string_view to_string(ChaosRole role);

struct ChaosFault {
    std::string id;    // row of the fault catalogue: "P5", "N4"; variants "P17/1011"
    std::string what;  // in a few words
    std::vector<ChaosRole> roles;
    std::vector<FaultRule> rules;   // of the proxy before the endpoint
    std::optional<GateFault> gate;  // of the gate before that, or before the gateway for `carrier`
    bool everywhere = false;        // at every endpoint of the role, not only the first
    bool may_end = false;           // an apology and the planned end of the call are right
    std::string not_run;            // why it is not injected; empty: it is

    [[nodiscard]] bool is_for(ChaosRole role) const;
};

// P1-P31, N1, N4 and N6-N8, in the catalogue's order; those that cannot be injected from outside say why.
[[nodiscard]] const std::vector<ChaosFault>& chaos_faults();
// "P5", "P5,N4", "P17/1011", "P" (all that begin so); empty: all. Throws std::invalid_argument for a name that selects
// nothing.
[[nodiscard]] std::vector<ChaosFault> select_faults(const std::string& names);

// The longest time the caller waited for sound that was owed: from the answer to the first voice, from the end of his
// words to the next voice, and between two voices of one turn. What follows the agent's last voice of a turn is the
// caller's own time, and so is what ends with the agent asking whether he is still there: `idle_prompts` are the times
// of those, in ms since the answer.
struct OwedSilence {
    double ms = 0;
    double from_ms = 0;  // since the call was placed
};
[[nodiscard]] OwedSilence longest_owed_silence(const CallReport& report, const std::vector<double>& idle_prompts = {});

// The longest hole, in ms, in something that should sound without a pause; frames of 20 ms below -45 dBFS between the
// first and the last voice.
[[nodiscard]] double longest_hole(const Mulaw& heard);

// What the gateway wrote down about a call (call file, JSON lines), as far as a verdict needs it.
struct CallFileTruth {
    struct Said {
        std::string kind, heard;
        bool interrupted = false;
    };
    std::vector<Said> agent;          // what the gateway believes the caller has heard
    std::vector<std::string> caller;  // what it understood
    struct Vendor {
        std::string role, vendor, outcome;
        bool backup = false;
    };
    std::vector<Vendor> vendors;  // exchanges in the order they ended
    std::vector<std::string> failovers;
    std::string end_reason;
    std::vector<double> idle_prompts;      // when they were begun, ms since the call's start
    bool filler = false, apology = false;  // heard
};
[[nodiscard]] CallFileTruth read_call_truth(std::string_view jsonl);

// What a model was told the agent has said: the assistant's texts of every request body (chat, messages, contents and
// input lists).
[[nodiscard]] std::vector<std::string> assistant_texts(std::string_view request_body);
// Words of `texts` that are not, in this order, among the words of `heard`.
[[nodiscard]] std::vector<std::string> unheard_words(const std::vector<std::string>& texts, const std::vector<std::string>& heard);

struct ChaosRow {
    std::string fault, what, role, vendor;
    std::optional<double> silence_ms;  // none: there was no call
    std::string completed_by;          // the endpoint's name, "apology", "nobody"
    std::optional<bool> filler;        // heard
    std::vector<std::string> wrong_words;
    int neighbours = 0, neighbours_touched = 0;
    bool passed = false;
    std::string why;  // not passed, or not run
    bool run = true;
};
[[nodiscard]] std::string chaos_table(const std::vector<ChaosRow>& rows);
[[nodiscard]] std::string chaos_json(const std::vector<ChaosRow>& rows);

}  // namespace parley::sim

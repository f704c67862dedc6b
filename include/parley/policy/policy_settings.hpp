#pragma once
// Who may call an agent, how often, how long and for how much.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace parley::policy {

struct Budget {
    std::optional<double> money;          // in the price table's currency
    std::optional<std::uint64_t> tokens;  // in and out together
    std::optional<std::chrono::seconds> time;
};

enum class Full : std::uint8_t { inherit, busy, voicemail, redirect, queue };  // what a call gets for which there is no place; inherit: limits.overflow

struct PolicySettings {
    std::vector<std::string> allow;  // E.164 numbers or prefixes ("+4930*"); non-empty: nobody else; refused callers hear busy
    std::vector<std::string> block;
    bool anonymous = true;        // callers without a number
    std::uint32_t max_calls = 0;  // of this agent at once, fleet-wide; 0: no limit of its own
    Full full = Full::inherit;
    std::string full_to;                      // redirect: a destination (flows/destination.hpp)
    std::chrono::seconds warn_before{30};     // before the longest duration, and before a call ends whose budget is used up
    std::chrono::seconds carrier_margin{30};  // the carrier ends a call so long after we should have
    Budget call, day;
};

// What one unit costs, by vendor entry or vendor; "*" for any model.
struct Price {
    std::string vendor, model;
    double input_per_million = 0, output_per_million = 0;  // tokens
    double per_minute = 0;                                 // audio heard or spoken, and connected time of speech-to-speech
    double per_thousand_characters = 0;                    // text spoken
};
struct Prices {
    std::string currency = "USD";
    std::vector<Price> rows;
    double call_per_minute = 0;  // the carrier's
};

}  // namespace parley::policy

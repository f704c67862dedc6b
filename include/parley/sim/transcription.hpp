#pragma once
// Live transcription of a call (<Start><Transcription> and the Transcriptions resource), as others see it.

#include <string>
#include <vector>

#include "parley/sim/form.hpp"

namespace parley::sim {

// What is wanted; words are the carrier's own.
struct TranscriptionPlan {
    std::string name;  // empty: the sid
    std::string callback_url, callback_method = "POST";
    std::string track = "both_tracks";
    std::string inbound_label, outbound_label;
    std::string language = "en-US", engine = "google", model = "telephony", hints;
    bool partial_results = false, profanity_filter = true, punctuation = true, provider_data = false;
    std::string intelligence_service;
};

// One that has ended.
struct TranscriptionTruth {
    struct Content {
        bool inbound = true;
        double from_ms = 0, to_ms = 0;  // since the call was placed
        std::string text;
        double confidence = 0;
    };
    std::string sid, call_sid, intelligence_service;
    double began_ms = 0;
    std::vector<Content> contents;
};

}  // namespace parley::sim

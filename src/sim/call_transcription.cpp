// The live transcriptions of one call.

#include "carrier_call.hpp"
#include "transcription.hpp"

namespace parley::sim {

void CarrierCall::open_transcription(std::string sid, TranscriptionPlan plan) {
    for (const auto& one : transcriptions_) {
        if (!one->ended() && !plan.name.empty() && one->name() == plan.name) {
            notify(12200, "Transcription: the name '" + plan.name + "' is used already", plan.callback_url, true);
            return;
        }
    }
    const int tracks = plan.track == "both_tracks" ? 2 : 1;
    if (forked_tracks() + tracks > 4) {
        notify(31960, "more than four forked tracks", plan.callback_url);
        return;
    }
    transcriptions_.push_back(std::make_unique<LiveTranscription>(*this, std::move(sid), std::move(plan)));
}

bool CarrierCall::close_transcription(const std::string& sid_or_name) {
    for (const auto& one : transcriptions_) {
        if (one->ended() || (one->sid() != sid_or_name && one->name() != sid_or_name)) continue;
        one->stop();
        if (deps_.options.on_transcription) deps_.options.on_transcription(one->truth());
        return true;
    }
    return false;
}

void CarrierCall::close_transcriptions() {
    for (const auto& one : transcriptions_) {
        if (!one->ended()) (void)close_transcription(one->sid());
    }
}

}  // namespace parley::sim

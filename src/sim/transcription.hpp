#pragma once
// One live transcription: hears the lines of its call and tells its callback. The call's side of the line (inbound) is known text; the other side
// is known where the carrier speaks itself, and otherwise what the ear understood. On the call's thread.

#include <list>
#include <memory>

#include "carrier_call.hpp"
#include "parley/sim/transcription.hpp"
#include "parley/sim/twiml_document.hpp"

namespace parley::sim {

class LiveTranscription {
public:
    // Tells `transcription-started`, or `transcription-error` for an engine that is none (32650); then it has ended already.
    LiveTranscription(CarrierCall& call, std::string sid, TranscriptionPlan plan);

    void hear(const TranscriptLine& line);
    void stop();
    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] const std::string& sid() const { return truth_.sid; }
    [[nodiscard]] const std::string& name() const { return plan_.name; }
    [[nodiscard]] int tracks() const { return plan_.track == "both_tracks" ? 2 : 1; }
    [[nodiscard]] const TranscriptionTruth& truth() const { return truth_; }

private:
    struct Pending {
        TranscriptionTruth::Content content;
        bool told = false;
    };
    [[nodiscard]] Task<> tell_later(std::shared_ptr<Pending> pending);
    void tell(Pending& pending);
    void content(const TranscriptionTruth::Content& said, const std::string& text, bool final);
    [[nodiscard]] Form event(const char* name);

    CarrierCall& call_;
    TranscriptionPlan plan_;
    TranscriptionTruth truth_;
    std::list<std::shared_ptr<Pending>> pending_;
    double carrier_spoke_ms_ = -1e9;
    int sequence_ = 0;
    bool ended_ = false;
};

// From the attributes of the noun, or from the parameters of the resource.
[[nodiscard]] TranscriptionPlan read_transcription(const TwimlElement& noun);
[[nodiscard]] TranscriptionPlan read_transcription(const Form& form);

}  // namespace parley::sim

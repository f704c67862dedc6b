#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parley/brain/ports.hpp"
#include "parley/vendors/health.hpp"
#include "parley/vendors/lm.hpp"
#include "parley/vendors/s2s.hpp"
#include "parley/vendors/stt.hpp"
#include "parley/vendors/tts.hpp"
#include "parley/vendors/link.hpp"

namespace parley::brain {

// How sessions of vendors are made; the catalogue of vendors in earnest, fakes in tests. Called on the call's worker.
struct VendorMakers {
    std::function<std::unique_ptr<vendors::SttStream>(const vendors::Endpoint&, const vendors::Link&, vendors::SttSink&)> stt;
    std::function<std::unique_ptr<vendors::LmClient>(const vendors::Endpoint&, const vendors::Link&)> lm;
    std::function<std::unique_ptr<vendors::TtsStream>(const vendors::Endpoint&, const vendors::Link&, vendors::TtsSink&)> tts;
    std::function<std::unique_ptr<vendors::S2sSession>(const vendors::Endpoint&, const vendors::Link&, vendors::S2sSetup, vendors::S2sSink&)> s2s;
};

// How long each stage may owe something before the backup is asked (catalogue 3.3).
struct UpstreamBudgets {
    std::chrono::milliseconds stt_final{1000};   // from the end of the turn; then what was understood so far counts
    std::chrono::milliseconds stt_silent{4000};  // the caller speaks and the recogniser says nothing at all
    std::chrono::milliseconds lm_first{3000};    // to the first token
    std::chrono::milliseconds lm_stall{2000};    // between tokens
    std::chrono::milliseconds lm_whole{30000};
    std::chrono::milliseconds tts_first{1500};  // to the first audio of a text
    std::chrono::milliseconds tts_stall{2000};  // between its pieces
    std::chrono::milliseconds tts_behind{700};  // audio later than real time by so much: the backup takes the next sentence
    std::chrono::milliseconds s2s_first{3000};  // from the turn's end to the first audio
    std::chrono::milliseconds s2s_stall{2000};
    std::chrono::milliseconds retry_after{100};  // ± 50 %
};

struct UpstreamSettings {
    // Each role's vendors in the order they are asked. `s2s` non-empty: speech-to-speech answers, and stt and lm are not used; tts then says
    // what is not the model's (fillers, apology).
    std::vector<vendors::Endpoint> stt, lm, tts, s2s;
    // In another language these stand in for stt and tts; an empty list: as ever. `language`: what the call begins in; empty: nobody says.
    struct InLanguage {
        std::vector<vendors::Endpoint> stt, tts;
    };
    std::map<std::string, InLanguage> by_language;
    std::string language;
    std::string instructions;                                              // the agent's persona and task: the system prompt
    std::string greeting;                                                  // said first, as it stands; empty: the model greets
    std::map<std::string, std::string> variables;                          // {name} in both, unless the call brings another value (prompt.hpp)
    std::function<std::chrono::seconds(std::chrono::sys_seconds)> offset;  // of the local time, for {now}; none: UTC
    bool end_call = true;                                                  // the model may hang up
    std::string transfer_target;                                           // where it may transfer to; empty: nowhere
    std::map<std::string, std::string> transfers;  // further places, by the names the model chooses among; `transfer_target` is "default" there
    double temperature = -1;                       // negative: the vendor's default
    std::uint32_t max_tokens = 512;
    std::uint32_t context_tokens = 0;  // of the conversation a model is given; beyond it the oldest part becomes a summary; 0: all of it
    std::string locale = "en-US";      // how numbers, dates and symbols are read
    UpstreamBudgets budgets;
    bool warm = true;                             // sockets are opened before they are needed, backups' too
    std::chrono::milliseconds clause_wait{150};   // an answer's first clause waits so long for the rest of its sentence; 0: not at all
    bool speculate = true;                        // start answering on an eager end of turn
    bool hedge = false;                           // ask a second model when the first is slower than its p95
    std::chrono::milliseconds hedge_after{1200};  // until enough was observed
    std::chrono::milliseconds session_limit{0};   // of a vendor's socket, where known: rolled over at 80 % of it, between turns
};

// Audio made beforehand, by text: fillers, greeting, apology. Immutable once made, shared by all calls. 8 kHz.
class FixedPhrases {
public:
    virtual ~FixedPhrases() = default;
    [[nodiscard]] virtual std::shared_ptr<const std::vector<std::int16_t>> find(std::string_view text) const = 0;
};

// What outlives reloads: breakers by role and name, gates by vendor.
struct UpstreamShared {
    vendors::HealthBook health;
    [[nodiscard]] vendors::ConnectGate& gate(const std::string& vendor);

private:
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<vendors::ConnectGate>> gates_;
};

// The brain whose parts are vendors' sockets, each with its backups.
//
// Recognition streams all the time to one vendor; when that one fails, or says nothing while something is owed, the next gets the present
// utterance again from its beginning. The model's answer is cut into pieces fit for a voice while it comes; a model that fails before its first
// token is replaced unheard, one that breaks off is continued by the next from what was said. A voice that fails before its first sound is
// replaced; one that breaks off is reported, and the core has the rest said again from the last word handed over. Fixed phrases need no vendor.
class UpstreamFactory final : public PipelineFactory {
public:
    UpstreamFactory(UpstreamSettings settings, VendorMakers makers, std::shared_ptr<UpstreamShared> shared, std::shared_ptr<const FixedPhrases> phrases);
    ~UpstreamFactory() override;
    std::unique_ptr<Brain> open(const CallFacts& facts, const CallPorts& ports) override;
    [[nodiscard]] bool hears_itself() const override;
    [[nodiscard]] bool takes_advice() const override { return true; }
    // With `lm` vendors only: a speech-to-speech agent answers text if it names some beside.
    std::unique_ptr<TextBrain> open_text(const CallFacts& facts, const TextPorts& ports) override;
    std::unique_ptr<Ear> open_ear(const CallFacts& facts, const EarPorts& ports) override;

private:
    struct Parts;
    std::shared_ptr<const Parts> parts_;
};

}  // namespace parley::brain

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "parley/conversation/commands.hpp"
#include "parley/conversation/events.hpp"
#include "parley/conversation/ledger.hpp"

namespace parley::conversation {

// Every threshold of turn taking; defaults from the field.
struct Settings {
    std::chrono::milliseconds endpoint_silence{600};        // silence that ends a turn when nothing better is known
    std::chrono::milliseconds endpoint_silence_short{350};  // after a partial that reads finished, or when a short answer was asked for
    std::chrono::milliseconds endpoint_silence_long{1100};  // after a partial that reads unfinished ("and", "um", a comma)
    std::chrono::milliseconds min_utterance{120};           // shorter caller sounds are noise
    std::chrono::milliseconds max_utterance{15000};         // a turn is closed here at the latest
    std::chrono::milliseconds barge_in_confirm{300};        // speech over the agent for so long interrupts; less ducks and resumes
    bool barge_in = true;
    std::uint32_t barge_in_words = 2;              // or so many recognised words, whichever is first; 0 = by time only
    std::chrono::milliseconds final_wait{3000};    // recognition's final is waited for so long, then the last partial serves
    std::chrono::milliseconds filler_after{1500};  // owed speech silent for so long: filler
    std::chrono::milliseconds filler_every{6000};
    std::uint32_t filler_max = 3;  // then apology and end (outcome A3)
    std::vector<std::string> fillers{"One moment please."};
    std::chrono::milliseconds idle_after{8000};  // caller silent after the agent finished
    std::uint32_t idle_prompts = 2;
    std::vector<std::string> idle_texts{"Are you still there?", "I am still here if you need me."};
    std::string goodbye_text = "I cannot hear you, so I will hang up now. Goodbye.";
    std::chrono::seconds max_duration{600};
    std::chrono::seconds max_duration_warning{0};  // before the end; 0 = none
    std::string max_duration_warning_text = "We have one minute left on this call.";
    std::string max_duration_text = "We have reached the time limit of this call. Goodbye.";
    std::string apology_text = "I am sorry, something went wrong on our side. Please call again later. Goodbye.";
    std::chrono::milliseconds end_grace{4000};  // after the last words were handed over, the echo of their mark is waited for so long
    std::chrono::milliseconds carrier_delay{60};
    std::chrono::milliseconds digit_gap{1500};  // DTMF: so long without a further digit ends the entry; '#' ends it at once
    std::uint32_t context_lines = 64;           // oldest lines leave first
    double vendor_end_confidence = 0.7;         // a recogniser's end of turn is believed from here on; half of it shortens the wait
    std::string fallback_text = "I am sorry, I did not get that. Could you say it again?";  // an empty or failed reply
    std::uint32_t failures_max = 2;             // so many failures in a row of one kind: apology and end; fewer ask again
    std::uint32_t reply_max_characters = 2000;  // one reply is cut behind the piece that passes this
};

// The conversation: events with times in, commands out. No socket, no clock, no thread, no log. The same events at the same times
// give the same commands, which is what replay rests on.
class Machine {
public:
    explicit Machine(Settings settings);
    ~Machine();
    Machine(Machine&&) noexcept;

    // `now` never goes backwards. Commands are appended to `out`. After EndCall nothing is ever appended again.
    void on(const Event& event, Instant now, Commands& out);

    [[nodiscard]] const Ledger& ledger() const;
    // What was said before the text of the StartReply just issued; that text itself joins when it has been answered.
    [[nodiscard]] const std::vector<ContextLine>& context() const;
    [[nodiscard]] bool ended() const;
    [[nodiscard]] bool agent_audible(Instant now) const;  // anything handed over that the ear has not reached yet
    [[nodiscard]] const char* state_name() const;         // for logs and the call file

    // What is pressed now is a secret of the caller's, or the rest of one: whoever writes a DtmfPressed down beforehand writes keys_masked() of it.
    [[nodiscard]] bool keys_secret() const;

    // The brain may ask for another patience for the next caller turn ("when" wants a long one, yes/no a short one).
    // Prefer the event PatienceAsked: it is recorded, and does the same.
    void expect(std::chrono::milliseconds endpoint_silence);

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Digits become 0; how many there are, and * and #, stay. The machine does the same with masked keys as with the real ones.
[[nodiscard]] std::string keys_masked(std::string keys);

}  // namespace parley::conversation

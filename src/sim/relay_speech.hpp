#pragma once
// What a ConversationRelay session speaks: tokens gathered to sentences, sentences with their place on the play-out clock, and how much of each talk
// cycle has been heard at a moment. Pure.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/sim/play_buffer.hpp"
#include "relay_settings.hpp"

namespace parley::sim {

class RelaySpeech {
public:
    struct Sentence {  // to be spoken
        std::uint32_t cycle = 0;
        std::string text;
        std::string source;  // of a play
        int loop = 1;
        std::string digits;  // of sendDigits
        RelayInputs interruptible;
        std::string language;
    };
    struct Cycle {
        std::string text;
        std::string language;
        RelayInputs interruptible;
        bool preemptible = false, closed = false, interrupted = false, greeting = false;
        std::string heard;  // once it is over
    };
    struct Options {
        RelayInputs interruptible;
        bool preemptible = false, greeting = false;
        std::string language;
    };

    // Adds to the open cycle, or begins one. Whole sentences go to the queue; `last` sends the rest and closes.
    void token(std::string_view text, bool last, const Options& options);
    void add(Sentence item, const Options& options);  // a play or digits: a cycle of its own behind the open one
    [[nodiscard]] bool cycle_open() const { return open_; }

    // What comes next to be turned into sound; then either placed or dropped.
    [[nodiscard]] std::optional<Sentence> take();
    // Its sound plays from `from` to `to`. False: it was dropped meanwhile.
    bool place(std::uint64_t ticket, Sample from, Sample to);
    [[nodiscard]] std::uint64_t ticket() const { return epoch_; }

    // Whether anything plays or waits at `now`; `audible`: plays.
    [[nodiscard]] bool busy(Sample now) const;
    [[nodiscard]] bool audible(Sample now) const;
    [[nodiscard]] RelayInputs interruptible(Sample now) const;  // of what plays, or plays next
    [[nodiscard]] bool preemptible(Sample now) const;

    struct Cut {
        std::string heard;  // of the cycle that was playing
        Sample since = 0;   // samples since its first sound
    };
    // Everything that plays or waits is gone.
    Cut drop(Sample now);
    // Text messages whose end has been played since the last question.
    [[nodiscard]] std::vector<std::string> newly_played(Sample now);
    // Cycles with what was heard of them by `now`.
    [[nodiscard]] std::vector<Cycle> cycles(Sample now) const;
    [[nodiscard]] std::uint64_t empty_cycles() const { return empty_; }

private:
    struct Placed {
        std::uint32_t cycle;
        std::string text;
        Sample from, to;
    };
    struct Message {
        std::uint32_t cycle;
        std::size_t end;  // in the cycle's text
        std::string text;
    };
    void flush(bool all);
    [[nodiscard]] std::size_t heard_bytes(std::uint32_t cycle, Sample now) const;
    std::uint32_t begin(const Options& options);
    [[nodiscard]] std::optional<std::uint32_t> current(Sample now) const;

    std::deque<Cycle> cycles_;  // index: the cycle's number
    std::deque<Sentence> queue_;
    std::vector<Placed> placed_;
    std::deque<Message> messages_;
    std::optional<Sentence> taken_;  // being synthesised
    std::string buffer_;             // of the open cycle: not yet a sentence
    std::uint64_t epoch_ = 0, empty_ = 0;
    bool open_ = false;
};

}  // namespace parley::sim

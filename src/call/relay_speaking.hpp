#pragma once
// What was given to Twilio's voice and not yet settled: when it will have been played, and what of it the caller has heard. Pure.

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "parley/base/clock.hpp"

namespace parley::call {

class RelaySpeaking {
public:
    // `reported`: Twilio tells what it has played (events="tokens-played"); otherwise it is reckoned from the length.
    explicit RelaySpeaking(bool reported) : reported_(reported) {}

    enum class Whose : std::uint8_t { brain, ours, filler };  // ours: a greeting, a reminder, an apology
    // `token` as it was sent, with its blanks.
    void sent(std::string_view token, Whose whose, TimePoint now);
    void played(std::string_view token, TimePoint now);  // tokensPlayed

    [[nodiscard]] bool empty() const { return pieces_.empty(); }
    [[nodiscard]] bool has_brains() const;
    // Everything sent has been heard, as far as anybody can know.
    [[nodiscard]] bool all_played(TimePoint now) const;
    [[nodiscard]] TimePoint reckoned_end() const { return end_; }

    struct Heard {
        std::string brains, ours;  // the heard beginning of each
        bool all_of_brains = false, all_of_ours = false;
    };
    // All of it counts as heard; then nothing is left.
    Heard settle();
    // The caller heard `words` of what was being spoken (Twilio's account, not always to the letter), for so long; the rest is gone.
    Heard interrupted(std::string_view words, std::chrono::milliseconds after);
    // The line went silent without a word about it.
    Heard stopped(TimePoint now);

private:
    struct Piece {
        std::string text;
        Whose whose = Whose::brain;
        bool played = false;
    };
    Heard cut(std::size_t bytes);

    std::deque<Piece> pieces_;
    TimePoint end_{};  // of all of it, reckoned
    bool reported_, seen_ = false;
};

// How many bytes at the beginning of `sent` were heard when Twilio says that `words` were the last it spoke of them, after so long a time. `floor`: so many
// are known to have been. Case, blanks and punctuation at its end do not matter; words that are not in `sent` at all leave the time to judge.
[[nodiscard]] std::size_t heard_bytes(std::string_view sent, std::string_view words, std::chrono::milliseconds after, std::size_t floor);

}  // namespace parley::call

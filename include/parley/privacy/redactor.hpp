#pragma once
// Finds personal data in what was said or written: payment cards, US social security numbers, IBANs, e-mail addresses and telephone numbers, as people write
// them and as they say them ("four one one one, double five, oh", "john dot smith at gmail dot com", "D E acht neun"), with the noises of speech in between.
// Pure and linear in the length of the text: every search looks at most a few dozen words ahead.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::privacy {

enum class Kind : std::uint8_t { card, ssn, iban, email, phone };
inline constexpr std::size_t kKindCount = 5;
[[nodiscard]] std::string_view name(Kind kind);         // "card" …
[[nodiscard]] std::string_view placeholder(Kind kind);  // "[card]" …
[[nodiscard]] std::optional<Kind> kind_named(std::string_view name);

class Kinds {
public:
    constexpr Kinds() = default;
    [[nodiscard]] static constexpr Kinds all() {
        Kinds kinds;
        kinds.bits_ = (1U << kKindCount) - 1;
        return kinds;
    }
    // Of a configuration's list; empty: all. Names that are none are passed over.
    [[nodiscard]] static Kinds of(const std::vector<std::string>& names);
    constexpr void add(Kind kind) { bits_ |= 1U << static_cast<unsigned>(kind); }
    [[nodiscard]] constexpr bool has(Kind kind) const { return (bits_ >> static_cast<unsigned>(kind) & 1U) != 0; }

    friend constexpr bool operator==(Kinds, Kinds) = default;

private:
    unsigned bits_ = 0;
};

// Bytes [begin, end) of the text that was given.
struct Found {
    Kind kind = Kind::card;
    std::size_t begin = 0, end = 0;
};
struct Redacted {
    std::string text;
    std::vector<Found> found;  // in order, without overlap
};

// What is spoken of. code: a card's own of three or four digits, or one that was sent to let somebody in, masked as a card; weak: "number"; other: a thing's
// number ("order", "flight").
enum class Cue : std::uint8_t { none, card, code, ssn, iban, email, phone, weak, other };

// One text alone. `asked`: what it answers.
[[nodiscard]] Redacted redact(std::string_view text, Kinds kinds = Kinds::all(), Cue asked = Cue::none);

// What the value under a key is, by the key's words ("cvv", "ssn_last4", "callbackNumber"): card, code, ssn, iban, email, phone or none. A key that says
// nothing of its own ("value", "number", "0") is what `around` is.
[[nodiscard]] Cue cue_of_key(std::string_view key, Cue around = Cue::none);

// One conversation: what one side says over several turns belongs together, and what the other side asked for tells what a number is. What was already given
// out is not taken back: of a card whose digits come in small portions, and that nobody called one, the first eight (which name the bank) may remain.
class Listener {
public:
    explicit Listener(Kinds kinds = Kinds::all()) : kinds_(kinds) {}
    [[nodiscard]] Redacted turn(bool caller, std::string_view text);
    // The whole of `value`, however written, is one of the last numbers that were masked here.
    [[nodiscard]] std::optional<Kind> masked(std::string_view value) const;

private:
    struct Side {
        std::string digits;           // that the last turn ended with, at most 19
        std::string letters_digits;   // the same for an IBAN, at most 34
        std::optional<Kind> went_on;  // what they were taken for
        Cue asked = Cue::none;        // what this side's last turn spoke of, so that the other's answer is understood
    };
    void remember(Kind kind, std::string value);

    Kinds kinds_;
    Side caller_, agent_;
    std::deque<std::pair<std::string, Kind>> masked_;  // newest last
};

}  // namespace parley::privacy

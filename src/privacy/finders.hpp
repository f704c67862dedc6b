#pragma once
// Who looks for what. Each takes words that nobody has taken yet and marks what it takes.

#include <optional>
#include <string>
#include <vector>

#include "words.hpp"

namespace parley::privacy {

struct Hit {
    Kind kind = Kind::card;
    std::size_t first = 0, last = 0;  // words
    std::vector<std::string> values;  // small letters and digits: as it would be written, with and without what stood in earlier turns
};

// What is known from before the text: digits that belong in front of it, what was asked for, what the digits before were taken for.
struct Before {
    std::string digits, letters_digits;
    Cue asked = Cue::none;
    std::optional<Kind> went_on;
};
// What the text leaves for the one after it.
struct After {
    std::string digits, letters_digits;
    std::optional<Kind> went_on;
};

class Taken {
public:
    explicit Taken(std::size_t words) : words_(words, false) {}
    [[nodiscard]] bool at(std::size_t word) const { return words_[word]; }
    void take(const Hit& hit) {
        for (auto i = hit.first; i <= hit.last; ++i) words_[i] = true;
    }

private:
    std::vector<bool> words_;
};

void find_emails(const std::vector<Word>& words, const Before& before, Taken& taken, std::vector<Hit>& hits);
void find_ibans(std::string_view text, const std::vector<Word>& words, const Before& before, Taken& taken, std::vector<Hit>& hits, After& after);
void find_numbers(const std::vector<Word>& words, Kinds kinds, const Before& before, Taken& taken, std::vector<Hit>& hits, After& after);

[[nodiscard]] bool luhn(std::string_view digits);
[[nodiscard]] bool known_card(std::string_view digits);  // an issuer's beginning, of a length it uses, and Luhn
[[nodiscard]] bool card_beginning(std::string_view digits);
[[nodiscard]] std::size_t iban_length(std::string_view country);           // 0: there is no such country
[[nodiscard]] bool iban_holds(std::string_view small_letters_and_digits);  // modulo 97

}  // namespace parley::privacy

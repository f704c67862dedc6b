#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace parley::spoken {

// What a mark at one place of a text means. Every answer but `wait` depends on nothing that more text could change.
struct Boundary {
    enum class Kind : std::uint8_t {
        wait,      // more text is needed to say
        none,      // part of a number, an abbreviation, an address…
        clause,    // a pause is natural here
        sentence,  // an end
    };
    Kind kind = Kind::none;
    std::size_t end = 0;  // behind the mark and what closes with it; scanning goes on there
};

// `at` stands on one of . ! ? … or their full-width forms. `text` begins where the piece begins.
[[nodiscard]] Boundary full_stop(std::string_view text, std::size_t at, bool final, bool ordinal_dots);
// `at` stands on a comma, semicolon, colon or dash.
[[nodiscard]] Boundary pause_mark(std::string_view text, std::size_t at, bool final);

[[nodiscard]] bool is_full_stop(char32_t c);
[[nodiscard]] bool is_pause_mark(char32_t c);
// White space at `at` between two words that are better not parted: "Dr. Smith", "5 kg", "EUR 3,50", "J. Smith".
[[nodiscard]] bool binds(std::string_view text, std::size_t at);

}  // namespace parley::spoken

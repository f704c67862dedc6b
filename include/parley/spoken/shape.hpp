#pragma once
// Written text made into text a voice reads well: markup gone, addresses and signs in words, digits read by what they
// are. No digit and no markup is left in what comes out, and shaping a line of it again changes nothing. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parley/spoken/locale.hpp"

namespace parley::spoken {

struct ShapeSettings {
    bool name_emoji = false;     // those the locale has a name for; all others are dropped anyhow
    bool announce_code = false;  // say that a code block was left out; otherwise it is left out silently
};

// The pieces of one reply, in order. Keeps what reaches beyond a piece: an open code block, the head of a table.
class Shaper {
public:
    explicit Shaper(const Locale& locale, ShapeSettings settings = {}) : locale_(&locale), settings_(settings) {}

    // Empty when nothing in the piece can be spoken (a rule, a table's line of dashes, code, emoji only). Bytes that
    // are no UTF-8 and control characters disappear, and so does what lies beyond 16 KiB. Microseconds for what models
    // write, about a millisecond for a kilobyte of malice.
    [[nodiscard]] std::string shape(std::string_view piece);
    // The reply is over: what was held back (a row that could have been a table's head). The next shape() begins a new
    // one.
    [[nodiscard]] std::string finish();
    void reset();  // forgets everything, as after a cancelled reply

private:
    [[nodiscard]] std::string read(std::string_view text) const;
    [[nodiscard]] std::string close_table();

    const Locale* locale_;
    ShapeSettings settings_;
    bool in_code_ = false;
    std::vector<std::string> table_head_;  // cells; empty outside tables
    bool table_head_known_ = false;        // the line of dashes has been seen
};

// One piece on its own.
[[nodiscard]] std::string shape_for_voice(std::string_view piece, const Locale& locale);

}  // namespace parley::spoken

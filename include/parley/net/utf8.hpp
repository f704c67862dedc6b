#pragma once

#include <cstdint>
#include <span>

namespace parley::net {

// Incremental check of UTF-8 (RFC 3629: no surrogates, no over-long forms, nothing above U+10FFFF). Text may be cut
// anywhere.
class Utf8Checker {
public:
    // False as soon as no continuation could make the text valid; then the checker is spent until reset().
    [[nodiscard]] bool feed(std::span<const char> bytes);
    // No character is half received.
    [[nodiscard]] bool complete() const { return missing_ == 0; }
    void reset() { *this = Utf8Checker{}; }

private:
    std::uint8_t missing_ = 0;               // continuation bytes still owed
    std::uint8_t low_ = 0x80, high_ = 0xbf;  // what the next continuation byte may be
};

}  // namespace parley::net

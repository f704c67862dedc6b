#include "parley/net/utf8.hpp"

#include <cstring>

namespace parley::net {

bool Utf8Checker::feed(std::span<const char> bytes) {
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    while (at != end) {
        if (missing_ == 0) {
            while (end - at >= 16) {  // media messages are pure ASCII
                std::uint64_t words[2];
                std::memcpy(words, at, 16);
                if (((words[0] | words[1]) & 0x8080808080808080U) != 0) break;
                at += 16;
            }
            while (at != end && static_cast<unsigned char>(*at) < 0x80) ++at;
            if (at == end) return true;
            const auto lead = static_cast<unsigned char>(*at++);
            low_ = 0x80;
            high_ = 0xbf;
            if (lead >= 0xc2 && lead <= 0xdf) {
                missing_ = 1;
            } else if (lead >= 0xe0 && lead <= 0xef) {
                missing_ = 2;
                if (lead == 0xe0) low_ = 0xa0;   // over-long
                if (lead == 0xed) high_ = 0x9f;  // surrogates
            } else if (lead >= 0xf0 && lead <= 0xf4) {
                missing_ = 3;
                if (lead == 0xf0) low_ = 0x90;   // over-long
                if (lead == 0xf4) high_ = 0x8f;  // above U+10FFFF
            } else {
                return false;
            }
        } else {
            const auto byte = static_cast<unsigned char>(*at++);
            if (byte < low_ || byte > high_) return false;
            low_ = 0x80;
            high_ = 0xbf;
            --missing_;
        }
    }
    return true;
}

}  // namespace parley::net

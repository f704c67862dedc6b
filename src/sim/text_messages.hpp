#pragma once
// What a text message is to the carrier: how many segments it takes, which words are consent, and what a messaging document says. Pure.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::sim {

struct Segments {
    bool ucs2 = false;
    std::size_t count = 0;       // 0 for an empty body
    std::size_t characters = 0;  // code points
};
// GSM 03.38 (160, or 153 in parts; extension characters take two places and are never torn apart), otherwise UCS-2 (70, 67 in parts; surrogate
// pairs are never torn apart). Malformed UTF-8 counts as one replacement character a byte.
[[nodiscard]] Segments count_segments(std::string_view utf8);

// The carrier's own words (default opt-out handling); the whole body, in any case, without surrounding blanks.
enum class Consent : std::uint8_t { none, stop, start, help };
[[nodiscard]] Consent consent_of(std::string_view body);
[[nodiscard]] std::string_view consent_reply(Consent consent);

struct TwimlReply {
    std::string to, from, action, method, status_callback;
    std::string body;
    std::vector<std::string> media;
};
struct MessagingDocument {
    int error = 0;  // 0, or 11750, 12100, 12102: nothing is executed
    std::string error_text;
    std::vector<std::pair<int, std::string>> warnings;  // 12200, 14110
    std::vector<TwimlReply> replies;                    // up to a Redirect
    std::string redirect, redirect_method;              // url as written; empty: none
};
[[nodiscard]] MessagingDocument parse_messaging_twiml(std::string_view xml);

inline constexpr std::size_t kMaxMessageCharacters = 1600;
inline constexpr std::size_t kMaxMedia = 10;

}  // namespace parley::sim

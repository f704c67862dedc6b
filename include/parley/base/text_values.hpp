#pragma once
// Values as people write them in files and variables: durations with a unit, sizes, addresses, URLs. Pure; an error is
// a sentence that says what is expected, to be put behind file:line:column.

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::text {

// A value, or why there is none.
template <class T>
struct Parsed {
    T value{};  // only if error is empty
    std::string error;
    explicit operator bool() const { return error.empty(); }
};

[[nodiscard]] Parsed<bool> parse_bool(std::string_view text);                           // true, false
[[nodiscard]] Parsed<std::int64_t> parse_integer(std::string_view text);                // decimal
[[nodiscard]] Parsed<double> parse_number(std::string_view text);                       // finite
[[nodiscard]] Parsed<std::chrono::microseconds> parse_duration(std::string_view text);  // "200us" "600ms" "1.5s" "10m" "1h"; 0 needs no unit
[[nodiscard]] Parsed<std::uint64_t> parse_size(std::string_view text);                  // "512" "64KiB" "8MiB" "1GiB" (kB, MB, GB are 1000s)

struct Address {
    std::string host;  // an IP address or a name; IPv6 without brackets
    std::uint16_t port = 0;
    friend bool operator==(const Address&, const Address&) = default;
};
[[nodiscard]] Parsed<Address> parse_address(std::string_view text);  // "0.0.0.0:8080", "[::1]:8080", "localhost:0"
[[nodiscard]] bool is_loopback(std::string_view host);               // 127/8, ::1, localhost

struct Url {
    std::string scheme, host, path;  // path with its query, "" or from '/'
    std::uint16_t port = 0;          // 0: the scheme's own
};
// Absolute, one of `schemes`, no user information, no fragment, no white space or control characters.
[[nodiscard]] Parsed<Url> parse_url(std::string_view text, std::span<const std::string_view> schemes);

[[nodiscard]] std::string to_text(std::chrono::microseconds duration);  // the shortest exact form of the above
[[nodiscard]] std::string size_to_text(std::uint64_t bytes);

// The candidate most like `word` (edit distance, case and '-' '_' aside), if any is near enough to be meant.
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string> candidates);
// ", did you mean 'x'?" or nothing.
[[nodiscard]] std::string suggestion(std::string_view word, std::span<const std::string> candidates);

}  // namespace parley::text

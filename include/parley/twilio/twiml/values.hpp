#pragma once
// How TwiML values are written in C++: an absent attribute is an empty optional and leaves Twilio's default in force.
// Texts are UTF-8; bytes that are not become U+FFFD, control characters XML cannot carry are dropped, line endings
// become LF in element text. Enumerations, ranges, alphabets and lengths are checked when the verb is added to a
// document (twiml.hpp), against one table (src/twilio/twiml/).

#include <cstdint>
#include <optional>
#include <string>

namespace parley::twilio::twiml {

using Text = std::optional<std::string>;
using Integer = std::optional<std::int64_t>;
using Flag = std::optional<bool>;

struct Parameter {  // name + value together below 500 characters
    std::string name{};
    std::string value{};
};

struct Config {
    std::string name{};
    std::string value{};
};

// All nouns that report call progress share these.
struct StatusCallback {
    Text url{};
    Text event{};  // space-separated: initiated ringing answered completed
    Text method{};
};

struct RecordingStatusCallback {
    Text url{};
    Text method{};
    Text event{};  // space-separated: in-progress completed absent
};

}  // namespace parley::twilio::twiml

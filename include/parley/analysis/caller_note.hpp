#pragma once
// One thing a caller says of themselves, written into what is remembered of them (store/profiles.hpp) while the call runs.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "parley/store/database.hpp"

namespace parley::analysis {

inline constexpr std::size_t kMostNote = 300;  // characters of a value

struct CallerNote {
    std::string owner, caller;  // as profiles know them
    std::string key, value;
    std::string profile_schema;  // empty: the built-in one
};

// The profile with the note: a member of this name if the schema has one that is a text, otherwise an entry "key: value" of `facts` in place of the one this
// key had before. Nothing: the schema has no room for it.
[[nodiscard]] std::optional<std::string> with_note(std::string_view profile, const CallerNote& note);

// Inside a transaction. False: the schema has no room for it, or the profile is being changed by somebody else.
bool keep_note(store::Session& session, const CallerNote& note);

}  // namespace parley::analysis

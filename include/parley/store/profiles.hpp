#pragma once
// What is remembered of callers between calls: one JSON object a caller and owner, at most 8 KiB. Written after calls, looked up before them, editable and
// erasable at any time.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/store/database.hpp"

namespace parley::store {

constexpr std::size_t kMostProfile = 8192;         // bytes of its JSON
constexpr std::string_view kSharedProfiles = "*";  // owner of profiles that all agents share

struct Profile {
    std::string owner;           // the agent's name, or kSharedProfiles
    std::string caller;          // caller_key()
    std::string json;            // an object
    std::uint32_t revision = 0;  // counts up with every change, from 1
    std::int64_t created_ms = 0, updated_ms = 0;
};

// How a caller is known: an E.164 number as it stands ("+1 (555) 010-0100" too), anything else ("web:…", "sip:…") in lower case. Empty: nobody in
// particular (anonymous, withheld, an unusable identity), of whom nothing is remembered.
[[nodiscard]] std::string caller_key(std::string_view number_or_identity);

// Inside a transaction of the caller's.
[[nodiscard]] std::optional<Profile> read_profile(Session& session, std::string_view owner, std::string_view caller);
// Newest first, those updated before `before_ms` only (0: all).
[[nodiscard]] std::vector<Profile> list_profiles(Session& session, std::string_view owner, std::int64_t before_ms, std::size_t most);
// All owners'.
[[nodiscard]] std::vector<Profile> profiles_of(Session& session, std::string_view caller);
// `revision`: the one that was read (0: there was none); false: it was changed meanwhile, nothing is written. Throws StoreError constraint beyond kMostProfile.
bool write_profile(Session& session, std::string_view owner, std::string_view caller, std::string_view json, std::uint32_t revision);
// Of one owner; of all.
bool erase_profile(Session& session, std::string_view owner, std::string_view caller);
std::size_t erase_profile(Session& session, std::string_view caller);

// On any loop. Nothing: none is known, or the store did not answer within the time.
[[nodiscard]] net::Task<std::optional<Profile>> find_profile(Database& database, std::string owner, std::string number_or_identity, Duration within);

}  // namespace parley::store

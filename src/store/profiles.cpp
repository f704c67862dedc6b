#include "parley/store/profiles.hpp"

#include <algorithm>
#include <cctype>

namespace parley::store {

namespace {

constexpr std::size_t kLongestKey = 128;

Profile from(const Row& row) {
    return {.owner = row.text(0),
            .caller = row.text(1),
            .json = row.text(2),
            .revision = static_cast<std::uint32_t>(row.integer(3)),
            .created_ms = row.integer(4),
            .updated_ms = row.integer(5)};
}

std::vector<Profile> all_of(const Rows& rows) {
    std::vector<Profile> all;
    all.reserve(rows.size());
    for (const auto& row : rows) all.push_back(from(row));
    return all;
}

}  // namespace

std::string caller_key(std::string_view given) {
    std::string digits;
    bool number = true;
    for (const char c : given) {
        if (std::isdigit(static_cast<unsigned char>(c)))
            digits += c;
        else if (c != '+' && c != ' ' && c != '-' && c != '(' && c != ')' && c != '.')
            number = false;
    }
    // Short ones are what carriers put in place of a withheld number (+266696687 is "anonymous" on a keypad).
    if (number && !digits.empty())
        return digits.size() < 7 || digits.size() > 15 || digits == "266696687" || digits == "86282452253" || digits == "7378742833" || digits == "2562533" ||
                       digits == "8656696"
                   ? std::string{}
                   : "+" + digits;
    if (given.empty() || given.size() > kLongestKey) return {};
    std::string key;
    for (const char c : given) {
        const auto u = static_cast<unsigned char>(c);
        if (u <= 0x20 || u == 0x7F) return {};
        key += static_cast<char>(std::tolower(u));
    }
    if (key == "anonymous" || key == "unknown" || key == "restricted" || key == "unavailable" || key == "private") return {};
    return key;
}

std::optional<Profile> read_profile(Session& session, std::string_view owner, std::string_view caller) {
    const auto rows = session.run("SELECT owner, caller, json, revision, created_ms, updated_ms FROM profiles WHERE owner = $1 AND caller = $2",
                                  {std::string(owner), std::string(caller)});
    if (rows.empty()) return std::nullopt;
    return from(rows.front());
}

std::vector<Profile> list_profiles(Session& session, std::string_view owner, std::int64_t before_ms, std::size_t most) {
    const auto before = before_ms > 0 ? before_ms : INT64_MAX;
    return all_of(
        session.run("SELECT owner, caller, json, revision, created_ms, updated_ms FROM profiles WHERE owner = $1 AND updated_ms < $2 ORDER BY updated_ms DESC, "
                    "caller LIMIT $3",
                    {std::string(owner), before, static_cast<std::int64_t>(most)}));
}

std::vector<Profile> profiles_of(Session& session, std::string_view caller) {
    return all_of(
        session.run("SELECT owner, caller, json, revision, created_ms, updated_ms FROM profiles WHERE caller = $1 ORDER BY owner", {std::string(caller)}));
}

bool write_profile(Session& session, std::string_view owner, std::string_view caller, std::string_view json, std::uint32_t revision) {
    if (json.size() > kMostProfile || owner.empty() || caller.empty()) throw StoreError(StoreErrc::constraint, "a profile of this size or name cannot be kept");
    const auto now = now_ms();
    if (revision == 0)
        session.run(
            "INSERT INTO profiles(owner, caller, json, revision, created_ms, updated_ms) VALUES($1, $2, $3, 1, $4, $5) ON CONFLICT(owner, caller) DO NOTHING",
            {std::string(owner), std::string(caller), std::string(json), now, now});
    else
        session.run("UPDATE profiles SET json = $1, revision = revision + 1, updated_ms = $2 WHERE owner = $3 AND caller = $4 AND revision = $5",
                    {std::string(json), now, std::string(owner), std::string(caller), std::int64_t{revision}});
    return session.changed() == 1;
}

bool erase_profile(Session& session, std::string_view owner, std::string_view caller) {
    session.run("DELETE FROM profiles WHERE owner = $1 AND caller = $2", {std::string(owner), std::string(caller)});
    return session.changed() > 0;
}

std::size_t erase_profile(Session& session, std::string_view caller) {
    session.run("DELETE FROM profiles WHERE caller = $1", {std::string(caller)});
    return static_cast<std::size_t>(session.changed());
}

net::Task<std::optional<Profile>> find_profile(Database& database, std::string owner, std::string number_or_identity, Duration within) {
    const auto caller = caller_key(number_or_identity);
    if (caller.empty()) co_return std::nullopt;
    std::function<std::optional<Profile>(Session&)> work = [owner, caller](Session& session) { return read_profile(session, owner, caller); };
    auto found = co_await database.ask<std::optional<Profile>>(std::move(work), within);
    if (!found) co_return std::nullopt;
    auto profile = std::move(*found);
    co_return profile;
}

}  // namespace parley::store

#pragma once
// One person's, or one call's, data wherever it lies: the store, call records, recordings, call files. Blocks on disk and store: on a thread of its own.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "parley/base/secret.hpp"
#include "parley/call/registry.hpp"
#include "parley/store/call_records.hpp"
#include "parley/store/erasure.hpp"

namespace parley::gateway {

struct PersonData {
    store::Database& database;
    store::CallRecords& records;
    const call::Registry& registry;
    std::filesystem::path recordings, call_files;  // directories; empty: none
};

struct Erasure {
    store::Erased counts;              // by kind
    std::vector<std::string> running;  // calls that cannot be erased while they run
    std::uint64_t calls = 0;
    std::vector<std::string> sids;       // of the calls and threads that were erased: what else remembers them has to forget them
    std::vector<std::string> elsewhere;  // recordings that were made and are not on this disk: another instance's, or past their days
};

// Tells whether something is somebody's (a caller_key()) or a call's (a CallSid) to whoever has the key, and nothing to anybody else.
[[nodiscard]] std::string person_subject(const Secret& key, std::string_view who);

// `caller`: store::caller_key(), or empty with `call_sid` alone. Throws store::StoreError: not all of it is gone, or what waits in the spool cannot be told
// apart. What comes late of an erased call, from another instance's spool too, is not kept (store::mark_erased).
[[nodiscard]] Erasure erase(const PersonData& data, const std::string& caller, const std::string& call_sid);
// Calls and threads of whom nothing was told since then, with all the store knows of them and their call files; recordings have days of their own. Never one
// that is live. How many.
[[nodiscard]] std::uint64_t sweep_calls(const PersonData& data, std::int64_t before_ms);
// Recordings and call files on this disk of calls that were erased, at whichever instance that was asked. How many.
[[nodiscard]] std::uint64_t sweep_erased_files(const PersonData& data);
// Everything of it as one document: {"caller","calls":[record…],"profiles":[…],"messages":[…],"callbacks":[…],"files":[name…]}.
[[nodiscard]] nlohmann::ordered_json export_person(const PersonData& data, const std::string& caller);

}  // namespace parley::gateway

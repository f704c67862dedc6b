#pragma once
// One person's, or one call's, data wherever it lies: the store, call records, recordings, call files. Blocks on disk and store: on a thread of its own.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

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
    store::Erased counts;               // by kind
    std::vector<std::string> running;   // calls that cannot be erased while they run
    std::uint64_t calls = 0;
    std::vector<std::string> elsewhere;  // recordings that were made and are not on this disk: another instance's, or past their days
};

// `caller`: store::caller_key(), or empty with `call_sid` alone. Throws store::StoreError.
[[nodiscard]] Erasure erase(const PersonData& data, const std::string& caller, const std::string& call_sid);
// Calls that began before then, with all the store knows of them; recordings and call files have days of their own. How many.
[[nodiscard]] std::uint64_t sweep_calls(const PersonData& data, std::int64_t before_ms);
// Everything of it as one document: {"caller","calls":[record…],"profiles":[…],"messages":[…],"callbacks":[…],"files":[name…]}.
[[nodiscard]] nlohmann::ordered_json export_person(const PersonData& data, const std::string& caller);

}  // namespace parley::gateway

#include "person_data.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <set>
#include <thread>

#include "parley/store/analyses.hpp"
#include "parley/store/callbacks.hpp"
#include "parley/store/messages_taken.hpp"
#include "parley/store/profiles.hpp"
#include "retention.hpp"

namespace parley::gateway {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

// Files of a call begin with its identifier: "<sid>-…".
std::vector<fs::path> files_of(const fs::path& directory, const std::string& call_sid) {
    std::vector<fs::path> found;
    std::error_code ec;
    if (directory.empty()) return found;
    for (const auto& entry : fs::directory_iterator(directory, ec)) {
        if (call_of_file(entry.path()) == call_sid) found.push_back(entry.path());
    }
    return found;
}

// What was added is in the store, not in a file before it: there nobody could erase it.
void wait_for_spool(const store::CallRecords& records) {
    constexpr int kLooks = 50;
    constexpr auto kBetween = std::chrono::milliseconds(100);
    records.flush();
    for (int i = 0; i < kLooks && records.spooled_bytes() > 0; ++i) std::this_thread::sleep_for(kBetween);
    if (records.spooled_bytes() > 0) throw store::StoreError(store::StoreErrc::unavailable, "what was said of calls waits in the spool still");
}

// Another instance has this call, and was there a moment ago.
bool runs_elsewhere(store::Session& session, const std::string& call_sid) {
    constexpr std::int64_t kFreshMs = 15'000;
    return !session.run("SELECT 1 FROM fleet_calls WHERE call_sid = $1 AND live = 1 AND updated_ms > $2", {call_sid, store::now_ms() - kFreshMs}).empty();
}

// The recordings of ours that its record tells of.
std::vector<std::string> recordings_of(const std::optional<std::string>& record) {
    std::vector<std::string> names;
    const auto parsed = record ? Json::parse(*record, nullptr, false) : Json();
    if (!parsed.is_object() || !parsed.contains("recordings") || !parsed["recordings"].is_array()) return names;
    for (const auto& one : parsed["recordings"]) {
        const auto is = [&](const char* key) {
            return one.is_object() && one.contains(key) && one[key].is_string() ? one[key].get<std::string>() : std::string();
        };
        if (is("source") == "parley" && !is("sid").empty()) names.push_back(is("sid"));
    }
    return names;
}

}  // namespace

std::string person_subject(const Secret& key, std::string_view who) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned length = 0;
    const auto text = "erasure\n" + std::string(who);
    HMAC(EVP_sha256(), key.reveal().data(), static_cast<int>(key.reveal().size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(),
         &length);
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (unsigned i = 0; i < std::min(length, 8U); ++i) {
        out += kDigits[mac[i] >> 4U];
        out += kDigits[mac[i] & 15U];
    }
    return out;
}

Erasure erase(const PersonData& data, const std::string& caller, const std::string& call_sid) {
    Erasure done;
    std::vector<std::string> calls;
    wait_for_spool(data.records);
    data.database.transact([&](store::Session& session) {
        calls = store::calls_with(session, caller);
        if (!call_sid.empty()) calls.push_back(call_sid);
    });
    const auto add = [&](const char* kind, std::uint64_t n) {
        if (n > 0) done.counts[kind] += n;
    };
    for (const auto& sid : calls) {
        bool elsewhere = false;
        data.database.transact([&](store::Session& session) { elsewhere = runs_elsewhere(session, sid); });
        if (elsewhere || data.registry.is_live(sid)) {
            done.running.push_back(sid);
            continue;
        }
        store::Erased rows;
        // First of all: who is looking back at the call asks for this row before anything is written of it.
        bool looked_at = false;
        data.database.transact([&](store::Session& session) {
            looked_at = store::erase_analysis(session, sid);
            store::mark_erased(session, sid, store::now_ms());
        });
        done.sids.push_back(sid);
        if (!data.recordings.empty())
            for (const auto& name : recordings_of(data.records.read(sid))) {
                std::error_code ec;
                if (!fs::exists(data.recordings / fs::path(name).filename(), ec)) done.elsewhere.push_back(name);
            }
        const bool known = data.records.remove(sid);
        add("records", known ? 1 : 0);
        const auto recordings = remove_files_of(data.recordings, {sid}), files = remove_files_of(data.call_files, {sid});
        add("recordings", recordings);
        add("call_files", files);
        data.database.transact([&](store::Session& session) {
            rows.clear();
            store::erase_call(session, sid, rows);
        });
        if (looked_at) ++rows["analyses"];
        for (const auto& [kind, n] : rows) done.counts[kind] += n;
        if (known || recordings + files > 0 || !rows.empty()) ++done.calls;
    }
    store::Erased rows;
    data.database.transact([&](store::Session& session) {
        rows.clear();
        if (!caller.empty()) store::erase_person(session, caller, rows);
        store::forget_words(session);
    });
    for (const auto& [kind, n] : rows) done.counts[kind] += n;
    data.database.scrub();
    return done;
}

std::uint64_t sweep_calls(const PersonData& data, std::int64_t before_ms) {
    constexpr std::size_t kAtOnce = 50;
    std::uint64_t gone = 0;
    for (std::size_t found = kAtOnce; found == kAtOnce;) {
        std::vector<std::string> calls;
        data.database.transact([&](store::Session& session) { calls = store::calls_before(session, before_ms, kAtOnce); });
        found = calls.size();
        std::set<std::string> swept;
        for (const auto& sid : calls) {
            bool elsewhere = false;
            data.database.transact([&](store::Session& session) { elsewhere = runs_elsewhere(session, sid); });
            if (elsewhere || data.registry.is_live(sid)) continue;
            // Since it was listed somebody may have written again.
            data.records.flush();
            bool old = false;
            data.database.transact([&](store::Session& session) { old = store::erase_if_before(session, sid, before_ms); });
            if (old) swept.insert(sid);
        }
        (void)remove_files_of(data.call_files, swept);
        gone += swept.size();
        if (swept.empty()) break;  // they live, all of them: another hour
    }
    return gone;
}

std::uint64_t sweep_erased_files(const PersonData& data) {
    std::set<std::string> calls, erased;
    for (const auto& directory : {data.recordings, data.call_files}) {
        std::error_code ec;
        if (directory.empty()) continue;
        for (const auto& entry : fs::directory_iterator(directory, ec)) calls.insert(call_of_file(entry.path()));
    }
    if (calls.empty()) return 0;
    data.database.transact([&](store::Session& session) {
        erased.clear();
        if (!store::any_erased(session)) return;
        for (const auto& sid : calls)
            if (store::is_erased(session, sid, store::now_ms())) erased.insert(sid);
    });
    return remove_files_of(data.recordings, erased) + remove_files_of(data.call_files, erased);
}

Json export_person(const PersonData& data, const std::string& caller) {
    Json out{{"caller", caller},          {"calls", Json::array()},     {"profiles", Json::array()},
             {"messages", Json::array()}, {"callbacks", Json::array()}, {"files", Json::array()}};
    std::vector<std::string> calls;
    std::vector<store::Profile> profiles;
    std::vector<store::MessageTaken> messages;
    std::vector<store::Callback> callbacks;
    data.records.flush();
    data.database.transact([&](store::Session& session) {
        calls = store::calls_with(session, caller);
        profiles = store::profiles_of(session, caller);
        messages = store::messages_with(session, caller);
        callbacks = store::callbacks_with(session, caller);
    });
    for (const auto& sid : calls) {
        const auto record = data.records.read(sid);
        auto parsed = record ? Json::parse(*record, nullptr, false) : Json();
        out["calls"].push_back(parsed.is_object() ? std::move(parsed) : Json{{"call_sid", sid}});
        for (const auto& directory : {data.recordings, data.call_files})
            for (const auto& path : files_of(directory, sid)) out["files"].push_back(directory.filename().string() + "/" + path.filename().string());
    }
    for (const auto& profile : profiles) {
        auto parsed = Json::parse(profile.json, nullptr, false);
        out["profiles"].push_back({{"owner", profile.owner}, {"profile", std::move(parsed)}, {"updated_ms", profile.updated_ms}});
    }
    for (const auto& message : messages)
        out["messages"].push_back({{"agent", message.agent},
                                   {"call_sid", message.call_sid},
                                   {"caller", message.caller},
                                   {"name", message.name},
                                   {"callback_number", message.callback_number},
                                   {"for", message.for_whom},
                                   {"text", message.text},
                                   {"urgent", message.urgent},
                                   {"at_ms", message.at_ms}});
    for (const auto& callback : callbacks)
        out["callbacks"].push_back(
            {{"agent", callback.agent}, {"call_sid", callback.call_sid}, {"number", callback.number}, {"reason", callback.reason}, {"at_ms", callback.at_ms}});
    return out;
}

}  // namespace parley::gateway

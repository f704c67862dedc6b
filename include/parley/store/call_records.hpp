#pragma once
// What is known about each call, in one place: facts are added as they come, from any thread, in any order, also days after the call; reading puts them
// together. Whoever adds never waits: a queue, a thread that stores what is queued in one transaction, and files below the data directory (the spool) for
// the time the store cannot take it, from where it goes into the store in order when that is back, each fact once. docs/store.md has the picture.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/log.hpp"
#include "parley/base/metrics.hpp"
#include "parley/base/result.hpp"
#include "parley/net/task.hpp"

namespace parley::store {

class Database;
class Session;

// The kinds of facts. Each has one JSON object; repeated facts of a kind add up (lists) or the last one counts (states), as said.
enum class Fact : std::uint8_t {
    call,          // started: direction, from, to, agent, account; last one counts, key by key
    status,        // carrier's status, merged monotonically by the writer of it; last one counts
    turn,          // {who, text, at_ms, interrupted}; list
    end,           // reason, duration, …; last one counts
    recording,     // {sid or path, channels, duration, status, …}; by sid, last one of each counts
    transcript,    // {track, text, at, final, source}; list
    message,       // an SMS sent or received in its course; by sid, last one of each counts
    voicemail,     // {recording_sid, duration, transcript, …}; by recording_sid
    transfer,      // {to, mode, result, …}; list
    conference,    // events of conferences it was in; list
    machine,       // AMD verdict; last one counts
    intelligence,  // {transcript_sid, sentences, operator results}; by transcript_sid
    note,          // anything worth keeping; list
    tool,          // {tool, arguments, result, ok, ms, at_ms, key}; list: each call of a tool and its one result
    waterfall,     // {turn, speech_end_ms, endpoint_ms, …}; list: how the times of a turn were spent
    usage,         // {vendor, role, tokens…, characters, seconds, cost}; list, one a vendor at the end
    rejection,     // {reason, detail}; last one counts: the call was turned away
    preparation,   // {hold, lasted_ms, looked_up, tools, summary, failed}; last one counts
    analysis,      // what was understood afterwards; last one counts, key by key
    event          // {event, …}: states worth telling whoever watches the call; list
};
[[nodiscard]] std::string_view name(Fact fact);

struct FactEvent {
    std::string call_sid;
    Fact fact = Fact::note;
    std::string json;
    std::int64_t at_ms = 0;  // since 1970
};
// What happens with a fact besides its being kept.
struct FactHooks {
    std::function<std::string(std::string_view call_sid, Fact fact, std::string json)> redact;  // before anything else; on the adder's thread
    std::vector<std::function<void(const FactEvent&)>> added;                                   // at once, on the adder's thread: cheap, never blocking
    std::vector<std::function<void(Session&, const FactEvent&)>> kept;  // in the transaction that keeps it, on the writer's thread; comes again when that fails
};

// Thread-safe. The queue holds 16 MiB; when neither it nor the spool has room, facts of what was said and of events are dropped, counted and told in the log
// (`store.facts_dropped`); those a call cannot be without (call, end, rejection, usage, recording, …) never, up to 64 MiB in memory.
class CallRecords {
public:
    struct Settings {
        Database* database = nullptr;  // where facts are kept; outlives this. Null: a SQLite file of its own in `directory`
        std::string instance{};        // this process, as others name it
        std::string
            directory{};  // empty: nothing is kept (add() does nothing, read() finds nothing); with a database it is no place, only a word that something is
        std::function<void(const std::string& path, error_code why)> on_error{};  // the spool refuses, once; on the writer's thread
        std::filesystem::path spool{};                                            // directory; empty: below `directory`
        std::uint64_t spool_bytes = 64ULL << 20U;
        Log log{};
        Metrics* metrics = nullptr;               // outlives this
        bool read_only = false;                   // looks at what another process keeps; with `directory` alone
        std::chrono::milliseconds lease{15'000};  // of this instance, renewed three times in it: when it runs out, others bring its calls to an end
        std::chrono::milliseconds retry{1'000};   // pause between attempts at a store that refuses
    };
    // Throws StoreError if its own file cannot be used.
    explicit CallRecords(Settings settings);
    ~CallRecords();  // stores or spools what is queued
    CallRecords(const CallRecords&) = delete;
    CallRecords& operator=(const CallRecords&) = delete;

    // Before the first fact. From here on facts are stored, and calls of instances that are gone are brought to their end.
    void hooks(FactHooks hooks);

    // `json`: an object's text; anything else is refused (false). `call_sid`: letters, digits, '-' and '_', at most 64.
    bool add(std::string_view call_sid, Fact fact, std::string_view json);

    // The record as one JSON object: {"call_sid":…, "call":{…}, "status":{…}, "turns":[…], "recordings":[…], …}. Reads the disk: not on a worker.
    [[nodiscard]] std::optional<std::string> read(std::string_view call_sid) const;
    // CallSids of the newest records, by the time of their last fact.
    [[nodiscard]] std::vector<std::string> newest(std::size_t most) const;
    // Removes a record; waits until it is gone. False: there was none. Throws StoreError: it may be there still.
    bool remove(std::string_view call_sid);
    // Removes those whose last fact is older; how many. Asks the store and waits.
    std::size_t sweep(std::chrono::hours age);
    void flush() const;  // until everything added so far is stored or spooled; for tests and the end
    // The same for coroutines on any loop, for at most so long: what was added before an answer is given outlives the process. False: it may not yet.
    [[nodiscard]] net::Task<bool> settled(Duration within) const;
    [[nodiscard]] std::uint64_t dropped() const;
    [[nodiscard]] std::uint64_t spooled_bytes() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley::store

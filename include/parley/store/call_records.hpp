#pragma once
// What is known about each call, in one place: facts are added as they come, from any thread, in any order, also days after the call; reading puts them
// together. One append-only file of JSON lines a call below the data directory, so that a crash loses at most the last line.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/result.hpp"

namespace parley::store {

class Database;
class Session;

// The kinds of facts. Each has one JSON object; repeated facts of a kind add up (lists) or the last one counts (states), as said.
enum class Fact : std::uint8_t {
    call,           // started: direction, from, to, agent, account; last one counts, key by key
    status,         // carrier's status, merged monotonically by the writer of it; last one counts
    turn,           // {who, text, at_ms, interrupted}; list
    end,            // reason, duration, …; last one counts
    recording,      // {sid or path, channels, duration, status, …}; by sid, last one of each counts
    transcript,     // {track, text, at, final, source}; list
    message,        // an SMS sent or received in its course; by sid, last one of each counts
    voicemail,      // {recording_sid, duration, transcript, …}; by recording_sid
    transfer,       // {to, mode, result, …}; list
    conference,     // events of conferences it was in; list
    machine,        // AMD verdict; last one counts
    intelligence,   // {transcript_sid, sentences, operator results}; by transcript_sid
    note,           // anything worth keeping; list
    tool,           // {tool, arguments, result, ok, ms, at_ms, key}; list: each call of a tool and its one result
    waterfall,      // {turn, speech_end_ms, endpoint_ms, …}; list: how the times of a turn were spent
    usage,          // {vendor, role, tokens…, characters, seconds, cost}; list, one a vendor at the end
    rejection,      // {reason, detail}; last one counts: the call was turned away
    preparation,    // {hold, lasted_ms, looked_up, tools, summary, failed}; last one counts
    analysis,       // what was understood afterwards; last one counts, key by key
    event           // {event, …}: states worth telling whoever watches the call; list
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
    std::vector<std::function<void(Session&, const FactEvent&)>> kept;                          // in the transaction that keeps it, on a store's thread; may come again after a failure
};

// Thread-safe; never blocks its callers on the disk: a queue of at most 16 MiB, then facts are dropped, counted and told in the log by `on_error`.
class CallRecords {
public:
    struct Settings {
        Database* database = nullptr;  // where facts are kept; outlives this
        std::string instance{};        // this process, as others name it
        std::string directory;  // empty: nothing is kept (add() does nothing, read() finds nothing)
        std::function<void(const std::string& path, error_code why)> on_error;  // once a file; on the writer's thread
    };
    explicit CallRecords(Settings settings);
    ~CallRecords();  // writes what is queued
    CallRecords(const CallRecords&) = delete;
    CallRecords& operator=(const CallRecords&) = delete;

    // Before the first fact.
    void hooks(FactHooks hooks);

    // `json`: an object's text; anything else is refused (false). `call_sid`: letters, digits, '-' and '_', at most 64.
    bool add(std::string_view call_sid, Fact fact, std::string_view json);

    // The record as one JSON object: {"call_sid":…, "call":{…}, "status":{…}, "turns":[…], "recordings":[…], …}. Reads the disk: not on a worker.
    [[nodiscard]] std::optional<std::string> read(std::string_view call_sid) const;
    // CallSids of the newest records, by the time of their last change.
    [[nodiscard]] std::vector<std::string> newest(std::size_t most) const;
    // Removes a record; waits until it is gone.
    bool remove(std::string_view call_sid);
    void flush() const;  // until everything added so far is on disk; for tests and the end
    [[nodiscard]] std::uint64_t dropped() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley::store

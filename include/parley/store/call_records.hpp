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
    note            // anything worth keeping; list
};
[[nodiscard]] std::string_view name(Fact fact);

// Thread-safe; never blocks its callers on the disk: a queue of at most 16 MiB, then facts are dropped, counted and told in the log by `on_error`.
class CallRecords {
public:
    struct Settings {
        std::string directory;  // empty: nothing is kept (add() does nothing, read() finds nothing)
        std::function<void(const std::string& path, error_code why)> on_error;  // once a file; on the writer's thread
    };
    explicit CallRecords(Settings settings);
    ~CallRecords();  // writes what is queued
    CallRecords(const CallRecords&) = delete;
    CallRecords& operator=(const CallRecords&) = delete;

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

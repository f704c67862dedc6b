#pragma once
// What the simulator knows to be true about one call. Times named `_ms` count from the moment the call was placed;
// samples count on the play-out clock from the answer (see CallReport::answered_ms).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "parley/sim/form.hpp"
#include "parley/sim/media_machine.hpp"
#include "parley/sim/relay_truth.hpp"
#include "parley/sim/voice_activity.hpp"

namespace parley::sim {

struct TranscriptLine {
    enum class Who : std::uint8_t { caller, agent, carrier } who = Who::carrier;
    double from_ms = 0, to_ms = 0;
    std::string text;         // agent: what the ear recognised, empty when it recognised nothing
    bool recognised = false;  // true: decoded from sound; false: known
    double confidence = 0;
};

struct WebhookTruth {
    std::string method, url;
    Form form;
    double at_ms = 0, took_ms = 0;
    int status = 0;   // HTTP
    int failure = 0;  // debugger code when there was no answer
    int attempts = 0;
    std::string document;  // the body, for documents that were fetched
};

struct CallbackTruth {
    std::string kind;  // "status", "stream", "recording", "dial", "partial"
    std::string method = "POST";
    std::string url;
    Form form;
    double made_ms = 0;  // when the event happened
    double sent_ms = 0;  // when the request was sent; 0 when it was dropped on purpose
    int copy = 0;        // 1 for a duplicate
    bool dropped = false;
    int status = 0;
};

struct NotificationTruth {
    int code = 0;
    bool warning = false;
    std::string text;
    std::string url;
    double at_ms = 0;
};

struct StreamTruth {
    std::string sid, name, url;
    bool bidirectional = true;
    double opened_ms = 0, ended_ms = 0;  // opened: 101 received; 0 when it never was
    int error = 0;
    std::string error_text;
    int close_code = 0;  // sent by the server; 0 none
    std::vector<MarkTruth> marks;
    std::vector<ClearTruth> clears;
    std::vector<PlayBuffer::Segment> heard;  // offsets count the samples of this stream
    std::int64_t appended = 0, played = 0, discarded = 0;
    std::uint64_t frames_sent = 0, frames_lost = 0, media_received = 0, invalid_messages = 0, overflow_samples = 0;
};

// One utterance of the caller and what came back.
struct TurnTruth {
    std::string caller_text;
    double caller_from_ms = 0, caller_to_ms = 0;  // its voiced part
    bool interruption = false;                    // the agent was speaking when it began
    std::optional<double> stopped_after_ms;       // interruption: from its begin to the agent's last voice
    std::optional<double> answered_after_ms;      // from the end of the caller's speech to the first voice heard
};

struct ExpectationTruth {
    std::string where;
    std::vector<std::string> wanted_any, wanted_all, wanted_none;
    std::vector<std::string> heard;  // phrases recognised in the turn, in order
    double from_ms = 0, to_ms = 0;   // the stretch that was judged
    bool passed = false;
};

struct CallReport {
    std::string call_sid, scenario, from, to;
    std::string status;    // completed, busy, failed, no-answer, canceled
    std::string ended_by;  // caller, document, rest, error, reject, limit, shutdown
    std::optional<double> answered_ms;
    double ended_ms = 0;
    std::string started_at;  // ISO 8601
    double clock = 1.0;      // play-out samples = true milliseconds * 8 * clock
    std::vector<TranscriptLine> transcript;
    std::vector<WebhookTruth> webhooks;
    std::vector<CallbackTruth> callbacks;
    std::vector<NotificationTruth> notifications;
    std::vector<StreamTruth> streams;
    std::vector<RelayTruth> relays;
    std::vector<TurnTruth> turns;
    std::vector<ExpectationTruth> expectations;
    std::vector<Interval> agent_speech;  // by energy, play-out samples
    std::string parent_sid, direction;
    std::string answered_by;            // verdict of machine detection; empty: there was none
    double detection_ms = 0;            // line time from the answer to the verdict
    std::optional<Interval> message;    // answering machine: what was left on it, samples of `heard`
    std::vector<std::string> failures;  // steps that could not be done, expectations that did not hold
    Mulaw heard;                        // everything that came out of the caller's telephone
    Mulaw said;                         // everything that went into it, as it was sent towards the streams

    [[nodiscard]] bool passed() const { return failures.empty(); }
    [[nodiscard]] bool has_notification(int code) const;
};

[[nodiscard]] std::string to_json(const CallReport& report);

// Writes <stem>.json (truth), <stem>-heard.wav, and <stem>.wav (left: caller, right: heard) below `directory`.
struct ReportFiles {
    std::string truth, heard, stereo;
};
[[nodiscard]] Result<ReportFiles> write_report(const CallReport& report, const std::string& directory, const std::string& stem);

}  // namespace parley::sim

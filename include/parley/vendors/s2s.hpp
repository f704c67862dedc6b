#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/net/task.hpp"
#include "parley/vendors/failure.hpp"
#include "parley/vendors/lm.hpp"
#include "parley/vendors/stt.hpp"

namespace parley::vendors {

using VendorReply = std::uint32_t;  // one spoken answer of the vendor; the session counts from 1, whatever the vendor's own ids are

class S2sSink {
public:
    virtual ~S2sSink() = default;
    // Accepted and configured; `lifetime`: the vendor ends the session then (for a roll-over before it); 0: not known.
    virtual void on_s2s_open(std::string_view request_id, std::chrono::seconds lifetime) = 0;
    virtual void on_caller_started() = 0;  // the vendor's own voice activity
    virtual void on_caller_stopped() = 0;
    virtual void on_caller_interim(std::string_view text) = 0;  // of the present caller turn, replaces the one before
    virtual void on_caller_text(std::string_view text) = 0;     // what was understood of one caller turn, complete; may come after the reply began
    virtual void on_vendor_reply(VendorReply reply) = 0;        // it has begun to answer
    virtual void on_reply_audio(VendorReply reply, std::span<const std::int16_t> pcm8k) = 0;
    virtual void on_reply_words(VendorReply reply, std::string_view delta) = 0;  // transcript of its audio, in order, in pieces
    // All audio and text of it has been given; empty reply: it neither spoke nor called a tool. `then_tools`: it waits for tool results.
    virtual void on_reply_done(VendorReply reply, bool then_tools) = 0;
    virtual void on_vendor_interrupted() = 0;  // the vendor broke its answer off because it heard the caller
    virtual void on_tool_call(VendorReply reply, const ToolCall& call) = 0;
    virtual void on_usage(const LmUsage& usage) = 0;
    virtual void on_going_away(std::chrono::milliseconds left) = 0;  // the vendor announces the session's end
    virtual void on_s2s_failed(const Failure& failure) = 0;          // over; exactly once, not after close()
};

struct S2sSetup {
    std::string instructions;
    std::vector<ToolSpec> tools;
    std::vector<LmMessage> context;  // what was said before (a backup that takes over, a roll-over): heard words only
    std::string greeting;            // what the agent says first; empty: it waits for respond() or the caller
    std::optional<double> temperature;
    std::string resume;  // resume_token() of the session this one continues (already closed): context and greeting are then not needed
};

// One speech-to-speech session. Audio flows in all the time. Never blocks; never calls the sink from within a call of these methods.
// Audio and text of a cancelled or truncated reply never reach the sink, however late the vendor sends them.
class S2sSession {
public:
    virtual ~S2sSession() = default;  // only after close() has returned
    virtual void open() = 0;          // once
    virtual void audio(const CallerFrame& frame) = 0;
    // Does the vendor itself decide when the caller's turn is over and answer then? Else caller_turn_ended() makes it answer.
    [[nodiscard]] virtual bool decides_turns() const = 0;
    virtual void caller_turn_began() = 0;
    virtual void caller_turn_ended() = 0;
    // Asks for an answer now, to `instructions` (empty: to what was said); used after digits, silence, an operator's wish.
    virtual void respond(std::string_view instructions) = 0;
    virtual void caller_text(std::string_view text) = 0;  // as if the caller had said it (digits); an answer follows
    // Something to know for its next answers, said neither by nor to the caller; no answer follows. A vendor that has no such thing passes it over.
    virtual void note(std::string_view /*text*/) {}
    // The caller heard `heard` of this reply's audio and interrupted it. The vendor's memory is cut there, never behind what it has sent; a
    // reply still being made is cancelled.
    virtual void truncate(VendorReply reply, std::chrono::milliseconds heard) = 0;
    virtual void tool_result(const ToolCall& call, std::string_view result_json) = 0;  // an answer follows when all are given
    [[nodiscard]] virtual bool open_now() const = 0;
    // Pieces of audio and text the vendor sent for replies that were cancelled, truncated or never announced, and that were dropped.
    [[nodiscard]] virtual std::uint64_t late_dropped() const { return 0; }
    // Makes another session of the same endpoint continue this one's conversation, where the vendor offers that; empty: it does not, or not yet.
    [[nodiscard]] virtual std::string resume_token() const { return {}; }
    virtual net::Task<> close() = 0;  // at most 1 s; no call-back after the call
};

}  // namespace parley::vendors

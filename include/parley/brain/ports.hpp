#pragma once
// What a call asks of whatever answers it, cut by role so that recognisers, language models and voices can be exchanged one by one.
// All calls and call-backs happen on the call's own worker thread; nothing here blocks; after a session's destruction no call-back comes.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/conversation/commands.hpp"

namespace parley::brain {

using conversation::ReplyId;
using conversation::SegmentId;
using conversation::UtteranceId;

struct SttSink {
    virtual ~SttSink() = default;
    virtual void on_partial(UtteranceId utterance, std::string_view text) = 0;
    virtual void on_final(UtteranceId utterance, std::string_view text, double confidence) = 0;
    virtual void on_stt_failed(UtteranceId utterance, std::string_view reason) = 0;
};

class SttSession {
public:
    virtual ~SttSession() = default;
    virtual void audio(std::span<const std::int16_t> pcm8k) = 0;  // caller audio, 20 ms a call, also between utterances (pre-roll is kept inside)
    virtual void begin(UtteranceId utterance) = 0;
    virtual void finish(UtteranceId utterance) = 0;
    virtual void drop(UtteranceId utterance) = 0;
    virtual void expect(std::string_view /*what*/) {}             // what the dialogue expects next: the name of a grammar, a hint list
};

struct LmSink {
    virtual ~LmSink() = default;
    virtual void on_reply_text(ReplyId reply, std::string_view speakable) = 0;
    virtual void on_reply_finished(ReplyId reply, conversation::ReplyThen then, std::string_view target) = 0;
    virtual void on_reply_failed(ReplyId reply, std::string_view reason) = 0;
    virtual void on_expect(std::string_view what, std::chrono::milliseconds patience) = 0;  // for recognition and endpointing of the next turn
};

class LmSession {
public:
    virtual ~LmSession() = default;
    virtual void start(const conversation::StartReply& request, const std::vector<conversation::ContextLine>& context) = 0;
    virtual void cancel(ReplyId reply) = 0;
};

struct TtsSink {
    virtual ~TtsSink() = default;
    virtual void on_audio(SegmentId segment, std::span<const std::int16_t> pcm8k) = 0;
    virtual void on_synthesized(SegmentId segment) = 0;
    virtual void on_tts_failed(SegmentId segment, std::string_view reason) = 0;
};

class TtsSession {
public:
    virtual ~TtsSession() = default;
    virtual void speak(SegmentId segment, std::string_view text) = 0;
    virtual void cancel_all() = 0;
};

// The caller's data a brain may know.
struct CallFacts {
    std::string call_sid, from, to, agent;
    std::uint64_t seed = 0;  // for choosing among prompt variants; recorded in the call file
};

// Makes one call's sessions. One factory an agent, shared by all workers; its methods are thread-safe.
class PipelineFactory {
public:
    virtual ~PipelineFactory() = default;
    // `post` runs a function on the call's worker; it may be called from any thread.
    using Post = std::function<void(std::function<void()>)>;
    virtual std::unique_ptr<SttSession> stt(const CallFacts& facts, SttSink& sink, Post post) = 0;
    virtual std::unique_ptr<LmSession> lm(const CallFacts& facts, LmSink& sink, Post post) = 0;
    virtual std::unique_ptr<TtsSession> tts(const CallFacts& facts, TtsSink& sink, Post post) = 0;
};

}  // namespace parley::brain

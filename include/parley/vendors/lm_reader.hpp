#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/vendors/lm.hpp"
#include "parley/vendors/sse.hpp"

namespace parley::vendors {

// The body of one model's answer, from its bytes as they come to the sink's calls: what all language-model codecs share
// (bounds, tool calls in pieces, how it ended). Pure: no socket, no clock. One answer each. Hostile bytes never throw.
class LmReader {
public:
    static constexpr std::size_t kMessage = std::size_t{1} << 20;  // one event of the stream, or a whole body
    static constexpr std::size_t kText = std::size_t{256} << 10;   // said in one reply
    static constexpr std::size_t kArguments = kText;               // of all calls of one reply
    static constexpr std::size_t kCalls = 64;

    virtual ~LmReader() = default;

    // The next bytes of an event stream, cut anywhere. Nothing is given to the sink once over().
    void feed(std::string_view bytes, LmSink& sink);
    // A whole JSON body where a stream was asked for; then end().
    void feed_whole(std::string_view body, LmSink& sink);
    // The proper end has come, or it has failed: no more bytes are needed.
    [[nodiscard]] bool over() const { return failure_ || ended_; }
    // The proper end has come, or all but a formality has, so that a connection that breaks now loses nothing.
    [[nodiscard]] bool complete() const { return !failure_ && (ended_ || closed_well_); }
    // The body has ended. Without its proper end that is Failure closed, in the middle of an event Failure protocol.
    [[nodiscard]] LmOutcome end(LmSink& sink);

protected:
    LmReader() : events_(kMessage) {}

    virtual void on_bytes(std::string_view bytes, LmSink& sink);  // an event stream; Langflow has its own framing
    virtual void on_event(const ServerSentEvent& event, LmSink& sink) = 0;
    virtual void on_whole(std::string_view body, LmSink& sink);  // default: an error object, or Failure protocol
    virtual void on_end(LmSink& sink) { (void)sink; }            // last chance to settle, before complete() is asked
    [[nodiscard]] virtual bool unfinished() const { return events_.unfinished(); }

    void say(std::string_view delta, LmSink& sink);
    // Calls in pieces. `place` is what begin_call answered; name and id may be set later, once.
    std::size_t begin_call();
    void name_call(std::size_t place, std::string_view id, std::string_view name);
    void grow_call(std::size_t place, std::string_view fragment, LmSink& sink);
    void mark_call(std::size_t place, std::string vendor_data);
    // Complete: its arguments are checked and it goes to the sink. Once each; unnamed or broken ones fail the reply.
    void settle_call(std::size_t place, LmSink& sink);
    void settle_calls(LmSink& sink);  // all that are not
    void drop_open_calls();           // the reply was cut for its length: what is not complete is no call
    [[nodiscard]] std::size_t calls() const { return calls_.size(); }
    [[nodiscard]] const ToolCall& call(std::size_t place) const { return calls_[place].call; }

    void finish(LmFinish how) { done_.finish = how; }
    void close_well() { closed_well_ = true; }  // see complete()
    void end_well() { ended_ = true; }
    void fail(FailureKind kind, std::string_view reason);
    void fail(Failure failure);
    LmDone& done() { return done_; }

private:
    struct Open {
        ToolCall call;
        bool settled = false;
    };
    SseReader events_;
    std::vector<Open> calls_;
    std::size_t text_ = 0, arguments_ = 0;
    LmDone done_;
    std::optional<Failure> failure_;
    bool ended_ = false, closed_well_ = false;
};

// What a vendor says in the middle of a stream, or with status 200: its error object as JSON text
// ({"message","type","code",…}, perhaps within "error").
[[nodiscard]] Failure from_stream_error(std::string_view json_text);

}  // namespace parley::vendors

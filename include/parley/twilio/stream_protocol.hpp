#pragma once
// The order rules of one Media Stream, towards the call: messages (already read by MediaScanner) and time in, actions
// out. No socket, no clock, no allocation after construction. One owner, one thread.
//
// A message that breaks a rule is dropped and counted; only what a sane Twilio never does ends the stream (the close
// codes are RFC 6455's, the reasons fixed words):
//   no `start` within 5 s 1008 no_start · audio before `start` beyond 1 s 1008 media_before_start · second `start` 1008
//   duplicate_start · not µ-law 8 kHz mono 1003 media_format · 10 messages of another stream 1008 stream_sid · 20
//   malformed messages 1008 schema · beyond 64 KiB 1009 too_big · binary 1003 binary · faster than twice real time
//   after a 5 s burst, or a flood of messages 1008 rate · 1 s after `stop` 1000 stopped.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "parley/base/clock.hpp"
#include "parley/twilio/media_codec.hpp"

namespace parley::twilio {

enum class StreamFault : std::uint8_t {
    json,
    schema,
    base64,
    too_big,
    binary,
    unknown_event,
    stream_sid,
    order,
    sequence,
    timestamp,
    rate,
    mark,
    dtmf,
};
[[nodiscard]] std::string_view to_string(StreamFault fault);  // the metric's label

struct StreamLimits {
    Instant start_within = std::chrono::seconds(5);
    Instant early_audio = std::chrono::seconds(1);
    Instant close_after_stop = std::chrono::seconds(1);
    Instant max_fill = std::chrono::milliseconds(200);  // silence put into one gap
    Instant sane_jump = std::chrono::seconds(1);        // a timestamp further ahead than this is a fault
    Instant stale_after = std::chrono::seconds(1);
    Instant audio_burst = std::chrono::seconds(5);
    std::uint32_t audio_speed = 2;  // times real time
    std::uint32_t messages_per_second = 1000;
    std::uint32_t message_burst = 5000;
    std::uint32_t digits_per_second = 20;
    std::uint32_t stream_sid_faults = 10;
    std::uint32_t malformed = 20;
    std::size_t outstanding_marks = 256;
    bool both_tracks = false;  // the second track is delivered too
};

// --- actions, in the order to perform them; views live as long as the message's.
struct StreamStarted {
    StartMessage start;
};
struct DeliverAudio {
    std::string_view payload;  // base64, not empty
    std::uint32_t samples = 0;
    // Arrived more than `stale_after` behind real time, in a burst after a stall: fit for a transcript, not for turn
    // taking.
    bool stale = false;
};
struct FillSilence {
    std::uint32_t samples = 0;
};  // lost audio, before the DeliverAudio that follows
struct DigitPressed {
    char digit = '0';
};
struct MarkEchoed {
    std::string_view name;
};
struct StreamStopped {};
// What the other side hears, on a second track. Of a stream that is not meant to have one: once, without a payload, and it is ignored.
struct OutboundAudio {
    std::string_view payload{};  // base64
    std::uint32_t samples = 0;
};
struct CountFault {
    StreamFault fault = StreamFault::json;
};
struct CloseStream {
    std::uint16_t code = 1000;
    std::string_view reason;  // a fixed word
};
using StreamAction = std::variant<DeliverAudio, FillSilence, CountFault, MarkEchoed, DigitPressed, StreamStarted, StreamStopped, OutboundAudio, CloseStream>;

class StreamActions {
public:
    static constexpr std::size_t kCapacity = 6;  // one event never asks for more
    void clear() { size_ = 0; }
    void push(StreamAction action);
    [[nodiscard]] const StreamAction* begin() const { return items_.data(); }
    [[nodiscard]] const StreamAction* end() const { return items_.data() + size_; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }

private:
    std::array<StreamAction, kCapacity> items_{};
    std::size_t size_ = 0;
};

// A leaky allowance: `rate` units a second, at most `burst` saved up.
class Allowance {
public:
    Allowance(std::int64_t rate_per_second, std::int64_t burst, Instant now) : rate_(rate_per_second), burst_(burst), left_(burst), at_(now) {}
    [[nodiscard]] bool take(std::int64_t units, Instant now);

private:
    std::int64_t rate_, burst_, left_;
    Instant at_;
};

class StreamProtocol {
public:
    explicit StreamProtocol(Instant opened, const StreamLimits& limits = {});

    // `out` is cleared first. After a CloseStream every further input gives no action.
    void on_message(const StreamMessage& message, Instant now, StreamActions& out);
    void on_bad_message(const error_code& why, Instant now, StreamActions& out);  // what MediaScanner refused
    void on_binary(Instant now, StreamActions& out);
    void on_timer(Instant now, StreamActions& out);
    [[nodiscard]] std::optional<Instant> deadline() const;  // when on_timer is due

    // Before a mark is sent. False: too many are unanswered, do not send it.
    [[nodiscard]] bool mark_sent(std::string_view name);
    [[nodiscard]] std::size_t marks_outstanding() const { return marks_.size(); }

    [[nodiscard]] bool started() const { return phase_ != Phase::waiting; }
    [[nodiscard]] bool stopped() const { return phase_ == Phase::stopped; }  // false at socket end: closed without `stop`
    [[nodiscard]] bool closed() const { return closed_; }
    [[nodiscard]] std::string_view stream_sid() const { return {sid_.data(), sid_size_}; }

private:
    enum class Phase : std::uint8_t { waiting, live, stopped };
    enum class Order : std::uint8_t { fresh, gap, late, duplicate, unknown };

    void handle(const MediaMessage& message, Instant now, StreamActions& out);
    void handle(const MarkMessage& message, Instant now, StreamActions& out);
    void handle(const DtmfMessage& message, Instant now, StreamActions& out);
    void handle(const ConnectedMessage& message, Instant now, StreamActions& out);
    void handle(const StartMessage& message, Instant now, StreamActions& out);
    void handle(const StopMessage& message, Instant now, StreamActions& out);
    void handle(const UnknownMessage& message, Instant now, StreamActions& out);

    void count(StreamFault fault, StreamActions& out);
    void close(std::uint16_t code, std::string_view reason, StreamActions& out);
    bool admit(Instant now, StreamActions& out);
    bool ours(std::string_view stream_sid, StreamActions& out);
    Order order(const Decimal& sequence, StreamActions& out);
    std::uint32_t gap_samples(const MediaMessage& message, std::uint32_t samples, Order order, StreamActions& out);
    bool is_stale(std::uint32_t samples, std::uint32_t lost, Instant now);

    StreamLimits limits_;
    Phase phase_ = Phase::waiting;
    bool closed_ = false;
    bool connected_ = false;
    bool outbound_seen_ = false;
    Instant opened_;
    Instant stopped_at_{};
    std::array<char, 64> sid_{};
    std::size_t sid_size_ = 0;
    std::uint64_t early_samples_ = 0;
    std::uint32_t sid_faults_ = 0;
    std::uint32_t malformed_ = 0;

    std::uint64_t last_sequence_ = 0;
    std::uint64_t seen_ = 0;                    // bit n: last_sequence_ - n was seen
    std::uint64_t missing_ = 0;                 // messages missing in the gap just found
    std::optional<std::uint64_t> next_sample_;  // where the next chunk should begin by its timestamp

    std::optional<Instant> last_arrival_;
    Instant behind_{};  // audio owed by real time
    Instant paced_{};   // how long frames have come at real-time pace

    Allowance audio_, outbound_audio_, messages_, digits_;
    std::vector<std::uint64_t> marks_;  // hashes of unanswered names, oldest first
};

}  // namespace parley::twilio

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "parley/conversation/events.hpp"
#include "parley/net/websocket.hpp"

namespace parley::call {

struct StreamStart {
    std::string account_sid, call_sid, stream_sid;
    std::map<std::string, std::string> parameters;
};

// What the carrier's stream tells a call, on the call's worker. Views are valid during the call only.
class CarrierSink {
public:
    virtual ~CarrierSink() = default;
    virtual void on_media(std::span<const std::uint8_t> mulaw) = 0;  // 8 kHz µ-law, any length
    // Of a stream of both tracks: what the other side hears. 8 kHz µ-law, any length.
    virtual void on_outbound(std::span<const std::uint8_t> /*mulaw*/) {}
    virtual void on_gap(std::uint32_t samples) = 0;  // so much caller audio was lost on the way; at most 200 ms
    virtual void on_dtmf(char digit) = 0;
    virtual void on_mark(std::string_view name) = 0;
    // A sink that passes audio on untouched asks for the messages themselves, checked but not decoded: then on_media is not called.
    [[nodiscard]] virtual bool takes_messages() const { return false; }
    virtual void on_media_message(std::string_view /*message*/, std::string_view /*payload_base64*/) {}
};

enum class LegEnd : std::uint8_t {
    stopped,        // `stop` received: the caller hung up or Twilio took the call elsewhere
    closed,         // closed without `stop`
    lost,           // connection reset or gone
    protocol,       // the peer broke the rules and was closed with a code
    media_timeout,  // nothing for 5 s
    ours            // we closed
};

// What the end of the leg means for the call when nothing of ours ended it first.
[[nodiscard]] conversation::EndReason reason_of(LegEnd end);

// Twilio's side of a call: one media-stream socket after its `start` was accepted. Reads until the stream ends and writes media,
// marks and clear. Nothing here allocates per frame.
class CarrierLeg {
public:
    virtual ~CarrierLeg() = default;
    [[nodiscard]] virtual const StreamStart& start() const = 0;
    virtual net::Task<LegEnd> run(CarrierSink& sink) = 0;

    // False: the socket is closed or its outbox is full; the frame is counted as lost.
    virtual bool send_media(std::span<const std::uint8_t> mulaw) = 0;
    virtual bool send_media_base64(std::string_view payload) = 0;
    // A whole message of a bot, already checked to be exactly what Twilio takes, of `samples` samples.
    virtual bool send_media_message(std::string_view message, std::size_t samples) = 0;
    virtual bool send_mark(std::string_view name) = 0;
    virtual bool send_clear() = 0;
    // Sends the close frame; `run` returns when the peer has answered it, or after a second without an answer.
    virtual void begin_close(std::uint16_t code, std::string_view reason) = 0;
};

}  // namespace parley::call

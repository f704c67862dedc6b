#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "parley/net/task.hpp"

namespace parley::net {

enum class WsOpcode : std::uint8_t { text = 1, binary = 2 };

// Why a connection was refused or ended by the framing layer; also the label set of parley_stream_protocol_errors_total.
enum class WsFault : std::uint8_t { none, framing, utf8, too_big, fragmentation, flood, send_blocked, idle, closed_by_peer, connection_lost };

struct WsLimits {
    std::size_t message = 64 * 1024;                   // bytes, whole message after reassembly; beyond it 1009
    Duration message_time = std::chrono::seconds(10);  // from first to last fragment; beyond it 1008
    std::uint32_t control_per_second = 10;             // pings and pongs from the peer; beyond it 1008
    std::size_t outbox = 256 * 1024;                   // bytes queued for a peer that does not read
    Duration send_stall = std::chrono::seconds(10);    // outbox makes no progress for so long: the connection is given up
    Duration ping_every = std::chrono::seconds(20);    // 0 = never
};

struct WsMessage {
    WsOpcode opcode;
    std::span<char> payload;  // unmasked, in the connection's own buffer; valid until the next call of next() or fill()
};

struct WsClose {
    std::uint16_t code = 1005;  // RFC 6455 section 7.4; 1005 none received, 1006 no close frame
    WsFault fault = WsFault::none;
    bool by_us = false;
    std::string reason;  // the peer's, UTF-8, at most 123 bytes
};

// One WebSocket connection (RFC 6455, version 13, no extensions), server or client side, over plain TCP or TLS. Owned by one
// worker and touched on its thread only. One coroutine reads (`fill`, `next`); anyone on the worker sends.
class WebSocket {
public:
    virtual ~WebSocket() = default;

    // Waits until at least one complete message is buffered. An error means the connection is over; `closed()` says how.
    // Control frames are answered inside. Cancelling the awaiting coroutine leaves the connection readable again.
    virtual Task<error_code> fill() = 0;
    // The next complete message, or nothing: then call fill().
    virtual std::optional<WsMessage> next() = 0;

    // Queues one message and hands it to the kernel as far as the kernel takes it. False: closed, or the outbox is full (the
    // message is dropped whole; the caller counts it).
    [[nodiscard]] virtual bool send(WsOpcode opcode, std::string_view payload) = 0;
    // As send, for a text frame that already stands in a buffer with `kHeadroom` free bytes before it; server side copies nothing
    // when the kernel takes it at once.
    static constexpr std::size_t kHeadroom = 14;
    [[nodiscard]] virtual bool send_in_place(std::span<char> buffer_with_headroom) = 0;
    // Between begin_batch and end_batch frames gather and leave in one system call.
    virtual void begin_batch() = 0;
    virtual void end_batch() = 0;

    [[nodiscard]] virtual std::size_t outbox_bytes() const = 0;
    [[nodiscard]] virtual const WsClose& closed() const = 0;
    [[nodiscard]] virtual bool open() const = 0;

    // Sends a close frame and waits for the peer's, at most 1 s; then the socket is closed. Safe to call twice.
    virtual Task<> close(std::uint16_t code, std::string_view reason) = 0;
    // Closes the socket now, without a close frame.
    virtual void abort() = 0;

    [[nodiscard]] virtual std::string remote_address() const = 0;
};

}  // namespace parley::net

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connection.hpp"
#include "parley/net/websocket.hpp"
#include "parley/net/ws_frame.hpp"

namespace parley::net {

// The one implementation of WebSocket, for both roles, over a Connection. Where received bytes lie:
//
//   scratch   the worker's shared buffer, while this connection's reader runs (steady state: read, deliver, done)
//   tail_     an unfinished frame between two wake-ups
//   lent_     the scratch buffer taken along, when the reader keeps a message across a wait of its own
class WebSocketImpl final : public WebSocket, private Connection::Sink {
public:
    WebSocketImpl(std::unique_ptr<Connection> connection, WsRole role, WsLimits limits, std::string received);
    ~WebSocketImpl() override;

    Task<error_code> fill() override;
    std::optional<WsMessage> next() override;
    bool send(WsOpcode opcode, std::string_view payload) override;
    bool send_in_place(std::span<char> buffer_with_headroom) override;
    void begin_batch() override { connection_->hold(); }
    void end_batch() override { connection_->flush(); }
    std::size_t outbox_bytes() const override { return connection_->outbox_bytes(); }
    const WsClose& closed() const override { return closed_; }
    bool open() const override { return !over_ && !close_sent_; }
    Task<> close(std::uint16_t code, std::string_view reason) override;
    void abort() override;
    std::string remote_address() const override { return connection_->remote(); }

private:
    void on_readable() override;
    void on_written() override {}
    void on_tick(TimePoint now) override;
    void on_shutdown() override;

    bool read();     // new bytes into in_; false: nothing new
    void advance();  // frames of in_ until a message stands ready, or the end, or more is needed
    void settle();   // the scratch buffer must be free again
    void stow();     // what is left goes to tail_
    void release();  // the caller is done with the message it had
    void park();     // a message in the caller's hands survives further reading
    void handle_close(const WsStep& step);
    bool control_allowed();
    bool send_frame(std::uint8_t opcode, std::string_view payload, bool final_word = false);
    void send_close(std::uint16_t code, std::string_view reason);
    void fail(std::uint16_t code, WsFault fault);
    void lose(WsFault fault);
    void wake();  // tells who waits; `this` may be gone afterwards

    std::unique_ptr<Connection> connection_;
    WsFrameReader reader_;
    WsLimits limits_;
    WsRole role_;
    enum class Home : std::uint8_t { tail, scratch, lent } home_ = Home::tail;
    bool handed_out_ = false, over_ = false, close_sent_ = false;
    std::uint32_t control_count_ = 0;
    std::span<char> in_;  // received, not consumed
    std::vector<char> tail_;
    std::unique_ptr<char[]> lent_;
    std::vector<char> parked_;
    std::optional<WsMessage> ready_;
    WsClose closed_;
    TimePoint close_deadline_{}, message_began_{}, heard_{}, pinged_{}, control_window_{};
    Waiter fill_waiter_, close_waiter_;
    bool* gone_ = nullptr;  // set while foreign code runs under on_readable
};

[[nodiscard]] std::unique_ptr<WebSocket> make_websocket(std::unique_ptr<Connection> connection, WsRole role, WsLimits limits, std::string received);

}  // namespace parley::net

#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "block_chain.hpp"
#include "parley/net/error.hpp"
#include "parley/net/tls_context.hpp"
#include "reactor.hpp"
#include "tls_session.hpp"
#include "waiter.hpp"

namespace parley::net {

// A connected byte stream on its worker, plain or TLS, whatever protocol stands on it. Writing never waits: what the
// kernel does not take stands in the outbox. Reading is either by coroutine (receive) or by a sink that is told of
// readiness.
class Connection final : private Reactor::Watcher {
public:
    // A protocol that lives on readiness itself. Each call may destroy the connection.
    class Sink {
    public:
        virtual void on_readable() = 0;
        virtual void on_written() = 0;  // the outbox has become empty
        virtual void on_tick(TimePoint now) = 0;
        virtual void on_shutdown() = 0;

    protected:
        ~Sink() = default;
    };

    // Owns the descriptor, which is made non-blocking and TCP_NODELAY.
    Connection(const asio::any_io_executor& executor, int fd, std::string remote);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Shakes hands within the deadline. Afterwards everything is encrypted. For the client side: `server_name`, and
    // under which name the session is resumed later (`peer`, host and port; empty: it is not).
    Task<error_code> start_tls(std::shared_ptr<const TlsContext> context, bool server, std::string server_name, TimePoint deadline, std::string peer = {});
    [[nodiscard]] bool encrypted() const { return tls_ != nullptr; }

    // --- reading
    // Reads what is there, without waiting: bytes, or 0 with would_block, end_of_stream, or what broke. `into` has at
    // least 48 KiB; `most` bounds what is taken from the socket.
    [[nodiscard]] std::size_t read_some(std::span<char> into, error_code& ec, std::size_t most = SIZE_MAX);
    // Appends at least one byte to `into`; `most` bounds the call.
    Task<error_code> receive(std::string& into, std::size_t most, TimePoint deadline);
    void end_reading() { read_waiter_.post(make_error_code(Errc::closed)); }  // a waiting receive() answers Errc::closed
    // An idle connection that would answer: nothing to read, no end, no error.
    [[nodiscard]] bool quiet();

    // --- writing
    // False: the connection is broken or the pieces do not fit below `bound` (nothing was taken then).
    [[nodiscard]] bool write(std::string_view first, std::string_view second, std::size_t bound);
    [[nodiscard]] bool write(std::string_view bytes) { return write(bytes, {}, SIZE_MAX); }
    void hold() { ++held_; }  // gather; counted
    void flush();             // ends a hold; sends when it was the last
    [[nodiscard]] std::size_t outbox_bytes() const { return out_.size(); }
    [[nodiscard]] TimePoint last_progress() const { return progress_; }
    Task<error_code> drained(TimePoint deadline);

    // --- end
    void close_now();
    // Sends what is queued, then FIN, and lets the peer finish reading; takes no part of the caller's time.
    void close_politely();
    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    [[nodiscard]] bool broken() const { return broken_; }

    // --- readiness
    void set_sink(Sink* sink);
    void pause_reading();
    void resume_reading();
    [[nodiscard]] bool paused() const { return !reading_; }

    [[nodiscard]] Reactor& reactor() { return reactor_; }
    [[nodiscard]] const asio::any_io_executor& executor() const { return executor_; }
    [[nodiscard]] const std::string& remote() const { return remote_; }
    [[nodiscard]] int native_handle() const { return fd_; }
    void keep_alive_ticket(std::shared_ptr<void> ticket) { ticket_ = std::move(ticket); }  // released with the connection

private:
    void on_ready(std::uint32_t events) override;
    void on_tick(TimePoint now) override;
    void on_shutdown() override;
    void send_queue();
    void update_interest();
    [[nodiscard]] std::size_t receive_raw(std::span<char> into, error_code& ec);
    Task<error_code> wait(Waiter& waiter, TimePoint& slot, TimePoint deadline);

    asio::any_io_executor executor_;
    Reactor& reactor_;
    int fd_;
    std::uint32_t slot_ = 0;
    std::uint32_t interest_ = 0;
    std::uint32_t held_ = 0;
    bool reading_ = true, broken_ = false, write_blocked_ = false;
    Sink* sink_ = nullptr;
    BlockChain out_;
    std::unique_ptr<TlsSession> tls_;
    TimePoint progress_{};
    TimePoint read_deadline_ = TimePoint::max(), write_deadline_ = TimePoint::max();
    Waiter read_waiter_, write_waiter_;
    std::string remote_;
    std::shared_ptr<void> ticket_;
};

}  // namespace parley::net

#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "parley/net/nursery.hpp"
#include "parley/net/ws_endpoint.hpp"
#include "parley/vendors/link.hpp"

namespace parley::vendors {

struct SocketPlan {
    std::string url;           // wss://…
    net::HttpHeaders headers;  // credentials among them
    std::chrono::milliseconds connect_within{2000};
    std::size_t message_limit = std::size_t{1} << 20;  // a message beyond it: Failure too_big
    std::size_t early_bytes = 64 * 1024;               // what may be given before the socket is open; beyond it: Failure timeout
    std::string keep_alive;                            // sent as text when nothing was sent for `keep_alive_every`
    std::chrono::milliseconds keep_alive_every{0};
    std::chrono::milliseconds ping_every{20000};  // nothing at all, not even a pong, for more than twice that: lost
    SocketPlan() = default;
    explicit SocketPlan(std::string where) : url(std::move(where)) {}
};

// A WebSocket to a vendor: connects within its budget (through the gate), keeps what is sent meanwhile, reads until the end, keeps it alive,
// and says in the failure vocabulary how it ended. One worker's. The handler is never called from within open, send or close; after close()
// was called it is not called at all.
class VendorSocket {
public:
    class Handler {
    public:
        virtual void on_socket_open() = 0;  // what was sent early has left
        virtual void on_socket_text(std::string_view text) = 0;
        virtual void on_socket_binary(std::string_view bytes) = 0;
        virtual void on_socket_lost(const Failure& failure) = 0;  // also an orderly end by the vendor: kind closed, its code in `status`

    protected:
        ~Handler() = default;
    };

    VendorSocket(const Link& link, Handler& handler);
    ~VendorSocket();  // after close() has returned
    VendorSocket(const VendorSocket&) = delete;
    VendorSocket& operator=(const VendorSocket&) = delete;

    void open(SocketPlan plan);  // once; after a loss one makes another
    // False: lost or full; the handler is told by on_socket_lost, once.
    bool send_text(std::string_view text);
    bool send_binary(std::string_view bytes);
    [[nodiscard]] bool open_now() const;
    [[nodiscard]] bool opening() const;
    [[nodiscard]] TimePoint last_received() const;
    [[nodiscard]] std::string request_id() const;  // the vendor's, from the headers of its answer to the upgrade; empty: it gave none
    void fail(Failure failure);                    // by whoever reads the messages: the socket is dropped, on_socket_lost comes with this
    // Sends `last` (if any) and a close frame, waits for the vendor's at most 1 s; joins everything.
    net::Task<> close(std::string_view last = {});

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// wss for https, ws for http (and those themselves); the path is appended to what the base holds. Empty when `base` is no such URL.
[[nodiscard]] std::string socket_url(std::string_view base, std::string_view path_and_query);
[[nodiscard]] std::string http_url(std::string_view base, std::string_view path_and_query);
[[nodiscard]] std::string query_escape(std::string_view text);  // RFC 3986 unreserved stay

}  // namespace parley::vendors

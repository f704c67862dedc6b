#pragma once
// Ground of the socket tests: a server on a worker of its own, blocking raw peers that send exact bytes, and a runner
// for coroutines.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "parley/net/http_server.hpp"
#include "parley/net/worker.hpp"
#include "parley/net/ws_endpoint.hpp"

namespace parley::net::test {

// Runs `make()` as a coroutine on the worker and waits for its end here; exceptions come out again. Hangs are ended by
// ctest.
template <class T>
T run_on(Worker& worker, std::function<Task<T>()> make) {
    std::promise<T> promise;
    auto future = promise.get_future();
    auto body = [](std::function<Task<T>()> start, std::promise<T>& done) -> Task<> {
        try {
            if constexpr (std::is_void_v<T>) {
                co_await start();
                done.set_value();
            } else {
                T value = co_await start();
                done.set_value(std::move(value));
            }
        } catch (...) {
            done.set_exception(std::current_exception());
        }
    };
    auto task = body(std::move(make), promise);
    asio::co_spawn(worker.executor(), std::move(task), [](std::exception_ptr) {});
    return future.get();
}

// A peer that sends exactly what it is told and never adds anything. Blocking, with a 10 s guard on reading.
class RawPeer {
public:
    explicit RawPeer(std::uint16_t port);
    explicit RawPeer(int fd) : fd_(fd) {}
    RawPeer(RawPeer&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    ~RawPeer() { close(); }
    void send(std::string_view bytes);
    // As many sends as bytes, each its own segment (TCP_NODELAY).
    void send_bytewise(std::string_view bytes, std::size_t step = 1);
    // Whatever comes, at most `most` bytes; empty at the end of the stream or a reset.
    std::string receive(std::size_t most = 65536);
    std::string receive_exactly(std::size_t count);
    std::string receive_until(std::string_view mark);
    std::string receive_all();       // until the end of the stream
    std::string receive_response();  // head and Content-Length body
    void finish_writing() { ::shutdown(fd_, SHUT_WR); }
    void reset();  // RST
    void close();
    int fd() const { return fd_; }
    void set_receive_buffer(int bytes);

private:
    int fd_ = -1;
    std::string ahead_;
};

// One blocking accept on 127.0.0.1.
class RawListener {
public:
    RawListener();
    ~RawListener();
    std::uint16_t port() const { return port_; }
    RawPeer accept();

private:
    int fd_ = -1;
    std::uint16_t port_ = 0;
};

class Counts {
public:
    void add(std::string_view reason) {
        const std::lock_guard lock(mutex_);
        ++counts_[std::string(reason)];
    }
    int of(const std::string& reason) const {
        const std::lock_guard lock(mutex_);
        const auto found = counts_.find(reason);
        return found == counts_.end() ? 0 : found->second;
    }
    // Waits until it is there; the caller's test has a time limit of its own.
    void await(const std::string& reason, int count) const;

private:
    mutable std::mutex mutex_;
    std::map<std::string, int> counts_;
};

// Spins (politely) until `condition`; ends the test run by its limit otherwise.
void await_that(const std::function<bool()>& condition);

// A server with an HTTP echo (POST /echo, GET /hello, /throw) and a WebSocket echo on every upgrade.
class EchoServer {
public:
    explicit EchoServer(std::function<void(HttpServerOptions&)> adjust = {}, WsLimits limits = {});
    ~EchoServer();
    std::uint16_t port(std::size_t listener = 0) const { return server_->port(listener); }
    HttpServer& server() { return *server_; }
    Worker& worker() { return worker_; }
    Counts& rejected() { return rejected_; }
    std::string ws_url(std::size_t listener = 0) const { return "ws://127.0.0.1:" + std::to_string(port(listener)) + "/media"; }
    std::string http_url(std::string_view path) const { return "http://127.0.0.1:" + std::to_string(port()) + std::string(path); }
    std::atomic<int> handled{0}, sockets_open{0}, sockets_ended{0};
    WsClose last_close() const {
        const std::lock_guard lock(mutex_);
        return last_close_;
    }

private:
    Task<> echo(HttpUpgrade upgrade);
    WsLimits limits_;
    mutable std::mutex mutex_;
    WsClose last_close_;
    Counts rejected_;
    Worker worker_;
    std::unique_ptr<HttpServer> server_;
};

inline constexpr std::string_view kUpgrade =
    "GET /media HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
    "13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

// Frames as a client would send them (masked), byte by byte under the test's control.
std::string client_frame(std::uint8_t first, std::string_view payload, std::uint32_t mask = 0x11223344);
std::string server_frame(std::uint8_t first, std::string_view payload);
std::string close_payload(std::uint16_t code, std::string_view reason = {});

}  // namespace parley::net::test

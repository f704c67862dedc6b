#include "support.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "parley/net/ws_frame.hpp"

namespace parley::net::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

}  // namespace

RawPeer::RawPeer(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in address = loopback(port);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("connect");
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const timeval guard{10, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &guard, sizeof guard);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &guard, sizeof guard);
}

void RawPeer::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;  // the other side may rightly have ended it
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void RawPeer::send_bytewise(std::string_view bytes, std::size_t step) {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) send(bytes.substr(0, step));
}

std::string RawPeer::receive(std::size_t most) {
    if (!ahead_.empty()) return std::exchange(ahead_, {});
    std::string bytes(most, '\0');
    const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
}

std::string RawPeer::receive_exactly(std::size_t count) {
    std::string bytes;
    while (bytes.size() < count) {
        const std::string part = receive();
        if (part.empty()) return bytes;
        bytes += part;
    }
    ahead_ = bytes.substr(count);
    bytes.resize(count);
    return bytes;
}

std::string RawPeer::receive_until(std::string_view mark) {
    std::string bytes;
    while (true) {
        const auto at = bytes.find(mark);
        if (at != std::string::npos) {
            ahead_ = bytes.substr(at + mark.size());
            bytes.resize(at + mark.size());
            return bytes;
        }
        const std::string part = receive();
        if (part.empty()) return bytes;
        bytes += part;
    }
}

std::string RawPeer::receive_all() {
    std::string bytes;
    while (true) {
        const std::string part = receive();
        if (part.empty()) return bytes;
        bytes += part;
    }
}

std::string RawPeer::receive_response() {
    std::string head = receive_until("\r\n\r\n");
    const auto at = head.find("Content-Length: ");
    if (at == std::string::npos) return head;
    return head + receive_exactly(std::stoul(head.substr(at + 16)));
}

void RawPeer::reset() {
    const linger hard{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
}

void RawPeer::close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void RawPeer::set_receive_buffer(int bytes) {
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

RawListener::RawListener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd_, 16) != 0) throw std::runtime_error("bind");
    socklen_t length = sizeof address;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
}

RawListener::~RawListener() {
    ::close(fd_);
}

RawPeer RawListener::accept() {
    const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const timeval guard{10, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &guard, sizeof guard);
    return RawPeer(fd);
}

void await_that(const std::function<bool()>& condition) {
    while (!condition()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void Counts::await(const std::string& reason, int count) const {
    await_that([&] { return of(reason) >= count; });
}

EchoServer::EchoServer(std::function<void(HttpServerOptions&)> adjust, WsLimits limits) : limits_(limits) {
    HttpServerOptions options;
    options.listeners.emplace_back();
    options.limits.preauth_per_address = 256;
    options.rejected = [this](std::string_view reason) { rejected_.add(reason); };
    options.place = [this] { return worker_.executor(); };
    options.handle = [this](HttpRequest& request) -> Task<HttpResponse> {
        ++handled;
        if (request.path() == "/throw") throw std::runtime_error("secret detail");
        if (request.path() == "/echo") co_return HttpResponse(200, "application/octet-stream", request.body);
        if (request.path() == "/hello") co_return HttpResponse(200, "text/plain", "hello " + std::string(request.query()) + "\n");
        if (request.path() == "/who") co_return HttpResponse(200, "text/plain", request.remote_address);
        co_return HttpResponse(404, "text/plain", "no\n");
    };
    options.upgrade = [this](HttpUpgrade upgrade) -> Task<> { return echo(std::move(upgrade)); };
    if (adjust) adjust(options);
    server_ = std::make_unique<HttpServer>(worker_.executor(), std::move(options));
    server_->start();
    worker_.start();
}

EchoServer::~EchoServer() {
    server_->stop();
    worker_.stop();
    worker_.join();
}

Task<> EchoServer::echo(HttpUpgrade upgrade) {
    auto ticket = upgrade.take_ticket();
    Result<std::unique_ptr<WebSocket>> accepted = ws_accept(std::move(upgrade), limits_);
    if (!accepted) co_return;
    std::unique_ptr<WebSocket> socket = std::move(*accepted);
    ++sockets_open;
    while (true) {
        const error_code ec = co_await socket->fill();
        if (ec) break;
        socket->begin_batch();
        while (auto message = socket->next()) (void)socket->send(message->opcode, {message->payload.data(), message->payload.size()});
        socket->end_batch();
    }
    {
        const std::lock_guard lock(mutex_);
        last_close_ = socket->closed();
    }
    ++sockets_ended;
}

std::string client_frame(std::uint8_t first, std::string_view payload, std::uint32_t mask) {
    std::array<char, 4> key{};
    for (std::size_t i = 0; i < 4; ++i) key[i] = static_cast<char>(mask >> (8 * i) & 0xff);
    char head[kWsMaxHead];
    std::string frame(head, ws_write_head(head, first, payload.size(), &key));
    for (std::size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(payload[i] ^ key[i & 3]);
    return frame;
}

std::string server_frame(std::uint8_t first, std::string_view payload) {
    char head[kWsMaxHead];
    return std::string(head, ws_write_head(head, first, payload.size(), nullptr)) + std::string(payload);
}

std::string close_payload(std::uint16_t code, std::string_view reason) {
    std::string payload;
    payload += static_cast<char>(code >> 8);
    payload += static_cast<char>(code & 0xff);
    return payload + std::string(reason);
}

}  // namespace parley::net::test

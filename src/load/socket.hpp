#pragma once
// A non-blocking TCP socket with its unread and unsent bytes, and the few WebSocket frames a measured stream needs. Raw on purpose: the
// load must cost less than what it measures, and share no code with it.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace parley::load {

class Socket {
public:
    Socket() = default;
    explicit Socket(int fd) : fd_(fd) {}
    ~Socket() { close(); }
    Socket(Socket&& other) noexcept;
    Socket& operator=(Socket&& other) noexcept;
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    static Socket connect_loopback(std::uint16_t port);              // non-blocking; throws std::system_error
    static Socket listen_loopback(std::uint16_t port, int backlog);  // port 0: any
    [[nodiscard]] Socket accept() const;                             // fd() < 0: none waiting
    [[nodiscard]] std::uint16_t local_port() const;

    [[nodiscard]] int fd() const { return fd_; }
    void close();

    // False: the peer is gone. Bytes the kernel does not take are kept and go out before later ones.
    bool send(std::string_view bytes);
    bool flush();
    [[nodiscard]] bool blocked() const { return !unsent_.empty(); }
    // Reads all that is there into `scratch`-backed storage: answers the unread bytes (leftover + new). False: closed or failed.
    bool receive(std::string& scratch, std::string_view& unread);
    void keep(std::string_view rest) { leftover_.assign(rest); }

private:
    int fd_ = -1;
    std::string unsent_, leftover_;
};

// One server-to-client or client-to-server frame at the head of `bytes`: payload answered unmasked in place, `bytes` advanced past it.
enum class FrameRead : std::uint8_t { none, text, close, other, broken };
FrameRead next_frame(std::span<char>& bytes, std::span<char>& payload);

// Text frame around `payload` written at out; `mask` for the client's side. Returns bytes written (payload + at most 8).
std::size_t write_text_frame(char* out, std::string_view payload, bool mask);

std::uint64_t now_ns();  // CLOCK_MONOTONIC

}  // namespace parley::load

#include "socket.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <system_error>
#include <utility>

namespace parley::load {

namespace {

constexpr std::uint32_t kMask = 0x5AC39617;  // fixed: unmasking costs the receiver the same whatever the key

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::system_category(), what);
}

void no_delay(int fd) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void apply_mask(char* data, std::size_t size) {
    std::uint64_t key = (static_cast<std::uint64_t>(kMask) << 32) | kMask;
    std::size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, data + i, 8);
        word ^= key;
        std::memcpy(data + i, &word, 8);
    }
    for (; i < size; ++i) data[i] = static_cast<char>(data[i] ^ static_cast<char>(kMask >> (8 * (i % 4))));
}

}  // namespace

std::uint64_t now_ns() {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(t.tv_nsec);
}

Socket::Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)), unsent_(std::move(other.unsent_)), leftover_(std::move(other.leftover_)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
    if (this != &other) {
        close();
        fd_ = std::exchange(other.fd_, -1);
        unsent_ = std::move(other.unsent_);
        leftover_ = std::move(other.leftover_);
    }
    return *this;
}

void Socket::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

Socket Socket::connect_loopback(std::uint16_t port) {
    Socket out(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (out.fd_ < 0) fail("socket");
    no_delay(out.fd_);
    const auto address = loopback(port);
    if (::connect(out.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) fail("connect");
    return out;
}

Socket Socket::listen_loopback(std::uint16_t port, int backlog) {
    Socket out(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (out.fd_ < 0) fail("socket");
    const int on = 1;
    ::setsockopt(out.fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const auto address = loopback(port);
    if (::bind(out.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("bind");
    if (::listen(out.fd_, backlog) != 0) fail("listen");
    return out;
}

Socket Socket::accept() const {
    Socket out(::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (out.fd_ >= 0) no_delay(out.fd_);
    return out;
}

std::uint16_t Socket::local_port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

bool Socket::flush() {
    while (!unsent_.empty()) {
        const auto n = ::send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
        if (n < 0) return errno == EAGAIN || errno == EINTR || errno == ENOTCONN;
        unsent_.erase(0, static_cast<std::size_t>(n));
    }
    return true;
}

bool Socket::send(std::string_view bytes) {
    if (unsent_.empty()) {
        const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ENOTCONN) return false;
        if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
        if (bytes.empty()) return true;
    }
    unsent_.append(bytes);
    return true;
}

bool Socket::receive(std::string& scratch, std::string_view& unread) {
    constexpr std::size_t kRead = 64 * 1024;
    const auto kept = leftover_.size();
    if (scratch.size() < kept + kRead) scratch.resize(kept + kRead);
    if (kept > 0) std::memcpy(scratch.data(), leftover_.data(), kept);
    leftover_.clear();
    const auto n = ::recv(fd_, scratch.data() + kept, kRead, 0);
    if (n == 0) return false;
    if (n < 0 && errno != EAGAIN && errno != EINTR) return false;
    unread = std::string_view(scratch).substr(0, kept + static_cast<std::size_t>(n > 0 ? n : 0));
    return true;
}

FrameRead next_frame(std::span<char>& bytes, std::span<char>& payload) {
    if (bytes.size() < 2) return FrameRead::none;
    const auto b0 = static_cast<std::uint8_t>(bytes[0]);
    const auto b1 = static_cast<std::uint8_t>(bytes[1]);
    std::size_t header = 2;
    std::uint64_t size = b1 & 0x7F;
    if (size == 126) {
        if (bytes.size() < 4) return FrameRead::none;
        size = static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes[2]) << 8 | static_cast<std::uint8_t>(bytes[3]));
        header = 4;
    } else if (size == 127) {
        return FrameRead::broken;  // nothing measured here is that long
    }
    const bool masked = (b1 & 0x80) != 0;
    std::uint8_t key[4] = {};
    if (masked) {
        if (bytes.size() < header + 4) return FrameRead::none;
        std::memcpy(key, bytes.data() + header, 4);
        header += 4;
    }
    if (bytes.size() < header + size) return FrameRead::none;
    payload = bytes.subspan(header, size);
    if (masked) {
        std::uint64_t wide = 0;
        std::memcpy(&wide, key, 4);
        wide |= wide << 32;
        std::size_t i = 0;
        for (; i + 8 <= payload.size(); i += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, payload.data() + i, 8);
            word ^= wide;
            std::memcpy(payload.data() + i, &word, 8);
        }
        for (; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ static_cast<char>(key[i % 4]));
    }
    bytes = bytes.subspan(header + size);
    switch (b0 & 0x0F) {
        case 1:
            return FrameRead::text;
        case 8:
            return FrameRead::close;
        default:
            return FrameRead::other;
    }
}

std::size_t write_text_frame(char* out, std::string_view payload, bool mask) {
    std::size_t at = 0;
    out[at++] = static_cast<char>(0x81);
    const char flag = mask ? static_cast<char>(0x80) : '\0';
    if (payload.size() < 126) {
        out[at++] = static_cast<char>(flag | static_cast<char>(payload.size()));
    } else {
        out[at++] = static_cast<char>(flag | 126);
        out[at++] = static_cast<char>(payload.size() >> 8);
        out[at++] = static_cast<char>(payload.size() & 0xFF);
    }
    if (mask) {
        std::memcpy(out + at, &kMask, 4);
        at += 4;
    }
    std::memcpy(out + at, payload.data(), payload.size());
    if (mask) apply_mask(out + at, payload.size());
    return at + payload.size();
}

}  // namespace parley::load

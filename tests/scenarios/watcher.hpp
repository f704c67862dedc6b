#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace parley::scenarios {

// Everything that comes after a GET, read until its end on a thread of its own. `more`: header lines.
class Watcher {
public:
    Watcher(std::uint16_t port, const std::string& target, const std::string& token, const std::string& more = {}) {
        fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        const auto request = "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + token + "\r\n" + more + "\r\n";
        EXPECT_EQ(::send(fd_, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
        thread_ = std::thread([this] {
            std::array<char, 4096> buffer{};
            for (;;) {
                const auto n = ::recv(fd_, buffer.data(), buffer.size(), 0);
                const std::lock_guard lock(mutex_);
                if (n <= 0) {
                    ended_ = true;
                    return;
                }
                text_.append(buffer.data(), static_cast<std::size_t>(n));
            }
        });
    }
    ~Watcher() {
        ::shutdown(fd_, SHUT_RDWR);
        thread_.join();
        ::close(fd_);
    }
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    [[nodiscard]] std::string text() const {
        const std::lock_guard lock(mutex_);
        return text_;
    }
    [[nodiscard]] bool ended() const {
        const std::lock_guard lock(mutex_);
        return ended_;
    }
    [[nodiscard]] bool saw(std::string_view what) const { return text().find(what) != std::string::npos; }

private:
    int fd_ = -1;
    mutable std::mutex mutex_;
    std::string text_;
    bool ended_ = false;
    std::thread thread_;
};

}  // namespace parley::scenarios

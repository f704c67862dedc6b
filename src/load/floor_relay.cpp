#include "floor_relay.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "socket.hpp"

namespace parley::load {

namespace {

struct Side {
    Socket socket;
    Side* peer = nullptr;
    bool caller = false;
    bool upgraded = false;
    bool gone = false;
};

std::string answer_upgrade(std::string_view head) {
    std::string key;
    const auto at = head.find("ey: ");
    if (at != std::string_view::npos) key = std::string(head.substr(at + 4, 24));
    key += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char digest[20];
    SHA1(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest);
    char text[32] = {};
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text), digest, sizeof digest);
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + std::string(text) + "\r\n\r\n";
}

void watch(int epoll, Side& side) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &side;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, side.socket.fd(), &event);
}

}  // namespace

void run_floor_relay(int listen_fd, std::uint16_t bot_port) {
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    Socket listener(listen_fd);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = nullptr;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, listen_fd, &event);
    std::vector<std::unique_ptr<Side>> sides;
    std::array<epoll_event, 256> events{};
    std::string scratch;
    std::array<char, 2048> frame{};
    for (;;) {
        const int n = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < n; ++i) {
            auto* side = static_cast<Side*>(events[static_cast<std::size_t>(i)].data.ptr);
            if (side == nullptr) {
                for (auto socket = listener.accept(); socket.fd() >= 0; socket = listener.accept()) {
                    auto caller = std::make_unique<Side>();
                    auto bot = std::make_unique<Side>();
                    caller->socket = std::move(socket);
                    caller->caller = true;
                    bot->socket = Socket::connect_loopback(bot_port);
                    bot->socket.send(
                        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                        "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
                    caller->peer = bot.get();
                    bot->peer = caller.get();
                    watch(epoll, *caller);
                    watch(epoll, *bot);
                    sides.push_back(std::move(caller));
                    sides.push_back(std::move(bot));
                }
                continue;
            }
            if (side->gone) continue;
            side->socket.flush();
            std::string_view unread;
            if (!side->socket.receive(scratch, unread)) {
                side->gone = true;
                side->socket.close();
                side->peer->gone = true;
                side->peer->socket.close();
                continue;
            }
            std::span bytes(scratch.data(), unread.size());
            if (!side->upgraded) {
                const auto end = unread.find("\r\n\r\n");
                if (end == std::string_view::npos) {
                    side->socket.keep(unread);
                    continue;
                }
                if (side->caller) side->socket.send(answer_upgrade(unread.substr(0, end)));
                side->upgraded = true;
                bytes = bytes.subspan(end + 4);
            }
            std::span<char> payload;
            while (next_frame(bytes, payload) == FrameRead::text) {
                if (payload.size() + 16 > frame.size()) continue;
                side->peer->socket.send({frame.data(), write_text_frame(frame.data(), {payload.data(), payload.size()}, side->caller)});
            }
            if (!bytes.empty()) side->socket.keep({bytes.data(), bytes.size()});
        }
    }
}

}  // namespace parley::load

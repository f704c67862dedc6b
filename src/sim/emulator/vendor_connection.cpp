#include "vendor_connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <cstdio>

namespace parley::sim {
namespace {

namespace websocket = beast::websocket;

constexpr std::size_t kInboxBytes = 32U << 20U;
constexpr auto kCloseWait = std::chrono::seconds(2);
constexpr auto kLookAgain = std::chrono::milliseconds(50);

}  // namespace

EmulatorConnection::EmulatorConnection(HostParts parts, asio::ip::tcp::socket socket)
    : parts_(parts),
      number_(parts.books.opened()),
      buffer_(64U << 20U),
      executor_(socket.get_executor()),
      arrived_(executor_, TimePoint::max()),
      room_(executor_, TimePoint::max()),
      turned_(executor_, TimePoint::max()),
      joined_(executor_, TimePoint::max()) {
    error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    stream_.emplace(std::move(socket));
}

void EmulatorConnection::over() {
    if (over_) return;
    over_ = true;
    for (auto* sleeper : sleepers_) sleeper->cancel();
    arrived_.cancel();
    room_.cancel();
    turned_.cancel();
}

void EmulatorConnection::abandon() {
    over();
    error_code ignored;
    tcp().socket().close(ignored);
}

void EmulatorConnection::begin(const Fault& fault) {
    fault_ = fault;
    items_ = 0;
    responses_ = 1;
    sent_ = 0;
    held_.reset();
    refusing_ = false;
    paced_until_ = {};
}

Task<bool> EmulatorConnection::sleep(std::chrono::milliseconds time) {
    if (over_) co_return false;
    if (time.count() <= 0) co_return true;
    asio::steady_timer timer(executor_, time);
    const auto place = sleepers_.insert(sleepers_.end(), &timer);
    co_await timer.async_wait(net::nothrow);
    sleepers_.erase(place);
    co_return !over_;
}

Task<> EmulatorConnection::hang() {
    while (!over_) {
        const std::chrono::milliseconds long_time = std::chrono::hours(1);
        co_await sleep(long_time);
    }
}

// ---- sending

Task<bool> EmulatorConnection::write(std::string bytes, bool text) {
    const auto ticket = next_ticket_++;
    while (turn_ != ticket && !over_) co_await turned_.async_wait(net::nothrow);
    if (frozen_) co_await hang();
    if (over_) co_return false;
    bool sent = co_await transmit(bytes, text);
    if (sent && held_) {
        const auto late = std::move(*held_);
        held_.reset();
        sent = co_await transmit(late.first, late.second);
    }
    ++turn_;
    turned_.cancel();
    co_return sent && !over_;
}

Task<bool> EmulatorConnection::transmit(const std::string& bytes, bool text) {
    if (fault_.close_after_bytes && counts_now() && sent_ + bytes.size() > *fault_.close_after_bytes) {
        const auto left = *fault_.close_after_bytes - std::min(sent_, *fault_.close_after_bytes);
        co_return co_await transmit_part(bytes, text, left);
    }
    sent_ += bytes.size();
    const auto buffer = asio::buffer(bytes);
    error_code ec;
    if (ws_) {
        ws_->text(text);
        auto [failed, size] = co_await ws_->async_write(buffer, net::nothrow);
        ec = failed;
    } else {
        stream_->expires_never();
        auto [failed, size] = co_await asio::async_write(*stream_, buffer, net::nothrow);
        ec = failed;
    }
    if (ec && !frozen_) over();
    co_return !ec;
}

// A WebSocket message begins as if all of it came.
Task<bool> EmulatorConnection::transmit_part(const std::string& bytes, bool text, std::size_t limit) {
    std::string raw;
    if (ws_) {
        const auto size = bytes.size();
        raw.push_back(static_cast<char>(text ? 0x81 : 0x82));
        const int width = size < 126 ? 0 : (size < 65536 ? 2 : 8);
        raw.push_back(static_cast<char>(width == 0 ? size : (width == 2 ? 126U : 127U)));
        for (int i = width - 1; i >= 0; --i) raw.push_back(static_cast<char>(size >> (8 * i) & 0xff));
    }
    raw.append(bytes, 0, limit);
    const auto buffer = asio::buffer(raw);
    co_await asio::async_write(tcp().socket(), buffer, net::nothrow);
    resetting_ = fault_.close_code == 0;
    over();
    co_return false;
}

Task<std::optional<std::string>> EmulatorConnection::prepare(std::string bytes, bool text, std::chrono::milliseconds lasts) {
    std::optional<std::string> out;
    if (over_) co_return out;
    if (frozen_) co_await hang();
    const bool counted = counts_now();
    const int k = counted ? items_++ : -1;
    if (counted && fault_.stall_after && k >= *fault_.stall_after) co_await hang();
    if (counted) co_await sleep(k == 0 ? fault_.first_delay : fault_.delta_delay);
    const double pace = fault_.slow > 0 ? fault_.slow : (fault_.burst ? 0 : parts_.world.settings().pace);
    if (lasts.count() > 0 && pace > 0) {
        const auto now = Clock::now();
        const auto due = std::max(now, paced_until_);
        paced_until_ = due + std::chrono::microseconds(static_cast<long>(static_cast<double>(lasts.count()) * 1000 / pace));
        const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(due - now);
        co_await sleep(wait);
    }
    if (over_) co_return out;
    if (counted && fault_.malformed_after == k) bytes = text ? cut_json(bytes) : bytes.substr(0, bytes.size() / 2 | 1U);
    if (counted && fault_.giant_after == k) {
        if (text) {
            bytes = swollen_json(bytes, fault_.giant_bytes);
        } else {
            bytes.append(fault_.giant_bytes, '\0');
        }
    }
    out = std::move(bytes);
    co_return out;
}

Task<bool> EmulatorConnection::settle() {
    if (over_) co_return false;
    if (!counts_now()) co_return true;
    if (fault_.half_open_after == items_) {
        co_await freeze();
        co_return false;
    }
    if (fault_.close_after == items_) co_return co_await end_by_script();
    co_return true;
}

Task<bool> EmulatorConnection::put_message(std::string bytes, bool text, std::chrono::milliseconds lasts) {
    auto ready = co_await prepare(std::move(bytes), text, lasts);
    if (!ready) co_return false;
    const bool held = hold_back(*ready, text);
    if (!held && !co_await write(std::move(*ready), text)) co_return false;
    co_return co_await settle();
}

bool EmulatorConnection::hold_back(std::string& bytes, bool text) {
    if (!counts_now() || !fault_.wrong_order || *fault_.wrong_order != items_ - 1) return false;
    held_.emplace(std::move(bytes), text);
    return true;
}

void EmulatorConnection::next_response() {
    ++responses_;
    items_ = 0;
}

// ---- ending

// The connection stays, and nothing moves on it any more. Whether the client has given up is asked of the kernel, which
// needs no reading.
Task<> EmulatorConnection::freeze() {
    frozen_ = true;
    tcp().cancel();
    while (!over_) {
        tcp_info info{};
        socklen_t size = sizeof(info);
        const bool known = ::getsockopt(tcp().socket().native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0;
        if (!known || info.tcpi_state != TCP_ESTABLISHED) break;
        co_await sleep(kLookAgain);
    }
    over();
}

Task<bool> EmulatorConnection::end_by_script() {
    if (ws_ && fault_.close_code >= 1000) {
        std::string reason = "as the script says";
        co_await close(fault_.close_code, std::move(reason));
    }
    resetting_ = fault_.close_code == 0;
    over();
    co_return false;
}

Task<> EmulatorConnection::close(int code, std::string reason) {
    const auto ticket = next_ticket_++;
    while (turn_ != ticket && !over_) co_await turned_.async_wait(net::nothrow);
    if (frozen_) co_await hang();
    if (over_ || !ws_) co_return;
    auto limits = websocket::stream_base::timeout::suggested(beast::role_type::server);
    limits.handshake_timeout = kCloseWait;  // Beast's closing handshake uses the same limit
    limits.idle_timeout = websocket::stream_base::none();
    ws_->set_option(limits);
    const websocket::close_reason why(static_cast<websocket::close_code>(code), reason.substr(0, 120));
    co_await ws_->async_close(why, net::nothrow);
    over();
}

// Closing while bytes are unread would send a reset: end our side, and read until the client ends its own.
Task<> EmulatorConnection::linger() {
    auto& socket = tcp().socket();
    error_code ignored;
    if (!socket.is_open()) co_return;
    if (resetting_) {
        socket.set_option(asio::socket_base::linger(true, 0), ignored);
        socket.close(ignored);
        co_return;
    }
    socket.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    tcp().expires_after(kCloseWait);
    std::array<char, 4096> waste{};
    const auto buffer = asio::buffer(waste);
    for (;;) {
        auto [ec, size] = co_await tcp().async_read_some(buffer, net::nothrow);
        if (ec) break;
    }
    socket.close(ignored);
}

// ---- a socket's other half

Task<> EmulatorConnection::read_socket(EmulatorRequest request) {
    while (!over_ && !frozen_) {
        buffer_.consume(buffer_.size());
        auto [ec, size] = co_await ws_->async_read(buffer_, net::nothrow);
        if (ec) {
            if (frozen_) co_return;
            const int code = ec == websocket::error::closed ? static_cast<int>(ws_->reason().code) : 0;
            parts_.books.message(request, LogEntry::Kind::closed, {}, code);
            over();
            co_return;
        }
        SocketMessage message{ws_->got_text(), beast::buffers_to_string(buffer_.data())};
        parts_.books.message(request, message.text ? LogEntry::Kind::text : LogEntry::Kind::binary, message.payload);
        inbox_bytes_ += message.payload.size();
        inbox_.push_back(std::move(message));
        arrived_.cancel();
        while (inbox_bytes_ > kInboxBytes && !over_) co_await room_.async_wait(net::nothrow);
    }
}

Task<std::optional<SocketMessage>> EmulatorConnection::receive(TimePoint deadline) {
    std::optional<SocketMessage> out;
    while (inbox_.empty() || frozen_) {
        if (over_ || Clock::now() >= deadline) co_return out;
        arrived_.expires_at(frozen_ ? TimePoint::max() : deadline);
        co_await arrived_.async_wait(net::nothrow);
    }
    out = std::move(inbox_.front());
    inbox_.pop_front();
    inbox_bytes_ -= out->payload.size();
    room_.cancel();
    co_return out;
}

void EmulatorConnection::spawn(Task<> child) {
    ++children_;
    asio::co_spawn(executor_, std::move(child), [this](std::exception_ptr error) {
        if (error) {
            try {
                std::rethrow_exception(error);
            } catch (const std::exception& e) {
                std::fprintf(stderr, "emulated %s: %s\n", std::string(parts_.emulator.name()).c_str(), e.what());
            }
            over();
        }
        if (--children_ == 0) joined_.cancel();
    });
}

Task<> EmulatorConnection::join() {
    error_code ignored;
    if (over_ && tcp().socket().is_open()) tcp().socket().cancel(ignored);
    while (children_ > 0) co_await joined_.async_wait(net::nothrow);
}

Task<> EmulatorConnection::limit_session() {
    if (co_await sleep(fault_.session_limit)) co_await end_by_script();
}

}  // namespace parley::sim

#include "parley/net/websocket.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "websocket_impl.hpp"

namespace parley::net {
namespace {

constexpr std::uint8_t kFinal = 0x80, kClose = 8, kPing = 9, kPong = 10;
constexpr std::size_t kSmallTail = 1024;  // up to here a tail is put before the next read; beyond it the read is appended to it
constexpr std::size_t kKeepTail = 4096;
constexpr Duration kCloseTime = std::chrono::seconds(1);

// Masks must not be predictable (RFC 6455 5.3): from the system's generator, a thousand at a time.
std::array<char, 4> next_mask() {
    thread_local std::array<unsigned char, 4096> pool;
    thread_local std::size_t used = pool.size();
    if (used == pool.size()) {
        RAND_bytes(pool.data(), static_cast<int>(pool.size()));
        used = 0;
    }
    std::array<char, 4> mask;
    std::memcpy(mask.data(), pool.data() + used, 4);
    used += 4;
    return mask;
}

}  // namespace

WebSocketImpl::WebSocketImpl(std::unique_ptr<Connection> connection, WsRole role, WsLimits limits, std::string received)
    : connection_(std::move(connection)),
      reader_(role, limits.message),
      limits_(limits),
      role_(role),
      tail_(received.begin(), received.end()),
      fill_waiter_(connection_->executor()),
      close_waiter_(connection_->executor()) {
    in_ = tail_;
    heard_ = pinged_ = control_window_ = Clock::now();
    connection_->set_sink(this);
}

WebSocketImpl::~WebSocketImpl() {
    if (gone_ != nullptr) *gone_ = true;
    connection_->set_sink(nullptr);
    if (lent_) connection_->reactor().give_back(std::move(lent_));
}

// --- reading
// ----------------------------------------------------------------------------------------------------------------

Task<error_code> WebSocketImpl::fill() {
    release();
    if (!ready_) advance();
    if (over_) close_waiter_.post({});
    if (ready_) co_return error_code{};
    if (over_) co_return make_error_code(Errc::closed);
    if (fill_waiter_.waiting()) co_return make_error_code(Errc::busy);
    if (home_ != Home::scratch) stow();
    if (connection_->paused()) {
        heard_ = Clock::now();  // silence counts only while somebody listens
        connection_->resume_reading();
    }
    auto [ec] = co_await fill_waiter_.async_wait(nothrow);
    co_return ec;
}

std::optional<WsMessage> WebSocketImpl::next() {
    release();
    if (!ready_) {
        advance();
        if (over_) close_waiter_.post({});
    }
    if (!ready_) return std::nullopt;
    handed_out_ = true;
    return std::exchange(ready_, std::nullopt);
}

void WebSocketImpl::release() {
    handed_out_ = false;
    parked_.clear();
    if (lent_ && home_ != Home::lent) connection_->reactor().give_back(std::move(lent_));
}

void WebSocketImpl::on_readable() {
    if (!close_sent_ && !fill_waiter_.waiting()) {
        connection_->pause_reading();  // back-pressure: the kernel's window is the queue
        return;
    }
    if (close_sent_) park();
    if (!read() && !over_) return;
    advance();
    if (ready_ || over_) {
        bool gone = false;
        gone_ = &gone;
        wake();
        if (gone) return;
        gone_ = nullptr;
    }
    settle();
}

bool WebSocketImpl::read() {
    Reactor& reactor = connection_->reactor();
    const std::span<char> scratch = reactor.scratch();
    const bool before = in_.size() <= kSmallTail;
    const std::size_t kept = before ? in_.size() : 0;
    if (kept != 0) std::memcpy(scratch.data(), in_.data(), kept);
    error_code ec;
    const std::size_t got = connection_->read_some(scratch.subspan(kept), ec);
    if (got == 0) {
        if (ec != asio::error::would_block) lose(WsFault::connection_lost);
        return false;
    }
    heard_ = reactor.now();
    if (before) {
        in_ = scratch.first(kept + got);
        home_ = Home::scratch;
        tail_.clear();
    } else {
        stow();
        tail_.insert(tail_.end(), scratch.begin(), scratch.begin() + static_cast<std::ptrdiff_t>(got));
        in_ = tail_;
    }
    return true;
}

void WebSocketImpl::advance() {
    while (!over_ && !ready_) {
        const WsStep step = reader_.step(in_);
        in_ = in_.subspan(step.consumed);
        switch (step.kind) {
            case WsStep::Kind::need_more:
                if (!reader_.in_message()) {
                    message_began_ = {};
                } else if (message_began_ == TimePoint{}) {
                    message_began_ = connection_->reactor().now();
                }
                return;
            case WsStep::Kind::message:
                message_began_ = {};
                if (!close_sent_) ready_ = WsMessage{step.opcode, step.payload};
                break;
            case WsStep::Kind::ping:
                if (control_allowed() && !close_sent_) (void)send_frame(kPong, {step.payload.data(), step.payload.size()});
                break;
            case WsStep::Kind::pong:
                (void)control_allowed();
                break;
            case WsStep::Kind::close:
                handle_close(step);
                return;
            case WsStep::Kind::fault:
                fail(step.code, step.fault);
                return;
        }
    }
}

// After the reader ran: nothing may point into the worker's buffer.
void WebSocketImpl::settle() {
    if (home_ != Home::scratch) return;
    if (handed_out_ || ready_) {
        lent_ = connection_->reactor().lend_scratch();
        home_ = Home::lent;
        return;
    }
    stow();
}

void WebSocketImpl::stow() {
    if (home_ == Home::tail) {
        if (in_.size() != tail_.size()) tail_.erase(tail_.begin(), tail_.end() - static_cast<std::ptrdiff_t>(in_.size()));
    } else {
        tail_.assign(in_.begin(), in_.end());
        home_ = Home::tail;
        if (lent_) connection_->reactor().give_back(std::move(lent_));
    }
    if (tail_.empty() && tail_.capacity() > kKeepTail) std::vector<char>().swap(tail_);
    in_ = tail_;
}

void WebSocketImpl::park() {
    if (!handed_out_) return;
    if (home_ == Home::tail) {
        std::vector<char> rest(in_.begin(), in_.end());
        parked_ = std::exchange(tail_, std::move(rest));
        in_ = tail_;
    } else {
        // The worker's buffer stays with us until the caller is done; only the rest moves on.
        if (home_ == Home::scratch) lent_ = connection_->reactor().lend_scratch();
        tail_.assign(in_.begin(), in_.end());
        in_ = tail_;
        home_ = Home::tail;
    }
    if (auto assembled = reader_.take_delivered(); !assembled.empty()) parked_ = std::move(assembled);
    handed_out_ = false;
}

bool WebSocketImpl::control_allowed() {
    const TimePoint now = connection_->reactor().now();
    if (now - control_window_ >= std::chrono::seconds(1)) {
        control_window_ = now;
        control_count_ = 0;
    }
    if (++control_count_ <= limits_.control_per_second) return true;
    fail(ws_code::kPolicy, WsFault::flood);
    return false;
}

void WebSocketImpl::handle_close(const WsStep& step) {
    if (!close_sent_) {
        closed_ = WsClose{step.code, WsFault::closed_by_peer, false, std::string(step.payload.data(), step.payload.size())};
        send_close(step.code, {});
    }
    over_ = true;
    connection_->close_politely();
}

void WebSocketImpl::wake() {
    bool gone = false;
    bool* const outer = std::exchange(gone_, &gone);
    const error_code ec = ready_ ? error_code{} : make_error_code(Errc::closed);
    fill_waiter_.complete(ec);
    if (!gone && over_) close_waiter_.complete({});
    if (gone) {
        if (outer != nullptr) *outer = true;
    } else {
        gone_ = outer;
    }
}

// --- writing
// ----------------------------------------------------------------------------------------------------------------

bool WebSocketImpl::send(WsOpcode opcode, std::string_view payload) {
    return send_frame(static_cast<std::uint8_t>(opcode), payload);
}

bool WebSocketImpl::send_frame(std::uint8_t opcode, std::string_view payload, bool final_word) {
    if (over_ || (close_sent_ && !final_word)) return false;
    const auto first = static_cast<std::uint8_t>(kFinal | opcode);
    const std::size_t bound = final_word ? SIZE_MAX : limits_.outbox;
    char head[kWsMaxHead];
    if (role_ == WsRole::server) {
        const std::size_t length = ws_write_head(head, first, payload.size(), nullptr);
        return connection_->write({head, length}, payload, bound);
    }
    const std::array<char, 4> mask = next_mask();
    const std::size_t length = ws_write_head(head, first, payload.size(), &mask);
    const std::span<char> stage = connection_->reactor().cipher_scratch();
    if (length + payload.size() <= stage.size()) {
        std::memcpy(stage.data(), head, length);
        ws_mask_copy(stage.data() + length, payload, mask);
        return connection_->write({stage.data(), length + payload.size()}, {}, bound);
    }
    if (payload.size() > bound) return false;
    std::string frame(head, length);
    frame.resize(length + payload.size());
    ws_mask_copy(frame.data() + length, payload, mask);
    return connection_->write(frame, {}, bound);
}

bool WebSocketImpl::send_in_place(std::span<char> buffer_with_headroom) {
    const std::span<char> payload = buffer_with_headroom.subspan(kHeadroom);
    const std::string_view text(payload.data(), payload.size());
    if (role_ == WsRole::client) return send_frame(static_cast<std::uint8_t>(WsOpcode::text), text);
    if (over_ || close_sent_) return false;
    const std::size_t length = ws_head_length(payload.size(), false);
    char* const begin = payload.data() - length;
    ws_write_head(begin, kFinal | static_cast<std::uint8_t>(WsOpcode::text), payload.size(), nullptr);
    return connection_->write({begin, length + payload.size()}, {}, limits_.outbox);
}

void WebSocketImpl::send_close(std::uint16_t code, std::string_view reason) {
    char payload[125];
    std::size_t length = 0;
    if (code != ws_code::kNoCode) {
        payload[0] = static_cast<char>(code >> 8);
        payload[1] = static_cast<char>(code & 0xff);
        std::size_t take = std::min(reason.size(), sizeof payload - 2);
        while (take > 0 && take < reason.size() && (static_cast<unsigned char>(reason[take]) & 0xc0) == 0x80) --take;  // whole characters
        std::copy_n(reason.begin(), take, payload + 2);
        length = 2 + take;
    }
    (void)send_frame(kClose, {payload, length}, true);
    close_sent_ = true;
}

// --- ends
// -------------------------------------------------------------------------------------------------------------------

void WebSocketImpl::fail(std::uint16_t code, WsFault fault) {
    if (!close_sent_) {
        closed_ = WsClose{code, fault, true, {}};
        send_close(code, {});
    }
    over_ = true;
    connection_->close_politely();
}

void WebSocketImpl::lose(WsFault fault) {
    if (!close_sent_) closed_ = WsClose{ws_code::kNoClose, fault, fault != WsFault::connection_lost, {}};
    over_ = true;
    connection_->close_now();
}

void WebSocketImpl::abort() {
    if (over_) return;
    if (!close_sent_) closed_ = WsClose{ws_code::kNoClose, WsFault::none, true, {}};
    over_ = true;
    connection_->close_now();
    fill_waiter_.post(make_error_code(Errc::closed));
    close_waiter_.post({});
}

Task<> WebSocketImpl::close(std::uint16_t code, std::string_view reason) {
    if (over_ || close_waiter_.waiting()) co_return;
    if (!close_sent_) {
        closed_ = WsClose{code, WsFault::none, true, {}};
        send_close(code, reason);
        close_deadline_ = Clock::now() + kCloseTime;
        park();
        ready_.reset();
        advance();  // a close frame of the peer may already be here
        if (over_) {
            fill_waiter_.post(make_error_code(Errc::closed));
            co_return;
        }
        connection_->resume_reading();
    }
    auto [ec] = co_await close_waiter_.async_wait(nothrow);
    if (ec && ec != Errc::closed) abort();  // cancelled: no more waiting
}

void WebSocketImpl::on_tick(TimePoint now) {
    if (over_) return;
    if (close_sent_) {
        if (now < close_deadline_) return;
        over_ = true;
        connection_->close_now();
        wake();
        return;
    }
    const bool listening = !connection_->paused();
    if (connection_->broken()) {
        lose(WsFault::connection_lost);
    } else if (connection_->outbox_bytes() != 0 && now - connection_->last_progress() > limits_.send_stall) {
        lose(WsFault::send_blocked);
    } else if (listening && message_began_ != TimePoint{} && now - message_began_ > limits_.message_time) {
        fail(ws_code::kPolicy, WsFault::fragmentation);
    } else if (limits_.ping_every > Duration::zero()) {
        if (listening && now - heard_ > 2 * limits_.ping_every + std::chrono::seconds(1)) {
            lose(WsFault::idle);
        } else if (now - pinged_ >= limits_.ping_every) {
            pinged_ = now;
            if (connection_->outbox_bytes() == 0) (void)send_frame(kPing, {});
        }
    }
    if (over_) {
        wake();
    } else if (tail_.empty() && tail_.capacity() != 0 && !handed_out_ && home_ == Home::tail && now - heard_ > std::chrono::seconds(1)) {
        std::vector<char>().swap(tail_);
        in_ = {};
    }
}

void WebSocketImpl::on_shutdown() {
    fill_waiter_.abandon();
    close_waiter_.abandon();
}

std::unique_ptr<WebSocket> make_websocket(std::unique_ptr<Connection> connection, WsRole role, WsLimits limits, std::string received) {
    return std::make_unique<WebSocketImpl>(std::move(connection), role, limits, std::move(received));
}

}  // namespace parley::net

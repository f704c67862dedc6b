#include "parley/vendors/socket.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "parley/net/deadline.hpp"

namespace parley::vendors {

namespace asio = boost::asio;
using net::Task;

namespace {

std::string with_scheme(std::string_view base, std::string_view path, std::string_view plain_scheme, std::string_view tls_scheme) {
    const auto colon = base.find("://");
    if (colon == std::string_view::npos) return {};
    const auto scheme = base.substr(0, colon);
    const bool tls = scheme == "https" || scheme == "wss";
    if (!tls && scheme != "http" && scheme != "ws") return {};
    std::string url(tls ? tls_scheme : plain_scheme);
    url += base.substr(colon);
    while (url.ends_with('/')) url.pop_back();
    url += path;
    return url;
}

}  // namespace

// The state outlives the socket's owner for as long as the reading coroutine needs to notice its cancellation.
struct VendorSocket::Impl {
    Impl(const Link& given, Handler& h) : link(given), handler(&h), nursery(given.executor), keep_alive(given.executor) {}

    Task<> live(SocketPlan plan);
    Task<> connect(SocketPlan& plan);
    Task<> read();
    Task<> keep(std::string text, std::chrono::milliseconds every);
    bool send(net::WsOpcode opcode, std::string_view bytes);
    void lose(Failure failure);

    struct Early {
        net::WsOpcode opcode;
        std::string bytes;
    };

    Link link;
    Handler* handler;  // null: closed, nothing is told any more
    net::Nursery nursery;
    asio::steady_timer keep_alive;
    std::unique_ptr<net::WebSocket> socket;
    std::deque<Early> early;
    std::size_t early_size = 0, early_bound = 0;
    TimePoint sent{}, received{};
    std::string request_id;
    bool is_opening = false, is_open = false, lost = false;
};

VendorSocket::VendorSocket(const Link& link, Handler& handler) : impl_(std::make_unique<Impl>(link, handler)) {}
VendorSocket::~VendorSocket() = default;

void VendorSocket::Impl::lose(Failure failure) {
    if (lost) return;
    lost = true;
    is_open = is_opening = false;
    early.clear();
    if (socket) socket->abort();
    keep_alive.cancel();
    if (handler != nullptr) handler->on_socket_lost(failure);
}

Task<> VendorSocket::Impl::connect(SocketPlan& plan) {
    const TimePoint deadline = Clock::now() + plan.connect_within;
    ConnectGate::Pass pass;
    if (link.gate != nullptr) {
        pass = co_await link.gate->wait_turn(deadline);
        if (!pass) {
            Failure failure;
            failure.kind = FailureKind::timeout;
            failure.phase = "connect";
            failure.reason = "connect: too many connections to this vendor are being opened";
            lose(failure);
            co_return;
        }
    }
    net::ConnectOptions options(std::move(plan.url));
    options.headers = std::move(plan.headers);
    options.deadline = deadline - Clock::now();
    options.tls = link.tls;
    net::WsLimits limits;
    limits.message = plan.message_limit;
    limits.ping_every = plan.ping_every;
    limits.outbox = std::size_t{1} << 20;
    net::HttpReply answer;
    auto connected = co_await net::ws_connect(std::move(options), limits, &answer);
    if (lost) co_return;
    for (const char* name : {"dg-request-id", "x-request-id", "request-id", "cf-ray"})
        if (request_id.empty()) request_id = plain(answer.headers.get(name), 128);
    if (connected) {
        socket = std::move(*connected);
    } else if (connected.error() == net::Errc::refused) {
        auto failure = from_http_status(answer.status, answer.body, answer.headers.get("retry-after"), request_id);
        failure.phase = "connect";
        lose(std::move(failure));
    } else {
        lose(from_error(connected.error(), "connect"));
    }
}

Task<> VendorSocket::Impl::live(SocketPlan plan) {
    const auto text = std::move(plan.keep_alive);
    const auto every = plan.keep_alive_every;
    co_await connect(plan);
    if (lost || !socket) co_return;
    is_opening = false;
    is_open = true;
    received = sent = Clock::now();
    for (auto& message : early) {
        if (!send(message.opcode, message.bytes)) {
            lose(from_close(1006, "what was said early could not be sent"));
            co_return;
        }
    }
    early.clear();
    if (handler != nullptr) handler->on_socket_open();
    if (every.count() > 0 && !lost) nursery.spawn(keep(text, every));
    co_await read();
}

Task<> VendorSocket::Impl::read() {
    while (!lost) {
        const error_code ec = co_await socket->fill();
        while (!lost && handler != nullptr) {
            const auto message = socket->next();
            if (!message) break;
            received = Clock::now();
            const std::string_view bytes(message->payload.data(), message->payload.size());
            if (message->opcode == net::WsOpcode::text)
                handler->on_socket_text(bytes);
            else
                handler->on_socket_binary(bytes);
        }
        if (!ec) continue;
        if (ec == net::Errc::cancelled) co_return;
        const auto closed = socket->closed();
        if (closed.fault == net::WsFault::too_big)
            lose(from_close(1009, "a message beyond our bound"));
        else if (closed.fault == net::WsFault::framing || closed.fault == net::WsFault::utf8)
            lose(from_close(1002, "broken frames"));
        else
            lose(from_close(closed.code, closed.reason));
    }
}

Task<> VendorSocket::Impl::keep(std::string text, std::chrono::milliseconds every) {
    while (!lost) {
        keep_alive.expires_at(sent + every);
        auto [ec] = co_await keep_alive.async_wait(net::nothrow);
        if (ec || lost || !is_open) co_return;
        if (Clock::now() - sent >= every && !send(net::WsOpcode::text, text)) co_return;
    }
}

bool VendorSocket::Impl::send(net::WsOpcode opcode, std::string_view bytes) {
    if (lost || !socket) return false;
    sent = Clock::now();
    if (socket->send(opcode, bytes)) return true;
    // Never from within the owner's own call: the news comes with the next turn of the loop.
    socket->abort();
    return false;
}

void VendorSocket::open(SocketPlan plan) {
    auto& self = *impl_;
    self.is_opening = true;
    self.early_bound = plan.early_bytes;
    self.nursery.spawn(self.live(std::move(plan)));
}

bool VendorSocket::send_text(std::string_view text) {
    auto& self = *impl_;
    if (self.is_open) return self.send(net::WsOpcode::text, text);
    if (!self.is_opening || self.early_size + text.size() > self.early_bound) return false;
    self.early_size += text.size();
    self.early.push_back({net::WsOpcode::text, std::string(text)});
    return true;
}

bool VendorSocket::send_binary(std::string_view bytes) {
    auto& self = *impl_;
    if (self.is_open) return self.send(net::WsOpcode::binary, bytes);
    if (!self.is_opening || self.early_size + bytes.size() > self.early_bound) return false;
    self.early_size += bytes.size();
    self.early.push_back({net::WsOpcode::binary, std::string(bytes)});
    return true;
}

bool VendorSocket::open_now() const {
    return impl_->is_open;
}
bool VendorSocket::opening() const {
    return impl_->is_opening;
}
TimePoint VendorSocket::last_received() const {
    return impl_->received;
}
std::string VendorSocket::request_id() const {
    return impl_->request_id;
}

void VendorSocket::fail(Failure failure) {
    impl_->lose(std::move(failure));
}

Task<> VendorSocket::close(std::string_view last) {
    auto& self = *impl_;
    self.handler = nullptr;
    const bool orderly = self.is_open && self.socket;
    if (orderly && !last.empty()) (void)self.socket->send(net::WsOpcode::text, last);
    self.lost = true;
    self.is_open = self.is_opening = false;
    self.keep_alive.cancel();
    self.nursery.cancel();
    co_await self.nursery.join();
    if (orderly) co_await self.socket->close(1000, "");
}

std::string socket_url(std::string_view base, std::string_view path) {
    return with_scheme(base, path, "ws", "wss");
}
std::string http_url(std::string_view base, std::string_view path) {
    return with_scheme(base, path, "http", "https");
}

std::string query_escape(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain =
            (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            out += c;
        } else {
            out += '%';
            out += kDigits[byte >> 4U];
            out += kDigits[byte & 15U];
        }
    }
    return out;
}

}  // namespace parley::vendors

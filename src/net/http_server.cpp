#include "parley/net/http_server.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "http_server_impl.hpp"

namespace parley::net {
namespace {

constexpr int kAcceptsPerWakeup = 64;
constexpr Duration kAcceptPause = std::chrono::milliseconds(20);  // when not even the reserve helps

std::shared_ptr<const TlsContext> load(const HttpListen& config) {
    if (config.certificate_file.empty() && config.key_file.empty()) return nullptr;
    return TlsContext::server(config.certificate_file, config.key_file);
}

}  // namespace

// --- caps
// -------------------------------------------------------------------------------------------------------------------

struct PreauthGate::Place {
    std::shared_ptr<PreauthGate> gate;
    std::string address;
    bool in_total;
    ~Place() {
        if (gate) gate->leave(address, in_total);
    }
};

std::shared_ptr<void> PreauthGate::enter(const std::string& address, bool in_total, Full& full) {
    auto place = std::make_shared<Place>(Place{nullptr, {}, false});
    const std::lock_guard lock(mutex_);
    full = Full::no;
    if (in_total && total_ >= total_limit_) {
        full = Full::total;
    } else if (!address.empty()) {
        std::size_t& count = by_address_[address];
        if (count >= address_limit_) {
            full = Full::address;
        } else {
            ++count;
        }
    }
    if (full != Full::no) return nullptr;
    if (in_total) ++total_;
    place->gate = shared_from_this();
    place->address = address;
    place->in_total = in_total;
    return place;
}

void PreauthGate::leave(const std::string& address, bool in_total) {
    const std::lock_guard lock(mutex_);
    if (in_total) --total_;
    if (address.empty()) return;
    const auto found = by_address_.find(address);
    if (found != by_address_.end() && --found->second == 0) by_address_.erase(found);
}

std::size_t PreauthGate::size() const {
    const std::lock_guard lock(mutex_);
    return total_;
}

// --- listening
// --------------------------------------------------------------------------------------------------------------

HttpServer::Impl::Impl(asio::any_io_executor acceptor, HttpServerOptions given)
    : executor(std::move(acceptor)),
      options(std::move(given)),
      head_limits{options.limits.head_bytes, options.limits.target_bytes, options.limits.header_fields},
      trusted(options.trusted_proxies),
      gate(std::make_shared<PreauthGate>(options.limits.preauth_total, options.limits.preauth_per_address)),
      reserve_fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {
    if (!options.place) {
        options.place = [ex = executor] { return ex; };
    }
    for (const HttpListen& config : options.listeners) {
        using asio::ip::tcp;
        const std::string where = config.address + ":" + std::to_string(config.port);
        error_code ec;
        const auto address = asio::ip::make_address(config.address, ec);
        if (ec) throw std::runtime_error("listen address " + where + ": not an address");
        Listener& listener = listeners.emplace_back(Listener{config, 0, load(config)});
        tcp::acceptor& socket = acceptors->emplace_back(executor);
        const tcp::endpoint endpoint(address, config.port);
        socket.open(endpoint.protocol(), ec);
        if (!ec) socket.set_option(tcp::acceptor::reuse_address(true), ec);
        if (!ec) socket.non_blocking(true, ec);
        if (!ec) socket.bind(endpoint, ec);
        if (!ec) socket.listen(1024, ec);
        if (!ec) listener.port = socket.local_endpoint(ec).port();
        if (ec) throw std::system_error(std::error_code(ec), "listen on " + where);
    }
}

HttpServer::Impl::~Impl() {
    if (reserve_fd >= 0) ::close(reserve_fd);
}

void HttpServer::Impl::start() {
    for (std::size_t i = 0; i < listeners.size(); ++i) wait_for_connections(acceptors, i);
}

void HttpServer::Impl::wait_for_connections(std::shared_ptr<Acceptors> listening, std::size_t index) {
    auto& acceptor = (*listening)[index];
    auto ready = [self = shared_from_this(), listening = std::move(listening), index](error_code ec) mutable {
        if (ec || self->stopping) return;
        self->accept_ready(std::move(listening), index);
    };
    acceptor.async_wait(asio::ip::tcp::acceptor::wait_read, std::move(ready));
}

void HttpServer::Impl::accept_ready(std::shared_ptr<Acceptors> listening, std::size_t index) {
    const int descriptor = (*listening)[index].native_handle();
    for (int i = 0; i < kAcceptsPerWakeup; ++i) {
        sockaddr_storage peer{};
        socklen_t length = sizeof peer;
        const int fd = ::accept4(descriptor, reinterpret_cast<sockaddr*>(&peer), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            admit(index, fd, peer);
            continue;
        }
        if (errno == EAGAIN) break;
        if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO) continue;
        if (errno == EMFILE || errno == ENFILE) {
            reject("fd");
            shed_one(descriptor);
            continue;
        }
        // Out of memory or the like: not in a hot loop.
        auto timer = std::make_shared<asio::steady_timer>(executor, kAcceptPause);
        timer->async_wait([self = shared_from_this(), listening, index, timer](error_code ec) {
            if (!ec && !self->stopping) self->wait_for_connections(listening, index);
        });
        return;
    }
    wait_for_connections(std::move(listening), index);
}

// No descriptor is left: the reserve makes room to take the peer off the queue and tell it so, instead of letting it
// hang.
void HttpServer::Impl::shed_one(int listening) {
    if (reserve_fd >= 0) ::close(reserve_fd);
    const int fd = ::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) ::close(fd);
    reserve_fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void HttpServer::Impl::admit(std::size_t index, int fd, const sockaddr_storage& peer) {
    std::string address = address_text(peer);
    if (live.load() >= options.limits.connections) {
        reject("connections");
        ::close(fd);
        return;
    }
    PreauthGate::Full full;
    auto ticket = gate->enter(trusted.contains(address) ? std::string{} : address, true, full);
    if (!ticket) {
        reject(full == PreauthGate::Full::total ? "preauth_total" : "preauth_address");
        ::close(fd);
        return;
    }
    std::shared_ptr<const TlsContext> tls;
    {
        const std::lock_guard lock(mutex);
        tls = std::next(listeners.begin(), static_cast<std::ptrdiff_t>(index))->tls;
    }
    ++live;
    const asio::any_io_executor where = options.place();
    // The connection registers with its own worker, so it is made there.
    auto begin = [self = shared_from_this(), where, fd, address = std::move(address), tls = std::move(tls), ticket = std::move(ticket)]() mutable {
        auto session = std::make_shared<Session>();
        session->executor = where;
        session->connection = std::make_unique<Connection>(where, fd, std::move(address));
        auto* const key = session.get();
        {
            const std::lock_guard lock(self->mutex);
            self->sessions.emplace(key, session);
        }
        auto task = self->serve(std::move(session), std::move(tls), std::move(ticket));
        asio::co_spawn(where, std::move(task), [self, key](std::exception_ptr error) {
            if (error) self->reject("handler");
            const std::lock_guard lock(self->mutex);
            self->sessions.erase(key);
            --self->live;
        });
    };
    asio::post(where, std::move(begin));
}

void HttpServer::Impl::stop() {
    if (stopping.exchange(true)) return;
    const std::lock_guard lock(mutex);
    asio::post(executor, [listening = std::move(acceptors)] {
        for (auto& acceptor : *listening) {
            error_code ignored;
            acceptor.close(ignored);
        }
    });
    for (auto& [key, weak] : sessions) {
        auto session = weak.lock();
        if (!session) continue;
        const asio::any_io_executor where = session->executor;
        // Moved, so that the last reference never goes on this thread.
        asio::post(where, [session = std::move(session)] {
            if (session->idle && session->connection) session->connection->end_reading();
        });
    }
}

void HttpServer::Impl::reload() {
    std::vector<std::shared_ptr<const TlsContext>> fresh;
    for (const HttpListen& config : options.listeners) fresh.push_back(load(config));
    const std::lock_guard lock(mutex);
    auto next = fresh.begin();
    for (Listener& listener : listeners) listener.tls = std::move(*next++);
}

HttpServer::HttpServer(asio::any_io_executor acceptor, HttpServerOptions options) : impl_(std::make_shared<Impl>(std::move(acceptor), std::move(options))) {}
HttpServer::~HttpServer() {
    stop();
}
void HttpServer::start() {
    impl_->start();
}
void HttpServer::stop() {
    impl_->stop();
}
void HttpServer::reload() {
    impl_->reload();
}
std::uint16_t HttpServer::port(std::size_t listener) const {
    return std::next(impl_->listeners.begin(), static_cast<std::ptrdiff_t>(listener))->port;
}
WallClock::time_point HttpServer::certificate_not_after(std::size_t listener) const {
    const std::lock_guard lock(impl_->mutex);
    const auto& tls = std::next(impl_->listeners.begin(), static_cast<std::ptrdiff_t>(listener))->tls;
    return tls ? tls->not_after() : WallClock::time_point{};
}
std::size_t HttpServer::connections() const {
    return impl_->live.load();
}
std::size_t HttpServer::preauth() const {
    return impl_->gate->size();
}

}  // namespace parley::net

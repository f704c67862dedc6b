#include "connection.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace parley::net {
namespace {

constexpr std::size_t kHandshakeBytes = 128 * 1024;  // a peer that needs more to introduce itself is not worth it
constexpr std::size_t kTlsRecord = 16 * 1024;

error_code errno_code() {
    return {errno, boost::system::system_category()};
}

}  // namespace

Connection::Connection(const asio::any_io_executor& executor, int fd, std::string remote)
    : executor_(executor),
      reactor_(Reactor::of(executor)),
      fd_(fd),
      out_(reactor_),
      read_waiter_(executor),
      write_waiter_(executor),
      remote_(std::move(remote)) {
    const int flags = ::fcntl(fd_, F_GETFL, 0);
    if ((flags & O_NONBLOCK) == 0) ::fcntl(fd_, F_SETFL, flags | O_NONBLOCK);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // Nobody reads until a coroutine or sink asks.
    reading_ = false;
    slot_ = reactor_.add(fd_, this, 0);
    progress_ = reactor_.now();
}

Connection::~Connection() {
    close_now();
}

void Connection::close_now() {
    if (fd_ < 0) return;
    reactor_.remove(slot_);
    ::close(fd_);
    fd_ = -1;
    broken_ = true;
    out_.clear();
    ticket_.reset();
}

void Connection::close_politely() {
    if (fd_ < 0) return;
    if (broken_) {
        close_now();
        return;
    }
    if (tls_) tls_->close_notify();
    reactor_.remove(slot_);
    reactor_.linger(fd_, out_.release());
    fd_ = -1;
    broken_ = true;
    ticket_.reset();
}

// --- readiness
// --------------------------------------------------------------------------------------------------------------

void Connection::update_interest() {
    if (fd_ < 0) return;
    const std::uint32_t wanted = (reading_ ? static_cast<std::uint32_t>(EPOLLIN) : 0U) | (write_blocked_ ? static_cast<std::uint32_t>(EPOLLOUT) : 0U);
    if (wanted == interest_) return;
    interest_ = wanted;
    reactor_.modify(slot_, wanted);
}

void Connection::set_sink(Sink* sink) {
    sink_ = sink;
}

void Connection::pause_reading() {
    reading_ = false;
    update_interest();
}

void Connection::resume_reading() {
    reading_ = true;
    update_interest();
}

void Connection::on_ready(std::uint32_t events) {
    constexpr std::uint32_t kEnd = EPOLLHUP | EPOLLERR;
    if ((events & (EPOLLOUT | kEnd)) != 0 && write_blocked_) {
        send_queue();
        if (out_.empty() || broken_) {
            if (sink_ != nullptr) {
                // on_written never destroys the connection by contract of the sinks in this room
                sink_->on_written();
            } else if (write_waiter_.waiting()) {
                write_waiter_.complete(broken_ ? make_error_code(Errc::closed) : error_code{});
                return;  // the connection may be gone; level-triggered readiness comes again
            }
        }
    }
    if ((events & (EPOLLIN | kEnd)) == 0) return;
    if (!reading_) {
        // An end nobody asks for would be reported in every round.
        if ((events & kEnd) != 0) {
            interest_ = 0;
            write_blocked_ = false;
            reactor_.mute(slot_);
        }
        return;
    }
    if (sink_ != nullptr) {
        sink_->on_readable();
        return;
    }
    if (read_waiter_.waiting()) {
        read_waiter_.complete({});
    } else {
        pause_reading();
    }
}

void Connection::on_tick(TimePoint now) {
    if (sink_ != nullptr) {
        sink_->on_tick(now);
        return;
    }
    if (write_waiter_.waiting() && now >= write_deadline_) {
        write_waiter_.complete(Errc::timed_out);
    } else if (read_waiter_.waiting() && now >= read_deadline_) {
        read_waiter_.complete(Errc::timed_out);
    }
}

void Connection::on_shutdown() {
    if (sink_ != nullptr) sink_->on_shutdown();
    read_waiter_.abandon();
    write_waiter_.abandon();
}

// --- reading
// ----------------------------------------------------------------------------------------------------------------

std::size_t Connection::receive_raw(std::span<char> into, error_code& ec) {
    ec = {};
    if (fd_ < 0) {
        ec = Errc::closed;
        return 0;
    }
    while (true) {
        const ssize_t got = ::recv(fd_, into.data(), into.size(), MSG_DONTWAIT);
        if (got > 0) return static_cast<std::size_t>(got);
        if (got == 0) {
            ec = Errc::end_of_stream;
            return 0;
        }
        if (errno == EINTR) continue;
        if (errno == EAGAIN) {
            ec = asio::error::would_block;
        } else {
            ec = errno_code();
        }
        return 0;
    }
}

std::size_t Connection::read_some(std::span<char> into, error_code& ec, std::size_t most) {
    if (!tls_) return receive_raw(into.first(std::min(into.size(), most)), ec);
    const std::span<char> cipher = reactor_.cipher_scratch();
    // What decryption yields is never more than what came in plus the record begun earlier.
    const std::size_t room = std::min(most, into.size() - 2 * kTlsRecord);
    std::size_t received = 0;
    error_code end;
    if (!tls_->has_early()) received = receive_raw(cipher.first(std::min(room, cipher.size())), end);
    if (end && end != Errc::end_of_stream) {
        ec = end;
        return 0;
    }
    std::size_t produced = 0;
    const auto state = tls_->decrypt(cipher.first(received), into, produced);
    if (!out_.empty() && held_ == 0 && !write_blocked_) send_queue();  // key updates and alerts
    ec = {};
    if (produced != 0) return produced;  // an end behind it is found again by the next read
    if (state == TlsSession::State::failed) {
        ec = Errc::tls_failed;
    } else if (state == TlsSession::State::closed || end) {
        ec = Errc::end_of_stream;
    } else {
        ec = asio::error::would_block;
    }
    return 0;
}

Task<error_code> Connection::wait(Waiter& waiter, TimePoint& slot, TimePoint deadline) {
    if (fd_ < 0) co_return make_error_code(Errc::closed);
    if (waiter.waiting()) co_return make_error_code(Errc::busy);
    slot = deadline;
    auto [ec] = co_await waiter.async_wait(nothrow);
    co_return ec;
}

Task<error_code> Connection::receive(std::string& into, std::size_t most, TimePoint deadline) {
    while (true) {
        error_code ec;
        const std::span<char> scratch = reactor_.side_scratch();
        const std::size_t got = read_some(scratch, ec, most);
        if (got != 0) {
            into.append(scratch.data(), got);
            co_return error_code{};
        }
        if (ec != asio::error::would_block) co_return ec;
        if (Clock::now() >= deadline) co_return make_error_code(Errc::timed_out);
        resume_reading();
        ec = co_await wait(read_waiter_, read_deadline_, deadline);
        if (ec) co_return ec;
    }
}

bool Connection::quiet() {
    if (fd_ < 0 || broken_) return false;
    error_code ec;
    const std::span<char> scratch = reactor_.side_scratch();
    return read_some(scratch, ec) == 0 && ec == asio::error::would_block;
}

// --- writing
// ----------------------------------------------------------------------------------------------------------------

bool Connection::write(std::string_view first, std::string_view second, std::size_t bound) {
    const std::size_t total = first.size() + second.size();
    if (broken_ || total > bound || out_.size() > bound - total) return false;
    if (out_.empty()) progress_ = reactor_.now();
    if (tls_) {
        // One record a frame: the pieces must be joined first.
        if (second.empty()) {
            if (!tls_->encrypt(first)) broken_ = true;
        } else {
            const std::span<char> joint = reactor_.cipher_scratch();
            if (total <= joint.size()) {
                std::copy(first.begin(), first.end(), joint.begin());
                std::copy(second.begin(), second.end(), joint.begin() + static_cast<std::ptrdiff_t>(first.size()));
                if (!tls_->encrypt({joint.data(), total})) broken_ = true;
            } else if (!tls_->encrypt(first) || !tls_->encrypt(second)) {
                broken_ = true;
            }
        }
        if (held_ == 0 && !write_blocked_) send_queue();
        return !broken_;
    }
    std::size_t sent = 0;
    if (out_.empty() && held_ == 0) {
        iovec pieces[2] = {{const_cast<char*>(first.data()), first.size()}, {const_cast<char*>(second.data()), second.size()}};
        msghdr message{};
        message.msg_iov = pieces;
        message.msg_iovlen = second.empty() ? 1 : 2;
        ssize_t took = -1;
        do {
            took = message.msg_iovlen == 1 ? ::send(fd_, first.data(), first.size(), MSG_NOSIGNAL | MSG_DONTWAIT)
                                           : ::sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        } while (took < 0 && errno == EINTR);
        if (took < 0 && errno != EAGAIN) {
            broken_ = true;
            return false;
        }
        sent = took > 0 ? static_cast<std::size_t>(took) : 0;
        if (sent == total) return true;
        write_blocked_ = true;
    }
    if (sent < first.size()) {
        out_.append(first.substr(sent));
        sent = first.size();
    }
    out_.append(second.substr(sent - first.size()));
    update_interest();
    return true;
}

void Connection::flush() {
    if (held_ > 0) --held_;
    if (held_ == 0 && !out_.empty() && !write_blocked_) send_queue();
}

void Connection::send_queue() {
    if (fd_ < 0) return;
    const std::size_t before = out_.size();
    const auto sent = out_.send(fd_);
    if (out_.size() != before) progress_ = Clock::now();
    if (sent == BlockChain::Sent::failed) {
        broken_ = true;
        out_.clear();
    }
    write_blocked_ = sent == BlockChain::Sent::partly;
    update_interest();
}

Task<error_code> Connection::drained(TimePoint deadline) {
    while (!out_.empty() && !broken_) {
        const error_code ec = co_await wait(write_waiter_, write_deadline_, deadline);
        if (ec) co_return ec;
    }
    co_return broken_ ? make_error_code(Errc::closed) : error_code{};
}

// --- TLS
// --------------------------------------------------------------------------------------------------------------------

Task<error_code> Connection::start_tls(std::shared_ptr<const TlsContext> context, bool server, std::string server_name, TimePoint deadline, std::string peer) {
    auto session = std::make_unique<TlsSession>(std::move(context), server, server_name, peer, out_);
    std::size_t total = 0;
    auto state = session->handshake({});
    while (true) {
        if (!out_.empty() && !write_blocked_) send_queue();
        if (state == TlsSession::State::ready) break;
        if (state != TlsSession::State::want_input || total > kHandshakeBytes) co_return make_error_code(Errc::tls_failed);
        error_code ec;
        const std::span<char> cipher = reactor_.cipher_scratch().first(kTlsRecord);
        const std::size_t got = receive_raw(cipher, ec);
        if (got != 0) {
            total += got;
            state = session->handshake(cipher.first(got));
            continue;
        }
        if (ec == Errc::end_of_stream) co_return make_error_code(Errc::tls_failed);
        if (ec != asio::error::would_block) co_return ec;
        resume_reading();
        ec = co_await wait(read_waiter_, read_deadline_, deadline);
        if (ec) co_return ec;
    }
    tls_ = std::move(session);
    co_return error_code{};
}

}  // namespace parley::net

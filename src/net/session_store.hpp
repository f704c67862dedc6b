#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "parley/base/clock.hpp"

namespace parley::net {

// TLS sessions a client may come back with, by peer. A session lets only this context's connections to that very peer
// skip the certificate, which was checked when the session was made; so it is kept for an hour at most. Any thread.
class SessionStore {
public:
    static constexpr std::size_t kMaxSessions = 256;
    static constexpr std::size_t kMaxEach = 4;  // servers give two tickets at once
    static constexpr Duration kMaxAge = std::chrono::hours(1);

    SessionStore() = default;
    ~SessionStore();
    SessionStore(const SessionStore&) = delete;
    SessionStore& operator=(const SessionStore&) = delete;

    // Takes over the reference if true. The oldest of all leaves when there are too many.
    [[nodiscard]] bool keep(const std::string& peer, SSL_SESSION* session);
    // The newest that is still good, or null; the reference is the caller's. A TLS 1.3 ticket is given once (RFC 8446
    // C.4).
    [[nodiscard]] SSL_SESSION* take(const std::string& peer);
    void forget(const std::string& peer);
    [[nodiscard]] std::size_t size() const;

private:
    struct Kept {
        std::string peer;
        SSL_SESSION* session;
        TimePoint since;
    };
    using Order = std::list<Kept>;  // oldest first
    void drop_locked(Order::iterator one);

    mutable std::mutex mutex_;
    Order order_;
    std::unordered_map<std::string, std::list<Order::iterator>> by_peer_;  // oldest first
};

}  // namespace parley::net

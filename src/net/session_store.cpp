#include "session_store.hpp"

#include <algorithm>
#include <ctime>

namespace parley::net {
namespace {

bool expired(const SSL_SESSION* session) {
    const auto now = static_cast<long>(std::time(nullptr));
    return now >= static_cast<long>(SSL_SESSION_get_time(session)) + static_cast<long>(SSL_SESSION_get_timeout(session));
}

}  // namespace

SessionStore::~SessionStore() {
    for (const Kept& one : order_) SSL_SESSION_free(one.session);
}

void SessionStore::drop_locked(Order::iterator one) {
    const auto found = by_peer_.find(one->peer);
    std::erase(found->second, one);
    if (found->second.empty()) by_peer_.erase(found);
    SSL_SESSION_free(one->session);
    order_.erase(one);
}

bool SessionStore::keep(const std::string& peer, SSL_SESSION* session) {
    if (SSL_SESSION_is_resumable(session) != 1) return false;
    const std::lock_guard lock(mutex_);
    auto& own = by_peer_[peer];
    own.push_back(order_.insert(order_.end(), Kept{peer, session, Clock::now()}));
    if (own.size() > kMaxEach) drop_locked(own.front());
    if (order_.size() > kMaxSessions) drop_locked(order_.begin());
    return true;
}

SSL_SESSION* SessionStore::take(const std::string& peer) {
    const std::lock_guard lock(mutex_);
    const TimePoint now = Clock::now();
    while (true) {
        const auto found = by_peer_.find(peer);
        if (found == by_peer_.end()) return nullptr;
        const Order::iterator newest = found->second.back();
        const bool good = SSL_SESSION_is_resumable(newest->session) == 1 && !expired(newest->session);
        if (good && now - newest->since < kMaxAge) {
            SSL_SESSION* session = newest->session;
            SSL_SESSION_up_ref(session);
            if (SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION) drop_locked(newest);
            return session;
        }
        drop_locked(newest);
    }
}

void SessionStore::forget(const std::string& peer) {
    const std::lock_guard lock(mutex_);
    for (auto found = by_peer_.find(peer); found != by_peer_.end(); found = by_peer_.find(peer)) drop_locked(found->second.front());
}

std::size_t SessionStore::size() const {
    const std::lock_guard lock(mutex_);
    return order_.size();
}

}  // namespace parley::net

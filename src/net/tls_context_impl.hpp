#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "parley/net/tls_context.hpp"
#include "session_store.hpp"

namespace parley::net {

struct TlsContext::Impl {
    SSL_CTX* context = nullptr;
    bool verify = true;
    WallClock::time_point not_after{};
    std::unique_ptr<SessionStore> sessions;                  // of a client context only
    mutable std::atomic<std::uint64_t> full{0}, resumed{0};  // handshakes that ended well
    ~Impl() { SSL_CTX_free(context); }
};

}  // namespace parley::net

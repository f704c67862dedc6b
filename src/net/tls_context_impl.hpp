#pragma once

#include <openssl/ssl.h>

#include "parley/net/tls_context.hpp"

namespace parley::net {

struct TlsContext::Impl {
    SSL_CTX* context = nullptr;
    bool verify = true;
    WallClock::time_point not_after{};
    ~Impl() { SSL_CTX_free(context); }
};

}  // namespace parley::net

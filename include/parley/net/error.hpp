#pragma once
// Error values of the sockets. Everything that can end an exchange is one of these or an errno of the system category.

#include "parley/base/result.hpp"

namespace parley::net {

enum class Errc {
    closed = 1,      // the connection is over (WebSocket::closed() says how)
    end_of_stream,   // the peer sent FIN
    timed_out,       // a deadline passed
    cancelled,       // the waiting coroutine was cancelled
    overload,        // a bound of ours was reached
    bad_url,         // not an absolute http, https, ws or wss URL without user information
    resolve_failed,  // no address for the name
    connect_failed,  // no address answered
    tls_failed,      // handshake or certificate check failed; never worth a retry
    malformed,       // the peer's bytes break HTTP/1.1 or RFC 6455
    refused,         // the peer answered the upgrade with something other than 101
    too_large,       // head or body beyond its limit
    too_many_redirects,
    busy,    // a second coroutine waits where only one may
    blocked  // refused by EgressGuard before anything was sent
};

[[nodiscard]] const boost::system::error_category& error_category();

[[nodiscard]] inline error_code make_error_code(Errc value) {
    return {static_cast<int>(value), error_category()};
}

}  // namespace parley::net

template <>
struct boost::system::is_error_code_enum<parley::net::Errc> : std::true_type {};

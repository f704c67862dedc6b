#pragma once

#include <memory>
#include <string>

#include "parley/net/http_client.hpp"

namespace parley::net {

// A reply whose body is read while it comes: event streams, audio, long JSON. The connection goes back to the client's pool when the body
// was read to its end, and is closed otherwise. Destroyed before its client.
class HttpStream {
public:
    virtual ~HttpStream() = default;
    [[nodiscard]] virtual int status() const = 0;
    [[nodiscard]] virtual const HttpHeaders& headers() const = 0;
    [[nodiscard]] virtual bool reused_connection() const = 0;
    // The next bytes of the body, at least one; Errc::end_of_stream behind the last, Errc::closed when
    // the connection ended before it. Errc::too_large beyond HttpCall::body_limit in all.
    virtual Task<Result<std::string>> read(TimePoint deadline) = 0;
};

}  // namespace parley::net

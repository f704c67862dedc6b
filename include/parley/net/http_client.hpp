#pragma once

#include <boost/asio/ip/address.hpp>
#include <memory>
#include <string>
#include <vector>

#include "parley/net/error.hpp"
#include "parley/net/http_message.hpp"
#include "parley/net/task.hpp"
#include "parley/net/tls_context.hpp"

namespace parley::net {

struct HttpCall {
    std::string method = "GET";
    std::string url;
    HttpHeaders headers;  // Host, Content-Length and Connection are the client's own
    std::string body;
    TimePoint deadline;                // for everything, redirects included
    std::size_t body_limit = 1 << 20;  // of the reply; beyond it Errc::too_large
    int redirects = 0;                 // followed at most (GET and HEAD only); 0: a redirect is an ordinary reply
    // Connected to instead of what the URL's host resolves to (Host and the certificate's name stay); redirects are not followed then.
    std::vector<asio::ip::address> addresses;
    HttpCall() = default;
    HttpCall(std::string verb, std::string where, Duration within) : method(std::move(verb)), url(std::move(where)), deadline(Clock::now() + within) {}
};

class HttpStream;

struct HttpClientOptions {
    std::shared_ptr<const TlsContext> tls;  // for https; none: the system's authorities
    std::size_t idle_per_origin = 8;
    Duration idle_time = std::chrono::seconds(30);  // a kept connection older than this is not used again
};

// HTTP/1.1 client of one worker with a pool of kept connections for each origin. A kept connection is looked at before
// it is used again; when the server closed it just then, the request is sent once more on a new one if that can do no
// harm (GET, HEAD and OPTIONS, and what its caller gives an Idempotency-Key). Credentials (Authorization,
// Cookie) do not follow a redirect to another origin. Requests may run side by side; the client outlives them.
class HttpClient {
public:
    HttpClient(asio::any_io_executor executor, HttpClientOptions options = {});
    ~HttpClient();
    Task<Result<HttpReply>> request(HttpCall call);
    // The same with the body still to come (http_stream.hpp); answers when the reply's head is there. Redirects are not followed. The
    // call's deadline bounds everything up to the head; what comes behind has the reader's deadlines.
    Task<Result<std::unique_ptr<HttpStream>>> open(HttpCall call);
    // Makes sure a connection to this URL's origin is kept ready. The error is why there is none.
    Task<error_code> connect_ahead(std::string url, TimePoint deadline);
    [[nodiscard]] std::size_t idle_connections() const;
    void close_idle();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley::net

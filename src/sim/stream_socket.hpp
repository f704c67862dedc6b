#pragma once
// The carrier's end of a media stream: a WebSocket client on Beast's own implementation.

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "parley/net/task.hpp"
#include "parley/sim/http_client.hpp"

namespace parley::sim {

namespace asio = boost::asio;
using net::Task;

struct StreamMessage {
    bool text = true;
    std::string payload;
};

// How a stream ended, in the words of the error table. 0: by a proper close with 1000 or by us.
struct StreamEnd {
    int error = 0;
    std::string text;
    int close_code = 0;  // as received; 0 none
};

class StreamSocket {
public:
    virtual ~StreamSocket() = default;
    // False: the connection is over, `end()` tells how. One reader and one writer at a time.
    virtual Task<bool> read(StreamMessage& message) = 0;
    virtual Task<bool> write(std::string message) = 0;
    Task<> close() { return close(1000, {}); }
    virtual Task<> close(std::uint16_t code, std::string reason) = 0;  // waits for the answer at most two seconds
    virtual void abort(bool reset) = 0;                                // ends the TCP connection now; with RST if asked
    [[nodiscard]] virtual const StreamEnd& end() const = 0;
};

struct StreamHandshake {
    std::string url;        // as in the document
    std::string signature;  // empty: header missing
    Duration timeout = std::chrono::seconds(10);
    bool plain_allowed = true;   // ws:// beside wss://; the real carrier refuses it with 31922
    bool query_allowed = false;  // a media stream's URL has none
};

struct StreamOpened {
    std::unique_ptr<StreamSocket> socket;  // null: `end.error` says why not
    StreamEnd end;
};

Task<StreamOpened> open_stream(StreamHandshake handshake, asio::ssl::context& tls, const Balancer& balancer);

}  // namespace parley::sim

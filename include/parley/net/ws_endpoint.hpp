#pragma once
// Where WebSockets come from: an upgrade request accepted, or a connection opened to a URL.

#include <memory>
#include <string>

#include "parley/net/error.hpp"
#include "parley/net/http_server.hpp"
#include "parley/net/tls_context.hpp"
#include "parley/net/websocket.hpp"

namespace parley::net {

// Answers a WebSocket upgrade with 101. What does not follow RFC 6455 4.2.1 is answered with 400 (or 426 with the
// version we speak) and the connection ends. Extensions and subprotocols are never taken up. Bytes that came behind the
// request are kept.
[[nodiscard]] Result<std::unique_ptr<WebSocket>> ws_accept(HttpUpgrade&& upgrade, WsLimits limits = {});

struct ConnectOptions {
    std::string url;                               // ws:// or wss://
    HttpHeaders headers;                           // further request fields
    Duration deadline = std::chrono::seconds(10);  // resolving, connecting, TLS and upgrade together
    std::shared_ptr<const TlsContext> tls;         // for wss; none: the system's authorities
    ConnectOptions() = default;
    explicit ConnectOptions(std::string where) : url(std::move(where)) {}
};

// The server's answer to the upgrade goes to `answer`: status and fields, and when it refused (Errc::refused) what came
// of the body, 16 KiB at most.
Task<Result<std::unique_ptr<WebSocket>>> ws_connect(ConnectOptions options, WsLimits limits = {}, HttpReply* answer = nullptr);

}  // namespace parley::net

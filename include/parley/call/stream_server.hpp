#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "parley/call/agent.hpp"
#include "parley/call/call_worker.hpp"
#include "parley/call/pipeline_call.hpp"
#include "parley/net/task.hpp"
#include "parley/net/websocket.hpp"
#include "parley/twilio/stream_token.hpp"

namespace parley::call {

// Serves media-stream sockets: waits for `start`, checks the token, takes the call's place in the registry, lets the agent's brain
// answer, and says at the end how it went. Nothing of a brain or vendor is touched before signature and token have held.
class StreamServer {
public:
    // The revision the call began with, where it can still be had.
    using FindAgent = std::function<net::Task<std::shared_ptr<const Agent>>(std::string name, std::string revision)>;
    StreamServer(CallServices& services, const twilio::StreamTokens& tokens, FindAgent find_agent)
        : services_(services), tokens_(tokens), find_agent_(std::move(find_agent)) {}

    // `ticket` is the socket's place under the pre-authentication caps, given back when the token held.
    net::Task<> serve(std::unique_ptr<net::WebSocket> socket, std::shared_ptr<void> ticket, CallWorker& worker);

    // Streams in here, those included whose call is over and whose vendors' sockets are being closed. Any thread.
    [[nodiscard]] std::size_t serving() const { return serving_.load(); }

private:
    std::atomic<std::size_t> serving_{0};
    CallServices& services_;
    const twilio::StreamTokens& tokens_;
    FindAgent find_agent_;
};

}  // namespace parley::call

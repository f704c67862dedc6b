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

// Serves the sockets of calls that are only listened to: a unidirectional stream of one or both tracks, between people. What each side says goes into
// the call's record as it is recognised, by the agent's own recogniser, one session a track. Nothing is ever sent. The call's place in the registry is
// not touched: it belongs to whoever forwarded it.
class ListenServer {
public:
    // The revision the call began with, where it can still be had.
    using FindAgent = std::function<net::Task<std::shared_ptr<const Agent>>(std::string name, std::string revision)>;
    ListenServer(CallServices& services, const twilio::StreamTokens& tokens, FindAgent find_agent)
        : services_(services), tokens_(tokens), find_agent_(std::move(find_agent)) {}

    // `ticket` is the socket's place under the pre-authentication caps, given back when the token held.
    net::Task<> serve(std::unique_ptr<net::WebSocket> socket, std::shared_ptr<void> ticket, CallWorker& worker);

    // Sockets in here. Any thread.
    [[nodiscard]] std::size_t serving() const { return serving_.load(); }

    // The process goes down: every socket is closed, what was said last is not waited for. Any thread.
    void end() { ending_ = true; }

    static constexpr std::size_t kMost = 500;  // at once; the call itself goes on without being listened to

private:
    std::atomic<std::size_t> serving_{0};
    std::atomic<bool> ending_{false};
    CallServices& services_;
    const twilio::StreamTokens& tokens_;
    FindAgent find_agent_;
};

}  // namespace parley::call

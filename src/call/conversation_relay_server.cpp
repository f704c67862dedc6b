#include "parley/call/conversation_relay_server.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "parley/call/call_ending.hpp"
#include "parley/call/conversation_relay_call.hpp"
#include "parley/net/nursery.hpp"
#include "parley/twilio/relay_codec.hpp"
#include "socket_door.hpp"

namespace parley::call {

using conversation::EndReason;

namespace {

constexpr auto kSetupWithin = std::chrono::seconds(5);

struct Opening {
    std::optional<twilio::RelaySetup> setup;
    std::string_view refused;  // why there is none; empty: the peer went
};

// The first message, which has to be `setup`. What comes behind it stays in the socket.
net::Task<Opening> read_setup(net::WebSocket& socket, net::asio::any_io_executor executor) {
    Opening out;
    net::asio::steady_timer deadline(executor, kSetupWithin);
    bool late = false;
    deadline.async_wait([&](const error_code& ec) {
        if (ec) return;
        late = true;
        socket.abort();
    });
    for (;;) {
        const auto message = socket.next();
        if (!message) {
            const auto ec = co_await socket.fill();
            if (!ec) continue;
            if (late) out.refused = "no_start";
            break;
        }
        if (message->opcode != net::WsOpcode::text) {
            out.refused = "binary";
            break;
        }
        auto read = twilio::read_relay_message({message->payload.data(), message->payload.size()});
        if (!read)
            out.refused = "schema";
        else if (auto* setup = std::get_if<twilio::RelaySetup>(&read->message))
            out.setup = std::move(*setup);
        else
            out.refused = "media_before_start";
        break;
    }
    deadline.cancel();
    // Its handler, which refers to what lives here, has run or been cancelled by then.
    co_await net::asio::post(executor, net::asio::use_awaitable);
    co_return out;
}

}  // namespace

net::Task<> ConversationRelayServer::serve(std::unique_ptr<net::WebSocket> socket, std::shared_ptr<void> ticket, CallWorker& worker) {
    const Inside inside(serving_);
    const auto began = Clock::now();
    const std::string remote = socket->remote_address();
    auto executor = worker.loop.executor();
    auto opening = co_await read_setup(*socket, executor);
    if (!opening.setup) {
        services_.metrics.stream_rejected.at(opening.refused.empty() ? std::string_view("closed") : opening.refused).add();
        services_.log.warn("relay.rejected", "A relay socket never told its call.", {{"remote", remote}, {"reason", opening.refused}});
        co_await socket->close(1008, "");
        co_return;
    }
    const auto& setup = *opening.setup;
    const auto token = twilio::join_token([&](std::string_view name) { return setup.parameter(name); });
    auto admitted = co_await admit_by_token(services_, tokens_, find_agent_, token, std::string(setup.call_sid), std::string(setup.account_sid), true, remote,
                                            "A relay's token did not hold.");
    auto& [claims, agent] = admitted;
    if (!agent) {
        services_.metrics.stream_rejected.at("token").add();
        co_await socket->close(1008, "");
        co_return;
    }
    const std::string call_sid = setup.call_sid;
    const auto log =
        services_.log.call({.call_sid = call_sid, .stream_sid = setup.session_id, .agent = agent->name, .dir = "in", .tenant = {}, .trace_id = {}});

    // A resumed relay takes over: the old one is told to go and waited for. Without that right a live call is left alone.
    const bool taken = claims->resume > 0 && co_await take_over(services_, executor, call_sid);
    if (taken) log.info("stream.takeover", "A resumed relay takes the call over.");
    if (!services_.registry.attach(call_sid, agent->name, {}, Clock::now())) {
        log.warn("relay.rejected", "The call already has a stream or a relay.", {{"reason", "already_attached"}});
        services_.metrics.stream_rejected.at("already_attached").add();
        co_await socket->close(1008, "");
        co_return;
    }
    auto before = services_.registry.take_memory(call_sid);  // of a new call: the note of whoever placed it, if any
    ticket.reset();
    const net::LoadTicket load(worker.loop, 1);
    call_live(services_, log, *agent, *claims, Clock::now() - began, "relay");

    bool told = false;
    const auto over = [&](const CallSummary& done) {
        told = true;
        call_over(services_, log, call_sid, *agent, done);
    };
    CallSummary summary;
    try {
        ConversationRelayCall call(services_, worker, agent, *socket, setup, {claims->from, claims->to, claims->resume > 0}, std::move(before));
        const auto alive = std::make_shared<bool>(true);  // as long as the call
        services_.registry.reachable(call_sid, [executor, weak = std::weak_ptr<bool>(alive), &call](const OperatorCommand& wanted) {
            net::asio::post(executor, [weak, &call, wanted] {
                if (weak.lock()) call.command(wanted);
            });
        });
        summary = co_await call.run(over);
    } catch (const std::exception& e) {
        summary.reason = EndReason::brain_failed;
        log.error("call.failed", "A call ended by an error of ours.", {{"error.type", e.what()}});
    }
    if (!told) over(summary);
    const auto& closed = socket->closed();
    services_.metrics.stream_closed.at(closed.by_us ? "us" : "peer", closed.code == 1000 ? "normal" : "abnormal").add();
    // After an error of ours the socket still stands.
    if (socket->open()) co_await socket->close(1011, "");
}

}  // namespace parley::call

#include "parley/call/stream_server.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "parley/call/call_ending.hpp"
#include "media_stream_leg.hpp"
#include "socket_door.hpp"
#include "parley/call/relay_call.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::call {

using conversation::EndReason;

namespace {

constexpr auto kStartWithin = std::chrono::seconds(5);

}  // namespace

net::Task<> StreamServer::serve(std::unique_ptr<net::WebSocket> socket, std::shared_ptr<void> ticket, CallWorker& worker) {
    const Inside inside(serving_);
    const auto began = Clock::now();
    const std::string remote = socket->remote_address();
    MediaStreamLeg leg(std::move(socket), worker, services_.metrics);
    const bool started = co_await leg.accept(kStartWithin);
    if (!started) {
        services_.log.warn("stream.rejected", "A stream socket never became a stream.", {{"remote", remote}});
        co_return;
    }
    const StreamStart& start = leg.start();
    const auto find = [&](std::string_view name) -> std::string_view {
        const auto found = start.parameters.find(std::string(name));
        return found == start.parameters.end() ? std::string_view{} : std::string_view(found->second);
    };
    const auto token = twilio::join_token(find);
    auto admitted =
        co_await admit_by_token(services_, tokens_, find_agent_, token, start.call_sid, start.account_sid, false, remote, "A stream's token did not hold.");
    auto& [claims, agent] = admitted;
    if (!agent) {
        co_await leg.refuse("token");
        co_return;
    }
    const auto log =
        services_.log.call({.call_sid = start.call_sid, .stream_sid = start.stream_sid, .agent = agent->name, .dir = "in", .tenant = {}, .trace_id = {}});

    // A resumed stream takes over: the old one is told to go and waited for. Without that right a live call is left alone.
    const bool taken = claims->resume > 0 && co_await take_over(services_, worker.loop.executor(), start.call_sid);
    if (taken) log.info("stream.takeover", "A resumed stream takes the call over.");
    if (!services_.registry.attach(start.call_sid, agent->name, {}, Clock::now())) {
        log.warn("stream.rejected", "The call already has a stream.", {{"reason", "already_attached"}});
        co_await leg.refuse("already_attached");
        co_return;
    }
    auto before = services_.registry.take_memory(start.call_sid);  // of a new call: the note of whoever placed it, if any
    ticket.reset();
    const net::LoadTicket load(worker.loop, 1);
    call_live(services_, log, *agent, *claims, Clock::now() - began);

    bool told = false;
    const auto over = [&](const CallSummary& done) {
        told = true;
        call_over(services_, log, start.call_sid, *agent, done);
    };
    CallSummary summary;
    const auto alive = std::make_shared<bool>(true);
    const auto executor = worker.loop.executor();
    const auto reachable = [&](auto& call) {
        services_.registry.reachable(start.call_sid, [executor, weak = std::weak_ptr<bool>(alive), &call](const OperatorCommand& wanted) {
            net::asio::post(executor, [weak, &call, wanted] {
                if (weak.lock()) call.command(wanted);
            });
        });
    };
    try {
        switch (agent->brain) {
            case BrainKind::pipeline: {
                PipelineCall call(services_, worker, agent, leg, claims->from, claims->to, std::move(before));
                reachable(call);
                summary = co_await call.run(over);
                break;
            }
            case BrainKind::bot: {
                BotCall call(services_, worker, agent, leg, claims->from, claims->to);
                reachable(call);
                summary = co_await call.run(over);
                break;
            }
            case BrainKind::echo: {
                EchoCall call(services_, worker, agent, leg);
                reachable(call);
                summary = co_await call.run(over);
                break;
            }
        }
    } catch (const std::exception& e) {
        summary.reason = EndReason::internal;
        log.error("call.failed", "A call ended by an error of ours.", {{"error.type", e.what()}});
    }
    if (!told) over(summary);
}

}  // namespace parley::call

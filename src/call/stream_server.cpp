#include "parley/call/stream_server.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "parley/call/call_ending.hpp"
#include "media_stream_leg.hpp"
#include "parley/call/relay_call.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::call {

using conversation::EndReason;

namespace {

constexpr auto kStartWithin = std::chrono::seconds(5);
constexpr auto kTakeOverWithin = std::chrono::seconds(3);

twilio::TokenTime wall_now() { return std::chrono::floor<std::chrono::seconds>(WallClock::now()); }

}  // namespace

net::Task<> StreamServer::serve(std::unique_ptr<net::WebSocket> socket, std::shared_ptr<void> ticket, CallWorker& worker) {
    struct Inside {
        std::atomic<std::size_t>& count;
        explicit Inside(std::atomic<std::size_t>& c) : count(c) { ++count; }
        ~Inside() { --count; }
        Inside(const Inside&) = delete;
        Inside& operator=(const Inside&) = delete;
    };
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
    const auto claims = tokens_.verify(token, start.call_sid, start.account_sid, wall_now());
    std::string_view why;
    if (!claims) why = twilio::error_kind(claims.error());
    else if (!services_.registry.use_nonce({reinterpret_cast<const char*>(claims->nonce.data()), claims->nonce.size()}, Clock::now())) why = "used";
    std::shared_ptr<const Agent> agent;
    if (why.empty()) {
        agent = find_agent_(claims->agent);
        if (!agent) why = "agent";
    }
    if (!why.empty()) {
        services_.metrics.security_events.at("stream_token").add();
        services_.log.warn("security.stream_token", "A stream's token did not hold.", {{"reason", why}, {"remote", remote}});
        co_await leg.refuse("token");
        co_return;
    }
    const auto log = services_.log.call({.call_sid = start.call_sid, .stream_sid = start.stream_sid, .agent = agent->name, .dir = "in", .tenant = {}, .trace_id = {}});

    // A resumed stream takes over: the old one is told to go and waited for. Without that right a live call is left alone.
    if (claims->resume > 0 && services_.registry.end_call(start.call_sid, EndReason::carrier_lost)) {
        net::asio::steady_timer pause(worker.loop.executor());
        for (const auto until = Clock::now() + kTakeOverWithin; Clock::now() < until && !services_.registry.outcome(start.call_sid);) {
            pause.expires_after(std::chrono::milliseconds(10));
            co_await pause.async_wait(net::nothrow);
        }
        log.info("stream.takeover", "A resumed stream takes the call over.");
    }
    if (!services_.registry.attach(start.call_sid, agent->name, {}, Clock::now())) {
        log.warn("stream.rejected", "The call already has a stream.", {{"reason", "already_attached"}});
        co_await leg.refuse("already_attached");
        co_return;
    }
    auto before = services_.registry.take_memory(start.call_sid);  // of a new call: the note of whoever placed it, if any
    ticket.reset();
    const net::LoadTicket load(worker.loop, 1);
    services_.metrics.stream_attach.at().observe(Clock::now() - began);
    services_.metrics.calls_started.at("in").add();
    services_.metrics.calls_active.at("in").add(1);
    log.info("call.started", "A call is live.", {{"from", twilio::mask_phone(claims->from)}, {"to", twilio::mask_phone(claims->to)}, {"resume", static_cast<unsigned>(claims->resume)}});

    bool told = false;
    const auto over = [&](const CallSummary& done) {
        told = true;
        call_over(services_, log, start.call_sid, agent->name, done);
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

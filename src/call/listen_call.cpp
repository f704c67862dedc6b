#include "parley/call/listen_server.hpp"

#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include "listen_track.hpp"
#include "media_stream_leg.hpp"
#include "parley/base/ids.hpp"
#include "parley/call/vendor_report.hpp"
#include "parley/net/deadline.hpp"
#include "socket_door.hpp"

namespace parley::call {

namespace {

constexpr auto kStartWithin = std::chrono::seconds(5);
constexpr auto kLastWords = std::chrono::milliseconds(1500);  // what was said last is waited for
constexpr std::size_t kMostText = 4000;

// Both sides of one call.
class ListenCall final : CarrierSink, brain::VendorSink {
public:
    ListenCall(CallServices& services, CallWorker& worker, const Agent& agent, MediaStreamLeg& leg, const brain::CallFacts& facts,
               const std::atomic<bool>& ending)
        : services_(services),
          worker_(worker),
          agent_(agent),
          leg_(leg),
          ending_(ending),
          call_sid_(facts.call_sid),
          caller_(agent, facts, worker, *this, said("inbound_track", "caller")),
          callee_(agent, facts, worker, *this, said("outbound_track", "callee")) {}

    [[nodiscard]] bool hears() const { return caller_.hears(); }
    net::Task<> run() {
        auto ticket = worker_.ticks.subscribe([this](const net::Tick&) {
            caller_.tick(Clock::now());
            callee_.tick(Clock::now());
            if (ending_) leg_.begin_close(1000, "shutdown");
        });
        (void)co_await leg_.run(*this);
        // Silence, so that what is open ends.
        const std::array<std::uint8_t, audio::kFrameBytes> silence = [] {
            std::array<std::uint8_t, audio::kFrameBytes> quiet{};
            quiet.fill(audio::kMulawSilence);
            return quiet;
        }();
        for (int i = 0; i < 40; ++i) {
            caller_.audio(silence);
            callee_.audio(silence);
        }
        net::asio::steady_timer last(worker_.loop.executor());
        for (const auto until = Clock::now() + kLastWords; !ending_ && Clock::now() < until;) {
            last.expires_after(std::chrono::milliseconds(50));
            co_await last.async_wait(net::nothrow);
        }
        ticket.reset();
        co_await caller_.close();
        co_await callee_.close();
    }
    [[nodiscard]] std::uint32_t turns() const { return turns_; }

private:
    void on_media(std::span<const std::uint8_t> mulaw) override { caller_.audio(mulaw); }
    void on_outbound(std::span<const std::uint8_t> mulaw) override { callee_.audio(mulaw); }
    void on_gap(std::uint32_t) override {}
    void on_dtmf(char) override {}
    void on_mark(std::string_view) override {}
    void on_vendor(const brain::VendorRecord& record) override {
        observe_vendor(services_.metrics, record);
        on_used(record);
    }
    void on_used(const brain::VendorRecord& more) override {
        if (services_.used) services_.used(agent_, call_sid_, more);
    }
    void on_failover(std::string_view role, std::string_view from, std::string_view to, std::string_view) override {
        services_.metrics.provider_failovers.at(role, from, to).add();
    }

    ListenTrack::Said said(std::string_view track, std::string_view who) {
        return [this, track, who](std::string_view text, std::chrono::milliseconds at, double confidence) {
            ++turns_;
            if (services_.records == nullptr) return;
            const nlohmann::json fact{{"track", track}, {"who", who},         {"text", text.substr(0, kMostText)}, {"at_ms", at.count()},
                                      {"final", true},  {"source", "parley"}, {"confidence", confidence}};
            services_.records->add(call_sid_, store::Fact::transcript, fact.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
        };
    }

    CallServices& services_;
    CallWorker& worker_;
    const Agent& agent_;  // outlives the call: its caller holds it
    MediaStreamLeg& leg_;
    const std::atomic<bool>& ending_;
    std::string call_sid_;
    std::uint32_t turns_ = 0;
    ListenTrack caller_, callee_;
};

}  // namespace

net::Task<> ListenServer::serve(std::unique_ptr<net::WebSocket> socket, std::shared_ptr<void> ticket, CallWorker& worker) {
    const Inside inside(serving_);
    const std::string remote = socket->remote_address();
    MediaStreamLeg leg(std::move(socket), worker, services_.metrics, true);
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
    if (serving_ > kMost) {
        services_.log.warn("stream.rejected", "Too many calls are listened to.", {{"reason", "capacity"}});
        co_await leg.refuse("capacity");
        co_return;
    }
    ticket.reset();
    const auto log =
        services_.log.call({.call_sid = start.call_sid, .stream_sid = start.stream_sid, .agent = agent->name, .dir = "in", .tenant = {}, .trace_id = {}});
    brain::CallFacts facts;
    facts.call_sid = start.call_sid;
    facts.from = claims->from;
    facts.to = claims->to;
    facts.agent = agent->name;
    facts.seed = random_u64();
    try {
        ListenCall call(services_, worker, *agent, leg, facts, ending_);
        if (!call.hears()) {
            log.warn("listen.deaf", "The agent has no recogniser of its own: nothing is written down.");
            co_await leg.refuse("closed");
            co_return;
        }
        log.info("listen.started", "A call is listened to.");
        co_await call.run();
        log.info("listen.ended", "A call is no longer listened to.", {{"turns", call.turns()}});
    } catch (const std::exception& e) {
        log.error("call.failed", "Listening ended by an error of ours.", {{"error.type", e.what()}});
    }
}

}  // namespace parley::call

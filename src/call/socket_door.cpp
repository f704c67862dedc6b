#include "socket_door.hpp"

#include <boost/asio/steady_timer.hpp>
#include "parley/call/call_fact.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::call {

namespace {
constexpr auto kTakeOverWithin = std::chrono::seconds(3);
}

net::Task<Admitted> admit_by_token(CallServices& services, const twilio::StreamTokens& tokens, const FindAgent& find_agent, std::string token,
                                   std::string call_sid, std::string account_sid, bool speaks, std::string remote, std::string told) {
    const auto claims = tokens.verify(token, call_sid, account_sid, std::chrono::floor<std::chrono::seconds>(WallClock::now()));
    std::string_view why;
    if (!claims)
        why = twilio::error_kind(claims.error());
    else if (!services.registry.use_nonce({reinterpret_cast<const char*>(claims->nonce.data()), claims->nonce.size()}, Clock::now()))
        why = "used";
    if (why.empty() && services.shared != nullptr) {
        const bool first = co_await services.shared->first_use(std::string(reinterpret_cast<const char*>(claims->nonce.data()), claims->nonce.size()));
        if (!first) why = "used";
        // What another instance knows of the call, before this one goes on with it.
        else if (claims->resume > 0)
            co_await services.shared->recall(call_sid, 0);
    }
    Admitted out;
    if (why.empty()) {
        out.agent = co_await find_agent(claims->agent, claims->revision);
        if (!out.agent || (speaks && !out.agent->pipeline)) why = "agent";
    }
    if (why.empty()) {
        out.claims = *claims;
        co_return out;
    }
    services.metrics.security_events.at("stream_token").add();
    services.log.warn("security.stream_token", told, {{"reason", why}, {"remote", remote}});
    co_return Admitted{};
}

net::Task<bool> take_over(CallServices& services, net::asio::any_io_executor executor, const std::string& call_sid) {
    if (!services.registry.end_call(call_sid, conversation::EndReason::carrier_lost)) co_return false;
    net::asio::steady_timer pause(executor);
    for (const auto until = Clock::now() + kTakeOverWithin; Clock::now() < until && !services.registry.outcome(call_sid);) {
        pause.expires_after(std::chrono::milliseconds(10));
        co_await pause.async_wait(net::nothrow);
    }
    co_return true;
}

void call_live(CallServices& services, const CallLog& log, const Agent& agent, const twilio::StreamClaims& claims, Duration attached_after,
               std::string_view by) {
    services.metrics.stream_attach.at().observe(attached_after);
    services.metrics.calls_started.at("in").add();
    services.metrics.calls_active.at("in").add(1);
    const auto from = twilio::mask_phone(claims.from), to = twilio::mask_phone(claims.to);
    const auto resume = static_cast<unsigned>(claims.resume);
    if (by.empty())
        log.info("call.started", "A call is live.", {{"from", from}, {"to", to}, {"resume", resume}});
    else
        log.info("call.started", "A call is live.", {{"from", from}, {"to", to}, {"resume", resume}, {"by", by}});
    if (services.records == nullptr) return;
    // The instance that answered may be another one, and what it knew lost with it: said again, as far as the token knows.
    const bool web = claims.from == "web";
    CallFact known{.agent = &agent, .web = web, .known_direction = false, .live = true, .resumed = resume};
    if (!web) known.from = claims.from, known.to = claims.to;
    services.records->add(claims.call_sid, store::Fact::call, call_fact(known));
}

}  // namespace parley::call

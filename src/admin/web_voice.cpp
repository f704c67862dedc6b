#include "parley/admin/web_voice.hpp"

#include <algorithm>
#include <mutex>

#include <nlohmann/json.hpp>

#include "parley/base/ids.hpp"
#include "parley/call/call_fact.hpp"

namespace parley::admin {

namespace {

constexpr const char* kWebAccount = "AC00000000000000000000000000000000";  // browsers have no carrier's account
constexpr std::size_t kLongestUrl = 1000;

// Anybody can knock, as often as they like: of those who are turned away a few a minute are written down.
class RefusalsKept {
public:
    bool one_more() {
        const std::lock_guard lock(mutex_);
        const auto now = Clock::now();
        left_ = std::min(kBurst, left_ + std::chrono::duration<double>(now - filled_).count() * kEachSecond);
        filled_ = now;
        if (left_ < 1) return false;
        left_ -= 1;
        return true;
    }

private:
    static constexpr double kBurst = 10, kEachSecond = 0.1;
    std::mutex mutex_;
    double left_ = kBurst;
    TimePoint filled_ = Clock::now();
};
RefusalsKept& refusals_kept() {
    static RefusalsKept of_process;
    return of_process;
}

}  // namespace

net::HttpResponse WebVoice::page() const {
    net::HttpResponse response(200, "text/html; charset=utf-8", std::string(talk_page()));
    response.headers.add("Content-Security-Policy",
                         "default-src 'none'; script-src 'unsafe-inline' blob:; worker-src blob:; style-src 'unsafe-inline'; connect-src 'self'; "
                         "frame-ancestors 'none'; base-uri 'none'");
    response.headers.add("X-Content-Type-Options", "nosniff");
    response.headers.add("Cache-Control", "no-store");
    return response;
}

bool WebVoice::same_origin(const net::HttpRequest& request) {
    const auto origin = request.headers.get("Origin");
    const auto host = request.headers.get("Host");
    const auto scheme = origin.find("://");
    return scheme != std::string_view::npos && !host.empty() && net::equal_no_case(origin.substr(scheme + 3), host);
}

net::Task<net::HttpResponse> WebVoice::session(const net::HttpRequest& request) const {
    if (request.method != "POST") co_return net::HttpResponse(405);
    // A form or an image of another site cannot send JSON without asking first.
    if (!request.headers.get("Content-Type").starts_with("application/json") || !same_origin(request)) co_return net::HttpResponse(403);
    const auto agent = services_.agent();
    if (!agent) co_return net::HttpResponse(404);
    twilio::StreamClaims claims;
    claims.call_sid = random_sid("CA");
    claims.account_sid = kWebAccount;
    claims.agent = agent->name;
    claims.revision = std::to_string(agent->revision);
    claims.from = "web";
    claims.to = agent->name;
    const auto keep = [&](std::string_view refused) {
        if (services_.records == nullptr || (!refused.empty() && !refusals_kept().one_more())) return;
        services_.records->add(claims.call_sid, store::Fact::call,
                               call::call_fact({.agent = agent.get(), .page_url = request.headers.get("Referer").substr(0, kLongestUrl), .web = true}));
        if (!refused.empty())
            services_.records->add(claims.call_sid, store::Fact::rejection, nlohmann::json{{"reason", "concurrent_limit"}, {"detail", refused}}.dump());
    };
    if (services_.may_talk) {
        const bool place = co_await services_.may_talk(agent, claims.call_sid);
        if (!place) {
            services_.metrics.calls_rejected.at("in", "tenant_quota").add();
            services_.log.info("call.rejected", "A browser was turned away.",
                               {{"call_sid", claims.call_sid}, {"reason", "tenant_quota"}, {"agent", agent->name}});
            keep("quota");
            co_return net::HttpResponse(503);
        }
    }
    if (services_.registry.admit(claims.call_sid, Clock::now()) != call::Admission::admitted) {
        services_.metrics.calls_rejected.at("in", "capacity").add();
        keep("capacity");
        co_return net::HttpResponse(503);
    }
    const auto token = services_.tokens.mint(claims, random_hex(16), std::chrono::floor<std::chrono::seconds>(WallClock::now()));
    if (!token) {
        services_.registry.release(claims.call_sid);
        co_return net::HttpResponse(500);
    }
    nlohmann::json parameters = nlohmann::json::object();
    for (const auto& [name, value] : twilio::token_parameters(*token)) parameters[name] = value;
    const nlohmann::json body{{"callSid", claims.call_sid}, {"accountSid", claims.account_sid}, {"streamSid", random_sid("MZ")}, {"parameters", parameters}};
    keep({});
    services_.log.info("web.session", "A browser is being connected.", {{"call_sid", claims.call_sid}, {"agent", agent->name}});
    net::HttpResponse response(200, "application/json", body.dump());
    response.headers.add("Cache-Control", "no-store");
    co_return response;
}

}  // namespace parley::admin

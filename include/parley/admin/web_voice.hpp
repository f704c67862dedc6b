#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "parley/base/log.hpp"
#include "parley/base/metrics.hpp"
#include "parley/call/agent.hpp"
#include "parley/call/registry.hpp"
#include "parley/net/http_message.hpp"
#include "parley/net/task.hpp"
#include "parley/store/call_records.hpp"
#include "parley/twilio/stream_token.hpp"

namespace parley::admin {

// The page itself: HTML, UTF-8, no request to anywhere else.
[[nodiscard]] std::string_view talk_page();

// Calls from a browser. Switched on by configuration only, since whoever can reach the page can talk to the agent.
//   GET  /             the talk page
//   POST /web/session  identifiers and a stream token for one call (JSON)
//   WSS  /web/voice    the call: Media Streams messages, the browser in Twilio's place
class WebVoice {
public:
    struct Services {
        Log& log;
        Metrics& metrics;
        call::Registry& registry;
        const twilio::StreamTokens& tokens;
        std::function<std::shared_ptr<const call::Agent>()> agent;  // who answers; null: nobody
        std::function<net::Task<bool>(std::shared_ptr<const call::Agent> agent, std::string call_sid)>
            may_talk{};  // whether there is a place; not set: there is
        store::CallRecords* records = nullptr;
    };
    explicit WebVoice(Services services) : services_(std::move(services)) {}

    static constexpr std::string_view kVoicePath = "/web/voice";
    [[nodiscard]] net::HttpResponse page() const;
    [[nodiscard]] net::Task<net::HttpResponse> session(const net::HttpRequest& request) const;
    // A page of another site must not use its visitor's reach: the upgrade's Origin has to be this very host.
    [[nodiscard]] static bool same_origin(const net::HttpRequest& request);

private:
    Services services_;
};

}  // namespace parley::admin

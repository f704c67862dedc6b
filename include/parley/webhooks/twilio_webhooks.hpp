#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "parley/base/log.hpp"
#include "parley/base/metrics.hpp"
#include "parley/call/agent.hpp"
#include "parley/call/registry.hpp"
#include "parley/twilio/form.hpp"
#include "parley/twilio/signature.hpp"
#include "parley/twilio/stream_token.hpp"

namespace parley::webhooks {

struct Request {
    std::string_view method;          // GET or POST
    std::string_view target;          // byte for byte as in the request line
    std::string_view content_type;
    std::string_view body;
    std::optional<std::string_view> signature;   // X-Twilio-Signature
    std::string_view idempotency_token;          // I-Twilio-Idempotency-Token
    std::string_view remote_address;
};

struct Answer {
    unsigned status = 200;
    std::string content_type;  // empty: no body
    std::string body;
};

// What a caller gets when there is no place for the call.
enum class Overflow : std::uint8_t { busy, reject, say, redirect };

struct Settings {
    std::string public_url;                   // https://host[:port][/prefix]; what Twilio requests and signs
    std::vector<std::string> account_sids;    // empty: any account whose token signs
    bool verify_signatures = true;
    std::uint32_t resumes = 2;                // a lost stream is opened again so often
    std::string sorry = "We are sorry, the connection to our assistant was lost.";
    Overflow overflow = Overflow::busy;
    std::string overflow_text;                // say: this, then hang up
    std::string overflow_url;                 // redirect: the operator's own TwiML
};

// Twilio's HTTP surface: pure decisions over a parsed request, shared state only in the registry. Thread-safe; never waits.
//   POST /webhooks/twilio/voice      the call: TwiML that opens the stream, or busy, or rejected
//   POST /webhooks/twilio/after      the tail behind the stream: hang up, transfer, voicemail, or open the stream again
//   POST /webhooks/twilio/status     call status callback
//   POST /webhooks/twilio/stream     stream status callback
//   POST /webhooks/twilio/recorded   action behind a voicemail's <Record>
//   POST /webhooks/twilio/fallback   VoiceFallbackUrl: fixed TwiML without dependencies
class TwilioWebhooks {
public:
    using FindAgent = std::function<std::shared_ptr<const call::Agent>(std::string_view number)>;  // null: nobody answers this number
    using FindByName = std::function<std::shared_ptr<const call::Agent>(std::string_view name)>;

    struct Services {
        Log& log;
        Metrics& metrics;
        call::Registry& registry;
        const twilio::StreamTokens& tokens;
        FindAgent by_number;
        FindByName by_name;
        std::function<bool()> draining;
        std::function<std::shared_ptr<const twilio::SignatureValidator>()> signatures;  // replaced on reload
    };
    TwilioWebhooks(Settings settings, Services services);

    static constexpr std::string_view kPrefix = "/webhooks/twilio/";
    static constexpr std::string_view kMediaPath = "/webhooks/twilio/media";
    // nullopt: not a route of this surface.
    [[nodiscard]] std::optional<Answer> handle(const Request& request) const;

    // The upgrade of a media stream: signature over the wss URL. False: answer 403.
    [[nodiscard]] bool accept_upgrade(std::string_view target, std::optional<std::string_view> signature, std::string_view remote_address) const;

private:
    Answer voice(const twilio::Form& form, const Request& request) const;
    Answer after(const twilio::Form& form, const Request& request) const;
    Answer status(const twilio::Form& form) const;
    Answer stream_status(const twilio::Form& form) const;
    Answer overflow() const;
    Answer voicemail(const call::Agent& agent) const;
    Answer open_stream(const call::Agent& agent, const twilio::Form& form, const Request& request, std::uint8_t resume) const;
    bool check_signature(const Request& request, const twilio::Form& form) const;
    void count_signature_failure(const twilio::SignatureVerdict& verdict, std::string_view remote_address, std::string_view what) const;
    std::string url(std::string_view path) const;

    Settings settings_;
    Services services_;
};

}  // namespace parley::webhooks

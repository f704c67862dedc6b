#pragma once
// Pointing an account's numbers at the gateway: what would have to be changed (pure), and changing it.

#include <string>
#include <string_view>
#include <vector>

#include "parley/rest/numbers.hpp"

namespace parley::rest {

// The addresses a wired number has.
struct WebhookUrls {
    std::string voice, fallback, status, sms;
};
// `public_url` without a slash at its end.
[[nodiscard]] WebhookUrls webhook_urls(std::string_view public_url);

enum class NumberMode : std::uint8_t { webhook, application, trunk, fax };
[[nodiscard]] NumberMode mode_of(const IncomingNumber& number);
[[nodiscard]] std::string_view name(NumberMode mode);

inline constexpr std::string_view kNoMatchingNumber = "no matching number on this account";
inline constexpr std::string_view kOtherMode = "number is set to a TwiML app or a SIP trunk: set it back to webhook";
inline constexpr std::string_view kFaxMode = "number receives faxes: set it back to voice";

// What is not as it should be, in words ("voice URL is https://…"); empty: wired already.
[[nodiscard]] std::vector<std::string> differences(const IncomingNumber& number, const WebhookUrls& urls);
// What a wired number is set to.
[[nodiscard]] NumberSettings wired(const IncomingNumber& number, const WebhookUrls& urls);

struct WiringStep {
    enum class Kind : std::uint8_t { update, already, skip } kind = Kind::skip;
    std::string number, sid, reason;       // reason: of a skip
    std::vector<std::string> differences;  // of an update
    NumberSettings settings;
};
// A step for each number wanted, in their order, each once.
[[nodiscard]] std::vector<WiringStep> plan_wiring(const std::vector<std::string>& wanted, const std::vector<IncomingNumber>& owned, const WebhookUrls& urls);

struct WiringReport {
    struct Line {
        std::string number, text;  // updated: "wired", "already wired", "would be wired"; else the reason
    };
    std::vector<Line> updated, skipped, failed;
    std::string error;  // the account's numbers could not be listed: nothing was done
    [[nodiscard]] bool good() const { return skipped.empty() && failed.empty() && error.empty(); }
    // {"twilioWebhooksUpdated":[{"number","note"}],"twilioWebhookSkipped":[{"number","reason"}],"twilioWebhooksFailed":[…]}, or
    // {"twilioWebhookError":"…"} alone.
    [[nodiscard]] std::string json() const;
    [[nodiscard]] std::string text() const;  // a line each, for people
};
net::Task<WiringReport> wire_numbers(Client& client, std::vector<std::string> wanted, WebhookUrls urls, bool dry_run);

}  // namespace parley::rest

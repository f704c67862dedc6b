#pragma once
// `parley sim twilio`: the simulated carrier behind the REST interface people use, plus a few controls of its own. The products share one port:
// /2010-04-01 (api), /v1 (voice), /v2 (intelligence). What is simulated, and what is not, stands in docs/simulated-twilio.md.
//
//   POST /sim/calls      JSON {"to", "from", "scenario" | "scenario_yaml", "voice_url"}: an incoming call; 201 {"call_sid"}
//   GET  /sim/calls/{CallSid}            the truth, once the call is over (404 before: 409)
//   GET  /sim/numbers, PUT /sim/numbers/{number} with JSON {"voice_url", ...}: owned numbers and their wiring
//   POST /sim/messages   JSON {"to", "from", "body", "media": [{"url" | "base64", "type"}]}: a person writes; 201 {"message_sid"}
//   GET  /sim/phones/{number}/messages   what has arrived there; DELETE empties it. PUT /sim/phones/{number}: its rule
//   PUT  /sim/faults     {"requests": [...], "callbacks": {...}, "webhooks": [...]}
//   PUT  /sim/account    {"status", "type"}
//   GET  /sim/requests   what the REST interface was asked, without secrets; DELETE empties it
//   GET  /sim/health
// REST wants HTTP Basic with account and token (or a key); /sim wants nothing and belongs on a loopback address.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "parley/sim/carrier.hpp"

namespace parley::sim {

// An owned number and what an incoming call or message to it does.
struct NumberEntry {
    std::string voice_url, voice_method = "POST";
    std::string fallback_url, fallback_method = "POST";
    std::string status_callback, status_callback_method = "POST";
    std::string sms_url, sms_method = "POST", sms_fallback_url;
    std::string application_sid;  // set: its URLs count instead
    std::string trunk_sid;        // set: calls go there, no webhook is requested
    std::string friendly_name;    // empty: the number as people write it
    bool sms_capable = true;
};

// How the telephone of a number takes messages.
struct PhoneRule {
    enum class Outcome : std::uint8_t {
        delivered,
        undelivered,  // the telephone did not confirm: `error_code`, 30003 when it is 0
        failed,       // never left: `error_code`, 30008 when it is 0
        unconfirmed,  // arrives, stays `sent` for ever
        refused,      // the request to send is refused with `error_code`
    } outcome = Outcome::delivered;
    int error_code = 0;
    bool takes_media = true;  // false: 30011
    milliseconds step{20};    // from one status to the next
};

struct PhoneMedia {
    std::string url, type, bytes;  // with bytes it is served from the message's Media resource
};
// A message that arrived at a telephone.
struct PhoneMessage {
    std::string sid, from, to, body;
    std::vector<std::string> media;  // URLs
    int segments = 1;
};

struct FakeTwilioOptions {
    CarrierOptions carrier;
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;           // 0: any; see port()
    std::string api_key, api_secret;  // a second accepted pair (SK...), empty: none
    // Owned numbers. While there is at least one, calls and messages must come from an owned (or verified) number.
    std::map<std::string, NumberEntry> numbers;
    std::set<std::string> verified_numbers;   // OutgoingCallerIds
    std::map<std::string, PhoneRule> phones;  // "*" is the rule for all others; without one everything is delivered
    std::string account_status = "active", account_type = "Full";
    std::string faults;                        // JSON as for PUT /sim/faults; empty: none
    std::filesystem::path scenario_directory;  // /sim/calls may name files below it; empty: none
    std::shared_ptr<const Scenario> callee;    // what answers calls made over REST; null: listens
    std::filesystem::path report_directory;    // truth of each call is written there; empty: kept in memory only
    std::size_t kept_reports = 1000;
};

// Reads a settings file (YAML, so JSON as well) into the options: account, numbers, phones, people, faults, speed; see docs/simulated-twilio.md.
// Throws ScenarioError with file:line:column. Scenarios are looked for beside the file.
void load_twilio_settings(const std::filesystem::path& file, FakeTwilioOptions& options);

class FakeTwilio {
public:
    explicit FakeTwilio(FakeTwilioOptions options);  // binds and serves; throws when the address is taken
    ~FakeTwilio();
    FakeTwilio(const FakeTwilio&) = delete;
    FakeTwilio& operator=(const FakeTwilio&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::string base_url() const;  // http://address:port
    [[nodiscard]] SimCarrier& carrier();
    void set_number(const std::string& number, NumberEntry entry);
    // A person writes to one of the numbers: the SID; throws std::invalid_argument where nothing can be received.
    std::string message_in(const std::string& to, const std::string& from, const std::string& body, std::vector<PhoneMedia> media = {});
    [[nodiscard]] std::vector<PhoneMessage> inbox(const std::string& number) const;
    // At least `count` messages, or what there is when `within` is up.
    [[nodiscard]] std::vector<PhoneMessage> wait_inbox(const std::string& number, std::size_t count,
                                                       std::chrono::milliseconds within = std::chrono::seconds(30)) const;
    // JSON as for PUT /sim/faults; throws std::invalid_argument.
    void set_faults(const std::string& json);
    // As GET /sim/requests answers it.
    [[nodiscard]] std::string requests() const;
    // An incoming call to one of the numbers; throws std::invalid_argument for an unknown number.
    SimCarrier::Placed call_in(const std::string& to, const std::string& from, std::shared_ptr<const Scenario> scenario);

    // Stops accepting, ends all calls, ends the threads.
    void stop();

    class Impl;

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley::sim

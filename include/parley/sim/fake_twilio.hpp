#pragma once
// `parley sim twilio`: the simulated carrier behind the REST interface people use, plus a few controls of its own.
//
//   POST /2010-04-01/Accounts/{sid}/Calls.json           create a call (the callee answers by the number table)
//   GET  /2010-04-01/Accounts/{sid}/Calls.json           list (To, From, Status, ParentCallSid, PageSize, Page)
//   GET, POST, DELETE .../Calls/{CallSid}.json           fetch, update (Status, Url, Twiml), forget
//   POST .../Calls/{CallSid}/Streams.json, .../Streams/{Sid}.json
//   GET  .../Notifications.json, .../Calls/{CallSid}/Notifications.json
//   GET  .../Recordings/{RecordingSid}[.wav|.json]
//   POST /sim/calls      JSON {"to", "from", "scenario", "voice_url"}: an incoming call; 201 {"call_sid"}
//   GET  /sim/calls/{CallSid}            the truth, once the call is over (404 before: 409)
//   GET  /sim/numbers, PUT /sim/numbers/{number} with JSON {"voice_url", ...}
//   GET  /sim/health
// Everything below /2010-04-01 wants HTTP Basic with account and token; /sim wants nothing and belongs on a loopback
// address.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "parley/sim/carrier.hpp"

namespace parley::sim {

// What an incoming call to a number does.
struct NumberEntry {
    std::string voice_url, voice_method = "POST";
    std::string fallback_url, fallback_method = "POST";
    std::string status_callback, status_callback_method = "POST";
};

struct FakeTwilioOptions {
    CarrierOptions carrier;
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;           // 0: any; see port()
    std::string api_key, api_secret;  // a second accepted pair (SK...), empty: none
    std::map<std::string, NumberEntry> numbers;
    std::filesystem::path scenario_directory;  // /sim/calls may name files below it; empty: none
    std::shared_ptr<const Scenario> callee;    // what answers calls made over REST; null: listens
    std::filesystem::path report_directory;    // truth of each call is written there; empty: kept in memory only
    std::size_t kept_reports = 1000;
};

class FakeTwilio {
public:
    explicit FakeTwilio(FakeTwilioOptions options);  // binds and serves; throws when the address is taken
    ~FakeTwilio();
    FakeTwilio(const FakeTwilio&) = delete;
    FakeTwilio& operator=(const FakeTwilio&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] SimCarrier& carrier();
    void set_number(const std::string& number, NumberEntry entry);
    // An incoming call to one of the numbers; throws std::invalid_argument for an unknown number.
    SimCarrier::Placed call_in(const std::string& to, const std::string& from,
                               std::shared_ptr<const Scenario> scenario);

    // Stops accepting, ends all calls, ends the threads.
    void stop();

    class Impl;

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley::sim

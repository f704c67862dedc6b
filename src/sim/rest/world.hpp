#pragma once
// What the resources share. Everything runs on the server's one thread.

#include <functional>
#include <memory>

#include "api_call.hpp"
#include "paging.hpp"
#include "parley/net/nursery.hpp"
#include "parley/sim/fake_twilio.hpp"
#include "parley/sim/webhook.hpp"
#include "records.hpp"

namespace parley::sim {

class Account;
class Numbers;
class Messages;

// One collection of resources, or several that belong together.
class Family {
public:
    Family() = default;
    virtual ~Family() = default;
    Family(const Family&) = delete;
    Family& operator=(const Family&) = delete;
    [[nodiscard]] virtual ApiAnswer handle(const ApiCall& call) = 0;
};

struct RestWorld {
    FakeTwilioOptions& options;
    SimCarrier& carrier;
    std::function<SimCarrier::Placed(CallPlan)> place;
    const WebhookSender& webhooks;
    asio::any_io_executor executor;
    net::Nursery& errands;  // callbacks and deliveries under way; through run()
    Paging paging{};
    std::vector<CarrierNotification> notes{};                                   // debugger entries that belong to no call
    std::function<std::vector<TranscriptLine>(const std::string&)> lines_of{};  // what was said in a call, up to now
    Account* account = nullptr;
    Numbers* numbers = nullptr;
    Messages* messages = nullptr;

    [[nodiscard]] const std::string& account_sid() const { return carrier.options().account_sid; }
    // Starts an errand; what it throws ends it alone.
    void run(Task<> errand);
    void note(int code, std::string text, std::string url, bool warning);
    // "/2010-04-01/Accounts/AC…" and what follows.
    [[nodiscard]] std::string path(const std::string& rest) const { return "/2010-04-01/Accounts/" + account_sid() + rest; }
};

}  // namespace parley::sim

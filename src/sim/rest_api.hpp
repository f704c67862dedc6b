#pragma once
// The REST front without its socket: who may ask, which resource is meant, an answer out. On the server's thread.

#include <functional>
#include <map>

#include "rest/account.hpp"
#include "rest/messages.hpp"
#include "rest/numbers.hpp"
#include "rest/world.hpp"

namespace parley::sim {

class RestApi {
public:
    RestApi(FakeTwilioOptions& options, SimCarrier& carrier, std::function<SimCarrier::Placed(CallPlan)> place, const WebhookSender& webhooks,
            asio::any_io_executor executor, net::Nursery& errands, std::function<std::vector<TranscriptLine>(const std::string&)> lines_of);

    [[nodiscard]] ApiAnswer handle(const ApiRequest& request);
    // A live transcription for a service has ended.
    void keep_transcription(const TranscriptionTruth& truth);
    [[nodiscard]] Account& account() { return account_; }
    [[nodiscard]] Numbers& numbers() { return numbers_; }
    [[nodiscard]] Messages& messages() { return messages_; }

private:
    [[nodiscard]] ApiAnswer xml_refusal(const ApiCall& call) const;

    RestWorld world_;
    Account account_;
    Numbers numbers_;
    Messages messages_;
    std::map<std::string, std::unique_ptr<Family>> families_;  // by collection, "v1:…" and "v2:…" for the other products
    std::map<std::string, Family*> by_collection_;
};

}  // namespace parley::sim

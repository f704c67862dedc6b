#pragma once
// What is kept of calls beside the gateway's own: Twilio's recordings, live transcripts, Intelligence. Joined to the call's record.

#include <memory>

#include "account_clients.hpp"
#include "parley/net/errands.hpp"
#include "parley/messaging/intelligence_desk.hpp"
#include "parley/messaging/recording_keeper.hpp"
#include "parley/rest/client.hpp"
#include "telephony.hpp"

namespace parley::gateway {

class KeptCalls {
public:
    // Adds its routes and what stands before a call's answer. `client` may be null: then nothing is fetched or examined.
    KeptCalls(Telephony& telephony, net::Errands& errands, rest::Client* client, AccountClients& accounts);

private:
    void preface(const call::Agent& agent, twilio::TwimlResponse& response) const;
    net::Task<webhooks::Answer> recording(const webhooks::Asked& asked);
    net::Task<webhooks::Answer> transcription(const webhooks::Asked& asked);
    net::Task<webhooks::Answer> voicemail_text(const webhooks::Asked& asked);
    net::Task<webhooks::Answer> intelligence(const webhooks::Asked& asked);
    net::Task<> take_recording(messaging::RecordingNews told, std::string agent);
    net::Task<> take_stop(std::string call_sid, std::string transcript_sid, std::string agent);
    net::Task<> take_intelligence(messaging::IntelligenceNews told);
    [[nodiscard]] messaging::IntelligenceRules rules_of(const std::string& agent) const;

    Telephony& t_;
    net::Errands& errands_;
    rest::Client* client_;
    AccountClients& accounts_;
    messaging::RecordingKeeper keeper_;
    messaging::IntelligenceDesk desk_;
};

}  // namespace parley::gateway

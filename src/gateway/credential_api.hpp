#pragma once
// /v1/agents/{name}/twilio and /v1/agents/{name}/media/{slot}. On the control loop; the store and the decoder work on threads of their own.

#include <boost/asio/thread_pool.hpp>

#include "account_clients.hpp"
#include "credential_book.hpp"
#include "parley/admin/api_router.hpp"
#include "parley/store/media.hpp"
#include "telephony.hpp"

namespace parley::gateway {

class CredentialApi {
public:
    CredentialApi(Telephony& telephony, AccountClients& clients);
    ~CredentialApi();
    CredentialApi(const CredentialApi&) = delete;
    CredentialApi& operator=(const CredentialApi&) = delete;

    // The book is read again and agents are made anew. False: the store did not answer (told in the log); what was in force stays.
    net::Task<bool> renew();
    // Whether the last renewal succeeded; if not, what the book has read is not what the agents work with.
    [[nodiscard]] bool in_force() const { return in_force_; }

private:
    using Response = net::Task<net::HttpResponse>;
    Response get(std::string agent);
    Response put(admin::ApiRequest& asked);
    Response remove(std::string agent);
    Response get_media(std::string agent, std::string slot);
    Response put_media(std::string agent, std::string slot, std::string type, std::string body);
    Response remove_media(std::string agent, std::string slot);
    // Nothing: there is such an agent (and such a slot).
    [[nodiscard]] std::optional<net::HttpResponse> unknown(const std::string& agent, std::string_view slot) const;
    [[nodiscard]] std::string agent_with_number(const std::string& number, const std::string& but) const;
    net::HttpResponse rejected(const std::string& agent, const std::string& slot, int status, std::string_view reason, std::string_view sentence) const;

    Telephony& t_;
    AccountClients& clients_;
    boost::asio::thread_pool decoding_{1};
    bool in_force_ = true;
};

}  // namespace parley::gateway

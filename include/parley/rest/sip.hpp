#pragma once
// SIP: domains calls come in by, credentials that let them in, BYOC trunks that calls go out by.

#include <optional>
#include <string>
#include <vector>

#include "parley/rest/client.hpp"

namespace parley::rest {

struct SipDomain {
    std::string sid, account_sid, domain_name, friendly_name, auth_type, voice_url, voice_method, voice_fallback_url, voice_fallback_method,
        voice_status_callback_url, voice_status_callback_method, byoc_trunk_sid, emergency_caller_sid;
    bool sip_registration = false, emergency_calling_enabled = false, secure = false;
    When date_created, date_updated;
};

struct SipDomainSettings {
    std::optional<std::string> domain_name, friendly_name, voice_url, voice_method, voice_fallback_url, voice_fallback_method, voice_status_callback_url,
        voice_status_callback_method, byoc_trunk_sid, emergency_caller_sid;
    std::optional<bool> sip_registration, emergency_calling_enabled, secure;
};

class SipDomains {
public:
    explicit SipDomains(Client& client) : client_(client) {}
    net::Task<Outcome<std::vector<SipDomain>>> list(std::size_t most = 200);
    net::Task<Outcome<SipDomain>> fetch(std::string sid);
    net::Task<Outcome<SipDomain>> create(SipDomainSettings wanted);  // domain_name is needed
    net::Task<Outcome<SipDomain>> update(std::string sid, SipDomainSettings wanted);
    net::Task<Outcome<>> remove(std::string sid);
    // Lets the credentials of a list call in, or register.
    net::Task<Outcome<>> map_calls(std::string domain_sid, std::string credential_list_sid);
    net::Task<Outcome<>> map_registrations(std::string domain_sid, std::string credential_list_sid);

private:
    Client& client_;
};

struct CredentialList {
    std::string sid, account_sid, friendly_name;
    When date_created, date_updated;
};

struct SipCredential {
    std::string sid, account_sid, credential_list_sid, username;
    When date_created, date_updated;
};

class CredentialLists {
public:
    explicit CredentialLists(Client& client) : client_(client) {}
    net::Task<Outcome<std::vector<CredentialList>>> list(std::size_t most = 200);
    net::Task<Outcome<CredentialList>> fetch(std::string sid);
    net::Task<Outcome<CredentialList>> create(std::string friendly_name);
    net::Task<Outcome<CredentialList>> update(std::string sid, std::string friendly_name);
    net::Task<Outcome<>> remove(std::string sid);

    net::Task<Outcome<std::vector<SipCredential>>> credentials(std::string list_sid, std::size_t most = 200);
    net::Task<Outcome<SipCredential>> add(std::string list_sid, std::string username, Secret password);
    net::Task<Outcome<SipCredential>> change(std::string list_sid, std::string credential_sid, Secret password);
    net::Task<Outcome<>> remove_credential(std::string list_sid, std::string credential_sid);

private:
    Client& client_;
};

struct ByocTrunk {
    std::string sid, account_sid, friendly_name, voice_url, voice_method, voice_fallback_url, voice_fallback_method, status_callback_url,
        status_callback_method, connection_policy_sid, from_domain_sid;
    bool cnam_lookup_enabled = false;
    When date_created, date_updated;
};

struct ByocTrunkSettings {
    std::optional<std::string> friendly_name, voice_url, voice_method, voice_fallback_url, voice_fallback_method, status_callback_url, status_callback_method,
        connection_policy_sid, from_domain_sid;
    std::optional<bool> cnam_lookup_enabled;
};

class ByocTrunks {
public:
    explicit ByocTrunks(Client& client) : client_(client) {}
    net::Task<Outcome<std::vector<ByocTrunk>>> list(std::size_t most = 200);
    net::Task<Outcome<ByocTrunk>> fetch(std::string sid);
    net::Task<Outcome<ByocTrunk>> create(ByocTrunkSettings wanted);
    net::Task<Outcome<ByocTrunk>> update(std::string sid, ByocTrunkSettings wanted);
    net::Task<Outcome<>> remove(std::string sid);

private:
    Client& client_;
};

}  // namespace parley::rest

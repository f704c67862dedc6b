#include "parley/rest/sip.hpp"

#include "resource.hpp"

namespace parley::rest {
namespace {

SipDomain read_domain(const Fields& f) {
    SipDomain d;
    d.sid = f.text("sid");
    d.account_sid = f.text("account_sid");
    d.domain_name = f.text("domain_name");
    d.friendly_name = f.text("friendly_name");
    d.auth_type = f.text("auth_type");
    d.voice_url = f.text("voice_url");
    d.voice_method = f.text("voice_method");
    d.voice_fallback_url = f.text("voice_fallback_url");
    d.voice_fallback_method = f.text("voice_fallback_method");
    d.voice_status_callback_url = f.text("voice_status_callback_url");
    d.voice_status_callback_method = f.text("voice_status_callback_method");
    d.byoc_trunk_sid = f.text("byoc_trunk_sid");
    d.emergency_caller_sid = f.text("emergency_caller_sid");
    d.sip_registration = f.yes("sip_registration");
    d.emergency_calling_enabled = f.yes("emergency_calling_enabled");
    d.secure = f.yes("secure");
    d.date_created = f.when("date_created");
    d.date_updated = f.when("date_updated");
    return d;
}

CredentialList read_list(const Fields& f) {
    CredentialList l;
    l.sid = f.text("sid");
    l.account_sid = f.text("account_sid");
    l.friendly_name = f.text("friendly_name");
    l.date_created = f.when("date_created");
    l.date_updated = f.when("date_updated");
    return l;
}

SipCredential read_credential(const Fields& f) {
    SipCredential c;
    c.sid = f.text("sid");
    c.account_sid = f.text("account_sid");
    c.credential_list_sid = f.text("credential_list_sid");
    c.username = f.text("username");
    c.date_created = f.when("date_created");
    c.date_updated = f.when("date_updated");
    return c;
}

ByocTrunk read_trunk(const Fields& f) {
    ByocTrunk t;
    t.sid = f.text("sid");
    t.account_sid = f.text("account_sid");
    t.friendly_name = f.text("friendly_name");
    t.voice_url = f.text("voice_url");
    t.voice_method = f.text("voice_method");
    t.voice_fallback_url = f.text("voice_fallback_url");
    t.voice_fallback_method = f.text("voice_fallback_method");
    t.status_callback_url = f.text("status_callback_url");
    t.status_callback_method = f.text("status_callback_method");
    t.connection_policy_sid = f.text("connection_policy_sid");
    t.from_domain_sid = f.text("from_domain_sid");
    t.cnam_lookup_enabled = f.yes("cnam_lookup_enabled");
    t.date_created = f.when("date_created");
    t.date_updated = f.when("date_updated");
    return t;
}

void fill(Params& params, const SipDomainSettings& s) {
    Fill add(params);
    add("DomainName", s.domain_name)("FriendlyName", s.friendly_name)("VoiceUrl", s.voice_url)("VoiceMethod", s.voice_method);
    add("VoiceFallbackUrl", s.voice_fallback_url)("VoiceFallbackMethod", s.voice_fallback_method);
    add("VoiceStatusCallbackUrl", s.voice_status_callback_url)("VoiceStatusCallbackMethod", s.voice_status_callback_method);
    add("SipRegistration", s.sip_registration)("EmergencyCallingEnabled", s.emergency_calling_enabled)("Secure", s.secure);
    add("ByocTrunkSid", s.byoc_trunk_sid)("EmergencyCallerSid", s.emergency_caller_sid);
}

void fill(Params& params, const ByocTrunkSettings& s) {
    Fill add(params);
    add("FriendlyName", s.friendly_name)("VoiceUrl", s.voice_url)("VoiceMethod", s.voice_method)("VoiceFallbackUrl", s.voice_fallback_url);
    add("VoiceFallbackMethod", s.voice_fallback_method)("StatusCallbackUrl", s.status_callback_url)("StatusCallbackMethod", s.status_callback_method);
    add("CnamLookupEnabled", s.cnam_lookup_enabled)("ConnectionPolicySid", s.connection_policy_sid)("FromDomainSid", s.from_domain_sid);
}

std::string domain(const std::string& sid) {
    return "/SIP/Domains/" + segment(sid);
}
std::string list_at(const std::string& sid) {
    return "/SIP/CredentialLists/" + segment(sid);
}
std::string trunk(const std::string& sid) {
    return "/v1/ByocTrunks/" + segment(sid);
}

}  // namespace

net::Task<Outcome<std::vector<SipDomain>>> SipDomains::list(std::size_t most) {
    return all(client_, get("/SIP/Domains.json"), "domains", most, &read_domain);
}
net::Task<Outcome<SipDomain>> SipDomains::fetch(std::string sid) {
    return one(client_, get(domain(sid) + ".json"), &read_domain);
}
net::Task<Outcome<SipDomain>> SipDomains::create(SipDomainSettings wanted) {
    Request request = post("/SIP/Domains.json", Repeat::never);
    fill(request.params, wanted);
    return one(client_, std::move(request), &read_domain);
}
net::Task<Outcome<SipDomain>> SipDomains::update(std::string sid, SipDomainSettings wanted) {
    Request request = post(domain(sid) + ".json", Repeat::safe);
    fill(request.params, wanted);
    return one(client_, std::move(request), &read_domain);
}
net::Task<Outcome<>> SipDomains::remove(std::string sid) {
    return gone(client_, erase(domain(sid) + ".json"));
}
net::Task<Outcome<>> SipDomains::map_calls(std::string domain_sid, std::string credential_list_sid) {
    Request request = post(domain(domain_sid) + "/Auth/Calls/CredentialListMappings.json", Repeat::never);
    request.params.emplace_back("CredentialListSid", std::move(credential_list_sid));
    return done(client_, std::move(request));
}
net::Task<Outcome<>> SipDomains::map_registrations(std::string domain_sid, std::string credential_list_sid) {
    Request request = post(domain(domain_sid) + "/Auth/Registrations/CredentialListMappings.json", Repeat::never);
    request.params.emplace_back("CredentialListSid", std::move(credential_list_sid));
    return done(client_, std::move(request));
}

net::Task<Outcome<std::vector<CredentialList>>> CredentialLists::list(std::size_t most) {
    return all(client_, get("/SIP/CredentialLists.json"), "credential_lists", most, &read_list);
}
net::Task<Outcome<CredentialList>> CredentialLists::fetch(std::string sid) {
    return one(client_, get(list_at(sid) + ".json"), &read_list);
}
net::Task<Outcome<CredentialList>> CredentialLists::create(std::string friendly_name) {
    Request request = post("/SIP/CredentialLists.json", Repeat::never);
    request.params.emplace_back("FriendlyName", std::move(friendly_name));
    return one(client_, std::move(request), &read_list);
}
net::Task<Outcome<CredentialList>> CredentialLists::update(std::string sid, std::string friendly_name) {
    Request request = post(list_at(sid) + ".json", Repeat::safe);
    request.params.emplace_back("FriendlyName", std::move(friendly_name));
    return one(client_, std::move(request), &read_list);
}
net::Task<Outcome<>> CredentialLists::remove(std::string sid) {
    return gone(client_, erase(list_at(sid) + ".json"));
}
net::Task<Outcome<std::vector<SipCredential>>> CredentialLists::credentials(std::string list_sid, std::size_t most) {
    return all(client_, get(list_at(list_sid) + "/Credentials.json"), "credentials", most, &read_credential);
}
net::Task<Outcome<SipCredential>> CredentialLists::add(std::string list_sid, std::string username, Secret password) {
    Request request = post(list_at(list_sid) + "/Credentials.json", Repeat::never);
    Fill(request.params).always("Username", std::move(username)).always("Password", std::string(password.reveal()));
    return one(client_, std::move(request), &read_credential);
}
net::Task<Outcome<SipCredential>> CredentialLists::change(std::string list_sid, std::string credential_sid, Secret password) {
    Request request = post(list_at(list_sid) + "/Credentials/" + segment(credential_sid) + ".json", Repeat::safe);
    request.params.emplace_back("Password", std::string(password.reveal()));
    return one(client_, std::move(request), &read_credential);
}
net::Task<Outcome<>> CredentialLists::remove_credential(std::string list_sid, std::string credential_sid) {
    return gone(client_, erase(list_at(list_sid) + "/Credentials/" + segment(credential_sid) + ".json"));
}

net::Task<Outcome<std::vector<ByocTrunk>>> ByocTrunks::list(std::size_t most) {
    return all(client_, get("/v1/ByocTrunks", Product::voice), "byoc_trunks", most, &read_trunk);
}
net::Task<Outcome<ByocTrunk>> ByocTrunks::fetch(std::string sid) {
    return one(client_, get(trunk(sid), Product::voice), &read_trunk);
}
net::Task<Outcome<ByocTrunk>> ByocTrunks::create(ByocTrunkSettings wanted) {
    Request request = post("/v1/ByocTrunks", Repeat::never, Product::voice);
    fill(request.params, wanted);
    return one(client_, std::move(request), &read_trunk);
}
net::Task<Outcome<ByocTrunk>> ByocTrunks::update(std::string sid, ByocTrunkSettings wanted) {
    Request request = post(trunk(sid), Repeat::safe, Product::voice);
    fill(request.params, wanted);
    return one(client_, std::move(request), &read_trunk);
}
net::Task<Outcome<>> ByocTrunks::remove(std::string sid) {
    return gone(client_, erase(trunk(sid), Product::voice));
}

}  // namespace parley::rest

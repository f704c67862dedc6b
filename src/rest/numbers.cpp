#include "parley/rest/numbers.hpp"

#include "resource.hpp"

namespace parley::rest {
namespace {

std::string_view word(NumberType type) {
    switch (type) {
        case NumberType::local:
            return "Local";
        case NumberType::toll_free:
            return "TollFree";
        case NumberType::mobile:
            return "Mobile";
        case NumberType::national:
            return "National";
        case NumberType::shared_cost:
            return "SharedCost";
        case NumberType::voip:
            return "Voip";
        case NumberType::machine_to_machine:
            return "MachineToMachine";
    }
    return "Local";
}

Capabilities read_capabilities(const Fields& f) {
    Capabilities c;
    if (const auto given = f.inner("capabilities")) {
        c.voice = given->yes("voice");
        c.sms = given->yes("sms") || given->yes("SMS");
        c.mms = given->yes("mms") || given->yes("MMS");
        c.fax = given->yes("fax");
    }
    return c;
}

AvailableNumber read_available(const Fields& f) {
    AvailableNumber n;
    n.phone_number = f.text("phone_number");
    n.friendly_name = f.text("friendly_name");
    n.locality = f.text("locality");
    n.region = f.text("region");
    n.postal_code = f.text("postal_code");
    n.iso_country = f.text("iso_country");
    n.rate_center = f.text("rate_center");
    n.lata = f.text("lata");
    n.address_requirements = f.text("address_requirements");
    n.latitude = f.real("latitude");
    n.longitude = f.real("longitude");
    n.beta = f.yes("beta");
    n.capabilities = read_capabilities(f);
    return n;
}

IncomingNumber read_number(const Fields& f) {
    IncomingNumber n;
    n.sid = f.text("sid");
    n.account_sid = f.text("account_sid");
    n.phone_number = f.text("phone_number");
    n.friendly_name = f.text("friendly_name");
    n.origin = f.text("origin");
    n.status = f.text("status");
    n.type = f.text("type");
    n.api_version = f.text("api_version");
    n.voice_url = f.text("voice_url");
    n.voice_method = f.text("voice_method");
    n.voice_fallback_url = f.text("voice_fallback_url");
    n.voice_fallback_method = f.text("voice_fallback_method");
    n.voice_application_sid = f.text("voice_application_sid");
    n.voice_receive_mode = f.text("voice_receive_mode");
    n.trunk_sid = f.text("trunk_sid");
    n.sms_url = f.text("sms_url");
    n.sms_method = f.text("sms_method");
    n.sms_fallback_url = f.text("sms_fallback_url");
    n.sms_fallback_method = f.text("sms_fallback_method");
    n.sms_application_sid = f.text("sms_application_sid");
    n.status_callback = f.text("status_callback");
    n.status_callback_method = f.text("status_callback_method");
    n.address_sid = f.text("address_sid");
    n.address_requirements = f.text("address_requirements");
    n.identity_sid = f.text("identity_sid");
    n.bundle_sid = f.text("bundle_sid");
    n.emergency_status = f.text("emergency_status");
    n.emergency_address_sid = f.text("emergency_address_sid");
    n.emergency_address_status = f.text("emergency_address_status");
    n.beta = f.yes("beta");
    n.voice_caller_id_lookup = f.yes("voice_caller_id_lookup");
    n.capabilities = read_capabilities(f);
    n.date_created = f.when("date_created");
    n.date_updated = f.when("date_updated");
    return n;
}

Application read_application(const Fields& f) {
    Application a;
    a.sid = f.text("sid");
    a.account_sid = f.text("account_sid");
    a.friendly_name = f.text("friendly_name");
    a.voice_url = f.text("voice_url");
    a.voice_method = f.text("voice_method");
    a.voice_fallback_url = f.text("voice_fallback_url");
    a.voice_fallback_method = f.text("voice_fallback_method");
    a.status_callback = f.text("status_callback");
    a.status_callback_method = f.text("status_callback_method");
    a.sms_url = f.text("sms_url");
    a.sms_method = f.text("sms_method");
    a.sms_fallback_url = f.text("sms_fallback_url");
    a.sms_fallback_method = f.text("sms_fallback_method");
    a.sms_status_callback = f.text("sms_status_callback");
    a.message_status_callback = f.text("message_status_callback");
    a.date_created = f.when("date_created");
    a.date_updated = f.when("date_updated");
    return a;
}

void fill(Params& params, const NumberSettings& s) {
    Fill add(params);
    add("FriendlyName", s.friendly_name)("ApiVersion", s.api_version)("VoiceUrl", s.voice_url)("VoiceMethod", s.voice_method);
    add("VoiceFallbackUrl", s.voice_fallback_url)("VoiceFallbackMethod", s.voice_fallback_method)("VoiceApplicationSid", s.voice_application_sid);
    add("VoiceReceiveMode", s.voice_receive_mode)("VoiceCallerIdLookup", s.voice_caller_id_lookup)("TrunkSid", s.trunk_sid);
    add("SmsUrl", s.sms_url)("SmsMethod", s.sms_method)("SmsFallbackUrl", s.sms_fallback_url)("SmsFallbackMethod", s.sms_fallback_method);
    add("SmsApplicationSid", s.sms_application_sid)("StatusCallback", s.status_callback)("StatusCallbackMethod", s.status_callback_method);
    add("EmergencyStatus", s.emergency_status)("EmergencyAddressSid", s.emergency_address_sid)("IdentitySid", s.identity_sid);
    add("AddressSid", s.address_sid)("BundleSid", s.bundle_sid);
}

// This list has no pages: what comes is all there is.
net::Task<Outcome<std::vector<AvailableNumber>>> search_one(Client& client, Request request, std::size_t most) {
    Outcome<Answer> answer = co_await client.send(std::move(request));
    if (!answer) co_return answer.error();
    const auto document = Document::parse(answer->body);
    if (!document || !document->root().is_list("available_phone_numbers")) co_return not_understood(*answer, Repeat::safe);
    std::vector<AvailableNumber> found;
    for (const Fields& item : document->root().items("available_phone_numbers")) {
        if (found.size() < most) found.push_back(read_available(item));
    }
    co_return std::move(found);
}

std::string item(const std::string& sid) {
    return "/IncomingPhoneNumbers/" + segment(sid) + ".json";
}

}  // namespace

net::Task<Outcome<std::vector<AvailableNumber>>> AvailableNumbers::search(NumberSearch w) {
    Request request = get("/AvailablePhoneNumbers/" + segment(w.country) + "/" + std::string(word(w.type)) + ".json");
    Fill add(request.params);
    add("AreaCode", w.area_code)("Contains", w.contains)("SmsEnabled", w.sms_enabled)("MmsEnabled", w.mms_enabled)("VoiceEnabled", w.voice_enabled)(
        "FaxEnabled", w.fax_enabled);
    add("ExcludeAllAddressRequired", w.exclude_all_address_required)("ExcludeLocalAddressRequired", w.exclude_local_address_required);
    add("ExcludeForeignAddressRequired", w.exclude_foreign_address_required)("Beta", w.beta)("NearNumber", w.near_number)("NearLatLong", w.near_lat_long);
    add("Distance", w.distance)("InPostalCode", w.in_postal_code)("InRegion", w.in_region)("InRateCenter", w.in_rate_center)("InLata", w.in_lata)(
        "InLocality", w.in_locality);
    add.always("PageSize", std::to_string(std::clamp<std::size_t>(w.most, 1, 1000)));
    return search_one(client_, std::move(request), w.most);
}

net::Task<Outcome<std::vector<IncomingNumber>>> IncomingNumbers::list(NumberFilter filter) {
    Request request = get("/IncomingPhoneNumbers.json");
    Fill(request.params)("PhoneNumber", filter.phone_number)("FriendlyName", filter.friendly_name)("Origin", filter.origin)("Beta", filter.beta);
    return all(client_, std::move(request), "incoming_phone_numbers", filter.most, &read_number);
}
net::Task<Outcome<IncomingNumber>> IncomingNumbers::fetch(std::string sid) {
    return one(client_, get(item(sid)), &read_number);
}
net::Task<Outcome<IncomingNumber>> IncomingNumbers::create(NumberCreate wanted) {
    Request request = post("/IncomingPhoneNumbers.json", Repeat::never);
    Fill(request.params)("PhoneNumber", wanted.phone_number)("AreaCode", wanted.area_code);
    fill(request.params, wanted.settings);
    return one(client_, std::move(request), &read_number);
}
net::Task<Outcome<IncomingNumber>> IncomingNumbers::update(std::string sid, NumberUpdate wanted) {
    Request request = post(item(sid), Repeat::safe);
    fill(request.params, wanted.settings);
    Fill(request.params)("AccountSid", wanted.account_sid);
    return one(client_, std::move(request), &read_number);
}
net::Task<Outcome<>> IncomingNumbers::remove(std::string sid) {
    return gone(client_, erase(item(sid)));
}

net::Task<Outcome<std::vector<Application>>> Applications::list(std::optional<std::string> friendly_name, std::size_t most) {
    Request request = get("/Applications.json");
    Fill(request.params)("FriendlyName", friendly_name);
    return all(client_, std::move(request), "applications", most, &read_application);
}
net::Task<Outcome<Application>> Applications::fetch(std::string sid) {
    return one(client_, get("/Applications/" + segment(sid) + ".json"), &read_application);
}

}  // namespace parley::rest

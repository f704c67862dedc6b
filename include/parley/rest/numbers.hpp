#pragma once
// Telephone numbers: those that can be bought, those the account has, and the applications they may point to.

#include <optional>
#include <string>
#include <vector>

#include "parley/rest/client.hpp"

namespace parley::rest {

struct Capabilities {
    bool voice = false, sms = false, mms = false, fax = false;
};

struct AvailableNumber {
    std::string phone_number, friendly_name, locality, region, postal_code, iso_country, rate_center, lata, address_requirements;
    std::optional<double> latitude, longitude;
    bool beta = false;
    Capabilities capabilities;
};

enum class NumberType : std::uint8_t { local, toll_free, mobile, national, shared_cost, voip, machine_to_machine };

struct NumberSearch {
    std::string country = "US";  // two letters
    NumberType type = NumberType::local;
    std::optional<int> area_code, distance;
    std::optional<std::string> contains, near_number, near_lat_long, in_postal_code, in_region, in_rate_center, in_lata, in_locality;
    std::optional<bool> sms_enabled, mms_enabled, voice_enabled, fax_enabled, beta, exclude_all_address_required, exclude_local_address_required,
        exclude_foreign_address_required;
    std::size_t most = 20;
};

struct IncomingNumber {
    std::string sid, account_sid, phone_number, friendly_name, origin, status, type, api_version;
    std::string voice_url, voice_method, voice_fallback_url, voice_fallback_method, voice_application_sid, voice_receive_mode, trunk_sid;
    std::string sms_url, sms_method, sms_fallback_url, sms_fallback_method, sms_application_sid;
    std::string status_callback, status_callback_method;
    std::string address_sid, address_requirements, identity_sid, bundle_sid, emergency_status, emergency_address_sid, emergency_address_status;
    bool beta = false, voice_caller_id_lookup = false;
    Capabilities capabilities;
    When date_created, date_updated;
};

// What create and update share. A URL given empty is taken away.
struct NumberSettings {
    std::optional<std::string> friendly_name, api_version, voice_url, voice_method, voice_fallback_url, voice_fallback_method, voice_application_sid,
        voice_receive_mode, trunk_sid;
    std::optional<std::string> sms_url, sms_method, sms_fallback_url, sms_fallback_method, sms_application_sid;
    std::optional<std::string> status_callback, status_callback_method, emergency_status, emergency_address_sid, identity_sid, address_sid, bundle_sid;
    std::optional<bool> voice_caller_id_lookup;
};

struct NumberCreate {
    std::optional<std::string> phone_number, area_code;  // one of them
    NumberSettings settings;
};

struct NumberUpdate {
    NumberSettings settings;
    std::optional<std::string> account_sid;  // moves it to a subaccount
};

struct NumberFilter {
    std::optional<std::string> phone_number, friendly_name, origin;
    std::optional<bool> beta;
    std::size_t most = 1000;
};

class AvailableNumbers {
public:
    explicit AvailableNumbers(Client& client) : client_(client) {}
    net::Task<Outcome<std::vector<AvailableNumber>>> search(NumberSearch wanted);

private:
    Client& client_;
};

class IncomingNumbers {
public:
    explicit IncomingNumbers(Client& client) : client_(client) {}
    net::Task<Outcome<std::vector<IncomingNumber>>> list(NumberFilter filter = {});
    net::Task<Outcome<IncomingNumber>> fetch(std::string sid);
    net::Task<Outcome<IncomingNumber>> create(NumberCreate wanted);  // costs money at once; a lost answer is Failure::unknown
    net::Task<Outcome<IncomingNumber>> update(std::string sid, NumberUpdate wanted);
    net::Task<Outcome<>> remove(std::string sid);  // gives the number up for good

private:
    Client& client_;
};

struct Application {
    std::string sid, account_sid, friendly_name, voice_url, voice_method, voice_fallback_url, voice_fallback_method, status_callback, status_callback_method,
        sms_url, sms_method, sms_fallback_url, sms_fallback_method, sms_status_callback, message_status_callback;
    When date_created, date_updated;
};

class Applications {
public:
    explicit Applications(Client& client) : client_(client) {}
    net::Task<Outcome<std::vector<Application>>> list(std::optional<std::string> friendly_name = {}, std::size_t most = 200);
    net::Task<Outcome<Application>> fetch(std::string sid);

private:
    Client& client_;
};

}  // namespace parley::rest

#include "numbers.hpp"

#include <algorithm>
#include <cstdlib>

#include "parley/sim/identifiers.hpp"

namespace parley::sim {
namespace {

using Kind = FieldRule::Kind;

const std::vector<FieldRule>& number_rules() {
    static const std::vector<FieldRule> rules{
        {.parameter = "ApiVersion", .key = "api_version", .initial = "2010-04-01"},
        {.parameter = "FriendlyName", .key = "friendly_name", .wrong = 20002, .longest = 64},
        {.parameter = "SmsApplicationSid", .key = "sms_application_sid", .initial = ""},
        {.parameter = "SmsFallbackMethod", .key = "sms_fallback_method", .kind = Kind::verb, .initial = "POST", .wrong = 21403},
        {.parameter = "SmsFallbackUrl", .key = "sms_fallback_url", .kind = Kind::url, .initial = "", .wrong = 21402},
        {.parameter = "SmsMethod", .key = "sms_method", .kind = Kind::verb, .initial = "POST", .wrong = 21403},
        {.parameter = "SmsUrl", .key = "sms_url", .kind = Kind::url, .initial = "", .wrong = 21402},
        {.parameter = "StatusCallback", .key = "status_callback", .kind = Kind::url, .initial = "", .wrong = 21502},
        {.parameter = "StatusCallbackMethod", .key = "status_callback_method", .kind = Kind::verb, .initial = "POST", .wrong = 21403},
        {.parameter = "VoiceApplicationSid", .key = "voice_application_sid", .initial = ""},
        {.parameter = "VoiceCallerIdLookup", .key = "voice_caller_id_lookup", .kind = Kind::boolean, .initial = false},
        {.parameter = "VoiceFallbackMethod", .key = "voice_fallback_method", .kind = Kind::verb, .initial = "POST", .wrong = 21403},
        {.parameter = "VoiceFallbackUrl", .key = "voice_fallback_url", .kind = Kind::url, .initial = "", .wrong = 21402},
        {.parameter = "VoiceMethod", .key = "voice_method", .kind = Kind::verb, .initial = "POST", .wrong = 21403},
        {.parameter = "VoiceUrl", .key = "voice_url", .kind = Kind::url, .initial = "", .wrong = 21402},
        {.parameter = "EmergencyStatus", .key = "emergency_status", .initial = "Inactive"},
        {.parameter = "EmergencyAddressSid", .key = "emergency_address_sid"},
        {.parameter = "TrunkSid", .key = "trunk_sid"},
        {.parameter = "IdentitySid", .key = "identity_sid"},
        {.parameter = "AddressSid", .key = "address_sid"},
        {.parameter = "VoiceReceiveMode", .key = "voice_receive_mode", .initial = "voice"},
        {.parameter = "BundleSid", .key = "bundle_sid"},
    };
    return rules;
}

const std::vector<FieldRule>& application_rules() {
    static const std::vector<FieldRule> rules{
        {.parameter = "ApiVersion", .key = "api_version", .initial = "2010-04-01"},
        {.parameter = "FriendlyName", .key = "friendly_name", .wrong = 20002, .longest = 64},
        {.parameter = "VoiceUrl", .key = "voice_url", .kind = Kind::url, .wrong = 21402},
        {.parameter = "VoiceMethod", .key = "voice_method", .kind = Kind::verb, .initial = "POST", .wrong = 21403},
        {.parameter = "VoiceFallbackUrl", .key = "voice_fallback_url", .kind = Kind::url, .wrong = 21402},
        {.parameter = "VoiceFallbackMethod", .key = "voice_fallback_method", .kind = Kind::verb, .initial = "POST", .wrong = 21403},
        {.parameter = "StatusCallback", .key = "status_callback", .kind = Kind::url, .wrong = 21502},
        {.parameter = "StatusCallbackMethod", .key = "status_callback_method", .kind = Kind::verb, .initial = "POST", .wrong = 21403},
        {.parameter = "VoiceCallerIdLookup", .key = "voice_caller_id_lookup", .kind = Kind::boolean, .initial = false},
        {.parameter = "SmsUrl", .key = "sms_url", .kind = Kind::url, .wrong = 21402},
        {.parameter = "SmsMethod", .key = "sms_method", .kind = Kind::verb, .initial = "POST", .wrong = 21403},
        {.parameter = "SmsFallbackUrl", .key = "sms_fallback_url", .kind = Kind::url, .wrong = 21402},
        {.parameter = "SmsFallbackMethod", .key = "sms_fallback_method", .kind = Kind::verb, .initial = "POST", .wrong = 21403},
        {.parameter = "SmsStatusCallback", .key = "sms_status_callback", .kind = Kind::url, .wrong = 21402},
        {.parameter = "MessageStatusCallback", .key = "message_status_callback", .kind = Kind::url, .wrong = 21402},
        {.parameter = "PublicApplicationConnectEnabled", .key = "public_application_connect_enabled", .kind = Kind::boolean, .initial = false},
    };
    return rules;
}

std::string text_at(const Json& record, const char* key) {
    const auto at = record.find(key);
    return at != record.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

// A path word such as TollFree as the type it names; empty for an unknown one.
std::string type_of(const std::string& word) {
    if (word == "Local") return "local";
    if (word == "Mobile") return "mobile";
    if (word == "TollFree") return "toll-free";
    for (const char* other : {"National", "SharedCost", "Voip", "MachineToMachine"}) {
        if (word == other) return lower_case(word);
    }
    return {};
}

std::string type_key(const std::string& type) {
    return type == "toll-free" ? "toll_free" : type;
}
std::string type_word(const std::string& type) {
    return type == "toll-free" ? "TollFree" : (type == "mobile" ? "Mobile" : "Local");
}

bool matches_own(const std::string& number, const std::string& wanted) {
    if (wanted == number) return true;
    return usable_pattern(wanted) && number_contains(number, wanted.starts_with('+') ? wanted.substr(1) : wanted);
}

}  // namespace

Numbers::Numbers(RestWorld& world) : world_(world) {
    for (const auto& [number, entry] : world.options.numbers) set(number, entry);
    for (const auto& number : world.options.verified_numbers) {
        auto& record =
            caller_ids_.add({{"sid", make_sid("PN")}, {"account_sid", world.account_sid()}, {"friendly_name", national(number)}, {"phone_number", number}});
        stamp(record, DateManner::rfc2822);
        record.json["uri"] = world.path("/OutgoingCallerIds/" + record.sid() + ".json");
    }
}

Record& Numbers::own(const StockNumber& number) {
    const auto sid = make_sid("PN");
    Json json{{"sid", sid}, {"account_sid", world_.account_sid()}};
    ApiCall nothing;
    (void)read_fields(number_rules(), nothing, true, json);
    json["friendly_name"] = national(number.number);
    json["phone_number"] = number.number;
    json["address_requirements"] = number.address_requirements;
    json["beta"] = false;
    json["capabilities"] = {{"fax", false}, {"voice", number.voice}, {"sms", number.sms}, {"mms", number.mms}};
    json["origin"] = "twilio";
    json["emergency_address_status"] = "unregistered";
    json["status"] = "in-use";
    json["type"] = number.type;
    json["uri"] = world_.path("/IncomingPhoneNumbers/" + sid + ".json");
    json["subresource_uris"] = {{"assigned_add_ons", world_.path("/IncomingPhoneNumbers/" + sid + "/AssignedAddOns.json")}};
    auto& record = owned_.add(std::move(json));
    stamp(record, DateManner::rfc2822);
    return record;
}

void Numbers::set(const std::string& number, const NumberEntry& entry) {
    auto* record = owned(number);
    if (record == nullptr) {
        StockNumber known;
        known.number = number;
        known.country = number.starts_with("+1") ? "US" : "";
        known.type = "local";
        for (const auto& one : number_stock()) {
            if (one.number == number) known = one;
        }
        record = &own(known);
    }
    auto& json = record->json;
    json["voice_url"] = entry.voice_url;
    json["voice_method"] = entry.voice_method;
    json["voice_fallback_url"] = entry.fallback_url;
    json["voice_fallback_method"] = entry.fallback_method;
    json["status_callback"] = entry.status_callback;
    json["status_callback_method"] = entry.status_callback_method;
    json["sms_url"] = entry.sms_url;
    json["sms_method"] = entry.sms_method;
    json["sms_fallback_url"] = entry.sms_fallback_url;
    json["voice_application_sid"] = entry.application_sid;
    json["trunk_sid"] = or_null(entry.trunk_sid);
    json["capabilities"]["sms"] = entry.sms_capable;
    json["capabilities"]["mms"] = entry.sms_capable;
    if (!entry.friendly_name.empty()) json["friendly_name"] = entry.friendly_name;
    touch(*record, DateManner::rfc2822);
    connect(*record);
}

void Numbers::connect(const Record& record, bool released) {
    const auto number = text_at(record.json, "phone_number");
    if (world_.options.carrier.numbers.contains(number)) return;
    const auto wiring = voice(record);
    DialTarget target;
    if (released || wiring.url.empty()) {
        target.answer = DialTarget::Answer::failed;
    } else {
        target.voice_url = wiring.url;
        target.voice_method = wiring.method.empty() ? "POST" : wiring.method;
        target.fallback_url = wiring.fallback_url;
        target.status_callback = wiring.status_callback;
    }
    world_.carrier.set_target(number, std::move(target));
}

Record* Numbers::owned(const std::string& number) {
    return owned_.find_by("phone_number", number);
}

bool Numbers::verified(const std::string& number) {
    return caller_ids_.find_by("phone_number", number) != nullptr;
}

bool Numbers::usable_sender(const std::string& number) {
    return owned(number) != nullptr || verified(number);
}

Numbers::Voice Numbers::voice(const Record& number) {
    const auto& json = number.json;
    Voice out;
    const auto read = [&](const Json& from) {
        out.url = text_at(from, "voice_url");
        out.method = text_at(from, "voice_method");
        out.fallback_url = text_at(from, "voice_fallback_url");
        out.fallback_method = text_at(from, "voice_fallback_method");
        out.status_callback = text_at(from, "status_callback");
        out.status_callback_method = text_at(from, "status_callback_method");
    };
    if (!text_at(json, "trunk_sid").empty()) {
        out.mode = Voice::Mode::trunk;
    } else if (const auto application_sid = text_at(json, "voice_application_sid"); !application_sid.empty()) {
        const auto* chosen = application(application_sid);
        out.mode = chosen == nullptr ? Voice::Mode::unset : Voice::Mode::application;
        if (chosen != nullptr) read(chosen->json);
        if (out.url.empty()) out.mode = Voice::Mode::unset;
    } else {
        read(json);
        out.mode = out.url.empty() ? Voice::Mode::unset : Voice::Mode::webhook;
    }
    return out;
}

Numbers::Sms Numbers::sms(const Record& number) {
    const Json* from = &number.json;
    if (const auto sid = text_at(*from, "sms_application_sid"); !sid.empty()) {
        const auto* chosen = application(sid);
        if (chosen == nullptr) return {};
        from = &chosen->json;
    }
    return {text_at(*from, "sms_url"), text_at(*from, "sms_method"), text_at(*from, "sms_fallback_url"), text_at(*from, "sms_fallback_method")};
}

ApiAnswer Numbers::handle(const ApiCall& call) {
    const auto collection = call.part(0);
    if (collection == "AvailablePhoneNumbers") return available(call);
    if (collection == "IncomingPhoneNumbers") return incoming(call);
    if (collection == "OutgoingCallerIds") return caller_ids(call);
    return applications(call);
}

// ---- the stock

ApiAnswer Numbers::available(const ApiCall& call) {
    if (!call.get()) return not_allowed();
    const auto country_json = [&](const StockCountry& country) {
        const auto base = world_.path("/AvailablePhoneNumbers/" + country.code);
        Json out{{"country_code", country.code}, {"country", country.name}, {"uri", base + ".json"}, {"beta", false}};
        out["subresource_uris"] = Json::object();
        for (const auto& type : country.types) out["subresource_uris"][type_key(type)] = base + "/" + type_word(type) + ".json";
        return out;
    };
    if (call.parts.size() == 1) {
        auto all = Json::array();
        for (const auto& country : stock_countries()) all.push_back(country_json(country));
        return api_json(200, {{"countries", all}, {"uri", call.path}});
    }
    const auto& countries = stock_countries();
    const auto country = std::find_if(countries.begin(), countries.end(), [&](const auto& one) { return one.code == call.part(1); });
    if (country == countries.end()) return not_found(call);
    if (call.parts.size() == 2) return api_json(200, country_json(*country));
    const auto type = type_of(call.part(2));
    if (call.parts.size() != 3 || std::find(country->types.begin(), country->types.end(), type) == country->types.end()) return not_found(call);
    return search(call, country->code, type);
}

ApiAnswer Numbers::search(const ApiCall& call, const std::string& country, const std::string& type) {
    const auto pattern = call.value("Contains");
    if (!pattern.empty() && !usable_pattern(pattern)) return api_error(400, 21421, "Contains: 2 to 16 digits, letters, *, %, + or $");
    const auto area = call.value("AreaCode");
    if (!area.empty() && country != "US" && country != "CA") return api_error(400, 21457, "AreaCode is not supported in " + country);
    if (!area.empty() && (area.size() != 3 || !call.number("AreaCode"))) return api_error(400, 21451, "Invalid area code");
    const auto size = call.has("PageSize") ? call.number("PageSize") : std::optional<long>(30);
    if (!size || *size < 1 || *size > 1000) return api_error(400, 20007, "Page size must be 1 to 1000");
    auto list = Json::array();
    for (const auto& one : number_stock()) {
        if (static_cast<long>(list.size()) == *size) break;
        if (one.country != country || one.type != type || owned(one.number) != nullptr) continue;
        if (!area.empty() && one.number.substr(2, 3) != area) continue;
        if (!pattern.empty() && !number_contains(one.number, pattern)) continue;
        const auto lacks = [&](const char* name, bool has) { return call.has(name) && call.flag(name, true) && !has; };
        if (lacks("VoiceEnabled", one.voice) || lacks("SmsEnabled", one.sms) || lacks("MmsEnabled", one.mms) || lacks("FaxEnabled", false)) continue;
        if (call.flag("ExcludeAllAddressRequired", false) && one.address_requirements != "none") continue;
        if (call.flag("ExcludeLocalAddressRequired", false) && one.address_requirements == "local") continue;
        if (call.flag("ExcludeForeignAddressRequired", false) && one.address_requirements == "foreign") continue;
        const auto differs = [&](const char* name, const std::string& has) { return call.has(name) && lower_case(call.value(name)) != lower_case(has); };
        if (differs("InRegion", one.region) || differs("InPostalCode", one.postal_code) || differs("InLocality", one.locality) ||
            differs("InRateCenter", one.rate_center) || differs("InLata", one.lata))
            continue;
        if (call.has("NearNumber") && one.number.substr(0, 5) != call.value("NearNumber").substr(0, 5)) continue;
        list.push_back({{"friendly_name", national(one.number)},
                        {"phone_number", one.number},
                        {"lata", or_null(one.lata)},
                        {"locality", or_null(one.locality)},
                        {"rate_center", or_null(one.rate_center)},
                        {"latitude", or_null(one.latitude)},
                        {"longitude", or_null(one.longitude)},
                        {"region", or_null(one.region)},
                        {"postal_code", or_null(one.postal_code)},
                        {"iso_country", one.country},
                        {"address_requirements", one.address_requirements},
                        {"beta", false},
                        {"capabilities", {{"voice", one.voice}, {"SMS", one.sms}, {"MMS", one.mms}}}});
    }
    return api_json(200, {{"available_phone_numbers", list}, {"uri", call.path}});
}

// ---- owned numbers

std::optional<ApiAnswer> Numbers::write(const ApiCall& call, Json& record) {
    auto next = record;
    if (auto refused = read_fields(number_rules(), call, false, next)) return refused;
    for (const char* name : {"VoiceApplicationSid", "SmsApplicationSid"}) {
        const auto sid = std::string(value_of(call.form, name));
        if (!sid.empty() && application(sid) == nullptr) return api_error(400, 21420, "The application " + sid + " is not accessible");
    }
    const auto alone = [&](const char* main, const char* fallback) {
        return has_field(call.form, fallback) && text_at(next, main).empty() &&
               !text_at(next, fallback == std::string_view("VoiceFallbackUrl") ? "voice_fallback_url" : "sms_fallback_url").empty();
    };
    if (alone("voice_url", "VoiceFallbackUrl") || alone("sms_url", "SmsFallbackUrl")) return api_error(400, 21405, "A fallback URL needs a main URL");
    if (!value_of(call.form, "VoiceApplicationSid").empty()) next["trunk_sid"] = nullptr;
    if (!value_of(call.form, "TrunkSid").empty()) next["voice_application_sid"] = "";
    if (has_field(call.form, "TrunkSid") && value_of(call.form, "TrunkSid").empty()) next["trunk_sid"] = nullptr;
    record = std::move(next);
    return std::nullopt;
}

ApiAnswer Numbers::buy(const ApiCall& call, const std::string& type) {
    const auto wanted = call.value("PhoneNumber");
    const auto area = call.value("AreaCode");
    const StockNumber* found = nullptr;
    if (wanted.empty() && area.empty()) return api_error(400, 21421, "PhoneNumber or AreaCode is required");
    if (!wanted.empty() && !e164(wanted)) return api_error(400, 21421, "PhoneNumber is invalid: " + wanted);
    for (const auto& one : number_stock()) {
        if (found != nullptr) break;
        if (!type.empty() && one.type != type) continue;
        if (!wanted.empty() ? one.number == wanted : (one.number.substr(2, 3) == area && one.number.starts_with("+1") && owned(one.number) == nullptr))
            found = &one;
    }
    if (!wanted.empty() && (found == nullptr || owned(wanted) != nullptr)) return api_error(400, 21422, wanted + " is not available");
    if (found == nullptr) return api_error(400, 21452, "No number left in the area code " + area);
    if (found->address_requirements != "none" && call.value("AddressSid").empty()) return api_error(400, 21631, found->number + " needs an AddressSid");
    auto& record = own(*found);
    if (auto refused = write(call, record.json)) {
        owned_.erase(record.sid());
        return *refused;
    }
    connect(record);
    return api_json(201, record.json);
}

ApiAnswer Numbers::incoming(const ApiCall& call) {
    const auto type = call.parts.size() == 2 ? type_of(call.part(1)) : std::string{};
    if (call.parts.size() == 1 || !type.empty()) {
        if (call.post()) return buy(call, type);
        if (!call.get()) return not_allowed();
        const auto number = call.value("PhoneNumber"), name = call.value("FriendlyName"), origin = call.value("Origin");
        return world_.paging.plain(call, "incoming_phone_numbers", owned_.items([&](const Record& record) {
            return (type.empty() || text_at(record.json, "type") == type) && (number.empty() || matches_own(text_at(record.json, "phone_number"), number)) &&
                   (name.empty() || text_at(record.json, "friendly_name") == name) && (origin.empty() || origin == "twilio") &&
                   (!call.has("Beta") || !call.flag("Beta", false) || record.json["beta"] == true);
        }));
    }
    auto* record = owned_.find(call.part(1));
    if (record == nullptr || call.parts.size() != 2) return not_found(call);
    if (call.remove()) {
        connect(*record, true);
        owned_.erase(call.part(1));
        return no_content();
    }
    if (call.post()) {
        if (auto refused = write(call, record->json)) return *refused;
        touch(*record, DateManner::rfc2822);
        connect(*record);
    } else if (!call.get()) {
        return not_allowed();
    }
    return api_json(200, record->json);
}

// ---- verified caller ids

ApiAnswer Numbers::caller_ids(const ApiCall& call) {
    if (call.parts.size() == 1) {
        if (call.post()) {
            const auto number = call.value("PhoneNumber");
            if (!e164(number)) return api_error(400, 21421, "PhoneNumber is invalid");
            const auto name = call.value("FriendlyName").empty() ? national(number) : call.value("FriendlyName");
            // Nobody types the code here: the simulated number verifies itself at once.
            if (!verified(number)) {
                auto& record =
                    caller_ids_.add({{"sid", make_sid("PN")}, {"account_sid", world_.account_sid()}, {"friendly_name", name}, {"phone_number", number}});
                stamp(record, DateManner::rfc2822);
                record.json["uri"] = world_.path("/OutgoingCallerIds/" + record.sid() + ".json");
            }
            return api_json(200, {{"account_sid", world_.account_sid()},
                                  {"call_sid", make_sid("CA")},
                                  {"friendly_name", name},
                                  {"phone_number", number},
                                  {"validation_code", "123456"}});
        }
        if (!call.get()) return not_allowed();
        const auto number = call.value("PhoneNumber"), name = call.value("FriendlyName");
        return world_.paging.plain(call, "outgoing_caller_ids", caller_ids_.items([&](const Record& record) {
            return (number.empty() || text_at(record.json, "phone_number") == number) && (name.empty() || text_at(record.json, "friendly_name") == name);
        }));
    }
    auto* record = caller_ids_.find(call.part(1));
    if (record == nullptr || call.parts.size() != 2) return not_found(call);
    if (call.remove()) {
        caller_ids_.erase(call.part(1));
        return no_content();
    }
    if (call.post()) {
        if (call.has("FriendlyName")) record->json["friendly_name"] = call.value("FriendlyName");
        touch(*record, DateManner::rfc2822);
    } else if (!call.get()) {
        return not_allowed();
    }
    return api_json(200, record->json);
}

// ---- applications

ApiAnswer Numbers::applications(const ApiCall& call) {
    if (call.parts.size() == 1) {
        if (call.post()) {
            const auto sid = make_sid("AP");
            Json json{{"sid", sid}, {"account_sid", world_.account_sid()}};
            if (auto refused = read_fields(application_rules(), call, true, json)) return *refused;
            json["uri"] = world_.path("/Applications/" + sid + ".json");
            auto& record = applications_.add(std::move(json));
            stamp(record, DateManner::rfc2822);
            return api_json(201, record.json);
        }
        if (!call.get()) return not_allowed();
        const auto name = call.value("FriendlyName");
        return world_.paging.plain(call, "applications",
                                   applications_.items([&](const Record& record) { return name.empty() || text_at(record.json, "friendly_name") == name; }));
    }
    auto* record = application(call.part(1));
    if (record == nullptr || call.parts.size() != 2) return not_found(call);
    if (call.remove()) {
        applications_.erase(call.part(1));
        return no_content();
    }
    if (call.post()) {
        if (auto refused = read_fields(application_rules(), call, false, record->json)) return *refused;
        touch(*record, DateManner::rfc2822);
    } else if (!call.get()) {
        return not_allowed();
    }
    return api_json(200, record->json);
}

}  // namespace parley::sim

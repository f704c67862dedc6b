#include "sip.hpp"

#include <algorithm>

#include "parley/sim/identifiers.hpp"

namespace parley::sim {
namespace {

using Kind = FieldRule::Kind;

const std::vector<FieldRule>& domain_rules() {
    static const std::vector<FieldRule> rules{
        {.parameter = "DomainName", .key = "domain_name", .wrong = 21232, .required = true},
        {.parameter = "FriendlyName", .key = "friendly_name", .wrong = 20002, .longest = 64},
        {.parameter = "VoiceUrl", .key = "voice_url", .kind = Kind::url, .wrong = 21402},
        {.parameter = "VoiceMethod", .key = "voice_method", .kind = Kind::verb, .initial = "POST", .wrong = 21403},
        {.parameter = "VoiceFallbackUrl", .key = "voice_fallback_url", .kind = Kind::url, .wrong = 21402},
        {.parameter = "VoiceFallbackMethod", .key = "voice_fallback_method", .kind = Kind::verb, .initial = "POST", .wrong = 21403},
        {.parameter = "VoiceStatusCallbackUrl", .key = "voice_status_callback_url", .kind = Kind::url, .wrong = 21502},
        {.parameter = "VoiceStatusCallbackMethod", .key = "voice_status_callback_method", .kind = Kind::verb, .initial = "POST", .wrong = 21403},
        {.parameter = "SipRegistration", .key = "sip_registration", .kind = Kind::boolean, .initial = false},
        {.parameter = "EmergencyCallingEnabled", .key = "emergency_calling_enabled", .kind = Kind::boolean, .initial = false},
        {.parameter = "Secure", .key = "secure", .kind = Kind::boolean, .initial = false},
        {.parameter = "ByocTrunkSid", .key = "byoc_trunk_sid"},
        {.parameter = "EmergencyCallerSid", .key = "emergency_caller_sid"},
    };
    return rules;
}

}  // namespace

ApiAnswer Sip::handle(const ApiCall& call) {
    if (call.part(1) == "Domains") return domains(call);
    if (call.part(1) == "CredentialLists") return lists(call, credentials_, true);
    if (call.part(1) == "IpAccessControlLists") return lists(call, addresses_, false);
    return not_found(call);
}

ApiAnswer Sip::domains(const ApiCall& call) {
    if (call.parts.size() == 2) {
        if (!call.post()) return call.get() ? world_.paging.plain(call, "domains", domains_.items()) : not_allowed();
        const auto sid = make_sid("SD");
        Json json{{"sid", sid}, {"account_sid", world_.account_sid()}, {"api_version", "2010-04-01"}, {"auth_type", ""}};
        if (auto refused = read_fields(domain_rules(), call, true, json)) return *refused;
        const auto name = call.value("DomainName");
        if (!name.ends_with(".sip.twilio.com") || name.size() <= 15) return api_error(400, 21232, "DomainName must end in .sip.twilio.com");
        if (domains_.find_by("domain_name", name) != nullptr) return api_error(400, 21231, "The domain name is taken");
        const auto base = world_.path("/SIP/Domains/" + sid);
        json["uri"] = base + ".json";
        json["subresource_uris"] = {{"ip_access_control_list_mappings", base + "/IpAccessControlListMappings.json"},
                                    {"credential_list_mappings", base + "/CredentialListMappings.json"}};
        auto& record = domains_.add(std::move(json));
        stamp(record, DateManner::rfc2822);
        return api_json(201, record.json);
    }
    auto* record = domains_.find(call.part(2));
    if (record == nullptr) return not_found(call);
    if (call.part(3) == "Auth" && call.part(4) == "Calls") return mappings(call, call.part(2), 5, false);
    if (call.part(3) == "Auth" && call.part(4) == "Registrations") return mappings(call, call.part(2), 5, true);
    if (call.part(3).ends_with("Mappings")) return mappings(call, call.part(2), 3, false);
    if (call.parts.size() != 3) return not_found(call);
    if (call.remove()) {
        domains_.erase(call.part(2));
        return no_content();
    }
    if (call.post()) {
        if (auto refused = read_fields(domain_rules(), call, false, record->json)) return *refused;
        touch(*record, DateManner::rfc2822);
    } else if (!call.get()) {
        return not_allowed();
    }
    return api_json(200, record->json);
}

// A mapping has the SID of what it maps.
ApiAnswer Sip::mappings(const ApiCall& call, const std::string& domain, std::size_t at, bool registrations) {
    const auto word = call.part(at);
    const bool credentials = word == "CredentialListMappings";
    if (!credentials && (word != "IpAccessControlListMappings" || registrations)) return not_found(call);
    auto& lists = credentials ? credentials_ : addresses_;
    auto& mapped = mapped_[domain + (registrations ? " registrations " : " calls ") + word];
    const auto collection = call.path.substr(0, call.path.find(word) + word.size());
    // The older paths (without Auth) have a key of their own and more fields.
    const bool older = at == 3;
    const auto json = [&](Record& list) {
        Json out{{"account_sid", world_.account_sid()},
                 {"date_created", list.json["date_created"]},
                 {"date_updated", list.json["date_updated"]},
                 {"friendly_name", list.json["friendly_name"]},
                 {"sid", list.sid()}};
        if (older) {
            out["domain_sid"] = domain;
            out["uri"] = collection + "/" + list.sid() + ".json";
        }
        return out;
    };
    if (call.parts.size() == at + 1) {
        if (call.post()) {
            const auto sid = call.value(credentials ? "CredentialListSid" : "IpAccessControlListSid");
            auto* list = lists.lists.find(sid);
            if (list == nullptr) return api_error(404, 20404, "No such list: " + sid);
            if (std::find(mapped.begin(), mapped.end(), sid) != mapped.end()) return api_error(400, 21231, "The list is mapped already");
            mapped.push_back(sid);
            return api_json(201, json(*list));
        }
        if (!call.get()) return not_allowed();
        std::vector<ListItem> items;
        for (const auto& sid : mapped) {
            if (auto* list = lists.lists.find(sid)) items.push_back({sid, json(*list)});
        }
        return world_.paging.plain(call, older ? (credentials ? "credential_list_mappings" : "ip_access_control_list_mappings") : "contents", std::move(items));
    }
    const auto found = std::find(mapped.begin(), mapped.end(), call.part(at + 1));
    auto* list = lists.lists.find(call.part(at + 1));
    if (found == mapped.end() || list == nullptr || call.parts.size() != at + 2) return not_found(call);
    if (call.remove()) {
        mapped.erase(found);
        return no_content();
    }
    return call.get() ? api_json(200, json(*list)) : not_allowed();
}

ApiAnswer Sip::lists(const ApiCall& call, NamedLists& lists, bool credentials) {
    const std::string word = credentials ? "CredentialLists" : "IpAccessControlLists";
    if (call.parts.size() == 2) {
        if (!call.post())
            return call.get() ? world_.paging.plain(call, credentials ? "credential_lists" : "ip_access_control_lists", lists.lists.items()) : not_allowed();
        const auto name = call.value("FriendlyName");
        if (name.empty()) return api_error(400, 20002, "FriendlyName is required");
        if (lists.lists.find_by("friendly_name", name) != nullptr) return api_error(400, 21231, "The name is taken: " + name);
        const auto sid = make_sid(credentials ? "CL" : "AL");
        const auto base = world_.path("/SIP/" + word + "/" + sid);
        auto& record = lists.lists.add(
            {{"account_sid", world_.account_sid()}, {"date_created", nullptr}, {"date_updated", nullptr}, {"friendly_name", name}, {"sid", sid}});
        const char* inner = credentials ? "credentials" : "ip_addresses";
        record.json["subresource_uris"][inner] = base + (credentials ? "/Credentials.json" : "/IpAddresses.json");
        record.json["uri"] = base + ".json";
        stamp(record, DateManner::rfc2822);
        return api_json(201, record.json);
    }
    auto* record = lists.lists.find(call.part(2));
    if (record == nullptr) return not_found(call);
    if (call.parts.size() > 3) {
        if (call.part(3) != (credentials ? "Credentials" : "IpAddresses")) return not_found(call);
        return entries(call, *record, lists.entries[record->sid()], credentials);
    }
    if (call.remove()) {
        const auto sid = record->sid();
        for (const auto& [domain, mapped] : mapped_) {
            if (std::find(mapped.begin(), mapped.end(), sid) != mapped.end()) return api_error(400, 21240, "The list is mapped to a domain");
        }
        lists.entries.erase(sid);
        lists.lists.erase(sid);
        return no_content();
    }
    if (call.post()) {
        if (call.value("FriendlyName").empty()) return api_error(400, 20002, "FriendlyName is required");
        record->json["friendly_name"] = call.value("FriendlyName");
        touch(*record, DateManner::rfc2822);
    } else if (!call.get()) {
        return not_allowed();
    }
    return api_json(200, record->json);
}

ApiAnswer Sip::entries(const ApiCall& call, Record& list, Records& entries, bool credentials) {
    const auto base = list.json["uri"].get<std::string>();
    const auto collection = base.substr(0, base.size() - 5) + (credentials ? "/Credentials" : "/IpAddresses");
    if (call.parts.size() == 4) {
        if (!call.post()) return call.get() ? world_.paging.plain(call, credentials ? "credentials" : "ip_addresses", entries.items()) : not_allowed();
        Json json{{"sid", make_sid(credentials ? "CR" : "IP")}, {"account_sid", world_.account_sid()}};
        if (credentials) {
            const auto password = call.value("Password");
            if (call.value("Username").empty()) return api_error(400, 20001, "Username is required");
            const bool upper = std::any_of(password.begin(), password.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
            const bool lower = std::any_of(password.begin(), password.end(), [](char c) { return c >= 'a' && c <= 'z'; });
            const bool digit = std::any_of(password.begin(), password.end(), [](char c) { return c >= '0' && c <= '9'; });
            if (password.size() < 12 || !upper || !lower || !digit)
                return api_error(400, 20001, "Password: 12 characters and more, with upper case, lower case and a digit");
            if (entries.find_by("username", call.value("Username")) != nullptr) return api_error(400, 21231, "The user name is taken");
            json["credential_list_sid"] = list.sid();
            json["username"] = call.value("Username");
        } else {
            if (call.value("IpAddress").empty()) return api_error(400, 20001, "IpAddress is required");
            json["friendly_name"] = call.value("FriendlyName");
            json["ip_address"] = call.value("IpAddress");
            json["cidr_prefix_length"] = call.number("CidrPrefixLength").value_or(32);
            json["ip_access_control_list_sid"] = list.sid();
        }
        auto& record = entries.add(std::move(json));
        stamp(record, DateManner::rfc2822);
        record.json["uri"] = collection + "/" + record.sid() + ".json";
        return api_json(201, record.json);
    }
    auto* record = entries.find(call.part(4));
    if (record == nullptr || call.parts.size() != 5) return not_found(call);
    if (call.remove()) {
        entries.erase(call.part(4));
        return no_content();
    }
    if (call.post()) {
        if (call.has("FriendlyName")) record->json["friendly_name"] = call.value("FriendlyName");
        if (call.has("IpAddress")) record->json["ip_address"] = call.value("IpAddress");
        if (call.has("CidrPrefixLength")) record->json["cidr_prefix_length"] = call.number("CidrPrefixLength").value_or(32);
        touch(*record, DateManner::rfc2822);
    } else if (!call.get()) {
        return not_allowed();
    }
    return api_json(200, record->json);
}

}  // namespace parley::sim

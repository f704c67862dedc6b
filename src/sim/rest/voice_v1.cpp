#include "voice_v1.hpp"

#include <algorithm>

#include "number_stock.hpp"
#include "parley/sim/identifiers.hpp"

namespace parley::sim {
namespace {

using Kind = FieldRule::Kind;

const std::vector<FieldRule>& trunk_rules() {
    static const std::vector<FieldRule> rules{
        {.parameter = "FriendlyName", .key = "friendly_name", .wrong = 20002, .longest = 255},
        {.parameter = "VoiceUrl", .key = "voice_url", .kind = Kind::url, .wrong = 21402},
        {.parameter = "VoiceMethod", .key = "voice_method", .kind = Kind::verb, .initial = "POST", .wrong = 21403},
        {.parameter = "VoiceFallbackUrl", .key = "voice_fallback_url", .kind = Kind::url, .wrong = 21402},
        {.parameter = "VoiceFallbackMethod", .key = "voice_fallback_method", .kind = Kind::verb, .initial = "POST", .wrong = 21403},
        {.parameter = "StatusCallbackUrl", .key = "status_callback_url", .kind = Kind::url, .wrong = 21502},
        {.parameter = "StatusCallbackMethod", .key = "status_callback_method", .kind = Kind::verb, .initial = "POST", .wrong = 21403},
        {.parameter = "CnamLookupEnabled", .key = "cnam_lookup_enabled", .kind = Kind::boolean, .initial = false},
        {.parameter = "ConnectionPolicySid", .key = "connection_policy_sid"},
        {.parameter = "FromDomainSid", .key = "from_domain_sid"},
    };
    return rules;
}
const std::vector<FieldRule>& policy_rules() {
    static const std::vector<FieldRule> rules{{.parameter = "FriendlyName", .key = "friendly_name", .wrong = 20002, .longest = 255}};
    return rules;
}
const std::vector<FieldRule>& target_rules() {
    static const std::vector<FieldRule> rules{
        {.parameter = "FriendlyName", .key = "friendly_name", .wrong = 20002, .longest = 255},
        {.parameter = "Target", .key = "target", .wrong = 32110, .required = true},
        {.parameter = "Priority", .key = "priority", .kind = Kind::integer, .initial = 10},
        {.parameter = "Weight", .key = "weight", .kind = Kind::integer, .initial = 10},
        {.parameter = "Enabled", .key = "enabled", .kind = Kind::boolean, .initial = true},
    };
    return rules;
}

}  // namespace

ApiAnswer VoiceV1::records(const ApiCall& call, std::size_t depth, Records& all, const std::vector<FieldRule>& rules, const char* prefix, const char* key,
                           Json fixed) {
    if (call.parts.size() == depth) {
        if (!call.post()) return call.get() ? world_.paging.meta(call, key, all.items()) : not_allowed();
        Json json{{"account_sid", world_.account_sid()}, {"sid", make_sid(prefix)}};
        json.update(fixed);
        if (auto refused = read_fields(rules, call, true, json)) return *refused;
        auto& record = all.add(std::move(json));
        stamp(record, DateManner::iso);
        record.json["url"] = call.base + call.path + "/" + record.sid();
        return api_json(201, record.json);
    }
    auto* record = all.find(call.part(depth));
    if (record == nullptr || call.parts.size() != depth + 1) return not_found(call);
    if (call.remove()) {
        all.erase(call.part(depth));
        return no_content();
    }
    if (call.post()) {
        if (auto refused = read_fields(rules, call, false, record->json)) return *refused;
        touch(*record, DateManner::iso);
    } else if (!call.get()) {
        return not_allowed();
    }
    return api_json(200, record->json);
}

ApiAnswer VoiceV1::permissions(const ApiCall& call) {
    if (!call.get() || call.part(1) != "Countries") return call.get() ? not_found(call) : not_allowed();
    const auto json = [&](const StockCountry& country) {
        const auto url = call.base + "/v1/DialingPermissions/Countries/" + country.code;
        const char* code = country.code == "GB" ? "44" : (country.code == "DE" ? "49" : (country.code == "FR" ? "33" : (country.code == "AU" ? "61" : "1")));
        auto codes = Json::array();
        codes.push_back(code);
        return Json{{"iso_code", country.code},
                    {"name", country.name},
                    {"continent", country.code == "AU" ? "OCEANIA" : (code[0] == '1' ? "NORTH_AMERICA" : "EUROPE")},
                    {"country_codes", codes},
                    {"low_risk_numbers_enabled", true},
                    {"high_risk_special_numbers_enabled", false},
                    {"high_risk_tollfraud_numbers_enabled", false},
                    {"url", url},
                    {"links", {{"highrisk_special_prefixes", url + "/HighRiskSpecialPrefixes"}}}};
    };
    const auto& countries = stock_countries();
    if (call.parts.size() == 2) {
        std::vector<ListItem> items;
        for (const auto& country : countries) items.push_back({country.code, json(country)});
        return world_.paging.meta(call, "content", std::move(items));
    }
    const auto at = std::find_if(countries.begin(), countries.end(), [&](const auto& one) { return one.code == call.part(2); });
    if (at == countries.end() || call.parts.size() != 3) return not_found(call);
    return api_json(200, json(*at));
}

ApiAnswer VoiceV1::handle(const ApiCall& call) {
    const auto collection = call.part(0);
    if (collection == "ByocTrunks") return records(call, 1, trunks_, trunk_rules(), "BY", "byoc_trunks", Json::object());
    if (collection == "ConnectionPolicies" && call.parts.size() > 2 && call.part(2) == "Targets") {
        if (policies_.find(call.part(1)) == nullptr) return not_found(call);
        return records(call, 3, targets_[call.part(1)], target_rules(), "NE", "targets", {{"connection_policy_sid", call.part(1)}});
    }
    if (collection == "ConnectionPolicies") {
        auto answer = records(call, 1, policies_, policy_rules(), "NY", "connection_policies", Json::object());
        if (call.post() && call.parts.size() == 1 && answer.status == 201) {
            auto& record = policies_.all().back();
            record.json["links"] = {{"targets", record.json["url"].get<std::string>() + "/Targets"}};
            return api_json(201, record.json);
        }
        return answer;
    }
    if (collection == "DialingPermissions") return permissions(call);
    if (collection == "Settings" && call.parts.size() == 1) {
        if (call.post()) inheritance_ = call.flag("DialingPermissionsInheritance", inheritance_);
        return api_json(call.post() ? 202 : 200, {{"dialing_permissions_inheritance", inheritance_}, {"url", call.base + call.path}});
    }
    return not_found(call);
}

}  // namespace parley::sim

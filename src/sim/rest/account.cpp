#include "account.hpp"

#include "parley/sim/base64.hpp"
#include "parley/sim/identifiers.hpp"

namespace parley::sim {

Account::Account(RestWorld& world) : world_(world), status_(world.options.account_status), type_(world.options.account_type) {}

void Account::set(std::string status, std::string type) {
    if (!status.empty()) status_ = std::move(status);
    if (!type.empty()) type_ = std::move(type);
    updated_ = std::chrono::system_clock::now();
}

Account::Caller Account::authenticate(const std::string& authorization) {
    const auto pair = [](const std::string& user, std::string_view password) { return "Basic " + base64(user + ":" + std::string(password)); };
    if (authorization == pair(world_.account_sid(), world_.carrier.options().auth_token.reveal())) return Caller::token;
    const auto& options = world_.options;
    if (!options.api_key.empty() && authorization == pair(options.api_key, options.api_secret)) return Caller::key;
    for (const auto& [sid, secret] : secrets_) {
        if (authorization == pair(sid, secret)) return Caller::key;
    }
    return Caller::nobody;
}

Json Account::json() const {
    const auto& sid = world_.account_sid();
    Json out{{"auth_token", std::string(world_.carrier.options().auth_token.reveal())},
             {"date_created", rfc2822(created_)},
             {"date_updated", rfc2822(updated_)},
             {"friendly_name", name_},
             {"owner_account_sid", sid},
             {"sid", sid},
             {"status", status_},
             {"subresource_uris", Json::object()},
             {"type", type_},
             {"uri", "/2010-04-01/Accounts/" + sid + ".json"}};
    const std::pair<const char*, const char*> links[] = {{"available_phone_numbers", "AvailablePhoneNumbers"},
                                                         {"calls", "Calls"},
                                                         {"conferences", "Conferences"},
                                                         {"incoming_phone_numbers", "IncomingPhoneNumbers"},
                                                         {"notifications", "Notifications"},
                                                         {"outgoing_caller_ids", "OutgoingCallerIds"},
                                                         {"recordings", "Recordings"},
                                                         {"transcriptions", "Transcriptions"},
                                                         {"messages", "Messages"},
                                                         {"applications", "Applications"},
                                                         {"queues", "Queues"},
                                                         {"keys", "Keys"},
                                                         {"balance", "Balance"}};
    for (const auto& [key, word] : links) out["subresource_uris"][key] = world_.path("/" + std::string(word) + ".json");
    return out;
}

ApiAnswer Account::account(const ApiCall& call) {
    if (call.by_key) return api_error(401, 20003, "Authenticate");
    if (call.post()) {
        const auto status = call.value("Status");
        if (!status.empty() && status != "active" && status != "suspended" && status != "closed") return api_error(400, 20001, "Invalid Status");
        set(status, {});
        if (call.has("FriendlyName")) name_ = call.value("FriendlyName");
    } else if (!call.get()) {
        return not_allowed();
    }
    return api_json(200, json());
}

ApiAnswer Account::keys(const ApiCall& call) {
    if (call.by_key) return api_error(401, 20003, "Authenticate");
    if (call.parts.size() == 1) {
        if (call.post()) {
            auto& record = keys_.add({{"sid", make_sid("SK")}, {"friendly_name", or_null(call.value("FriendlyName"))}});
            stamp(record, DateManner::rfc2822);
            auto once = record.json;
            once["secret"] = secrets_[record.sid()] = make_sid("");
            return api_json(201, once);
        }
        return call.get() ? world_.paging.plain(call, "keys", keys_.items()) : not_allowed();
    }
    auto* record = keys_.find(call.part(1));
    if (record == nullptr || call.parts.size() != 2) return not_found(call);
    if (call.remove()) {
        secrets_.erase(record->sid());
        keys_.erase(call.part(1));
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

ApiAnswer Account::handle(const ApiCall& call) {
    if (call.parts.empty()) return account(call);
    if (call.part(0) == "Keys") return keys(call);
    if (call.parts.size() != 1) return not_found(call);
    if (call.part(0) == "Balance") {
        if (!call.get()) return not_allowed();
        return api_json(200, {{"account_sid", world_.account_sid()}, {"balance", "42.5000"}, {"currency", "USD"}});
    }
    if (!call.post()) return not_allowed();
    const auto ttl = call.has("Ttl") ? call.number("Ttl") : std::optional<long>(86400);
    if (!ttl || *ttl < 1) return api_error(400, 20001, "Invalid Ttl");
    const auto user = make_sid(""), password = make_sid("");
    const auto now = rfc2822(std::chrono::system_clock::now());
    auto servers = Json::array();
    servers.push_back({{"url", "stun:global.stun.twilio.com:3478"}, {"urls", "stun:global.stun.twilio.com:3478"}});
    for (const char* url : {"turn:global.turn.twilio.com:3478?transport=udp", "turn:global.turn.twilio.com:3478?transport=tcp"})
        servers.push_back({{"url", url}, {"urls", url}, {"username", user}, {"credential", password}});
    return api_json(201, {{"username", user},
                          {"password", password},
                          {"ttl", std::to_string(*ttl)},
                          {"date_created", now},
                          {"date_updated", now},
                          {"account_sid", world_.account_sid()},
                          {"ice_servers", servers}});
}

}  // namespace parley::sim

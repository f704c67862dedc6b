#include "rest_api.hpp"

#include <algorithm>

#include "parley/sim/identifiers.hpp"
#include "parley/sim/url.hpp"
#include "rest/calls.hpp"
#include "rest/conferences.hpp"
#include "rest/intelligence.hpp"
#include "rest/queues.hpp"
#include "rest/recordings.hpp"
#include "rest/sip.hpp"
#include "rest/voice_v1.hpp"

namespace parley::sim {
namespace {

// Decoded parts of a path: "/a/b%20c" -> {"a", "b c"}.
std::vector<std::string> split_path(const std::string& path) {
    std::vector<std::string> parts;
    std::size_t at = 1;
    while (at <= path.size()) {
        const auto end = std::min(path.find('/', at), path.size());
        auto raw = path.substr(at, end - at);
        // A plus is a plus in a path.
        for (std::size_t plus = raw.find('+'); plus != std::string::npos; plus = raw.find('+', plus)) raw.replace(plus, 1, "%2B");
        const auto decoded = decode_form("p=" + raw);
        parts.push_back(decoded.empty() ? raw : decoded.front().second);
        at = end + 1;
    }
    return parts;
}

std::string cut_suffix(std::vector<std::string>& parts) {
    if (parts.empty()) return {};
    for (const char* suffix : {"json", "wav", "mp3", "xml", "csv"}) {
        const auto ending = std::string(".") + suffix;
        if (parts.back().ends_with(ending)) {
            parts.back().resize(parts.back().size() - ending.size());
            return suffix;
        }
    }
    return {};
}

}  // namespace

void RestWorld::run(Task<> errand) {
    auto guarded = [](Task<> work) -> Task<> {
        try {
            co_await std::move(work);
        } catch (const std::exception&) {  // cancelled, or refused by the carrier going down: nobody is left to be told
        }
    };
    errands.spawn(guarded(std::move(errand)));
}

void RestWorld::note(int code, std::string text, std::string url, bool warning) {
    notes.push_back({make_sid("NO"), {}, std::move(url), std::move(text), code, warning, std::chrono::system_clock::now()});
}

RestApi::RestApi(FakeTwilioOptions& options, SimCarrier& carrier, std::function<SimCarrier::Placed(CallPlan)> place, const WebhookSender& webhooks,
                 asio::any_io_executor executor, net::Nursery& errands, std::function<std::vector<TranscriptLine>(const std::string&)> lines_of)
    : world_{options, carrier, std::move(place), webhooks, std::move(executor), errands}, account_(world_), numbers_(world_), messages_(world_) {
    world_.lines_of = std::move(lines_of);
    world_.account = &account_;
    world_.numbers = &numbers_;
    world_.messages = &messages_;
    auto recordings = std::make_unique<Recordings>(world_);
    families_["calls"] = std::make_unique<Calls>(world_, *recordings);
    families_["conferences"] = std::make_unique<Conferences>(world_, *recordings);
    families_["queues"] = std::make_unique<Queues>(world_);
    families_["recordings"] = std::move(recordings);
    families_["intelligence"] = std::make_unique<Intelligence>(world_);
    families_["sip"] = std::make_unique<Sip>(world_);
    families_["voice"] = std::make_unique<VoiceV1>(world_);
    by_collection_ = {{"", &account_},
                      {"Balance", &account_},
                      {"Keys", &account_},
                      {"Tokens", &account_},
                      {"AvailablePhoneNumbers", &numbers_},
                      {"IncomingPhoneNumbers", &numbers_},
                      {"OutgoingCallerIds", &numbers_},
                      {"Applications", &numbers_},
                      {"Messages", &messages_}};
    for (const char* name : {"Calls", "Notifications"}) by_collection_[name] = families_["calls"].get();
    for (const char* name : {"Recordings", "Transcriptions"}) by_collection_[name] = families_["recordings"].get();
    by_collection_["Conferences"] = families_["conferences"].get();
    by_collection_["Queues"] = families_["queues"].get();
    by_collection_["SIP"] = families_["sip"].get();
    for (const char* name : {"v2:Services", "v2:Transcripts", "v2:Operators", "v2:OperatorTypes"}) by_collection_[name] = families_["intelligence"].get();
    for (const char* name : {"v1:ByocTrunks", "v1:ConnectionPolicies", "v1:DialingPermissions", "v1:Settings"}) by_collection_[name] = families_["voice"].get();
}

void RestApi::keep_transcription(const TranscriptionTruth& truth) {
    static_cast<Intelligence&>(*families_["intelligence"]).keep_live(truth);
}

// Without .json the carrier speaks XML; of that only the refusal is here.
ApiAnswer RestApi::xml_refusal(const ApiCall& call) const {
    return {404,
            "application/xml",
            "<?xml version='1.0' encoding='UTF-8'?>\n<TwilioResponse><RestException><Code>20404</Code><Detail/><Message>The requested resource " + call.path +
                " was not found: the simulator answers JSON only, write .json</Message><MoreInfo>https://www.twilio.com/docs/errors/20404</MoreInfo>"
                "<Status>404</Status></RestException></TwilioResponse>",
            {}};
}

ApiAnswer RestApi::handle(const ApiRequest& request) {
    const auto question = std::min(request.target.find('?'), request.target.size());
    ApiCall call;
    call.method = request.method;
    call.if_match = request.if_match;
    call.path = request.target.substr(0, question);
    call.base = "http://" + request.host;
    call.query = decode_form(std::string_view(request.target).substr(std::min(question + 1, request.target.size())));
    auto parts = split_path(call.path);
    const auto version = parts.empty() ? std::string{} : parts[0];
    const bool main_api = version == "2010-04-01";
    if (!main_api && version != "v1" && version != "v2") return not_found(call);
    const auto caller = account_.authenticate(request.authorization);
    if (caller == Account::Caller::nobody) return api_error(401, 20003, "Authenticate");
    call.by_key = caller == Account::Caller::key;
    if (request.method == "POST" && !request.body.empty()) {
        if (!request.form_body) return api_error(415, 20415, "Unsupported media type");
        call.form = decode_form(request.body);
    }
    if (main_api) {
        if (parts.size() < 2 || !parts[1].starts_with("Accounts")) return not_found(call);
        call.suffix = cut_suffix(parts);
        if (parts.size() < 3) return not_found(call);
        if (parts[2] != world_.account_sid()) return not_found(call);
        const bool media = parts.size() > 4 && (parts[3] == "Recordings" || (parts.size() > 6 && parts[5] == "Media"));
        if (call.suffix != "json" && !media) return xml_refusal(call);
        call.parts.assign(parts.begin() + 3, parts.end());
    } else {
        call.parts.assign(parts.begin() + 1, parts.end());
        if (call.parts.empty()) return not_found(call);
        const auto at = by_collection_.find(version + ":" + call.parts[0]);
        if (at == by_collection_.end()) return not_found(call);
    }
    if (!call.get() && !account_.active() && !call.parts.empty()) return api_error(403, 20005, "Account not active");
    const auto at = by_collection_.find((main_api ? "" : version + ":") + call.part(0));
    return at == by_collection_.end() ? not_found(call) : at->second->handle(call);
}

}  // namespace parley::sim

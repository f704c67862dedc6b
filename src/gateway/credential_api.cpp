#include "credential_api.hpp"

#include "credential_form.hpp"
#include "credential_wiring.hpp"
#include "parley/hold/media_decode.hpp"
#include "parley/store/agent_store.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::gateway {

using admin::api_answer;
using admin::api_error;
using admin::ApiRequest;
using admin::Role;
using nlohmann::json;
using store::Session;

namespace {

constexpr auto kStoreWithin = std::chrono::seconds(5);
constexpr std::int64_t kOldTokenMs = std::int64_t{24} * 3600 * 1000;  // a replaced token signs what Twilio had under way, and what its caches still sign

net::HttpResponse store_error(const error_code& why) {
    return api_error(503, "store_unavailable", "The store did not take it: " + why.message() + ".");
}

net::HttpResponse no_credential() {
    return api_error(404, "no_credential", "This agent has no Twilio credential.");
}

net::HttpResponse invalid(const std::vector<FieldProblem>& problems) {
    json all = json::array();
    for (const auto& problem : problems) all.push_back({{"field", problem.field}, {"message", problem.message}});
    json error{{"code", "invalid"}, {"message", problems.front().message}, {"field", problems.front().field}, {"problems", std::move(all)}};
    return api_answer(400, {{"error", std::move(error)}});
}

// What PUT looks at before it decides.
struct Found {
    std::optional<store::Credential> before;
    std::map<std::string, std::string> media, owners;
};

std::function<Found(Session&)> look(std::shared_ptr<const store::Sealer> sealer, std::string agent, std::vector<std::string> numbers) {
    return [sealer = std::move(sealer), agent = std::move(agent), numbers = std::move(numbers)](Session& session) {
        Found found;
        found.before = store::load_credential(session, *sealer, agent);
        found.media = store::agent_media(session, agent);
        for (const auto& number : numbers)
            if (auto owner = store::number_owner(session, number); !owner.empty() && owner != agent) found.owners[number] = std::move(owner);
        return found;
    };
}

std::vector<std::string> numbers_in(const json& body) {
    std::vector<std::string> all;
    const auto found = body.find("phonenumbers");
    if (found == body.end() || !found->is_array()) return all;
    for (const auto& number : *found)
        if (number.is_string() && twilio::is_e164(number.get_ref<const std::string&>()) && all.size() < 1000) all.push_back(number.get<std::string>());
    return all;
}

void keep_old_token(store::Credential& now, const std::optional<store::Credential>& before) {
    if (!before || before->accountsid != now.accountsid) return;
    if (constant_time_equal(before->authtoken.reveal(), now.authtoken.reveal())) {
        now.previous_token = before->previous_token;
        now.previous_until_ms = before->previous_until_ms;
    } else if (!before->authtoken.empty()) {
        now.previous_token = before->authtoken;
        now.previous_until_ms = store::now_ms() + kOldTokenMs;
    }
}

}  // namespace

CredentialApi::CredentialApi(Telephony& telephony, AccountClients& clients) : t_(telephony), clients_(clients) {
    const auto add = [&](std::string method, std::string pattern, std::string summary, json request, json response, std::string audit,
                         std::function<Response(ApiRequest&)> handle) {
        const bool uploads = method == "PUT" && request.is_null();
        admin::ApiRoute route;
        route.method = std::move(method);
        route.pattern = std::move(pattern);
        route.role = Role::admin;
        route.summary = std::move(summary);
        route.request = std::move(request);
        route.response = std::move(response);
        route.audit = std::move(audit);
        route.handle = std::move(handle);
        if (route.method == "DELETE") route.success = 204;
        if (route.method == "PUT") route.most_body = std::size_t{512} * 1024;  // ten thousand callers
        if (uploads) {
            route.body_type = "audio/wav";
            route.most_body = hold::MediaLimits{}.most_bytes + 1024;  // a little more than is taken, so that it is the route that says why not
        }
        t_.api.add(std::move(route));
    };
    const std::string twilio = "/v1/agents/{name}/twilio", media = "/v1/agents/{name}/media/{slot}";
    const json shown{{"type", "object"},
                     {"properties",
                      {{"slot", {{"type", "string"}}},
                       {"id", {{"type", "string"}}},
                       {"type", {{"type", "string"}}},
                       {"bytes", {{"type", "integer"}}},
                       {"durationMs", {{"type", "integer"}}},
                       {"createdAt", {{"type", "integer"}, {"description", "milliseconds since 1970"}}}}}};
    add("GET", twilio, "The agent's Twilio credential, its secret as ***", nullptr, credential_schema(), "",
        [this](ApiRequest& asked) { return get(asked.path["name"]); });
    add("PUT", twilio, "Stores the agent's Twilio credential and points its numbers here", credential_schema(), credential_answer_schema(),
        "credential.changed", [this](ApiRequest& asked) { return put(asked); });
    add("DELETE", twilio, "Forgets the agent's Twilio credential and its uploads; its numbers stay as they are at Twilio", nullptr, nullptr,
        "credential.deleted", [this](ApiRequest& asked) { return remove(asked.path["name"]); });
    add("GET", media, "What was uploaded as holdaudio or holdmusic", nullptr, shown, "",
        [this](ApiRequest& asked) { return get_media(asked.path["name"], asked.path["slot"]); });
    add("PUT", media, "Uploads holdaudio or holdmusic: WAV or MP3, mono, at most 10 MB, as the body", nullptr, shown, "media.changed",
        [this](ApiRequest& asked) {
            return put_media(asked.path["name"], asked.path["slot"], std::string(asked.http.headers.get("Content-Type")), asked.http.body);
        });
    add("DELETE", media, "Takes an upload away", nullptr, nullptr, "media.deleted",
        [this](ApiRequest& asked) { return remove_media(asked.path["name"], asked.path["slot"]); });
}

CredentialApi::~CredentialApi() {
    decoding_.join();
}

std::optional<net::HttpResponse> CredentialApi::unknown(const std::string& agent, std::string_view slot) const {
    const auto made = t_.agents()->made(agent);
    if ((made == nullptr || made->deleted) && t_.config.agent(agent) == nullptr) return api_error(404, "no_such_agent", "There is no such agent.");
    if (!slot.empty() && slot != "holdaudio" && slot != "holdmusic") return api_error(404, "no_such_media", "An agent has holdaudio and holdmusic.");
    return std::nullopt;
}

std::string CredentialApi::agent_with_number(const std::string& number, const std::string& but) const {
    const auto agents = t_.agents();
    if (!agents->has_number(number)) return {};
    const auto owner = agents->by_number(number);
    return owner == nullptr || owner->name == but ? std::string() : owner->name;
}

net::Task<bool> CredentialApi::renew() {
    std::function<bool(Session&)> read = [this, sealer = t_.sealing.opener()](Session& session) {
        t_.credentials.load(session, *sealer);
        return true;
    };
    const auto read_again = co_await t_.database.ask<bool>(std::move(read), kStoreWithin);
    if (!read_again) {
        t_.log.error("credential.not_in_force", "Changed credentials could not be read; those in force stay.", {{"reason", read_again.error().message()}});
        in_force_ = false;
        co_return false;
    }
    try {
        t_.renew_agents();
    } catch (const std::exception& e) {
        t_.log.error("credential.not_in_force", "Agents could not be made with the changed credentials; those in force stay.", {{"reason", e.what()}});
        in_force_ = false;
        co_return false;
    }
    in_force_ = true;
    co_return true;
}

net::Task<net::HttpResponse> CredentialApi::get(std::string agent) {
    if (auto no = unknown(agent, {})) co_return std::move(*no);
    auto work = look(t_.sealing.opener(), agent, {});
    auto found = co_await t_.database.ask<Found>(std::move(work), kStoreWithin);
    if (!found) co_return store_error(found.error());
    if (!found->before) co_return no_credential();
    co_return api_answer(200, credential_json(*found->before));
}

net::Task<net::HttpResponse> CredentialApi::put(ApiRequest& asked) {
    const auto agent = asked.path["name"];
    const auto& body = asked.body;
    if (auto no = unknown(agent, {})) co_return std::move(*no);
    std::shared_ptr<const store::Sealer> sealer;
    std::string no_key;
    try {
        sealer = t_.sealing.sealer();
    } catch (const std::exception& e) {
        no_key = e.what();
    }
    if (!sealer) co_return api_error(409, "no_seal_key", no_key);
    auto work = look(sealer, agent, numbers_in(body));
    auto found = co_await t_.database.ask<Found>(std::move(work), kStoreWithin);
    if (!found) co_return store_error(found.error());

    CredentialContext context;
    context.before = found->before ? &*found->before : nullptr;
    context.holdaudio = found->media["holdaudio"];
    context.holdmusic = found->media["holdmusic"];
    const auto made = t_.agents()->made(agent);
    if (made != nullptr) {
        context.talks = made->written.brain == Brain::vendors || made->written.brain == Brain::embedded;
        context.embedded = made->written.brain == Brain::embedded;
    }
    context.other_owner = [&](std::string_view number) {
        const auto stored = found->owners.find(std::string(number));
        return stored != found->owners.end() ? stored->second : agent_with_number(std::string(number), agent);
    };
    auto given = read_credential(body, context);
    if (!given.problems.empty()) co_return invalid(given.problems);
    given.credential.agent = agent;

    // Somebody else may have rotated the token since it was looked at: one that was not given stays as it is by now.
    const auto token = body.find("authtoken");
    const bool token_stays = token == body.end() || !token->is_string() || *token == kHiddenToken;
    const bool of_file = t_.config.agent(agent) != nullptr;
    std::function<std::optional<store::Credential>(Session&)> write = [sealer, credential = given.credential, token_stays,
                                                                       of_file](Session& session) -> std::optional<store::Credential> {
        auto c = credential;
        // It may have been deleted meanwhile, here or at another instance.
        if (!of_file && !store::find_agent(session, c.agent)) return std::nullopt;
        const auto now = store::load_credential(session, *sealer, c.agent);
        if (token_stays && now && now->accountsid == c.accountsid && !now->authtoken.empty()) c.authtoken = now->authtoken;
        keep_old_token(c, now);
        return store::put_credential(session, *sealer, std::move(c));
    };
    auto answered = co_await t_.database.ask<std::optional<store::Credential>>(std::move(write), kStoreWithin);
    if (!answered) {
        if (answered.error() == store::make_error_code(store::StoreErrc::constraint))
            co_return api_error(409, "number_taken", "One of the numbers has just been given to another agent.", "phonenumbers");
        co_return store_error(answered.error());
    }
    const auto kept = std::move(*answered);
    if (!kept) co_return api_error(404, "no_such_agent", "There is no such agent.");
    if (found->before) asked.before = credential_json(*found->before);
    asked.after = credential_json(*kept);
    (void)co_await renew();

    auto client = clients_.made_for(kept->accountsid, kept->authtoken);
    auto wiring = wire_credential(*client, *kept, t_.config.server.public_url);
    auto wired = co_await std::move(wiring);
    const auto count = [&](const char* name) { return wired.contains(name) ? wired[name].size() : std::size_t{0}; };
    t_.log.info("credential.wired", "An agent's numbers were pointed here.",
                {{"agent", agent},
                 {"updated", count("twilioWebhooksUpdated")},
                 {"skipped", count("twilioWebhookSkipped")},
                 {"failed", count("twilioWebhooksFailed")},
                 {"error", wired.contains("twilioWebhookError")}});
    auto answer = credential_json(*kept);
    answer.update(wired);
    co_return api_answer(200, answer);
}

net::Task<net::HttpResponse> CredentialApi::remove(std::string agent) {
    std::function<bool(Session&)> erase = [agent](Session& session) { return store::erase_credential(session, agent); };
    const auto erased = co_await t_.database.ask<bool>(std::move(erase), kStoreWithin);
    if (!erased) co_return store_error(erased.error());
    if (!*erased) co_return no_credential();
    (void)co_await renew();
    co_return net::HttpResponse(204);
}

}  // namespace parley::gateway

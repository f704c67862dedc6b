#include "parley/webhooks/twilio_webhooks.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <map>
#include <mutex>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <nlohmann/json.hpp>

#include "flow_twiml.hpp"
#include "parley/call/call_fact.hpp"
#include "parley/rest/calls.hpp"
#include "parley/twilio/sid.hpp"
#include "parley/twilio/twiml.hpp"

namespace parley::webhooks {

using call::Admission;
using conversation::EndReason;
using twilio::TwimlResponse;
namespace twiml = twilio::twiml;

namespace {

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

Answer xml(const TwimlResponse& response) {
    return twiml_answer(response);
}
Answer hang_up() {
    return xml(TwimlResponse().hangup());
}
Answer nothing() {
    return no_content();
}
Answer refused(unsigned status) {
    return {.status = status, .content_type = {}, .body = {}};
}

std::string_view path_of(std::string_view target) {
    return target.substr(0, target.find('?'));
}

// Connecting or the handshake failed, or the address is no use: no stream of this call ever ran. Everything else ends one that did.
bool never_opened(std::string_view code) {
    constexpr std::array<std::string_view, 8> kCodes{"31901", "31902", "31904", "31910", "31920", "31922", "31940", "31941"};
    return std::ranges::find(kCodes, code) != kCodes.end();
}

// Who calls whom: written as soon as it is known who answers.
void keep_call(const TwilioWebhooks::Services& services, const Asked& asked, const call::Agent* agent) {
    if (services.records == nullptr) return;
    const auto& form = asked.form;
    const bool outbound = form.get("Direction") == "outbound-api";
    services.records->add(asked.call_sid, store::Fact::call,
                          call::call_fact({.agent = agent,
                                           .from = form.get("From"),
                                           .to = form.get("To"),
                                           .account = form.get("AccountSid"),
                                           .country = form.get("FromCountry"),
                                           .display = form.get("CallerName"),
                                           .outbound = outbound}));
}

// Why this call came to nothing, with what is known of it: nobody else writes it down. `open`: it may come back, and is over with the carrier's last word.
void keep_rejection(const TwilioWebhooks::Services& services, const Asked& asked, const call::Agent& agent, const std::string& reason, const std::string& scope,
                    bool open) {
    if (services.records == nullptr) return;
    nlohmann::ordered_json why{{"reason", reason}};
    if (open) why["open"] = true;
    if (!scope.empty()) why["detail"] = scope;
    keep_call(services, asked, &agent);
    services.records->add(asked.call_sid, store::Fact::rejection, why.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

std::string digits(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, 8))
        if (c >= '0' && c <= '9') out += c;
    return out;
}

// The carrier's last word on a call.
std::string status_fact(const twilio::Form& form) {
    nlohmann::ordered_json fact{{"status", form.get("CallStatus")}};
    if (const auto seconds = digits(form.get("CallDuration")); !seconds.empty()) fact["duration_s"] = std::stoi(seconds);
    if (const auto code = digits(form.get("SipResponseCode")); !code.empty()) fact["sip_code"] = std::stoi(code);
    return fact.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

constexpr auto kRecordedWithin = std::chrono::milliseconds(200);
constexpr auto kCarriedOutWithin = std::chrono::seconds(10);  // Twilio gives a request up at 15 s

twilio::TokenTime wall_now() {
    return std::chrono::floor<std::chrono::seconds>(WallClock::now());
}

}  // namespace

Answer twiml_answer(const twilio::TwimlDocument& document) {
    auto text = document.str();
    if (!text) return {.status = 200, .content_type = "text/xml", .body = R"(<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>)"};
    return {.status = 200, .content_type = "text/xml; charset=utf-8", .body = std::move(*text)};
}
std::string masked(const flows::Destination& to) {
    using Kind = flows::Destination::Kind;
    const bool somebody = to.kind == Kind::number || to.kind == Kind::sip || to.kind == Kind::client || to.kind == Kind::warm;
    return somebody ? twilio::mask_phone(to.text()) : to.text();
}
Answer no_content() {
    return {.status = 204, .content_type = {}, .body = {}};
}

struct TwilioWebhooks::Refusals {
    static constexpr std::size_t kMost = 1000, kMostCalls = 20'000;
    std::mutex mutex;
    std::deque<std::string> calls;

    // Whose a call is, and which agents it was handed to: a token of one account may name any CallSid it likes.
    struct Seen {
        std::string account;
        std::vector<std::string> lent;
    };
    std::map<std::string, Seen, std::less<>> seen;
    std::deque<std::string> order;

    // The account a call came with first.
    std::string account_of(std::string_view call_sid) {
        const std::lock_guard lock(mutex);
        const auto found = seen.find(call_sid);
        return found == seen.end() ? std::string() : found->second.account;
    }
    void saw(const std::string& call_sid, std::string_view account) {
        const std::lock_guard lock(mutex);
        if (!seen.try_emplace(call_sid, Seen{std::string(account), {}}).second) return;
        order.push_back(call_sid);
        if (order.size() <= kMostCalls) return;
        seen.erase(order.front());
        order.pop_front();
    }
    void lend(std::string_view call_sid, const std::string& agent) {
        const std::lock_guard lock(mutex);
        const auto found = seen.find(call_sid);
        if (found != seen.end() && found->second.lent.size() < 16) found->second.lent.push_back(agent);
    }
    bool lent(std::string_view call_sid, std::string_view agent) {
        const std::lock_guard lock(mutex);
        const auto found = seen.find(call_sid);
        return found != seen.end() && std::ranges::find(found->second.lent, agent) != found->second.lent.end();
    }
};

TwilioWebhooks::TwilioWebhooks(Settings settings, Services services)
    : settings_(std::move(settings)), services_(std::move(services)), refusals_(std::make_shared<Refusals>()) {
    while (settings_.public_url.ends_with('/')) settings_.public_url.pop_back();
    const auto at_once = [](auto answer) { return [answer](const Asked& asked) -> net::Task<Answer> { co_return answer(asked); }; };
    route("voice", Subject::call, [this](const Asked& asked) { return voice(asked); });
    route("after", Subject::call, [this](const Asked& asked) { return after(asked); });
    route("status", Subject::call, at_once([this](const Asked& asked) { return status(asked.form); }));
    route("stream", Subject::call, at_once([this](const Asked& asked) { return stream_status(asked.form); }));
    route("fallback", Subject::call, at_once([this](const Asked& asked) {
              services_.log.error("twilio.fallback_invoked", "Twilio came to the fallback URL: the main answer failed.",
                                  {{"code", asked.form.get("ErrorCode")}, {"call_sid", asked.call_sid}});
              services_.metrics.twilio_errors.at(asked.form.get("ErrorCode", "other")).add();
              return xml(TwimlResponse().say(settings_.sorry).hangup());
          }));
}

void TwilioWebhooks::accounts(AccountDoor door) {
    accounts_ = std::move(door);
}
bool TwilioWebhooks::own_account(std::string_view account_sid) const {
    if (settings_.account_sids.empty()) return !accounts_.knows || !accounts_.knows(account_sid);
    return std::ranges::find(settings_.account_sids, account_sid) != settings_.account_sids.end();
}
// The gateway's own account reaches every agent: its operator is who configured them.
bool TwilioWebhooks::belongs(const call::Agent& agent, std::string_view account_sid) const {
    return agent.account == account_sid || own_account(account_sid);
}

void TwilioWebhooks::gate(Gate gate) {
    gate_ = std::move(gate);
}
void TwilioWebhooks::places(PlaceKeeper keeper) {
    places_ = std::move(keeper);
}
net::Task<std::optional<TwilioWebhooks::TurnedAway>> TwilioWebhooks::take_place(std::shared_ptr<const call::Agent> agent, const Asked& asked, Stay stay) const {
    if (!places_.take) co_return std::nullopt;
    auto away = co_await places_.take(std::move(agent), asked, stay);
    co_return away;
}
void TwilioWebhooks::give_place_back(const std::string& call_sid) const {
    services_.registry.release(call_sid);
    if (places_.give_back) places_.give_back(call_sid, false);
}
void TwilioWebhooks::route(std::string name, Subject subject, Handler handler) {
    routes_.insert_or_assign(std::move(name), Route{subject, std::move(handler)});
}
void TwilioWebhooks::destination(flows::Destination::Kind kind, Sender sender) {
    senders_.insert_or_assign(kind, std::move(sender));
}
void TwilioWebhooks::answer_with(std::function<net::Task<Answer>(const std::shared_ptr<const call::Agent>&, const Asked&)> answer) {
    answer_ = std::move(answer);
}

void TwilioWebhooks::fall_back_with(FallBack fall_back) {
    fall_back_ = std::move(fall_back);
}
void TwilioWebhooks::preface(std::function<void(const call::Agent&, TwimlResponse&)> add) {
    preface_ = std::move(add);
}

Answer TwilioWebhooks::with_preface(const call::Agent& agent, Answer answer) const {
    if (!preface_) return answer;
    TwimlResponse begun;
    preface_(agent, begun);
    const auto text = begun.str();
    if (!text) {
        services_.log.error("webhook.failed", "What was to begin with the call could not be written.", {{"reason", begun.problem()}, {"agent", agent.name}});
        return answer;
    }
    // Both are documents of our own builder: one `<Response>` each, verbs between its tags.
    constexpr std::string_view kOpen = "<Response>", kClose = "</Response>";
    const auto from = text->find(kOpen), to = text->rfind(kClose), at = answer.body.find(kOpen);
    if (from == std::string::npos || to == std::string::npos || at == std::string::npos || answer.body.find("<Reject") == at + kOpen.size()) return answer;
    const auto verbs = std::string_view(*text).substr(from + kOpen.size(), to - from - kOpen.size());
    if (answer.body.size() + verbs.size() > twilio::kMaxTwimlBytes) return answer;
    answer.body.insert(at + kOpen.size(), verbs);
    return answer;
}

std::shared_ptr<const call::Agent> TwilioWebhooks::agent_of(const Asked& asked, std::string_view name) const {
    return asked.agent && asked.agent->name == name ? asked.agent : services_.by_name(name);
}
flows::Position TwilioWebhooks::start_of(const call::Agent& agent) {
    flows::Position start;
    start.agent = agent.name;
    if (agent.stored) start.revision = agent.revision;
    return start;
}

std::string TwilioWebhooks::url(std::string_view path) const {
    return settings_.public_url + std::string(path);
}

std::string TwilioWebhooks::tail_url(const flows::Position& position, unsigned resume, std::uint32_t ended) const {
    return url("/webhooks/twilio/after?" + flows::query_of(position) + "&resume=" + std::to_string(resume) +
               (ended == 0 ? std::string{} : "&ended=" + std::to_string(ended)));
}

net::Task<bool> TwilioWebhooks::carry_out(std::string call_sid, std::string request) const {
    const auto ending = services_.registry.endings(call_sid);
    if (!services_.registry.carry_out(call_sid, request)) co_return false;
    if (services_.shared == nullptr) co_return true;
    const bool first = co_await services_.shared->carry_out(call_sid, ending, request);
    co_return first;
}

net::Task<std::optional<Answer>> TwilioWebhooks::answered_before(std::string key, std::string call_sid) const {
    net::asio::steady_timer look(co_await net::asio::this_coro::executor);
    for (const auto until = Clock::now() + kCarriedOutWithin;;) {
        if (auto given = services_.registry.answer_given(key))
            co_return Answer{.status = 200, .content_type = "text/xml; charset=utf-8", .body = std::move(*given)};
        const auto outcome = services_.registry.outcome(call_sid);
        if (!outcome || outcome->carried_out != key || Clock::now() > until) co_return std::nullopt;
        look.expires_after(std::chrono::milliseconds(10));
        co_await look.async_wait(net::nothrow);
    }
}

net::Task<std::optional<Answer>> TwilioWebhooks::handle(const Request& request) const {
    const auto path = path_of(request.target);
    if (!path.starts_with(kPrefix)) co_return std::nullopt;
    const auto found = routes_.find(path.substr(kPrefix.size()));
    if (found == routes_.end()) co_return std::nullopt;
    const auto& [subject, handler] = found->second;
    const bool json = subject == Subject::json;
    if (request.method != "POST" && (request.method != "GET" || json)) co_return refused(405);
    // A GET carries the same fields in the query, and its signature covers the URL alone.
    const bool get = request.method == "GET";
    if (!get && !request.content_type.starts_with(json ? "application/json" : kFormType)) co_return refused(415);
    auto query = twilio::parse_query(twilio::query_of(request.target));
    if (!query) co_return refused(400);
    auto form = get ? query : json ? Result<twilio::Form>(twilio::Form{}) : twilio::parse_form(request.body);
    if (!form) co_return refused(400);
    if (!check_signature(request, get ? twilio::Form{} : *form, subject, json ? std::string_view{} : form->get("AccountSid")))
        co_return refused(request.signature ? 403 : 400);

    Asked asked{request, *form, *query, {}};
    if (!json) {
        const auto account = form->get("AccountSid");
        asked.call_sid = form->get("CallSid");
        if ((subject == Subject::call && !twilio::is_call_sid(asked.call_sid)) || !twilio::is_account_sid(account)) co_return refused(400);
        if (!own_account(account) && !(accounts_.knows && accounts_.knows(account))) {
            services_.metrics.calls_rejected.at("in", "unknown_number").add();
            services_.log.warn("call.rejected", "The account is not one of ours.", {{"reason", "unknown_number"}, {"call_sid", asked.call_sid}});
            if (subject == Subject::call) co_return xml(TwimlResponse().reject({.reason = "rejected"}));
            co_return refused(403);
        }
    }
    // Another instance may have served the call until now; its calls' later requests come here as well as there.
    if (subject == Subject::call && services_.shared != nullptr && !services_.registry.is_live(asked.call_sid) && !found->first.starts_with("s") &&
        found->first != "voice") {
        unsigned ended = 0;
        const auto text = query->get("ended", "0");
        std::from_chars(text.data(), text.data() + text.size(), ended);
        // A tail stands behind a stream that has ended.
        const bool tail = found->first == "after";
        co_await services_.shared->recall(asked.call_sid, tail ? ended + 1 : 0);
    }
    if (!json && !own_account(form->get("AccountSid"))) {
        // Whoever brought its own account along signs what it likes with its token: any agent, any call.
        const auto account = form->get("AccountSid");
        const auto others_call = [&](std::string_view sid) {
            const auto whose = refusals_->account_of(sid);
            return !whose.empty() && whose != account;
        };
        const auto may_reach = [&](std::string_view name) {
            const auto agent = services_.by_name(name);
            if (!agent || belongs(*agent, account)) return true;
            // An agent of its own has handed the call over, here or with another instance.
            if (refusals_->lent(asked.call_sid, name) || refusals_->lent(query->get("for"), name)) return true;
            const auto outcome = asked.call_sid.empty() ? std::nullopt : services_.registry.outcome(asked.call_sid);
            return outcome && outcome->agent == name;
        };
        bool may = !others_call(asked.call_sid) && !others_call(query->get("for"));
        for (const auto name : query->all("agent")) may = may && may_reach(name);
        const auto to = flows::parse_destination(query->get("to"));
        if (to && to->kind == flows::Destination::Kind::agent) may = may && may_reach(to->value);
        // A stream that came here although another instance answered the call: its agent tells whose it is.
        if (may && found->first == "status" && refusals_->account_of(asked.call_sid).empty() && services_.registry.is_live(asked.call_sid)) {
            for (const auto& live : services_.registry.live(Clock::now()))
                if (live.call_sid == asked.call_sid) may = may_reach(live.agent);
        }
        if (!may) {
            services_.metrics.security_events.at("policy").add();
            services_.log.warn("security.account", "A request names an agent or a call of another account.",
                               {{"call_sid", asked.call_sid}, {"what", found->first}});
            co_return refused(403);
        }
    }
    if (const auto revision = query->get("rev"); !revision.empty() && services_.exact)
        asked.agent = co_await services_.exact(std::string(query->get("agent")), std::string(revision));
    if (subject == Subject::call) {
        refusals_->saw(asked.call_sid, form->get("AccountSid"));
        if (accounts_.saw_call && !own_account(form->get("AccountSid"))) accounts_.saw_call(asked.call_sid, form->get("AccountSid"));
    }
    auto answer = co_await handler(asked);
    co_return answer;
}

void TwilioWebhooks::count_signature_failure(const twilio::SignatureVerdict& verdict, std::string_view remote_address, std::string_view what) const {
    using Outcome = twilio::SignatureVerdict::Outcome;
    services_.metrics.webhook_signature_failures
        .at(verdict.outcome == Outcome::missing        ? "missing"
            : verdict.outcome == Outcome::url_mismatch ? "url_mismatch"
                                                       : "mismatch")
        .add();
    services_.metrics.security_events.at("bad_signature").add();
    services_.log.warn("security.bad_signature", "A request was not signed by a configured token.",
                       {{"reason", to_string(verdict.outcome)}, {"hint", to_string(verdict.candidate)}, {"remote", remote_address}, {"what", what}});
}

bool TwilioWebhooks::check_signature(const Request& request, const twilio::Form& form, Subject subject, std::string_view account) const {
    if (!settings_.verify_signatures) return true;
    const auto url = twilio::public_request_url(settings_.public_url, request.target);
    if (!url) return false;
    const auto check = [&](const twilio::SignatureValidator& signatures) {
        return request.method == "GET"    ? signatures.check_get(*url, request.signature)
               : subject == Subject::json ? signatures.check_json(*url, request.body, request.signature)
                                          : signatures.check_form(*url, form, request.signature);
    };
    // The account is what the request says of itself; that it says so is what the signature covers.
    const bool theirs = !account.empty() && accounts_.knows && accounts_.knows(account);
    twilio::SignatureVerdict verdict;
    if (theirs) verdict = check(*accounts_.signatures(account));
    if (!verdict.ok() && (!theirs || own_account(account))) verdict = check(*services_.signatures());
    if (verdict.ok()) {
        if (verdict.token_index > 0)
            services_.log.info("auth.token_in_use", "A request was signed by an auth token that is being rotated out.", {{"index", verdict.token_index}});
        return true;
    }
    count_signature_failure(verdict, request.remote_address, "webhook");
    return false;
}

bool TwilioWebhooks::accept_upgrade(std::string_view target, std::optional<std::string_view> signature, std::string_view remote_address) const {
    if (!settings_.verify_signatures) return true;
    const auto url = twilio::public_request_url(settings_.public_url, target, true);
    if (!url) return false;
    auto verdict = services_.signatures()->check_websocket(*url, signature);
    if (!verdict.ok() && accounts_.any) {
        if (const auto theirs = accounts_.any()->check_websocket(*url, signature); theirs.ok()) verdict = theirs;
    }
    if (verdict.ok()) return true;
    count_signature_failure(verdict, remote_address, "stream");
    return false;
}

net::Task<Answer> TwilioWebhooks::voice(const Asked& asked) const {
    auto agent = services_.by_number(asked.form.get("To"));
    if (agent && !belongs(*agent, asked.form.get("AccountSid"))) {
        services_.metrics.security_events.at("policy").add();
        services_.log.warn("security.account", "A call came to a number of another account's agent.", {{"call_sid", asked.call_sid}, {"agent", agent->name}});
        agent = nullptr;
    }
    auto answer = co_await connect(std::move(agent), asked);
    co_return answer;
}

net::Task<Answer> TwilioWebhooks::connect(std::shared_ptr<const call::Agent> agent, const Asked& asked, std::string note) const {
    const auto& form = asked.form;
    const auto& call_sid = asked.call_sid;
    const auto now = Clock::now();
    if (const auto outcome = services_.registry.outcome(call_sid); outcome && outcome->attached) {
        // This call was served and is over: somebody plays an old request back.
        services_.metrics.security_events.at("replay").add();
        services_.log.warn("security.replay", "A voice webhook came for a call that has ended.", {{"call_sid", call_sid}});
        co_return hang_up();
    }
    if (auto given = services_.registry.answer_given(call_sid)) {
        services_.metrics.webhook_duplicates.at().add();
        services_.log.info("webhook.duplicate", "A voice webhook was delivered again.", {{"call_sid", call_sid}});
        co_return Answer{.status = 200, .content_type = "text/xml; charset=utf-8", .body = std::move(*given)};
    }
    const bool outbound = form.get("Direction") == "outbound-api";
    auto answer_with = [&](const Answer& answer) {
        return Answer{.status = 200, .content_type = "text/xml; charset=utf-8", .body = services_.registry.remember_answer(call_sid, answer.body, now)};
    };
    auto turn_away = [&](std::string_view reason, const Answer& answer) {
        services_.metrics.calls_rejected.at(outbound ? "out" : "in", reason).add();
        services_.log.info("call.rejected", "A call was turned away.",
                           {{"call_sid", call_sid}, {"reason", reason}, {"to", twilio::mask_phone(form.get("To"))}});
        return answer_with(answer);
    };
    // <Reject> is for calls that come in; one of ours is hung up.
    if (!agent && services_.records != nullptr) {
        keep_call(services_, asked, nullptr);
        services_.records->add(call_sid, store::Fact::rejection, R"({"reason":"unknown_number"})");
    }
    if (!agent) co_return turn_away("unknown_number", outbound ? hang_up() : xml(TwimlResponse().reject({.reason = "rejected"})));
    if (gate_) {
        auto refused = co_await gate_(agent, asked);
        if (refused && refused->reason.empty()) {
            keep_call(services_, asked, agent.get());
            co_return answer_with(refused->answer);
        }
        if (refused) {
            keep_rejection(services_, asked, *agent, refused->detail, refused->scope, refused->open);
            co_return turn_away(refused->reason, refused->answer);
        }
    }
    switch (services_.registry.admit(call_sid, now)) {
        case Admission::admitted:
            break;
        case Admission::ended_before:
            co_return hang_up();
        case Admission::rate:
        case Admission::capacity: {
            keep_rejection(services_, asked, *agent, "concurrent_limit", "instance", !outbound && overflow_leads_on());
            co_return turn_away("capacity", outbound ? hang_up() : overflow());
        }
    }
    if (!note.empty()) services_.registry.leave_note(call_sid, std::move(note));
    keep_call(services_, asked, agent.get());
    Answer first;
    if (answer_)
        first = co_await answer_(agent, asked);
    else
        first = open_stream(*agent, form, asked.request, 0);
    first = with_preface(*agent, std::move(first));
    auto answer = answer_with(first);
    // A call the carrier knows to be answered has a record, also if this process dies at this moment; but nobody's call waits long for that.
    if (services_.records != nullptr) (void)co_await services_.records->settled(kRecordedWithin);
    services_.log.info("webhook.answered", "A call is being connected.", {{"call_sid", call_sid}, {"agent", agent->name}, {"draining", services_.draining()}});
    co_return answer;
}

Answer TwilioWebhooks::overflow() const {
    TwimlResponse response;
    switch (settings_.overflow) {
        case Overflow::busy:
            response.reject({.reason = "busy"});
            break;
        case Overflow::reject:
            response.reject({.reason = "rejected"});
            break;
        case Overflow::say:
            response.say(settings_.overflow_text).hangup();
            break;
        case Overflow::redirect:
            response.redirect({.url = settings_.overflow_url});
            break;
    }
    return xml(response);
}

bool TwilioWebhooks::overflow_leads_on() const {
    return settings_.overflow == Overflow::redirect;
}

std::vector<twiml::Parameter> TwilioWebhooks::token_for(const call::Agent& agent, const twilio::Form& form, const Request& request, std::uint8_t resume) const {
    twilio::StreamClaims claims;
    claims.call_sid = form.get("CallSid");
    claims.account_sid = form.get("AccountSid");
    claims.agent = agent.name;
    claims.revision = std::to_string(agent.revision);
    claims.from = form.get("From").substr(0, twilio::kMaxTokenFieldBytes);
    claims.to = form.get("To").substr(0, twilio::kMaxTokenFieldBytes);
    claims.resume = resume;
    // Issue time rounded to the half minute and the request's own token as the seed: a retry that reaches another instance gets the
    // same bytes unless it straddles the boundary.
    const auto now = wall_now();
    const auto issued = now - now.time_since_epoch() % std::chrono::seconds(30);
    auto token = services_.tokens.mint(claims, std::string(request.idempotency_token) + "/" + std::to_string(resume), issued);
    if (!token) {
        services_.registry.release(claims.call_sid);
        services_.log.error("webhook.failed", "No stream token could be made.", {{"reason", token.error().message()}, {"call_sid", claims.call_sid}});
        return {};
    }
    std::vector<twiml::Parameter> parameters;
    for (auto& [name, value] : twilio::token_parameters(*token)) parameters.push_back({.name = name, .value = value});
    return parameters;
}

std::optional<twiml::Stream> TwilioWebhooks::media_stream(const call::Agent& agent, const twilio::Form& form, const Request& request, std::uint8_t resume,
                                                          std::string_view path) const {
    auto token = token_for(agent, form, request, resume);
    if (token.empty()) return std::nullopt;
    twiml::Stream stream;
    auto media = twilio::public_request_url(settings_.public_url, path, true);
    stream.url = media ? *media : std::string{};
    stream.status_callback = url("/webhooks/twilio/stream");
    stream.parameters = std::move(token);
    return stream;
}

Answer TwilioWebhooks::open_stream(const call::Agent& agent, const twilio::Form& form, const Request& request, std::uint8_t resume) const {
    return open_stream(agent, form, request, resume, start_of(agent));
}

Answer TwilioWebhooks::open_stream(const call::Agent& agent, const twilio::Form& form, const Request& request, std::uint8_t resume,
                                   const flows::Position& position) const {
    auto stream = media_stream(agent, form, request, resume, kMediaPath);
    if (!stream) return hang_up();
    TwimlResponse response;
    response.connect({.noun = std::move(*stream)});
    response.redirect({.url = tail_url(position, resume, services_.registry.endings(form.get("CallSid"))), .method = "POST"});
    if (!response.str())
        services_.log.error("webhook.failed", "The answer could not be written.", {{"reason", response.problem()}, {"call_sid", form.get("CallSid")}});
    return xml(response);
}

Answer TwilioWebhooks::voicemail(const call::Agent& agent) const {
    return voicemail_answer(*this, agent, start_of(agent), 0);
}

net::Task<Answer> TwilioWebhooks::send_to(flows::Destination to, std::shared_ptr<const call::Agent> agent, const Asked& asked) const {
    using Kind = flows::Destination::Kind;
    // Whoever configured the agent it comes from may hand it to any other: the call's later requests name that one.
    if (to.kind == Kind::agent) refusals_->lend(asked.call_sid, to.value);
    if (const auto found = senders_.find(to.kind); found != senders_.end()) {
        auto answer = co_await found->second(to, agent, asked);
        co_return answer;
    }
    const auto dial = [](twiml::DialNoun noun) {
        twiml::Dial verb;
        verb.nouns.push_back(std::move(noun));
        return xml(TwimlResponse().dial(verb));
    };
    switch (to.kind) {
        case Kind::number:
            co_return xml(TwimlResponse().dial({.number = to.value}));
        case Kind::sip:
            co_return dial(twiml::Sip{.uri = to.value});
        case Kind::client:
            co_return dial(twiml::Client{.identity = to.value});
        case Kind::queue:
            co_return xml(TwimlResponse().enqueue({.name = to.value}));
        case Kind::conference:
            co_return dial(twiml::Conference{.name = to.value});
        case Kind::voicemail:
            if (agent && agent->voicemail) co_return voicemail(*agent);
            break;
        case Kind::agent:
            if (const auto other = services_.by_name(to.value)) co_return open_stream(*other, asked.form, asked.request, 1);
            break;
        case Kind::menu:
        case Kind::warm:
        case Kind::park:
        case Kind::hangup:
        case Kind::back:
            break;
    }
    if (agent && !agent->fallback_number.empty() && to.kind != Kind::hangup) co_return xml(TwimlResponse().dial({.number = agent->fallback_number}));
    co_return hang_up();
}

net::Task<Answer> TwilioWebhooks::after(const Asked& asked) const {
    const auto& form = asked.form;
    const auto& call_sid = asked.call_sid;
    const auto agent = agent_of(asked, asked.query.get("agent"));
    if (rest::terminal(rest::call_status(form.get("CallStatus"))) || !agent) co_return hang_up();
    unsigned resumed = 0;
    const auto resume_text = asked.query.get("resume", "0");
    std::from_chars(resume_text.data(), resume_text.data() + resume_text.size(), resumed);
    auto position = flows::position_of([&](std::string_view name) { return asked.query.get(name); }).value_or(flows::Position{});
    position.agent = agent->name;

    const auto goodbye = [&](bool say_sorry) {
        TwimlResponse response;
        if (say_sorry) response.say(settings_.sorry);
        if (!agent->fallback_number.empty())
            response.dial({.number = agent->fallback_number});
        else
            response.hangup();
        return xml(response);
    };
    // Every stream has a tail of its own: a duplicate of this very request gets the same answer, whatever has become of the call since.
    const auto key = call_sid + "/after/" + std::string(twilio::query_of(asked.request.target).substr(0, 512));
    auto before = co_await answered_before(key, call_sid);
    if (before) co_return std::move(*before);
    const auto keep = [&](const Answer& answer) {
        return Answer{.status = 200, .content_type = "text/xml; charset=utf-8", .body = services_.registry.remember_answer(key, answer.body, Clock::now())};
    };
    const auto outcome = services_.registry.outcome(call_sid);
    // A transfer is carried out once. Whoever comes back from it to a stream that never opens is not sent away by the old one again.
    bool done = outcome && outcome->reason == EndReason::transferred;
    if (done) {
        const bool may = co_await carry_out(call_sid, key);
        done = !may;
    }
    if (outcome && outcome->attached && outcome->planned && !done) {
        if (outcome->reason == EndReason::transferred) {
            std::string why;
            const auto to = flows::parse_destination(outcome->target, &why);
            if (!to) {
                services_.log.error("transfer.failed", "A call was to go where it cannot.",
                                    {{"call_sid", call_sid}, {"to", twilio::mask_phone(outcome->target)}, {"reason", why}});
                co_return keep(goodbye(true));
            }
            auto sent = co_await send_to(*to, agent, asked);
            co_return keep(sent);
        }
        if (outcome->reason == EndReason::brain_failed) {
            if (fall_back_) {
                auto next = co_await fall_back_(agent, asked, "brain_failed");
                if (next) co_return keep(*next);
            }
            co_return keep(goodbye(agent->brain == call::BrainKind::bot));
        }
        // These have no voice in their stream: what others say at the end of their time is said behind it.
        if (outcome->reason == EndReason::max_duration && (agent->brain == call::BrainKind::bot || agent->brain == call::BrainKind::echo)) {
            TwimlResponse response;
            add_say(response, flow_of(*agent).say, agent->conversation.max_duration_text);
            response.hangup();
            co_return keep(xml(response));
        }
        co_return hang_up();
    }
    // The stream was lost, here or with another instance: open it again, a limited number of times.
    services_.registry.end_call(call_sid, EndReason::carrier_lost);
    // One that never came would not come the next time either, if there is another way to answer. Of calls another instance answered nothing is known here.
    const bool refused = (!outcome || !outcome->attached || done) &&
                         (stream_refused(call_sid) || (!outcome && services_.registry.answer_given(call_sid) && !services_.registry.is_live(call_sid)));
    std::optional<Answer> next;
    if (fall_back_ && refused) next = co_await fall_back_(agent, asked, "stream_refused");
    const bool again = !next && resumed < settings_.resumes && services_.registry.take_resume(call_sid, settings_.resumes);
    if (fall_back_ && !next && !again && !refused) next = co_await fall_back_(agent, asked, "stream_lost");
    services_.log.warn("stream.tail",
                       next    ? "A lost stream is followed by the agent's next answer."
                       : again ? "A lost stream is opened again."
                               : "A lost call is brought to its end.",
                       {{"call_sid", call_sid}, {"resume", resumed + 1}});
    Answer answer;
    if (next)
        answer = std::move(*next);
    else if (again)
        answer = open_stream(*agent, form, asked.request, static_cast<std::uint8_t>(resumed + 1), position);
    else
        answer = goodbye(true);
    co_return keep(answer);
}

Answer TwilioWebhooks::status(const twilio::Form& form) const {
    const auto call_sid = form.get("CallSid");
    if (rest::terminal(rest::call_status(form.get("CallStatus")))) {
        services_.registry.end_call(call_sid, EndReason::caller_hung_up);
        if (services_.records != nullptr) services_.records->add(call_sid, store::Fact::status, status_fact(form));
        services_.registry.release(std::string(call_sid));  // one that was still in a menu, or whose stream was still to come
        if (places_.give_back) places_.give_back(std::string(call_sid), true);
    }
    return nothing();
}

bool TwilioWebhooks::stream_refused(std::string_view call_sid) const {
    const std::lock_guard lock(refusals_->mutex);
    return std::ranges::find(refusals_->calls, call_sid) != refusals_->calls.end();
}

Answer TwilioWebhooks::stream_status(const twilio::Form& form) const {
    if (form.get("StreamEvent") == "stream-error") {
        services_.metrics.twilio_errors.at(form.get("StreamErrorCode", "other")).add();
        if (never_opened(form.get("StreamErrorCode"))) {
            const std::lock_guard lock(refusals_->mutex);
            refusals_->calls.emplace_back(form.get("CallSid"));
            // Another way to answer may still be found.
            if (services_.records != nullptr)
                services_.records->add(form.get("CallSid"), store::Fact::rejection,
                                       R"({"reason":"realtime_ws_open_failed","open":true,"detail":")" + digits(form.get("StreamErrorCode")) + "\"}");
            if (refusals_->calls.size() > Refusals::kMost) refusals_->calls.pop_front();
        }
        services_.log.warn("stream.error", "Twilio reports a stream error.",
                           {{"call_sid", form.get("CallSid")}, {"stream_sid", form.get("StreamSid")}, {"error.type", form.get("StreamError").substr(0, 200)}});
    }
    return nothing();
}

}  // namespace parley::webhooks

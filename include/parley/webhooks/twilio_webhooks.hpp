#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "parley/base/log.hpp"
#include "parley/base/metrics.hpp"
#include "parley/call/agent.hpp"
#include "parley/call/registry.hpp"
#include "parley/flows/answer.hpp"
#include "parley/flows/destination.hpp"
#include "parley/net/task.hpp"
#include "parley/store/call_records.hpp"
#include "parley/twilio/form.hpp"
#include "parley/twilio/signature.hpp"
#include "parley/twilio/stream_token.hpp"
#include "parley/twilio/twiml.hpp"

namespace parley::webhooks {

struct Request {
    std::string_view method;  // GET or POST
    std::string_view target;  // byte for byte as in the request line
    std::string_view content_type;
    std::string_view body;
    std::optional<std::string_view> signature;  // X-Twilio-Signature
    std::string_view idempotency_token;         // I-Twilio-Idempotency-Token
    std::string_view remote_address;
};

struct Answer {
    unsigned status = 200;
    std::string content_type;  // empty: no body
    std::string body;
};

// What a caller gets when there is no place for the call.
enum class Overflow : std::uint8_t { busy, reject, say, redirect };

struct Settings {
    std::string public_url;                 // https://host[:port][/prefix]; what Twilio requests and signs
    std::vector<std::string> account_sids;  // empty: any account whose token signs
    bool verify_signatures = true;
    std::uint32_t resumes = 2;  // a lost stream is opened again so often
    std::string sorry = "We are sorry, the connection to our assistant was lost.";
    Overflow overflow = Overflow::busy;
    std::string overflow_text;  // say: this, then hang up
    std::string overflow_url;   // redirect: the operator's own TwiML
};

// A request of Twilio's whose signature and account have held.
struct Asked {
    const Request& request;
    const twilio::Form& form;                    // empty for a JSON body
    const twilio::Form& query;                   // what we had put into the URL; signed by Twilio, made by us
    std::string call_sid;                        // empty where the route is of no call
    std::shared_ptr<const call::Agent> agent{};  // the one that `query` names, in the revision the call began with; null: it names no revision
};
using Handler = std::function<net::Task<Answer>(const Asked& asked)>;

// What a route's requests must have.
enum class Subject : std::uint8_t { call, account, json };  // a form with CallSid; a form without; a JSON body, signed by its hash

// Accounts that agents bring along, beside the gateway's own. A token of one is good for requests of its account only, and its requests only reach its agents.
struct AccountDoor {
    std::function<bool(std::string_view account_sid)> knows;
    std::function<std::shared_ptr<const twilio::SignatureValidator>(std::string_view account_sid)> signatures;  // of one that it knows
    std::function<void(const std::string& call_sid, std::string_view account_sid)> saw_call;                    // one of its calls, believed
    std::function<std::shared_ptr<const twilio::SignatureValidator>()> any;  // where the account is not said yet: a stream's token says it afterwards
};

// Where a call goes, as TwiML. `agent`: the one it comes from.
using Sender = std::function<net::Task<Answer>(const flows::Destination& to, const std::shared_ptr<const call::Agent>& agent, const Asked& asked)>;

// Twilio's HTTP surface: a request in, TwiML out. Shared state only in the registry and in what handlers bring along. Thread-safe.
//   POST /webhooks/twilio/voice      the call: TwiML that opens the stream, or busy, or rejected
//   POST /webhooks/twilio/after      the tail behind the stream: hang up, transfer, voicemail, or open the stream again
//   POST /webhooks/twilio/status     call status callback
//   POST /webhooks/twilio/stream     stream status callback
//   POST /webhooks/twilio/fallback   VoiceFallbackUrl: fixed TwiML without dependencies
class TwilioWebhooks {
public:
    using FindAgent = std::function<std::shared_ptr<const call::Agent>(std::string_view number)>;  // null: nobody answers this number
    using FindByName = std::function<std::shared_ptr<const call::Agent>(std::string_view name)>;

    struct Services {
        Log& log;
        Metrics& metrics;
        call::Registry& registry;
        const twilio::StreamTokens& tokens;
        FindAgent by_number;
        FindByName by_name;
        std::function<bool()> draining;
        std::function<std::shared_ptr<const twilio::SignatureValidator>()> signatures;  // replaced on reload
        store::CallRecords* records = nullptr;
        call::SharedCalls* shared = nullptr;  // what other instances know of calls; null: nothing
        // An agent in this revision, or in the one in force where that cannot be had. Not set: always the one in force.
        std::function<net::Task<std::shared_ptr<const call::Agent>>(std::string name, std::string revision)> exact{};
    };
    TwilioWebhooks(Settings settings, Services services);

    static constexpr std::string_view kPrefix = "/webhooks/twilio/";
    static constexpr std::string_view kMediaPath = "/webhooks/twilio/media";
    static constexpr std::string_view kListenPath = "/webhooks/twilio/listen";  // streams that only listen
    static constexpr std::string_view kRelayPath = "/webhooks/twilio/relay";
    // Before the first request only. A route's name is what stands behind kPrefix ("sms", "gather"); one that exists already is replaced.
    void route(std::string name, Subject subject, Handler handler);
    // How calls are sent to destinations of a kind; those not named here go by <Dial> or are hung up.
    void destination(flows::Destination::Kind kind, Sender sender);
    // What answers a new call of an agent; not set: a stream is opened.
    void answer_with(std::function<net::Task<Answer>(const std::shared_ptr<const call::Agent>& agent, const Asked& asked)> answer);
    // What answers a call whose stream failed for good or never came; not set, or nothing from it: the fallback number or a goodbye.
    using FallBack = std::function<net::Task<std::optional<Answer>>(const std::shared_ptr<const call::Agent>& agent, const Asked& asked, std::string_view why)>;
    void fall_back_with(FallBack fall_back);

    // Whether a new call may come in at all: nothing (it may), or why not and what it gets instead. Asked before a place is taken; a call that is delivered
    // again gets the same answer without it.
    struct TurnedAway {
        std::string reason;  // of the metric: capacity, policy, tenant_quota, …; empty: it is only answered otherwise (it waits, another agent has it)
        std::string detail;  // for the record: concurrent_limit, blocked, anonymous, budget, …
        Answer answer;
        std::string scope{};  // what was full or used up: agent, account, fleet, instance
        bool open = false;    // the answer may bring the call back, and it be let in then
    };
    using Gate = std::function<net::Task<std::optional<TurnedAway>>(const std::shared_ptr<const call::Agent>& agent, const Asked& asked)>;
    void gate(Gate gate);

    // Places among the calls that may run at once, after a call's first answer: whoever comes to an agent takes one, whoever leaves it gives it back.
    enum class Stay : std::uint8_t { talk, menu, held };  // what it comes for; held: it waits for its agent
    struct PlaceKeeper {
        // Nothing: it has a place with this agent now, wherever it had one before. An answer without a body: there is none for a call that has been answered
        // already.
        std::function<net::Task<std::optional<TurnedAway>>(std::shared_ptr<const call::Agent> agent, const Asked& asked, Stay stay)> take;
        std::function<void(const std::string& call_sid, bool over)> give_back;  // over: the call itself
    };
    void places(PlaceKeeper keeper);
    [[nodiscard]] net::Task<std::optional<TurnedAway>> take_place(std::shared_ptr<const call::Agent> agent, const Asked& asked, Stay stay) const;
    // Also the one in the registry.
    void give_place_back(const std::string& call_sid) const;

    void accounts(AccountDoor door);

    // What stands before the answer of a new call, whatever that is (but a refusal): `<Start>` of a recording, a transcription.
    void preface(std::function<void(const call::Agent& agent, twilio::TwimlResponse& response)> add);

    // nullopt: not a route of this surface. `request` and what it refers to must live until the end.
    [[nodiscard]] net::Task<std::optional<Answer>> handle(const Request& request) const;

    // A new call for this agent: the same answer again for the same call, a place among those admitted, then what its agent answers with.
    // `note`: what the agent shall know about it.
    [[nodiscard]] net::Task<Answer> connect(std::shared_ptr<const call::Agent> agent, const Asked& asked, std::string note = {}) const;
    // The agent of this name for this request: as the call began with it, where the request says so. Null: there is none.
    [[nodiscard]] std::shared_ptr<const call::Agent> agent_of(const Asked& asked, std::string_view name) const;
    // Where a call begins with this agent.
    [[nodiscard]] static flows::Position start_of(const call::Agent& agent);
    // Parts for handlers. `resume` > 0: the call was with the agent before and comes back with its memory.
    // `position`: where in its agent's answers the call is; the tail's URL carries it on.
    [[nodiscard]] Answer open_stream(const call::Agent& agent, const twilio::Form& form, const Request& request, std::uint8_t resume,
                                     const flows::Position& position) const;
    [[nodiscard]] Answer open_stream(const call::Agent& agent, const twilio::Form& form, const Request& request, std::uint8_t resume) const;
    // The noun alone, with its token; nothing (and a line in the log): none could be made.
    [[nodiscard]] std::optional<twilio::twiml::Stream> media_stream(const call::Agent& agent, const twilio::Form& form, const Request& request,
                                                                    std::uint8_t resume, std::string_view path) const;
    // What a socket of this call has to bring along, as its <Parameter>s; empty: none could be made, which was told, and the call has no place any more.
    [[nodiscard]] std::vector<twilio::twiml::Parameter> token_for(const call::Agent& agent, const twilio::Form& form, const Request& request,
                                                                  std::uint8_t resume) const;
    [[nodiscard]] net::Task<Answer> send_to(flows::Destination to, std::shared_ptr<const call::Agent> agent, const Asked& asked) const;
    [[nodiscard]] Answer overflow() const;         // what a call hears for which there is no place
    [[nodiscard]] bool overflow_leads_on() const;  // … and that is a document of the operator's, which may bring it back
    [[nodiscard]] Answer voicemail(const call::Agent& agent) const;
    [[nodiscard]] std::string url(std::string_view path) const;  // absolute, for Twilio
    // The tail behind a stream or a talk that begins when its call has ended (and come back) `ended` times: each has a URL of its own.
    [[nodiscard]] std::string tail_url(const flows::Position& position, unsigned resume, std::uint32_t ended) const;
    // What was planned at the call's end may be done now, by this request: once, in the whole fleet.
    [[nodiscard]] net::Task<bool> carry_out(std::string call_sid, std::string request) const;
    // What a request was answered before. One that is being carried out just now is waited for.
    [[nodiscard]] net::Task<std::optional<Answer>> answered_before(std::string key, std::string call_sid) const;
    [[nodiscard]] const Settings& settings() const { return settings_; }
    [[nodiscard]] const Services& services() const { return services_; }

    // The upgrade of a media stream: signature over the wss URL. False: answer 403.
    [[nodiscard]] bool accept_upgrade(std::string_view target, std::optional<std::string_view> signature, std::string_view remote_address) const;

private:
    struct Route {
        Subject subject = Subject::call;
        Handler handler;
    };
    net::Task<Answer> voice(const Asked& asked) const;
    net::Task<Answer> after(const Asked& asked) const;
    Answer status(const twilio::Form& form) const;
    Answer stream_status(const twilio::Form& form) const;
    // Whether Twilio said of this call that its stream could not be opened at all.
    bool stream_refused(std::string_view call_sid) const;
    Answer with_preface(const call::Agent& agent, Answer answer) const;
    // Whether this account is the gateway's own.
    [[nodiscard]] bool own_account(std::string_view account_sid) const;
    [[nodiscard]] bool belongs(const call::Agent& agent, std::string_view account_sid) const;
    bool check_signature(const Request& request, const twilio::Form& form, Subject subject, std::string_view account) const;
    void count_signature_failure(const twilio::SignatureVerdict& verdict, std::string_view remote_address, std::string_view what) const;

    Settings settings_;
    Services services_;
    std::map<std::string, Route, std::less<>> routes_;
    std::map<flows::Destination::Kind, Sender> senders_;
    std::function<net::Task<Answer>(const std::shared_ptr<const call::Agent>&, const Asked&)> answer_;
    std::function<void(const call::Agent&, twilio::TwimlResponse&)> preface_;
    Gate gate_;
    PlaceKeeper places_;
    FallBack fall_back_;
    AccountDoor accounts_;
    // Calls whose stream Twilio could not open, the newest of them; the tail asks a moment later.
    struct Refusals;
    std::shared_ptr<Refusals> refusals_;
};

// A document as an answer. What could not be written hangs up: every value in it was checked before, so that is a fault of ours, and it is counted as one.
[[nodiscard]] Answer twiml_answer(const twilio::TwimlDocument& document);
[[nodiscard]] Answer no_content();
// For the log: no whole telephone numbers or addresses in it.
[[nodiscard]] std::string masked(const flows::Destination& to);

}  // namespace parley::webhooks

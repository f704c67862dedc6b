#include "kept_calls.hpp"

#include "call_accounts.hpp"
#include "parley/messaging/transcription_event.hpp"
#include "parley/rest/recordings.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::gateway {

using webhooks::Answer;
using webhooks::Asked;
using webhooks::Subject;
namespace twiml = twilio::twiml;

namespace {

Answer refused() {
    return {.status = 400, .content_type = {}, .body = {}};
}

rest::Error no_account() {
    rest::Error error;
    error.kind = rest::Failure::credentials;
    error.sentence = "No account is configured: twilio.account_sids and a token or API key are needed.";
    return error;
}

// The client of whose recording it is: that of the account its callback came from, else the gateway's own.
net::Task<rest::Client*> client_for(Telephony& t, rest::Client* own, AccountClients& accounts, std::string sid) {
    const auto account = co_await account_of(t, std::move(sid));
    auto* theirs = account.empty() ? nullptr : accounts.of(account);
    co_return theirs == nullptr ? own : theirs;
}

messaging::RecordingKeeper::Services keeping(Telephony& t, net::Errands& errands, rest::Client* client, AccountClients& accounts) {
    using Fetch = messaging::RecordingKeeper::Fetch;
    return {.fetch = [&t, &accounts, client](Fetch wanted) -> net::Task<rest::Outcome<std::uint64_t>> {
                return [](net::Task<rest::Client*> whose, Fetch what) -> net::Task<rest::Outcome<std::uint64_t>> {
                    auto* with = co_await std::move(whose);
                    if (with == nullptr) co_return no_account();
                    rest::Recordings recordings(*with);
                    rest::MediaWanted media;
                    if (what.channels == 2) media.requested_channels = 2;
                    media.wait = std::chrono::seconds(20);
                    auto got = co_await recordings.media_to_file(what.sid, media, what.file);
                    co_return got;
                }(client_for(t, client, accounts, wanted.sid), wanted);
            },
            .remove = [&t, &accounts, client](std::string sid) -> net::Task<rest::Outcome<>> {
                return [](net::Task<rest::Client*> whose, std::string what) -> net::Task<rest::Outcome<>> {
                    auto* with = co_await std::move(whose);
                    if (with == nullptr) co_return no_account();
                    rest::Recordings recordings(*with);
                    auto gone = co_await recordings.remove(std::move(what));
                    co_return gone;
                }(client_for(t, client, accounts, sid), sid);
            },
            .spawn = [&errands](net::Task<> errand) { errands.start(std::move(errand)); },
            .executor = t.executor,
            .directory = t.config.server.data_dir / t.config.recording.directory,
            .wanted = t.config.server.data_dir / "messaging" / "wanted-recordings.jsonl",
            .records = &t.records,
            .log = t.log};
}

// One request of Intelligence's, with its client or without one.
template <class Resource, class T, class... Given>
net::Task<rest::Outcome<T>> ask(rest::Client* client, net::Task<rest::Outcome<T>> (Resource::*method)(Given...), std::decay_t<Given>... given) {
    if (client == nullptr) co_return no_account();
    Resource resource(*client);
    auto answer = co_await (resource.*method)(std::move(given)...);
    co_return answer;
}

messaging::IntelligenceDesk::Services examining(Telephony& t, net::Errands& errands, rest::Client* client) {
    return {.service = [client](std::string name) { return ask(client, &rest::IntelligenceServices::fetch, std::move(name)); },
            .create = [client](rest::TranscriptCreate wanted) { return ask(client, &rest::Transcripts::create, std::move(wanted)); },
            .fetch = [client](std::string sid) { return ask(client, &rest::Transcripts::fetch, std::move(sid)); },
            .sentences =
                [client](std::string sid, bool redacted) {
                    return ask(client, &rest::Transcripts::sentences, std::move(sid), std::optional<bool>(redacted), false, std::size_t{5000});
                },
            .results =
                [client](std::string sid, bool redacted) {
                    return ask(client, &rest::Transcripts::operator_results, std::move(sid), std::optional<bool>(redacted), std::size_t{100});
                },
            .spawn = [&errands](net::Task<> errand) { errands.start(std::move(errand)); },
            .executor = t.executor,
            .records = &t.records,
            .log = t.log};
}

}  // namespace

KeptCalls::KeptCalls(Telephony& telephony, net::Errands& errands, rest::Client* client, AccountClients& accounts)
    : t_(telephony),
      errands_(errands),
      client_(client),
      accounts_(accounts),
      keeper_(keeping(telephony, errands, client, accounts)),
      desk_(examining(telephony, errands, client)) {
    t_.routes.preface([this](const call::Agent& agent, twilio::TwimlResponse& response) { preface(agent, response); });
    t_.routes.route("recording", Subject::account, [this](const Asked& asked) { return recording(asked); });
    t_.routes.route("transcription", Subject::call, [this](const Asked& asked) { return transcription(asked); });
    t_.routes.route("voicemail-text", Subject::call, [this](const Asked& asked) { return voicemail_text(asked); });
    t_.routes.route("intelligence", Subject::json, [this](const Asked& asked) { return intelligence(asked); });
    if (client_ != nullptr) keeper_.resume();
}

void KeptCalls::preface(const call::Agent& agent, twilio::TwimlResponse& response) const {
    const auto settings = t_.agents()->messaging(agent.name);
    if (!settings) return;
    const auto behind = "?agent=" + twilio::encode_component(agent.name);
    if (const auto& wanted = settings->twilio_recording; wanted.mode != TwilioRecording::off) {
        twiml::Recording recording;
        recording.recording_status_callback.url = t_.routes.url("/webhooks/twilio/recording" + behind);
        recording.recording_status_callback.event = "in-progress completed absent";
        recording.channels = wanted.mode == TwilioRecording::dual ? "dual" : "mono";
        recording.trim = wanted.trim ? "trim-silence" : "do-not-trim";
        response.start({.noun = std::move(recording)});
    }
    if (const auto& wanted = settings->transcription; wanted.engine == TranscriptEngine::twilio) {
        twiml::Transcription transcription;
        transcription.name = "parley";
        transcription.status_callback_url = t_.routes.url("/webhooks/twilio/transcription" + behind);
        transcription.track = "both_tracks";
        transcription.language_code = wanted.language;
        if (!wanted.recognizer.empty()) transcription.transcription_engine = wanted.recognizer;
        if (!wanted.model.empty()) transcription.speech_model = wanted.model;
        transcription.partial_results = wanted.partial;
        transcription.profanity_filter = wanted.profanity_filter;
        if (!wanted.hints.empty()) transcription.hints = wanted.hints;
        const auto& examined = settings->intelligence;
        if (!examined.service.empty() && examined.on == IntelligenceOn::live) transcription.intelligence_service = examined.service;
        response.start({.noun = std::move(transcription)});
    }
}

messaging::IntelligenceRules KeptCalls::rules_of(const std::string& agent) const {
    const auto settings = t_.agents()->messaging(agent);
    if (!settings) return {};
    return {settings->intelligence.service, settings->intelligence.operators, settings->intelligence.redact};
}

net::Task<Answer> KeptCalls::recording(const Asked& asked) {
    auto told = messaging::read_recording(asked.form);
    if (!told) co_return refused();
    if (const auto account = asked.form.get("AccountSid"); t_.credentials.knows(account)) keep_account(t_, told->sid, std::string(account));
    errands_.start(take_recording(std::move(*told), std::string(asked.query.get("agent"))));
    co_return webhooks::no_content();
}

net::Task<> KeptCalls::take_recording(messaging::RecordingNews told, std::string agent) {
    // Recordings that were begun elsewhere (a forwarded call, an operator) do not say whose they are.
    if (agent.empty() && !told.call_sid.empty()) {
        if (const auto outcome = t_.registry.outcome(told.call_sid)) agent = outcome->agent;
        for (const auto& live : t_.registry.live(Clock::now()))
            if (agent.empty() && live.call_sid == told.call_sid) agent = live.agent;
    }
    const auto settings = t_.agents()->messaging(agent);
    messaging::RecordingRules rules;
    const bool examine = settings && client_ != nullptr && !settings->intelligence.service.empty() && settings->intelligence.on == IntelligenceOn::recording &&
                         !told.call_sid.empty();
    if (settings) {
        // Whoever did not ask for them keeps them where they are.
        rules.download = settings->twilio_recording.download && settings->twilio_recording.mode != TwilioRecording::off;
        rules.keep_at_twilio = settings->twilio_recording.keep_at_twilio;
        rules.wait_with_delete = examine;  // Intelligence reads it there
    } else {
        rules.download = false;  // nobody of ours began it
    }
    const auto* whose = co_await client_for(t_, client_, accounts_, told.sid);
    if (whose == nullptr) rules.download = false;
    if (keeper_.news(told, rules) && examine) {
        std::function<void()> over;
        if (rules.download && !rules.keep_at_twilio)
            over = [this, sid = told.sid, call_sid = told.call_sid, directory = t_.config.server.data_dir / t_.config.recording.directory] {
                // Not what could not be fetched.
                if (messaging::is_wav(directory / (call_sid + "-" + sid + ".wav"))) keeper_.forget_at_twilio(sid, call_sid);
            };
        desk_.examine(told.call_sid, told.sid, told.channels, rules_of(agent), std::move(over));
    }
    co_return;
}

net::Task<Answer> KeptCalls::transcription(const Asked& asked) {
    const auto event = messaging::read_transcription(asked.form);
    if (!event) co_return refused();
    using Kind = messaging::TranscriptionEvent::Kind;
    if (const auto fact = messaging::transcript_fact(*event); !fact.empty())
        t_.records.add(event->call_sid, event->kind == Kind::content ? store::Fact::transcript : store::Fact::note, fact);
    if (event->kind == Kind::error) {
        t_.metrics.twilio_errors.at(event->code).add();
        t_.log.warn("transcription.failed", "Twilio's live transcription reports an error.", {{"call_sid", event->call_sid}, {"code", event->code}});
    }
    const auto agent = std::string(asked.query.get("agent"));
    if (event->kind == Kind::stopped && client_ != nullptr) errands_.start(take_stop(event->call_sid, event->sid, agent));
    co_return webhooks::no_content();
}

net::Task<Answer> KeptCalls::voicemail_text(const Asked& asked) {
    const auto told = messaging::read_voicemail_text(asked.form);
    if (!told) co_return refused();
    t_.records.add(told->call_sid, store::Fact::voicemail, messaging::voicemail_fact(*told));
    if (!told->completed)
        t_.log.warn("transcription.failed", "Twilio could not write a message down.", {{"call_sid", told->call_sid}, {"recording_sid", told->recording_sid}});
    co_return webhooks::no_content();
}

net::Task<> KeptCalls::take_stop(std::string call_sid, std::string transcript_sid, std::string agent) {
    const auto settings = t_.agents()->messaging(agent);
    if (settings && !settings->intelligence.service.empty() && settings->intelligence.on == IntelligenceOn::live)
        desk_.follow(std::move(call_sid), std::move(transcript_sid), rules_of(agent));
    co_return;
}

net::Task<Answer> KeptCalls::intelligence(const Asked& asked) {
    auto told = messaging::read_intelligence(asked.request.body);
    if (!told) co_return refused();
    errands_.start(take_intelligence(std::move(*told)));
    co_return webhooks::no_content();
}

net::Task<> KeptCalls::take_intelligence(messaging::IntelligenceNews told) {
    // After a restart only the webhook knows of it: its customer key is the call, and the redacted form is the careful one.
    messaging::IntelligenceRules careful;
    careful.redact = true;
    if (client_ == nullptr || !desk_.news(told, careful))
        t_.log.info("callback.ignored", "A transcript is of no call known here.", {{"transcript_sid", told.transcript_sid}, {"reason", "unknown"}});
    co_return;
}

}  // namespace parley::gateway

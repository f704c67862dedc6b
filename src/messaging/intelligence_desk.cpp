#include "parley/messaging/intelligence_desk.hpp"

#include <algorithm>

#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include "parley/net/deadline.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::messaging {

using nlohmann::json;

namespace {

constexpr std::size_t kMostFact = 900'000;
constexpr std::string_view kAvailable = "voice_intelligence_transcript_available";

std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

void put(json& into, const char* key, const std::string& text) {
    if (!text.empty()) into[key] = text;
}
template <class T>
void put(json& into, const char* key, const std::optional<T>& value) {
    if (value) into[key] = *value;
}
void put_json(json& into, const char* key, const std::string& text) {
    if (text.empty()) return;
    auto value = json::parse(text, nullptr, false);
    if (!value.is_discarded() && !value.is_null()) into[key] = std::move(value);
}

bool ended(std::string_view status) {
    return status == "completed" || status == "failed" || status == "canceled" || status == "error";
}

}  // namespace

std::optional<IntelligenceNews> read_intelligence(std::string_view text) {
    const auto body = json::parse(text, nullptr, false);
    if (!body.is_object()) return std::nullopt;
    const auto field = [&](const char* key) {
        const auto found = body.find(key);
        return found != body.end() && found->is_string() ? found->get<std::string>() : std::string{};
    };
    if (field("event_type") != kAvailable) return std::nullopt;
    IntelligenceNews told{field("transcript_sid"), field("service_sid"), field("customer_key")};
    if (!twilio::is_sid(told.transcript_sid, "GT")) return std::nullopt;
    return told;
}

std::string intelligence_fact(const rest::Transcript& transcript, const std::vector<rest::Sentence>& sentences,
                              const std::vector<rest::OperatorResult>& results, const IntelligenceRules& rules) {
    json fact{{"transcript_sid", transcript.sid},
              {"status", transcript.status},
              {"redaction", transcript.redaction},
              {"redacted", rules.redact},
              {"data_logging", transcript.data_logging}};
    put(fact, "service_sid", transcript.service_sid);
    put(fact, "language", transcript.language_code);
    put(fact, "duration", transcript.duration);
    fact["operators"] = json::array();
    for (const auto& result : results) {
        const auto wanted = [&](const std::string& name) { return std::find(rules.operators.begin(), rules.operators.end(), name) != rules.operators.end(); };
        if (!rules.operators.empty() && !wanted(result.name) && !wanted(result.operator_sid)) continue;
        json one{{"type", result.operator_type}};
        put(one, "name", result.name);
        put(one, "sid", result.operator_sid);
        put(one, "extract_match", result.extract_match);
        put(one, "utterance_match", result.utterance_match);
        put(one, "match_probability", result.match_probability);
        put(one, "normalized_result", result.normalized_result);
        put(one, "predicted_label", result.predicted_label);
        put(one, "predicted_probability", result.predicted_probability);
        put_json(one, "utterance_results", result.utterance_results);
        put_json(one, "label_probabilities", result.label_probabilities);
        put_json(one, "extract_results", result.extract_results);
        put_json(one, "text_generation_results", result.text_generation_results);
        put_json(one, "json_results", result.json_results);
        put(one, "text", result.text);
        fact["operators"].push_back(std::move(one));
    }
    fact["sentences"] = json::array();
    auto size = dumped(fact).size();
    if (size > kMostFact) {  // a result as large as that is none of people's
        fact["operators"] = json::array();
        fact["operators_left_out"] = true;
        size = dumped(fact).size();
    }
    for (const auto& sentence : sentences) {
        json one{{"text", sentence.transcript}};
        put(one, "channel", sentence.media_channel);
        put(one, "index", sentence.sentence_index);
        put(one, "start", sentence.start_time);
        put(one, "end", sentence.end_time);
        put(one, "confidence", sentence.confidence);
        size += dumped(one).size() + 1;
        if (size > kMostFact) {
            fact["sentences_left_out"] = true;
            break;
        }
        fact["sentences"].push_back(std::move(one));
    }
    return dumped(fact);
}

IntelligenceDesk::IntelligenceDesk(Services services) : services_(std::move(services)) {}

void IntelligenceDesk::note(const std::string& call_sid, const std::string& text) {
    if (services_.records != nullptr) services_.records->add(call_sid, store::Fact::intelligence, text);
}

void IntelligenceDesk::examine(std::string call_sid, std::string recording_sid, int channels, IntelligenceRules rules, std::function<void()> over) {
    services_.spawn(begin(std::move(call_sid), std::move(recording_sid), channels, std::move(rules), std::move(over)));
}

net::Task<> IntelligenceDesk::begin(std::string call_sid, std::string recording_sid, int channels, IntelligenceRules rules, std::function<void()> over) {
    const auto fail = [&](const rest::Error& error) {
        services_.log.error("intelligence.failed", "A call could not be handed to Intelligence.",
                            {{"call_sid", call_sid}, {"reason", error.sentence}, {"code", error.code}});
        note(call_sid, dumped({{"status", "not_created"}, {"error", error.sentence}}));
        if (over) over();
    };
    auto service = rules.service;
    if (!twilio::is_sid(service, "GA")) {
        const auto known = service_sids_.find(service);
        if (known != service_sids_.end()) {
            service = known->second;
        } else {
            auto found = co_await services_.service(service);
            if (!found) {
                fail(found.error());
                co_return;
            }
            service_sids_[service] = found->sid;
            service = found->sid;
        }
    }
    rest::TranscriptCreate wanted;
    wanted.service_sid = service;
    wanted.source_sid = recording_sid;
    wanted.customer_key = call_sid;
    // The caller's leg is the first channel of what records the parent call.
    if (channels == 2) {
        rest::TranscriptParticipant caller, agent;
        caller.channel = 1;
        caller.role = "Customer";
        agent.channel = 2;
        agent.role = "Agent";
        wanted.participants = {caller, agent};
    }
    auto made = co_await services_.create(std::move(wanted));
    if (!made) {
        fail(made.error());
        co_return;
    }
    note(call_sid, dumped({{"transcript_sid", made->sid}, {"status", made->status}, {"recording_sid", recording_sid}}));
    watch(call_sid, made->sid, std::move(rules), std::move(over));
}

void IntelligenceDesk::follow(std::string call_sid, std::string transcript_sid, IntelligenceRules rules) {
    watch(std::move(call_sid), std::move(transcript_sid), std::move(rules), {});
}

void IntelligenceDesk::watch(std::string call_sid, std::string transcript_sid, IntelligenceRules rules, std::function<void()> over) {
    if (watched_.contains(transcript_sid) || watched_.size() >= kMostWatched || std::find(joined_.begin(), joined_.end(), transcript_sid) != joined_.end()) {
        if (over) over();
        return;
    }
    auto watched = std::make_shared<Watch>(Watch{std::move(call_sid), std::move(rules), std::move(over), boost::asio::steady_timer(services_.executor), false});
    watched_.emplace(transcript_sid, watched);
    services_.spawn(look(std::move(transcript_sid), std::move(watched)));
}

bool IntelligenceDesk::news(const IntelligenceNews& told, const IntelligenceRules& otherwise) {
    if (const auto found = watched_.find(told.transcript_sid); found != watched_.end()) {
        found->second->due.cancel();
        return true;
    }
    if (std::find(joined_.begin(), joined_.end(), told.transcript_sid) != joined_.end()) return true;  // once more
    if (!twilio::is_call_sid(told.customer_key)) return false;
    watch(told.customer_key, told.transcript_sid, otherwise, {});
    if (const auto found = watched_.find(told.transcript_sid); found != watched_.end()) found->second->looking = true;  // at once
    return true;
}

net::Task<> IntelligenceDesk::look(std::string transcript_sid, std::shared_ptr<Watch> watched) {
    const auto until = Clock::now() + services_.give_up;
    auto pause = services_.first_look;
    bool done = false;
    while (!done && Clock::now() < until) {
        if (!watched->looking) {
            watched->due.expires_after(pause);
            co_await watched->due.async_wait(net::nothrow);  // the webhook cuts it short
            const auto state = co_await boost::asio::this_coro::cancellation_state;
            if (state.cancelled() != boost::asio::cancellation_type::none) co_return;
        }
        watched->looking = false;
        done = co_await join(transcript_sid, watched);
        pause = std::min(pause * 2, services_.longest_pause);
    }
    if (!done) {
        note(watched->call_sid, dumped({{"transcript_sid", transcript_sid}, {"status", "given_up"}}));
        services_.log.warn("intelligence.failed", "A transcript did not become ready in its time.",
                           {{"call_sid", watched->call_sid}, {"transcript_sid", transcript_sid}});
    }
    watched_.erase(transcript_sid);
    joined_.push_back(transcript_sid);
    if (joined_.size() > kMostJoined) joined_.pop_front();
    if (watched->over) watched->over();
}

// True: there is nothing more to wait for.
net::Task<bool> IntelligenceDesk::join(std::string transcript_sid, std::shared_ptr<Watch> watched) {
    auto transcript = co_await services_.fetch(transcript_sid);
    if (!transcript || !ended(transcript->status)) co_return false;
    std::vector<rest::Sentence> sentences;
    std::vector<rest::OperatorResult> results;
    if (transcript->status == "completed") {
        auto words = co_await services_.sentences(transcript_sid, watched->rules.redact);
        if (!words) co_return false;
        auto found = co_await services_.results(transcript_sid, watched->rules.redact);
        if (!found) co_return false;
        sentences = std::move(*words);
        results = std::move(*found);
    }
    note(watched->call_sid, intelligence_fact(*transcript, sentences, results, watched->rules));
    services_.log.info("intelligence.joined", "What Intelligence found is in the call's record.",
                       {{"call_sid", watched->call_sid},
                        {"transcript_sid", transcript_sid},
                        {"status", transcript->status},
                        {"sentences", sentences.size()},
                        {"operators", results.size()}});
    co_return true;
}

}  // namespace parley::messaging

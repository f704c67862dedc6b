#include "transcription.hpp"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "parley/sim/identifiers.hpp"
#include "parley/sim/twiml_document.hpp"

namespace parley::sim {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

double rounded(double value) {
    return static_cast<double>(static_cast<int>(value * 100 + 0.5)) / 100;
}

// The first half of the words: what a partial result would have understood by then.
std::string first_half(const std::string& text) {
    auto middle = text.find(' ', text.size() / 2);
    if (middle == std::string::npos) middle = text.rfind(' ');
    return middle == std::string::npos ? std::string{} : text.substr(0, middle);
}

}  // namespace

LiveTranscription::LiveTranscription(CarrierCall& call, std::string sid, TranscriptionPlan plan) : call_(call), plan_(std::move(plan)) {
    if (plan_.name.empty()) plan_.name = sid;
    truth_.sid = std::move(sid);
    truth_.call_sid = call_.sid();
    truth_.intelligence_service = plan_.intelligence_service;
    truth_.began_ms = call_.ms_now();
    if (plan_.engine != "google" && plan_.engine != "deepgram") {
        const std::string why = "Unknown transcription engine " + plan_.engine;
        call_.notify(32650, why, plan_.callback_url);
        auto form = event("transcription-error");
        form.emplace_back("TranscriptionErrorCode", "32650");
        form.emplace_back("TranscriptionError", why);
        call_.callback("transcription", plan_.callback_url, plan_.callback_method, std::move(form));
        ended_ = true;
        return;
    }
    auto form = event("transcription-started");
    form.emplace_back("TranscriptionEngine", plan_.engine);
    form.emplace_back("Name", plan_.name);
    form.emplace_back("LanguageCode", plan_.language);
    form.emplace_back("Track", plan_.track);
    if (!plan_.inbound_label.empty()) form.emplace_back("InboundTrackLabel", plan_.inbound_label);
    if (!plan_.outbound_label.empty()) form.emplace_back("OutboundTrackLabel", plan_.outbound_label);
    form.emplace_back("PartialResults", plan_.partial_results ? "true" : "false");
    form.emplace_back("ProviderConfiguration", text_of({{"profanityFilter", plan_.profanity_filter ? "true" : "false"},
                                                        {"speechModel", plan_.model},
                                                        {"enableAutomaticPunctuation", plan_.punctuation ? "true" : "false"},
                                                        {"hints", plan_.hints}}));
    call_.callback("transcription", plan_.callback_url, plan_.callback_method, std::move(form));
}

Form LiveTranscription::event(const char* name) {
    return {{"AccountSid", call_.deps().options.account_sid},
            {"CallSid", call_.sid()},
            {"TranscriptionSid", truth_.sid},
            {"TranscriptionEvent", name},
            {"Timestamp", iso8601(std::chrono::system_clock::now())},
            {"SequenceId", std::to_string(++sequence_)}};
}

void LiveTranscription::hear(const TranscriptLine& line) {
    using Who = TranscriptLine::Who;
    if (ended_) return;
    // The ear also hears what the carrier itself says, whose words are known.
    const auto speed = call_.deps().options.speed;
    if (line.who == Who::carrier) carrier_spoke_ms_ = line.from_ms;
    if (line.who == Who::agent && line.from_ms < carrier_spoke_ms_ + 400 / speed && line.from_ms > carrier_spoke_ms_ - 50) return;
    const bool inbound = line.who == Who::caller;
    const bool wanted = plan_.track == "both_tracks" || plan_.track == (inbound ? "inbound_track" : "outbound_track");
    if (!wanted || line.text.empty() || line.text.starts_with("[keys")) return;
    auto pending = std::make_shared<Pending>();
    pending->content = {inbound, line.from_ms, line.to_ms, line.text, line.recognised ? line.confidence : 0.95};
    pending_.push_back(pending);
    if (line.to_ms <= call_.ms_now()) {
        tell(*pending);
    } else {
        call_.spawn(tell_later(pending));
    }
}

Task<> LiveTranscription::tell_later(std::shared_ptr<Pending> pending) {
    const auto until = Clock::now() + std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(pending->content.to_ms - call_.ms_now()));
    while (!pending->told && !call_.over() && Clock::now() < until) co_await call_.changed().wait(until);
    tell(*pending);
}

void LiveTranscription::tell(Pending& pending) {
    if (pending.told || ended_) return;
    pending.told = true;
    const auto& said = pending.content;
    if (plan_.partial_results) {
        if (const auto half = first_half(said.text); !half.empty()) content(said, half, false);
    }
    content(said, said.text, true);
    truth_.contents.push_back(said);
}

void LiveTranscription::content(const TranscriptionTruth::Content& said, const std::string& text, bool final) {
    auto form = event("transcription-content");
    form.emplace_back("Track", said.inbound ? "inbound_track" : "outbound_track");
    form.emplace_back("LanguageCode", plan_.language);
    form.emplace_back("Final", final ? "true" : "false");
    Json data{{"transcript", text}};
    if (final) data["confidence"] = rounded(said.confidence);
    form.emplace_back("TranscriptionData", text_of(data));
    if (!final) form.emplace_back("Stability", "0.9");
    if (plan_.provider_data) form.emplace_back("TranscriptionProviderData", text_of({{"engine", plan_.engine}}));
    call_.callback("transcription", plan_.callback_url, plan_.callback_method, std::move(form));
}

void LiveTranscription::stop() {
    if (ended_) return;
    for (auto& pending : pending_) tell(*pending);
    ended_ = true;
    call_.callback("transcription", plan_.callback_url, plan_.callback_method, event("transcription-stopped"));
}

namespace {

// Attribute or parameter by the same word, but for the case of its first letter.
template <class Read>
TranscriptionPlan read_plan(Read read) {
    TranscriptionPlan plan;
    const auto text = [&](const char* key, std::string& into) {
        if (auto value = read(key); !value.empty()) into = std::move(value);
    };
    const auto flag = [&](const char* key, bool& into) {
        if (const auto value = read(key); !value.empty()) into = value == "true";
    };
    text("name", plan.name);
    text("statusCallbackUrl", plan.callback_url);
    text("statusCallbackMethod", plan.callback_method);
    text("track", plan.track);
    text("inboundTrackLabel", plan.inbound_label);
    text("outboundTrackLabel", plan.outbound_label);
    text("languageCode", plan.language);
    text("transcriptionEngine", plan.engine);
    text("speechModel", plan.model);
    text("hints", plan.hints);
    text("intelligenceService", plan.intelligence_service);
    flag("partialResults", plan.partial_results);
    flag("profanityFilter", plan.profanity_filter);
    flag("enableAutomaticPunctuation", plan.punctuation);
    flag("enableProviderData", plan.provider_data);
    return plan;
}

}  // namespace

TranscriptionPlan read_transcription(const TwimlElement& noun) {
    return read_plan([&](std::string key) { return noun.attribute(key); });
}

TranscriptionPlan read_transcription(const Form& form) {
    return read_plan([&](std::string key) {
        key[0] = static_cast<char>(key[0] - 32);
        return std::string(value_of(form, key));
    });
}

}  // namespace parley::sim

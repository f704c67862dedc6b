#include "parley/vendors/assemblyai/streaming.hpp"

#include <algorithm>

#include "parley/vendors/socket.hpp"
#include "parley/vendors/stt_socket.hpp"
#include "stt/fields.hpp"
#include "stt/settings.hpp"

namespace parley::vendors::assemblyai {

using stt::json;
using stt::Setting;
using Kind = stt::Setting::Kind;

namespace {

constexpr std::string_view kBase = "https://streaming.assemblyai.com";
constexpr std::string_view kModel = "universal-3-5-pro";

constexpr Setting kSettings[] = {
    {"format_turns", Kind::flag},
    {"end_of_turn_confidence_threshold", Kind::number, 0, 1},
    {"min_turn_silence", Kind::whole, 0, 10000},
    {"max_turn_silence", Kind::whole, 0, 60000},
    {"vad_threshold", Kind::number, 0, 1},
    {"keyterms", Kind::list, 50, 100},
    {"prompt", Kind::text},
    {"agent_context", Kind::text},
    {"mode", Kind::choice, 0, 0, "min_latency balanced max_accuracy"},
    {"continuous_partials", Kind::flag},
    {"interruption_delay", Kind::whole, 0, 1000},
    {"filter_profanity", Kind::flag},
    {"inactivity_timeout", Kind::whole, 5, 3600},
    {"chunk_ms", Kind::whole, 60, 1000},
};

std::string model_of(const Endpoint& use) {
    return use.model.empty() ? std::string(kModel) : use.model;
}

// The family decides what the fields of a Turn mean.
bool whole_transcripts(const Endpoint& use) {
    const auto model = model_of(use);
    return model.starts_with("universal-3") || model.starts_with("u3");
}

std::string joined_words(const json& message) {
    std::string all;
    const auto* words = stt::member(message, "words");
    if (words == nullptr || !words->is_array()) return all;
    for (const auto& word : *words) {
        const auto text = stt::text_of(word, "text").value_or("");
        if (text.empty()) continue;
        if (!all.empty()) all += ' ';
        all += text;
        if (all.size() > SttNews::kTranscriptBytes) break;
    }
    return plain(all, SttNews::kTranscriptBytes);
}

bool own_kind(int code, FailureKind& kind) {
    switch (code) {
        case 1008:
            kind = FailureKind::auth;
            return true;
        case 3005:
            kind = FailureKind::server;
            return true;
        case 3006:
        case 3007:
            kind = FailureKind::refused;
            return true;
        case 3008:
        case 4008:
            kind = FailureKind::session_limit;
            return true;
        case 3009:
            kind = FailureKind::quota;
            return true;
        case 4031:
            kind = FailureKind::timeout;
            return true;
        default:
            return false;
    }
}

}  // namespace

std::string check_streaming(const Endpoint& endpoint) {
    if (auto wrong = stt::check(endpoint, kSettings); !wrong.empty()) return wrong;
    const bool u3 = whole_transcripts(endpoint);
    for (const char* name : {"format_turns", "end_of_turn_confidence_threshold"})
        if (u3 && !endpoint.option(name).empty()) return std::string("its setting ") + name + " needs a universal-streaming model";
    for (const char* name : {"vad_threshold", "prompt", "agent_context", "mode", "continuous_partials", "interruption_delay"})
        if (!u3 && !endpoint.option(name).empty()) return std::string("its setting ") + name + " needs a universal-3 model";
    return {};
}

SttProtocol::Shape StreamingProtocol::shape() const {
    const auto& use = endpoint_;
    stt::Query query("/v3/ws");
    query.add("speech_model", model_of(use)).add("sample_rate", "8000").add("encoding", "pcm_mulaw");
    if (!use.language.empty()) query.add("language_code", stt::primary_language(use.language));
    for (const char* name : {"format_turns", "end_of_turn_confidence_threshold", "min_turn_silence", "max_turn_silence", "vad_threshold", "prompt",
                             "agent_context", "mode", "continuous_partials", "interruption_delay", "filter_profanity", "inactivity_timeout"})
        query.setting(use, name);
    if (const auto terms = stt::entries(use.option("keyterms")); !terms.empty()) query.add("keyterms_prompt", json(terms).dump());
    Shape shape;
    shape.url = socket_url(use.base_url.empty() ? kBase : std::string_view(use.base_url), query.text());
    shape.headers.add("Authorization", std::string(use.key.reveal()));
    shape.chunk_bytes = 8 * static_cast<std::size_t>(std::stoul(use.option("chunk_ms", "60")));
    shape.least_bytes = 400;
    if (!use.option("inactivity_timeout").empty()) {
        shape.keep_alive = R"({"type":"KeepAlive"})";
        shape.keep_alive_every = std::chrono::seconds(2);
    }
    shape.finalize_wait = std::chrono::milliseconds(700);
    shape.goodbye = R"({"type":"Terminate"})";  // else it is billed for up to 3 h
    return shape;
}

void StreamingProtocol::audio(std::span<const std::uint8_t> mulaw, Outgoing& message) {
    message.binary = true;
    message.bytes.assign(mulaw.begin(), mulaw.end());
}

void StreamingProtocol::finalize(Out& out) {
    finalizing_ = true;
    out.push_back({false, R"({"type":"ForceEndpoint"})"});
}

void StreamingProtocol::finalize_unanswered(News&) {
    finalizing_ = false;
}

void StreamingProtocol::hint(std::string_view phrases, Out& out) {
    const json message = {{"type", "UpdateConfiguration"}, {"keyterms_prompt", stt::entries(phrases)}};
    out.push_back({false, message.dump()});
}

void StreamingProtocol::read(std::string_view text, News& news, Out&) {
    const auto message = stt::parse_message(text, "type");
    if (message.is_discarded()) return news.push_back(SttNews::nonsense("a message is not a JSON object with a type"));
    const auto type = *stt::text_of(message, "type");
    if (type == "Begin") return news.push_back(SttNews::opened(stt::text_of(message, "id").value_or("")));
    if (type == "SpeechStarted") {
        started_ = true;
        return news.emplace_back(SttNews::What::speech_started), void();
    }
    if (type == "Error") {
        const int code = static_cast<int>(std::clamp(stt::number_of(message, "error_code", 0), 0.0, 9999.0));
        auto failure = from_close(code, stt::text_of(message, "error").value_or(""));
        refine(failure);
        return news.push_back(SttNews::failed(std::move(failure)));
    }
    if (type != "Turn") return;

    const auto said = stt::text_of(message, "transcript");
    if (!said) return news.push_back(SttNews::nonsense("a transcript is no text"));
    const double turn = stt::number_of(message, "turn_order", -1);
    if (turn >= 0 && turn <= settled_turn_) return;  // a repetition of what is settled, formatted or late
    const bool u3 = whole_transcripts(endpoint_);
    auto transcript = plain(*said, SttNews::kTranscriptBytes);
    const bool formatted = u3 || endpoint_.option("format_turns") != "true" || stt::flag_of(message, "turn_is_formatted");
    if (stt::flag_of(message, "end_of_turn") && formatted) {
        if (turn >= 0) settled_turn_ = turn;
        started_ = false;
        if (!transcript.empty()) {
            news.push_back(SttNews::piece(transcript, stt::mean_confidence(message, 1)));
            news.push_back(SttNews::end_of_turn(stt::number_of(message, "end_of_turn_confidence", 1), false));
        } else if (!shown_.empty()) {
            news.push_back(SttNews::interim({}));
        }
        shown_.clear();
        if (finalizing_) news.emplace_back(SttNews::What::finalized);
        finalizing_ = false;
        return;
    }
    // The other family's transcript lacks the words that may still change.
    if (!u3 || transcript.empty()) {
        auto words = joined_words(message);
        if (words.size() > transcript.size()) transcript = std::move(words);
    }
    if (transcript == shown_) return;
    if (!started_ && !u3) {  // that family does not say when speech begins
        started_ = true;
        news.emplace_back(SttNews::What::speech_started);
    }
    shown_ = transcript;
    news.push_back(SttNews::interim(transcript));
}

void StreamingProtocol::refine(Failure& failure) const {
    (void)own_kind(failure.status, failure.kind);
}

std::unique_ptr<SttStream> make_streaming(const Endpoint& endpoint, const Link& link, SttSink& sink) {
    return make_stt_stream(std::make_unique<StreamingProtocol>(endpoint), endpoint.connect_within, link, sink);
}

}  // namespace parley::vendors::assemblyai

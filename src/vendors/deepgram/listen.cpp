#include "parley/vendors/deepgram/listen.hpp"

#include <algorithm>

#include "parley/vendors/socket.hpp"
#include "parley/vendors/stt_socket.hpp"
#include "stt/fields.hpp"
#include "stt/settings.hpp"

namespace parley::vendors::deepgram {

using stt::Setting;
using Kind = stt::Setting::Kind;

namespace {

constexpr std::string_view kBase = "https://api.deepgram.com";
constexpr std::string_view kModel = "nova-3";

constexpr Setting kSettings[] = {
    {"endpointing", Kind::text},      {"utterance_end_ms", Kind::whole, 1000, 60000},
    {"vad_events", Kind::flag},       {"smart_format", Kind::flag},
    {"punctuate", Kind::flag},        {"numerals", Kind::flag},
    {"profanity_filter", Kind::flag}, {"filler_words", Kind::flag},
    {"dictation", Kind::flag},        {"mip_opt_out", Kind::flag},
    {"redact", Kind::list},           {"tag", Kind::list},
    {"version", Kind::text},          {"keyterms", Kind::list, 0, 100},
    {"keywords", Kind::list, 0, 100}, {"chunk_ms", Kind::whole, 20, 100},
};

std::string model_of(const Endpoint& endpoint) {
    return endpoint.model.empty() ? std::string(kModel) : endpoint.model;
}

Failure announced(const stt::json& message) {
    Failure failure;
    failure.kind = FailureKind::server;
    failure.phase = "stream";
    const auto variant = stt::text_of(message, "variant").value_or("");
    auto said = stt::text_of(message, "description").value_or("");
    if (said.empty()) said = stt::text_of(message, "message").value_or("");
    failure.reason = plain("the vendor reports an error " + std::string(variant) + ": " + std::string(said));
    return failure;
}

}  // namespace

std::string check_listen(const Endpoint& endpoint) {
    if (auto wrong = stt::check(endpoint, kSettings); !wrong.empty()) return wrong;
    if (const auto pause = endpoint.option("endpointing", "300"); pause != "false") {
        constexpr Setting kPause[] = {{"endpointing", Kind::whole, 10, 10000}};
        Endpoint alone;
        alone.key = endpoint.key;
        alone.options.emplace("endpointing", pause);
        if (!stt::check(alone, kPause).empty())
            return "its setting endpointing is '" + plain(pause, 60) + "' but must be false or a whole number from 10 to 10000";
    }
    const auto model = model_of(endpoint);
    if (!endpoint.option("keyterms").empty() && !model.starts_with("nova-3")) return "its setting keyterms needs a nova-3 model; older ones have keywords";
    if (!endpoint.option("keywords").empty() && model.starts_with("nova-3")) return "its setting keywords needs a model older than nova-3, which has keyterms";
    if (model.starts_with("flux")) return "its model '" + plain(model, 60) + "' is one of /v2/listen";
    return {};
}

SttProtocol::Shape ListenProtocol::shape() const {
    const auto& use = endpoint_;
    stt::Query query("/v1/listen");
    query.add("model", model_of(use));
    if (!use.language.empty()) query.add("language", use.language);
    query.add("encoding", "mulaw").add("sample_rate", "8000").add("channels", "1").add("interim_results", "true");
    query.add("endpointing", use.option("endpointing", "300")).add("utterance_end_ms", use.option("utterance_end_ms", "1000"));
    query.add("vad_events", use.option("vad_events", "true")).add("punctuate", use.option("punctuate", "true"));
    for (const char* name : {"smart_format", "numerals", "profanity_filter", "filler_words", "dictation", "mip_opt_out", "version"}) query.setting(use, name);
    query.each(use, "redact", "redact").each(use, "tag", "tag").each(use, "keyterms", "keyterm").each(use, "keywords", "keywords");
    Shape shape;
    shape.url = socket_url(use.base_url.empty() ? kBase : std::string_view(use.base_url), query.text());
    shape.headers.add("Authorization", "Token " + std::string(use.key.reveal()));
    shape.chunk_bytes = 8 * static_cast<std::size_t>(std::stoul(use.option("chunk_ms", "20")));
    shape.keep_alive = R"({"type":"KeepAlive"})";
    shape.keep_alive_every = std::chrono::seconds(4);  // the vendor gives up after 10 s
    shape.finalize_wait = std::chrono::milliseconds(700);
    shape.accepted_by_upgrade = true;
    shape.goodbye = R"({"type":"CloseStream"})";
    return shape;
}

void ListenProtocol::audio(std::span<const std::uint8_t> mulaw, Outgoing& message) {
    message.binary = true;
    message.bytes.assign(mulaw.begin(), mulaw.end());
}

void ListenProtocol::finalize(Out& out) {
    finalizing_ = true;
    out.push_back({false, R"({"type":"Finalize"})"});
}

void ListenProtocol::finalize_unanswered(News&) {
    finalizing_ = false;
}

void ListenProtocol::read(std::string_view text, News& news, Out&) {
    const auto message = stt::parse_message(text, "type");
    if (message.is_discarded()) return news.push_back(SttNews::nonsense("a message is not a JSON object with a type"));
    const auto type = *stt::text_of(message, "type");
    if (type == "SpeechStarted") return news.emplace_back(SttNews::What::speech_started), void();
    if (type == "Error") return news.push_back(SttNews::failed(announced(message)));
    if (type == "UtteranceEnd") {
        if (pieces_) news.push_back(SttNews::end_of_turn(last_confidence_, false));
        pieces_ = false;
        return;
    }
    if (type != "Results") return;

    const auto* channel = stt::member(message, "channel");
    const auto* alternatives = channel == nullptr ? nullptr : stt::member(*channel, "alternatives");
    if (alternatives == nullptr || !alternatives->is_array()) return news.push_back(SttNews::nonsense("a result has no alternatives"));
    std::string transcript;
    double confidence = 1;
    if (!alternatives->empty()) {
        const auto said = stt::text_of(alternatives->front(), "transcript");
        if (!said) return news.push_back(SttNews::nonsense("a transcript is no text"));
        transcript = plain(*said, SttNews::kTranscriptBytes);
        confidence = stt::number_of(alternatives->front(), "confidence", 1);
    }
    if (!stt::flag_of(message, "is_final")) {
        if (!transcript.empty() || interim_) news.push_back(SttNews::interim(transcript));
        interim_ = !transcript.empty();
        return;
    }
    const double start = stt::number_of(message, "start", settled_until_);
    const bool repeated = start + 0.001 < settled_until_;
    if (!repeated) settled_until_ = start + std::max(0.0, stt::number_of(message, "duration", 0));
    if (repeated) {
        transcript.clear();
    } else if (!transcript.empty()) {
        news.push_back(SttNews::piece(transcript, confidence));
        pieces_ = true;
        last_confidence_ = confidence;
    } else if (interim_) {
        news.push_back(SttNews::interim({}));  // what was guessed has come to nothing
    }
    interim_ = false;
    if (stt::flag_of(message, "speech_final")) {
        if (pieces_) news.push_back(SttNews::end_of_turn(last_confidence_, false));
        pieces_ = false;
    }
    if (finalizing_ && stt::flag_of(message, "from_finalize")) {
        finalizing_ = false;
        news.emplace_back(SttNews::What::finalized);
    }
}

std::unique_ptr<SttStream> make_listen(const Endpoint& endpoint, const Link& link, SttSink& sink) {
    return make_stt_stream(std::make_unique<ListenProtocol>(endpoint), endpoint.connect_within, link, sink);
}

}  // namespace parley::vendors::deepgram

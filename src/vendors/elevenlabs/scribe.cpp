#include "parley/vendors/elevenlabs/scribe.hpp"

#include "parley/audio/base64.hpp"
#include "parley/vendors/socket.hpp"
#include "parley/vendors/stt_socket.hpp"
#include "stt/fields.hpp"
#include "stt/settings.hpp"

namespace parley::vendors::elevenlabs {

using stt::Setting;
using Kind = stt::Setting::Kind;

namespace {

constexpr std::string_view kBase = "https://api.elevenlabs.io";
constexpr std::string_view kModel = "scribe_v2_realtime";

constexpr Setting kSettings[] = {
    {"commit_strategy", Kind::choice, 0, 0, "manual vad"},
    {"vad_silence_threshold_secs", Kind::number, 0.3, 3},
    {"vad_threshold", Kind::number, 0.1, 0.9},
    {"min_speech_duration_ms", Kind::whole, 50, 2000},
    {"min_silence_duration_ms", Kind::whole, 50, 2000},
    {"secondary_languages", Kind::list, 3, 20},
    {"keyterms", Kind::list, 20, 50},
    {"no_verbatim", Kind::flag},
    {"filter_background_audio", Kind::flag},
    {"enable_logging", Kind::flag},
    {"chunk_ms", Kind::whole, 20, 1000},
};

constexpr const char* kOnlyWithVad[] = {"vad_silence_threshold_secs", "vad_threshold", "min_speech_duration_ms", "min_silence_duration_ms"};

struct Word {
    std::string_view type;
    FailureKind kind;
};
constexpr Word kErrors[] = {
    {"error", FailureKind::server},
    {"auth_error", FailureKind::auth},
    {"quota_exceeded", FailureKind::quota},
    {"transcriber_error", FailureKind::server},
    {"unaccepted_terms", FailureKind::refused},
    {"rate_limited", FailureKind::rate_limited},
    {"input_error", FailureKind::refused},
    {"invalid_request", FailureKind::refused},
    {"queue_overflow", FailureKind::server},
    {"resource_exhausted", FailureKind::server},
    {"session_time_limit_exceeded", FailureKind::session_limit},
    {"chunk_size_exceeded", FailureKind::refused},
    {"insufficient_audio_activity", FailureKind::closed},
};

}  // namespace

std::string check_scribe(const Endpoint& endpoint) {
    if (auto wrong = stt::check(endpoint, kSettings); !wrong.empty()) return wrong;
    if (endpoint.option("commit_strategy", "manual") != "vad")
        for (const char* name : kOnlyWithVad)
            if (!endpoint.option(name).empty()) return std::string("its setting ") + name + " needs commit_strategy vad";
    return {};
}

SttProtocol::Shape ScribeProtocol::shape() const {
    const auto& use = endpoint_;
    stt::Query query("/v1/speech-to-text/realtime");
    query.add("model_id", use.model.empty() ? kModel : std::string_view(use.model)).add("audio_format", "ulaw_8000");
    query.add("commit_strategy", use.option("commit_strategy", "manual"));
    if (!use.language.empty()) query.add("language_code", stt::primary_language(use.language));
    for (const char* name : kOnlyWithVad) query.setting(use, name);
    for (const char* name : {"no_verbatim", "filter_background_audio", "enable_logging"}) query.setting(use, name);
    query.each(use, "secondary_languages", "secondary_languages").each(use, "keyterms", "keyterms");
    Shape shape;
    shape.url = socket_url(use.base_url.empty() ? kBase : std::string_view(use.base_url), query.text());
    shape.headers.add("xi-api-key", std::string(use.key.reveal()));
    shape.chunk_bytes = 8 * static_cast<std::size_t>(std::stoul(use.option("chunk_ms", "100")));
    shape.keep_alive = R"({"message_type":"input_audio_chunk","audio_base_64":"","commit":false,"sample_rate":8000})";
    shape.keep_alive_every = std::chrono::seconds(5);  // the vendor gives up after 10 s
    shape.finalize_wait = std::chrono::milliseconds(1500);
    return shape;
}

void ScribeProtocol::audio(std::span<const std::uint8_t> mulaw, Outgoing& message) {
    constexpr std::string_view kHead = R"({"message_type":"input_audio_chunk","audio_base_64":")";
    message.binary = false;
    message.bytes.assign(kHead);
    message.bytes.resize(kHead.size() + audio::base64_encoded_size(mulaw.size()));
    audio::base64_encode(mulaw, std::span(message.bytes).subspan(kHead.size()));
    message.bytes += R"(","commit":false,"sample_rate":8000})";
}

void ScribeProtocol::finalize(Out& out) {
    finalizing_ = true;
    out.push_back({false, R"({"message_type":"input_audio_chunk","audio_base_64":"","commit":true,"sample_rate":8000})"});
}

void ScribeProtocol::finalize_unanswered(News&) {
    finalizing_ = false;
}

void ScribeProtocol::read(std::string_view text, News& news, Out&) {
    const auto message = stt::parse_message(text, "message_type");
    if (message.is_discarded()) return news.push_back(SttNews::nonsense("a message is not a JSON object with a message_type"));
    const auto type = *stt::text_of(message, "message_type");
    if (type == "session_started") return news.push_back(SttNews::opened(stt::text_of(message, "session_id").value_or("")));
    if (type == "commit_throttled") {
        if (finalizing_) news.emplace_back(SttNews::What::finalized);
        finalizing_ = false;
        return;
    }
    for (const auto& error : kErrors) {
        if (type != error.type) continue;
        Failure failure;
        failure.kind = error.kind;
        failure.phase = "stream";
        failure.reason = plain("the vendor reports " + std::string(type) + ": " + std::string(stt::text_of(message, "error").value_or("")));
        return news.push_back(SttNews::failed(std::move(failure)));
    }
    // final_transcript is stable, but the commit repeats it: until then it is an interim like any other.
    const bool committed = type == "committed_transcript";
    if (!committed && type != "partial_transcript" && type != "final_transcript") return;
    const auto said = stt::text_of(message, "text");
    if (!said) return news.push_back(SttNews::nonsense("a transcript is no text"));
    const auto transcript = plain(*said, SttNews::kTranscriptBytes);
    if (!committed) {
        if (transcript == shown_) return;
        if (shown_.empty()) news.emplace_back(SttNews::What::speech_started);
        shown_ = transcript;
        return news.push_back(SttNews::interim(transcript));
    }
    if (!transcript.empty())
        news.push_back(SttNews::piece(transcript, 1));
    else if (!shown_.empty())
        news.push_back(SttNews::interim({}));
    shown_.clear();
    // Whose commit this answers is not said: with vad, the vendor's own may come first.
    if (!transcript.empty() && endpoint_.option("commit_strategy") == "vad") news.push_back(SttNews::end_of_turn(1, false));
    if (finalizing_) news.emplace_back(SttNews::What::finalized);
    finalizing_ = false;
}

std::unique_ptr<SttStream> make_scribe(const Endpoint& endpoint, const Link& link, SttSink& sink) {
    return make_stt_stream(std::make_unique<ScribeProtocol>(endpoint), endpoint.connect_within, link, sink);
}

}  // namespace parley::vendors::elevenlabs

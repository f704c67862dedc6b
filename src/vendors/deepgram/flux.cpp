#include "parley/vendors/deepgram/flux.hpp"

#include "parley/vendors/socket.hpp"
#include "parley/vendors/stt_socket.hpp"
#include "stt/fields.hpp"
#include "stt/settings.hpp"

namespace parley::vendors::deepgram {

using stt::Setting;
using Kind = stt::Setting::Kind;

namespace {

constexpr std::string_view kBase = "https://api.deepgram.com";
constexpr std::string_view kModel = "flux-general-en";

constexpr Setting kSettings[] = {
    {"eot_threshold", Kind::number, 0.5, 1},
    {"eager_eot_threshold", Kind::number, 0.3, 0.9},
    {"eot_timeout_ms", Kind::whole, 500, 60000},
    {"keyterms", Kind::list, 0, 100},
    {"language_hints", Kind::list, 0, 20},
    {"numerals", Kind::flag},
    {"profanity_filter", Kind::flag},
    {"redact", Kind::choice, 0, 0, "numbers aggressive_numbers"},
    {"mip_opt_out", Kind::flag},
    {"tag", Kind::list},
    {"chunk_ms", Kind::whole, 20, 200},
};

Failure announced(const stt::json& message) {
    Failure failure;
    const auto code = stt::text_of(message, "code").value_or("");
    failure.kind = code == "UNPARSABLE_CLIENT_MESSAGE" ? FailureKind::refused : FailureKind::server;
    failure.phase = "stream";
    failure.reason = plain("the vendor reports an error " + std::string(code) + ": " + std::string(stt::text_of(message, "description").value_or("")));
    return failure;
}

}  // namespace

std::string check_flux(const Endpoint& endpoint) {
    if (auto wrong = stt::check(endpoint, kSettings); !wrong.empty()) return wrong;
    if (!endpoint.model.empty() && !endpoint.model.starts_with("flux"))
        return "its model '" + plain(endpoint.model, 60) + "' is not one of /v2/listen (flux-…)";
    const auto eager = endpoint.option("eager_eot_threshold");
    if (!eager.empty() && std::stod(eager) > std::stod(endpoint.option("eot_threshold", "0.7")))
        return "its setting eager_eot_threshold must not be above eot_threshold";
    const bool many = endpoint.model == "flux-general-multi";
    if (!endpoint.option("language_hints").empty() && !many) return "its setting language_hints needs the model flux-general-multi";
    if (!endpoint.language.empty() && !many && stt::primary_language(endpoint.language) != "en")
        return "its language '" + plain(endpoint.language, 20) + "' needs the model flux-general-multi";
    return {};
}

SttProtocol::Shape FluxProtocol::shape() const {
    const auto& use = endpoint_;
    stt::Query query("/v2/listen");
    query.add("model", use.model.empty() ? kModel : std::string_view(use.model)).add("encoding", "mulaw").add("sample_rate", "8000");
    for (const char* name : {"eot_threshold", "eager_eot_threshold", "eot_timeout_ms", "numerals", "profanity_filter", "redact", "mip_opt_out"})
        query.setting(use, name);
    query.each(use, "keyterms", "keyterm").each(use, "tag", "tag");
    if (!use.option("language_hints").empty())
        query.each(use, "language_hints", "language_hint");
    else if (!use.language.empty() && use.model == "flux-general-multi")
        query.add("language_hint", stt::primary_language(use.language));
    Shape shape;
    shape.url = socket_url(use.base_url.empty() ? kBase : std::string_view(use.base_url), query.text());
    shape.headers.add("Authorization", "Token " + std::string(use.key.reveal()));
    shape.chunk_bytes = 8 * static_cast<std::size_t>(std::stoul(use.option("chunk_ms", "80")));
    shape.finalize_wait = std::chrono::milliseconds(700);
    shape.goodbye = R"({"type":"CloseStream"})";
    return shape;
}

void FluxProtocol::audio(std::span<const std::uint8_t> mulaw, Outgoing& message) {
    message.binary = true;
    message.bytes.assign(mulaw.begin(), mulaw.end());
}

void FluxProtocol::finalize(Out& out) {
    finalizing_ = true;
    out.push_back({false, R"({"type":"ForceEndTurn"})"});
}

void FluxProtocol::finalize_unanswered(News&) {
    finalizing_ = false;
}

void FluxProtocol::hint(std::string_view phrases, Out& out) {
    if (configuring_) {
        next_hint_ = std::string(phrases);
        return;
    }
    configuring_ = true;
    const stt::json message = {{"type", "Configure"}, {"keyterms", stt::entries(phrases)}};
    out.push_back({false, message.dump()});
}

void FluxProtocol::read(std::string_view text, News& news, Out& out) {
    const auto message = stt::parse_message(text, "type");
    if (message.is_discarded()) return news.push_back(SttNews::nonsense("a message is not a JSON object with a type"));
    const auto type = *stt::text_of(message, "type");
    if (type == "Connected") return news.push_back(SttNews::opened(stt::text_of(message, "request_id").value_or("")));
    if (type == "Error") return news.push_back(SttNews::failed(announced(message)));
    if (type == "ConfigureSuccess" || type == "ConfigureFailure") {
        configuring_ = false;
        if (next_hint_) {
            const auto waiting = std::move(*next_hint_);
            next_hint_.reset();
            hint(waiting, out);
        }
        return;
    }
    if (type != "TurnInfo") return;

    const auto event = stt::text_of(message, "event");
    const auto said = stt::text_of(message, "transcript");
    if (!event || !said) return news.push_back(SttNews::nonsense("a turn has an event or a transcript that is no text"));
    const auto transcript = plain(*said, SttNews::kTranscriptBytes);
    const double turn = stt::number_of(message, "turn_index", ended_turn_ + 1);
    if (turn <= ended_turn_) return;  // of a turn that is over
    const double sure = stt::number_of(message, "end_of_turn_confidence", 1);
    if (*event == "EndOfTurn") {
        ended_turn_ = turn;
        if (!transcript.empty())
            news.push_back(SttNews::piece(transcript, stt::mean_confidence(message, 1)));
        else if (!shown_.empty())
            news.push_back(SttNews::interim({}));
        shown_.clear();
        if (!transcript.empty()) news.push_back(SttNews::end_of_turn(sure, false));
        if (finalizing_) news.emplace_back(SttNews::What::finalized);
        finalizing_ = false;
        return;
    }
    if (*event == "StartOfTurn") news.emplace_back(SttNews::What::speech_started);
    if (*event == "TurnResumed") news.emplace_back(SttNews::What::turn_resumed);
    if (transcript != shown_) {
        shown_ = transcript;
        news.push_back(SttNews::interim(transcript));
    }
    if (*event == "EagerEndOfTurn") news.push_back(SttNews::end_of_turn(sure, true));
}

std::unique_ptr<SttStream> make_flux(const Endpoint& endpoint, const Link& link, SttSink& sink) {
    return make_stt_stream(std::make_unique<FluxProtocol>(endpoint), endpoint.connect_within, link, sink);
}

}  // namespace parley::vendors::deepgram

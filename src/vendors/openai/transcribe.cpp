#include "parley/vendors/openai/transcribe.hpp"

#include <algorithm>

#include "parley/audio/base64.hpp"
#include "parley/vendors/socket.hpp"
#include "parley/vendors/stt_socket.hpp"
#include "stt/fields.hpp"
#include "stt/settings.hpp"

namespace parley::vendors::openai {

using stt::json;
using stt::Setting;
using Kind = stt::Setting::Kind;

namespace {

constexpr std::string_view kBase = "https://api.openai.com/v1";
constexpr std::string_view kModel = "gpt-realtime-whisper";
constexpr std::string_view kCommitId = "parley-commit";

constexpr Setting kSettings[] = {
    {"turn_detection", Kind::choice, 0, 0, "none server_vad semantic_vad"},
    {"threshold", Kind::number, 0, 1},
    {"prefix_padding_ms", Kind::whole, 0, 5000},
    {"silence_duration_ms", Kind::whole, 50, 10000},
    {"eagerness", Kind::choice, 0, 0, "low medium high auto"},
    {"noise_reduction", Kind::choice, 0, 0, "near_field far_field off"},
    {"prompt", Kind::text},
    {"keywords", Kind::list, 0, 100},
    {"delay", Kind::choice, 0, 0, "minimal low medium high xhigh"},
    {"chunk_ms", Kind::whole, 20, 1000},
};

std::string model_of(const Endpoint& use) {
    return use.model.empty() ? std::string(kModel) : use.model;
}
std::string detection_of(const Endpoint& use) {
    return use.option("turn_detection", "none");
}

bool one_of(std::string_view value, std::initializer_list<std::string_view> all) {
    return std::find(all.begin(), all.end(), value) != all.end();
}

}  // namespace

std::string check_transcribe(const Endpoint& endpoint) {
    if (auto wrong = stt::check(endpoint, kSettings); !wrong.empty()) return wrong;
    const auto model = model_of(endpoint);
    const auto detection = detection_of(endpoint);
    if (detection != "none" && (model == "gpt-realtime-whisper" || model == "gpt-live-transcribe")) return "its model " + model + " takes no turn_detection";
    if (model == "gpt-realtime-whisper" && !endpoint.option("prompt").empty()) return "its model gpt-realtime-whisper takes no prompt";
    if (model != "gpt-realtime-whisper" && !endpoint.option("delay").empty()) return "its setting delay needs the model gpt-realtime-whisper";
    if (detection != "server_vad")
        for (const char* name : {"threshold", "prefix_padding_ms", "silence_duration_ms"})
            if (!endpoint.option(name).empty()) return std::string("its setting ") + name + " needs turn_detection server_vad";
    if (detection != "semantic_vad" && !endpoint.option("eagerness").empty()) return "its setting eagerness needs turn_detection semantic_vad";
    return {};
}

SttProtocol::Shape TranscribeProtocol::shape() const {
    const auto& use = endpoint_;
    std::string base = use.base_url.empty() ? std::string(kBase) : use.base_url;
    while (base.ends_with('/')) base.pop_back();
    Shape shape;
    // A base may be given with its version (as for the REST calls) or without.
    shape.url = socket_url(base, base.ends_with("/v1") ? "/realtime?intent=transcription" : "/v1/realtime?intent=transcription");
    shape.headers.add("Authorization", "Bearer " + std::string(use.key.reveal()));
    shape.chunk_bytes = 8 * static_cast<std::size_t>(std::stoul(use.option("chunk_ms", "100")));
    shape.finalize_wait = std::chrono::seconds(3);  // most models begin only with the commit
    return shape;
}

void TranscribeProtocol::connected(Out& out) {
    const auto& use = endpoint_;
    json transcription = {{"model", model_of(use)}};
    if (!use.language.empty()) transcription["language"] = stt::primary_language(use.language);
    if (const auto prompt = use.option("prompt"); !prompt.empty()) transcription["prompt"] = prompt;
    if (const auto delay = use.option("delay"); !delay.empty()) transcription["delay"] = delay;
    if (const auto words = stt::entries(use.option("keywords")); !words.empty()) transcription["keywords"] = words;
    json input = {{"format", {{"type", "audio/pcmu"}}}, {"transcription", std::move(transcription)}};
    const auto noise = use.option("noise_reduction", "near_field");
    input["noise_reduction"] = noise == "off" ? json(nullptr) : json{{"type", noise}};
    const auto detection = detection_of(use);
    if (detection == "none") {
        input["turn_detection"] = nullptr;
    } else {
        json turns = {{"type", detection}};
        if (const auto value = use.option("threshold"); !value.empty()) turns["threshold"] = std::stod(value);
        for (const char* name : {"prefix_padding_ms", "silence_duration_ms"})
            if (const auto value = use.option(name); !value.empty()) turns[name] = std::stoi(value);
        if (const auto value = use.option("eagerness"); !value.empty()) turns["eagerness"] = value;
        input["turn_detection"] = std::move(turns);
    }
    const json message = {{"type", "session.update"}, {"session", {{"type", "transcription"}, {"audio", {{"input", std::move(input)}}}}}};
    out.push_back({false, message.dump(-1, ' ', false, json::error_handler_t::replace)});
}

void TranscribeProtocol::audio(std::span<const std::uint8_t> mulaw, Outgoing& message) {
    constexpr std::string_view kHead = R"({"type":"input_audio_buffer.append","audio":")";
    message.binary = false;
    message.bytes.assign(kHead);
    message.bytes.resize(kHead.size() + audio::base64_encoded_size(mulaw.size()));
    audio::base64_encode(mulaw, std::span(message.bytes).subspan(kHead.size()));
    message.bytes += R"("})";
}

void TranscribeProtocol::finalize(Out& out) {
    finalizing_ = true;
    committed_ = false;
    out.push_back({false, R"({"type":"input_audio_buffer.commit","event_id":")" + std::string(kCommitId) + R"("})"});
}

void TranscribeProtocol::finalize_unanswered(News&) {
    finalizing_ = committed_ = false;
}

TranscribeProtocol::Item& TranscribeProtocol::item(std::string_view id) {
    for (auto& one : items_)
        if (one.id == id) return one;
    items_.emplace_back().id = std::string(id);
    return items_.back();
}

// Whatever is complete at the head becomes pieces; behind an item that is not, nothing is told yet.
void TranscribeProtocol::settle(News& news) {
    while (!items_.empty() && items_.front().committed && items_.front().complete) {
        const auto done = std::move(items_.front());
        items_.pop_front();
        settled_.push_back(done.id);
        if (settled_.size() > kMostItems) settled_.pop_front();
        if (!done.text.empty()) {
            news.push_back(SttNews::piece(done.text, 1));
            if (done.by_vendor) news.push_back(SttNews::end_of_turn(1, false));
        }
        shown_.clear();
    }
    show(news);
    const bool owed = std::any_of(items_.begin(), items_.end(), [](const Item& one) { return one.committed; });
    if (finalizing_ && committed_ && !owed) {
        finalizing_ = committed_ = false;
        news.emplace_back(SttNews::What::finalized);
    }
}

void TranscribeProtocol::show(News& news) {
    std::string whole;
    for (const auto& one : items_) {
        if (!whole.empty()) whole += ' ';
        whole += one.text;
    }
    whole = plain(whole, SttNews::kTranscriptBytes);
    if (whole == shown_) return;
    shown_ = whole;
    news.push_back(SttNews::interim(whole));
}

void TranscribeProtocol::complaint(std::string_view code, std::string_view kind, std::string_view said, News& news) {
    if (code == "input_audio_buffer_commit_empty") {
        if (finalizing_) committed_ = true;
        return settle(news);
    }
    Failure failure;
    failure.phase = open_ ? "stream" : "first_byte";
    failure.reason = plain("the vendor reports an error " + std::string(code.empty() ? kind : code) + ": " + std::string(said));
    if (code == "session_expired")
        failure.kind = FailureKind::session_limit;
    else if (one_of(code, {"invalid_api_key", "account_deactivated"}) || kind == "authentication_error")
        failure.kind = FailureKind::auth;
    else if (one_of(code, {"insufficient_quota", "billing_hard_limit_reached"}))
        failure.kind = FailureKind::quota;
    else if (code == "rate_limit_exceeded" || kind == "rate_limit_error")
        failure.kind = FailureKind::rate_limited;
    else if (kind == "server_error")
        failure.kind = FailureKind::server;
    else if (!open_)
        failure.kind = FailureKind::refused;  // the session as we want it
    else
        return;  // the vendor keeps the session open after an error
    news.push_back(SttNews::failed(std::move(failure)));
}

void TranscribeProtocol::read(std::string_view text, News& news, Out&) {
    const auto message = stt::parse_message(text, "type");
    if (message.is_discarded()) return news.push_back(SttNews::nonsense("a message is not a JSON object with a type"));
    const auto type = *stt::text_of(message, "type");
    if (type == "session.created" || type == "session.updated") {
        const auto* session = stt::member(message, "session");
        if (session_.empty() && session != nullptr) session_ = std::string(stt::text_of(*session, "id").value_or(""));
        if (type == "session.updated" && !open_) {
            open_ = true;
            news.push_back(SttNews::opened(session_));
        }
        return;
    }
    if (type == "error") {
        const auto* error = stt::member(message, "error");
        if (error == nullptr) return news.push_back(SttNews::nonsense("an error without an error"));
        return complaint(stt::text_of(*error, "code").value_or(""), stt::text_of(*error, "type").value_or(""), stt::text_of(*error, "message").value_or(""),
                         news);
    }
    if (type == "input_audio_buffer.speech_started") return news.emplace_back(SttNews::What::speech_started), void();
    if (type == "input_audio_buffer.speech_stopped") {
        heard_stop_ = true;
        return;
    }
    constexpr std::string_view kTranscription = "conversation.item.input_audio_transcription.";
    const bool commit = type == "input_audio_buffer.committed";
    if (!commit && !type.starts_with(kTranscription)) return;

    const auto id = stt::text_of(message, "item_id");
    if (!id || id->empty()) return news.push_back(SttNews::nonsense("an item has no id"));
    if (std::find(settled_.begin(), settled_.end(), *id) != settled_.end()) return;
    if (items_.size() >= kMostItems && std::none_of(items_.begin(), items_.end(), [&](const Item& one) { return one.id == *id; }))
        return news.push_back(SttNews::nonsense("too many items without a transcript"));
    if (commit) {
        auto& one = item(*id);
        one.committed = true;
        one.by_vendor = heard_stop_;
        if (!heard_stop_ && finalizing_) committed_ = true;
        heard_stop_ = false;
        return settle(news);
    }
    const auto what = type.substr(kTranscription.size());
    if (what == "delta") {
        const auto delta = stt::text_of(message, "delta");
        if (!delta) return news.push_back(SttNews::nonsense("a delta is no text"));
        auto& one = item(*id);
        if (one.complete) return;
        one.text += delta->substr(0, SttNews::kTranscriptBytes - std::min(one.text.size(), SttNews::kTranscriptBytes));
        show(news);
    } else if (what == "completed") {
        const auto transcript = stt::text_of(message, "transcript");
        if (!transcript) return news.push_back(SttNews::nonsense("a transcript is no text"));
        auto& one = item(*id);
        one.text = plain(*transcript, SttNews::kTranscriptBytes);
        one.committed = one.complete = true;
        settle(news);
    } else if (what == "failed") {
        Failure failure;
        failure.kind = FailureKind::server;
        failure.phase = "final";
        const auto* error = stt::member(message, "error");
        failure.reason =
            plain("the vendor could not transcribe: " + std::string(error == nullptr ? std::string_view{} : stt::text_of(*error, "message").value_or("")));
        news.push_back(SttNews::failed(std::move(failure)));
    }
}

void TranscribeProtocol::refine(Failure& failure) const {
    const auto says = [&](std::string_view word) { return failure.reason.find(word) != std::string::npos; };
    if (failure.status == 3000) failure.kind = says("invalid_api_key") ? FailureKind::auth : FailureKind::refused;
    if (failure.status == 4000) failure.kind = FailureKind::refused;
    if (failure.status == 1001 && says("maximum duration")) failure.kind = FailureKind::session_limit;
}

std::unique_ptr<SttStream> make_transcribe(const Endpoint& endpoint, const Link& link, SttSink& sink) {
    return make_stt_stream(std::make_unique<TranscribeProtocol>(endpoint), endpoint.connect_within, link, sink);
}

}  // namespace parley::vendors::openai

#include "parley/vendors/cartesia/ink.hpp"

#include <algorithm>

#include "parley/vendors/socket.hpp"
#include "parley/vendors/stt_socket.hpp"
#include "stt/fields.hpp"
#include "stt/settings.hpp"

namespace parley::vendors::cartesia {

using stt::Setting;
using Kind = stt::Setting::Kind;

namespace {

constexpr std::string_view kBase = "https://api.cartesia.ai";
constexpr std::string_view kModel = "ink-2";
constexpr std::string_view kVersion = "2026-03-01";

constexpr Setting kSettings[] = {
    {"turns", Kind::flag},
    {"keyterms", Kind::list, 200, 100},
    {"version", Kind::text},
    {"chunk_ms", Kind::whole, 20, 500},
    {"turn_start_threshold", Kind::number, 0.5, 0.9},
    {"turn_eager_end_threshold", Kind::number, 0.3, 0.6},
    {"turn_end_threshold", Kind::number, 0.05, 0.5},
    {"turn_end_timeout_ms", Kind::whole, 640, 11200},
    {"min_volume", Kind::number, 0, 1},
    {"max_silence_duration_secs", Kind::number, 0.1, 10},
};

constexpr const char* kOnlyTurns[] = {"turn_start_threshold", "turn_eager_end_threshold", "turn_end_threshold", "turn_end_timeout_ms"};
constexpr const char* kOnlyWhisper[] = {"min_volume", "max_silence_duration_secs"};

std::string model_of(const Endpoint& use) {
    return use.model.empty() ? std::string(kModel) : use.model;
}
bool has_turns(const Endpoint& use) {
    return use.option("turns", "true") == "true" && model_of(use) != "ink-whisper";
}

std::size_t count_words(std::string_view text) {
    return text.empty() ? 0 : static_cast<std::size_t>(std::count(text.begin(), text.end(), ' ')) + 1;
}

Failure announced(const stt::json& message) {
    const int status = static_cast<int>(std::clamp(stt::number_of(message, "status_code", 500), 0.0, 999.0));
    auto failure = from_http_status(status, {}, {}, stt::text_of(message, "request_id").value_or(""));
    failure.phase = "stream";
    auto said = stt::text_of(message, "message").value_or("");
    if (said.empty()) said = stt::text_of(message, "error").value_or("");
    failure.reason = plain("the vendor reports " + std::string(stt::text_of(message, "title").value_or("an error")) + ": " + std::string(said));
    return failure;
}

}  // namespace

std::string check_ink(const Endpoint& endpoint) {
    if (auto wrong = stt::check(endpoint, kSettings); !wrong.empty()) return wrong;
    const bool turns = has_turns(endpoint);
    if (endpoint.option("turns") == "true" && !turns) return "its model ink-whisper knows no turns";
    for (const char* name : kOnlyTurns)
        if (!turns && !endpoint.option(name).empty()) return std::string("its setting ") + name + " needs turns";
    for (const char* name : kOnlyWhisper)
        if (model_of(endpoint) != "ink-whisper" && !endpoint.option(name).empty()) return std::string("its setting ") + name + " needs the model ink-whisper";
    const double start = std::stod(endpoint.option("turn_start_threshold", "0.8"));
    const double eager = std::stod(endpoint.option("turn_eager_end_threshold", "0.4"));
    const double end = std::stod(endpoint.option("turn_end_threshold", "0.2"));
    if (!(start > eager && eager > end))
        return "its settings turn_start_threshold, turn_eager_end_threshold and turn_end_threshold must fall in this "
               "order";
    const auto version = endpoint.option("version", kVersion);
    const bool date = version.size() == 10 && version[4] == '-' && version[7] == '-' && version.find_first_not_of("0123456789-") == std::string::npos;
    if (!date) return "its setting version is '" + plain(version, 60) + "' but must be a date as 2026-03-01";
    return {};
}

InkProtocol::InkProtocol(Endpoint endpoint) : endpoint_(std::move(endpoint)), turns_(has_turns(endpoint_)) {}

SttProtocol::Shape InkProtocol::shape() const {
    const auto& use = endpoint_;
    stt::Query query(turns_ ? "/stt/turns/websocket" : "/stt/websocket");
    query.add("model", model_of(use));
    if (!turns_ && !use.language.empty()) query.add("language", stt::primary_language(use.language));
    query.add("encoding", "pcm_mulaw").add("sample_rate", "8000").each(use, "keyterms", "keyterm");
    for (const char* name : kOnlyTurns) query.setting(use, name);
    for (const char* name : kOnlyWhisper) query.setting(use, name);
    Shape shape;
    shape.url = socket_url(use.base_url.empty() ? kBase : std::string_view(use.base_url), query.text());
    shape.headers.add("Authorization", "Bearer " + std::string(use.key.reveal()));
    shape.headers.add("Cartesia-Version", use.option("version", kVersion));
    shape.chunk_bytes = 8 * static_cast<std::size_t>(std::stoul(use.option("chunk_ms", "100")));
    shape.finalize_wait = turns_ ? std::chrono::milliseconds(500) : std::chrono::milliseconds(1500);
    shape.accepted_by_upgrade = !turns_;
    shape.goodbye = turns_ ? R"({"type":"close"})" : "close";
    return shape;
}

void InkProtocol::audio(std::span<const std::uint8_t> mulaw, Outgoing& message) {
    message.binary = true;
    message.bytes.assign(mulaw.begin(), mulaw.end());
}

void InkProtocol::finalize(Out& out) {
    finalizing_ = true;
    if (!turns_) out.push_back({false, "finalize"});  // bare text on this endpoint
}

void InkProtocol::finalize_unanswered(News& news) {
    finalizing_ = false;
    if (!turns_) return;
    if (auto more = rest(whole_); !more.empty()) {
        news.push_back(SttNews::piece(more, 1));
        settled_ = whole_;
        shown_.clear();
    }
}

// By words: the end of a turn may put a mark behind the last word it had.
std::string InkProtocol::rest(std::string_view transcript) const {
    for (std::size_t skip = count_words(settled_); skip > 0; --skip) {
        const auto space = transcript.find(' ');
        if (space == std::string_view::npos) return {};
        transcript.remove_prefix(space + 1);
    }
    return std::string(transcript);
}

void InkProtocol::show(std::string_view text, News& news) {
    if (text == shown_) return;
    shown_ = std::string(text);
    news.push_back(SttNews::interim(text));
}

void InkProtocol::read(std::string_view text, News& news, Out&) {
    const auto message = stt::parse_message(text, "type");
    if (message.is_discarded()) return news.push_back(SttNews::nonsense("a message is not a JSON object with a type"));
    const auto type = *stt::text_of(message, "type");
    if (type == "error") return news.push_back(SttNews::failed(announced(message)));
    if (type == "connected") return news.push_back(SttNews::opened(stt::text_of(message, "request_id").value_or("")));
    const auto said = stt::text_of(message, turns_ ? "transcript" : "text");
    if (!said) return news.push_back(SttNews::nonsense("a transcript is no text"));
    if (turns_)
        read_turns(type, plain(*said, SttNews::kTranscriptBytes), news);
    else
        read_manual(type, *said, stt::flag_of(message, "is_final"), news);
}

void InkProtocol::read_turns(std::string_view type, std::string_view transcript, News& news) {
    if (type == "turn.start") {
        started_ = true;
        settled_.clear();
        whole_.clear();
        news.emplace_back(SttNews::What::speech_started);
    } else if (!started_) {
        return;  // of a turn that is over
    } else if (type == "turn.update") {
        whole_ = std::string(transcript);
        show(rest(whole_), news);
    } else if (type == "turn.eager_end") {
        if (!transcript.empty()) whole_ = std::string(transcript);
        show(rest(whole_), news);
        news.push_back(SttNews::end_of_turn(1, true));
    } else if (type == "turn.resume") {
        news.emplace_back(SttNews::What::turn_resumed);
    } else if (type == "turn.end") {
        started_ = false;
        const auto more = rest(transcript);
        if (!more.empty())
            news.push_back(SttNews::piece(more, 1));
        else if (!shown_.empty())
            news.push_back(SttNews::interim({}));
        if (!transcript.empty()) news.push_back(SttNews::end_of_turn(1, false));
        settled_.clear();
        whole_.clear();
        shown_.clear();
        if (finalizing_) news.emplace_back(SttNews::What::finalized);
        finalizing_ = false;
    }
}

void InkProtocol::read_manual(std::string_view type, std::string_view text, bool final, News& news) {
    if (type == "flush_done") {
        const auto last = plain(held_, SttNews::kTranscriptBytes);
        held_.clear();
        started_ = false;
        if (!last.empty())
            news.push_back(SttNews::piece(last, 1));
        else if (!shown_.empty())
            news.push_back(SttNews::interim({}));
        shown_.clear();
        if (finalizing_) news.emplace_back(SttNews::What::finalized);
        finalizing_ = false;
        return;
    }
    if (type != "transcript") return;
    text = text.substr(0, SttNews::kTranscriptBytes);
    if (!started_ && !plain(text).empty()) {  // this endpoint does not say when speech begins
        started_ = true;
        news.emplace_back(SttNews::What::speech_started);
    }
    if (!final) return show(plain(held_ + std::string(text), SttNews::kTranscriptBytes), news);
    held_ += text;
    if (const auto space = held_.find_last_of(' '); space != std::string::npos) {
        const auto ready = plain(std::string_view(held_).substr(0, space), SttNews::kTranscriptBytes);
        held_.erase(0, space);
        if (!ready.empty()) {
            news.push_back(SttNews::piece(ready, 1));
            shown_.clear();
        }
    }
    if (held_.size() > SttNews::kTranscriptBytes) {  // a word without end
        auto ready = SttNews::piece(held_, 1);
        if (!ready.text.empty()) news.push_back(std::move(ready));
        held_.clear();
    }
    show(plain(held_), news);
}

std::unique_ptr<SttStream> make_ink(const Endpoint& endpoint, const Link& link, SttSink& sink) {
    return make_stt_stream(std::make_unique<InkProtocol>(endpoint), endpoint.connect_within, link, sink);
}

}  // namespace parley::vendors::cartesia

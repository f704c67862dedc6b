#include "twiml_interpreter.hpp"

namespace parley::sim {
namespace {

constexpr int kMaxDocuments = 1000;  // one call; a document that redirects to itself must not run for ever

std::string media_type(std::string_view content_type) {
    auto type = std::string(content_type.substr(0, content_type.find(';')));
    while (!type.empty() && type.back() == ' ') type.pop_back();
    for (auto& c : type) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return type;
}

}  // namespace

bool TwimlInterpreter::understand(const WebhookReply& reply, Loaded& out, int& error) {
    const auto& http = reply.http;
    const auto refuse = [&](int code, std::string text) {
        error = code;
        call_.notify(code, std::move(text), reply.final_url);
        return false;
    };
    if (http.failure != 0) return refuse(http.failure, http.failure_text);
    if (!reply.ok()) return refuse(11200, "HTTP " + std::to_string(http.status));
    if (http.body.empty()) {
        if (http.chunked) return refuse(11770, "empty response body");
        return true;  // as an empty document
    }
    const auto header = header_of(http.headers, "Content-Type");
    if (header.empty()) return refuse(11200, "no Content-Type");
    const auto type = media_type(header);
    if (type == "text/xml" || type == "application/xml" || type == "text/html") {
        out.document = parse_twiml(http.body);
    } else if (type == "text/plain") {
        out.document.verbs.push_back({.name = "Say", .attributes = {}, .text = http.body.substr(0, 4096), .children = {}});
    } else if (type == "audio/wav" || type == "audio/wave" || type == "audio/x-wav" || type == "audio/ulaw" || type == "audio/basic") {
        const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(http.body.data()), http.body.size());
        if (type == "audio/ulaw" || type == "audio/basic") {
            out.sound = from_mulaw(bytes);
        } else if (const auto wav = parse_wav(bytes)) {
            out.sound = *wav;
        } else {
            return refuse(13420, "not a usable WAV file");
        }
    } else if (type.starts_with("audio/")) {
        // The carrier would play it; this simulator cannot decode it and stays silent for a second.
        call_.notify(13420, "simulator: cannot decode " + type, reply.final_url, true);
        out.sound.assign(kSampleRate, 0);
    } else {
        return refuse(12300, "Content-Type " + type);
    }
    for (auto& warning : out.document.warnings) call_.notify(warning.code, warning.text, reply.final_url, true);
    if (out.document.error != 0) return refuse(out.document.error, out.document.error_text);
    return true;
}

Task<std::optional<TwimlInterpreter::Loaded>> TwimlInterpreter::load_once(Target target, int& error) {
    Loaded out;
    out.method = target.method;
    if (target.url.empty()) {
        out.document = parse_twiml(target.inline_twiml);
        for (auto& warning : out.document.warnings) call_.notify(warning.code, warning.text, {}, true);
        if (out.document.error != 0) {
            error = out.document.error;
            call_.notify(error, out.document.error_text, {});
            co_return std::nullopt;
        }
        co_return out;
    }
    // The request goes on when the caller hangs up meanwhile; its answer is then not executed.
    struct Pending {
        bool done = false;
        WebhookReply reply;
    };
    auto pending = std::make_shared<Pending>();
    auto request = [](CarrierCall& call, Target what, std::shared_ptr<Pending> into) -> Task<> {
        into->reply = co_await call.fetch(std::move(what));
        into->done = true;
        call.changed().notify();
    };
    call_.spawn(request(call_, target, pending));
    while (!pending->done && !halted()) co_await call_.changed().wait();
    if (!pending->done || halted()) co_return std::nullopt;
    out.base = pending->reply.final_url;
    if (!understand(pending->reply, out, error)) co_return std::nullopt;
    co_return out;
}

Task<std::optional<TwimlInterpreter::Loaded>> TwimlInterpreter::load(Target target) {
    int error = 0;
    auto loaded = co_await load_once(target, error);
    if (loaded || call_.interrupted() || mode_ != Mode::own || call_.plan().fallback_url.empty()) co_return loaded;
    Target fallback{call_.plan().fallback_url, call_.plan().fallback_method, {}, {}};
    fallback.extra.emplace_back("ErrorCode", std::to_string(error));
    fallback.extra.emplace_back("ErrorUrl", target.url);
    co_return co_await load_once(std::move(fallback), error);
}

Task<> TwimlInterpreter::apologise() {
    call_.answer();
    const std::string sentence = "We are sorry. An application error has occurred. Goodbye.";
    const auto now = call_.ms_now();
    call_.say_line({TranscriptLine::Who::carrier, now, now, sentence, false, 1});
    auto speak = [&voice = call_.deps().voice, sentence] { return voice.speak(sentence, VoiceStyle{}); };
    auto pcm = co_await call_.compute(std::move(speak));
    co_await play_out(std::move(pcm), 1);
}

Task<> TwimlInterpreter::run(Target first) {
    Target target = std::move(first);
    // An update makes the document that runs then the call's own.
    const auto updated = [&] {
        if (mode_ == Mode::member || !call_.take_update(target)) return false;
        if (mode_ == Mode::leg) call_.leave_attempt();
        mode_ = Mode::own;
        return true;
    };
    for (;;) {
        auto loaded = co_await load(target);
        if (updated()) continue;
        if (call_.interrupted()) co_return;
        if (!loaded) {
            co_await apologise();
            if (updated()) continue;
            call_.end("error");
            co_return;
        }
        auto next = co_await execute(*loaded);
        if (updated()) continue;
        if (call_.interrupted()) co_return;
        if (mode_ != Mode::own && !next.hangup && !next.target) co_return;
        if (next.hangup || !next.target) {
            call_.end("document");
            co_return;
        }
        if (++documents_ == kMaxDocuments) {
            call_.notify(12400, "simulator: the call fetched a thousand documents", next.target->url);
            call_.end("error");
            co_return;
        }
        target = std::move(*next.target);
    }
}

std::string TwimlInterpreter::url_of(const TwimlElement& element, std::string_view attribute, const Loaded& loaded) {
    const auto reference = element.attribute(attribute);
    if (reference.empty()) return {};
    const auto url = resolve_url(loaded.base, reference);
    if (!url) {
        call_.notify(11100, element.name + " " + std::string(attribute) + ": invalid URL " + reference, loaded.base);
        return {};
    }
    return *url;
}

std::optional<Target> TwimlInterpreter::action_of(const TwimlElement& element, const Loaded& loaded, bool default_to_document, Form extra) {
    const auto method = element.attribute("method", "POST") == "GET" ? "GET" : "POST";
    if (element.attribute("action").empty()) {
        if (!default_to_document || loaded.base.empty()) return std::nullopt;
        return Target{loaded.base, method, std::move(extra), {}};
    }
    auto url = url_of(element, "action", loaded);
    if (url.empty()) return std::nullopt;
    return Target{std::move(url), method, std::move(extra), {}};
}

Task<TwimlInterpreter::Next> TwimlInterpreter::after_hangup(std::optional<Target> action) {
    if (action) {
        auto ignored = [](CarrierCall& call, Target what) -> Task<> { co_await call.fetch(std::move(what)); };
        call_.spawn(ignored(call_, std::move(*action)));
    }
    co_return Next{};
}

}  // namespace parley::sim

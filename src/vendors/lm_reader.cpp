#include "parley/vendors/lm_reader.hpp"

#include <algorithm>
#include <array>

#include "lm_json.hpp"

namespace parley::vendors {

json parsed(std::string_view text) {
    int depth = 0;
    bool in_text = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_text) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                in_text = false;
        } else if (c == '"') {
            in_text = true;
        } else if (c == '{' || c == '[') {
            if (++depth > kDeepest) return json(json::value_t::discarded);
        } else if (c == '}' || c == ']') {
            --depth;
        }
    }
    return json::parse(text, nullptr, false);
}

namespace {

struct Word {
    std::string_view says;
    FailureKind kind;
};
// Codes and types of OpenAI, Anthropic, Google and their imitators, as parts of the word; the first that fits.
constexpr std::array kWords{
    Word{"insufficient_quota", FailureKind::quota},
    Word{"billing", FailureKind::quota},
    Word{"overloaded", FailureKind::server},
    Word{"rate_limit", FailureKind::rate_limited},
    Word{"resource_exhausted", FailureKind::rate_limited},
    Word{"too_many_requests", FailureKind::rate_limited},
    Word{"authentication", FailureKind::auth},
    Word{"api_key", FailureKind::auth},
    Word{"permission", FailureKind::auth},
    Word{"unauthenticated", FailureKind::auth},
    Word{"content_filter", FailureKind::content},
    Word{"content_policy", FailureKind::content},
    Word{"timeout", FailureKind::timeout},
    Word{"deadline_exceeded", FailureKind::timeout},
    Word{"not_found", FailureKind::refused},
    Word{"invalid", FailureKind::refused},
    Word{"context_length", FailureKind::refused},
    Word{"unsupported", FailureKind::refused},
    Word{"request_too_large", FailureKind::refused},
};

std::optional<FailureKind> kind_of_word(std::string_view word) {
    std::string lower(word.substr(0, 100));
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
    for (const auto& [says, kind] : kWords)
        if (lower.find(says) != std::string::npos) return kind;
    return std::nullopt;
}

}  // namespace

Failure from_stream_error(const json& given) {
    const json& error = member(given, "error").is_null() ? given : member(given, "error");
    Failure failure;
    failure.phase = "stream";
    int status = 0;
    for (const char* key : {"code", "status", "status_code"}) {
        const json& value = member(error, key);
        if (status == 0 && value.is_number_integer()) {
            const auto wide = value.get<std::int64_t>();
            if (wide >= 400 && wide < 600) status = static_cast<int>(wide);
        }
    }
    std::string said(error.is_string() ? text_of(error) : text_of(error, "message"));
    if (said.empty()) said = text_of(given, "message");
    if (status != 0) failure = from_http_status(status, {}, {});
    failure.phase = "stream";
    std::string word;
    for (const char* key : {"code", "type", "status"}) {
        const auto text = text_of(error, key);
        if (text.empty()) continue;
        if (const auto kind = kind_of_word(text)) {
            failure.kind = *kind;
            word = text;
            break;
        }
        if (word.empty()) word = text;
    }
    failure.reason = "the stream brought an error";
    if (!word.empty()) failure.reason += " " + plain(word, 60);
    if (!said.empty()) failure.reason += ": " + plain(said, 200);
    return failure;
}

Failure from_stream_error(std::string_view json_text) {
    return from_stream_error(parsed(json_text));
}

void LmReader::feed(std::string_view bytes, LmSink& sink) {
    if (!over()) on_bytes(bytes, sink);
}

void LmReader::on_bytes(std::string_view bytes, LmSink& sink) {
    events_.feed(bytes);
    while (!over()) {
        const auto event = events_.next();
        if (!event) break;
        on_event(*event, sink);
    }
    if (events_.too_big() && !over()) fail(FailureKind::too_big, "an event beyond 1 MiB");
}

void LmReader::feed_whole(std::string_view body, LmSink& sink) {
    if (over()) return;
    if (body.size() > kMessage)
        fail(FailureKind::too_big, "an answer beyond 1 MiB");
    else
        on_whole(body, sink);
}

void LmReader::on_whole(std::string_view body, LmSink&) {
    auto whole = parsed(body);
    if (whole.is_array() && !whole.empty()) {
        json first = whole.front();
        whole = std::move(first);
    }
    if (!member(whole, "error").is_null())
        fail(from_stream_error(whole));
    else
        fail(FailureKind::protocol, "no stream came where one was asked for");
}

LmOutcome LmReader::end(LmSink& sink) {
    if (!over()) on_end(sink);
    if (failure_) return *failure_;
    if (ended_ || closed_well_) return done_;
    if (unfinished())
        fail(FailureKind::protocol, "the answer ended in the middle of an event");
    else
        fail(FailureKind::closed, "the answer ended without its proper end");
    return *failure_;
}

void LmReader::fail(FailureKind kind, std::string_view reason) {
    Failure failure;
    failure.kind = kind;
    failure.reason = plain(reason);
    failure.phase = "stream";
    fail(std::move(failure));
}

void LmReader::fail(Failure failure) {
    if (!failure_) failure_ = std::move(failure);
}

void LmReader::say(std::string_view delta, LmSink& sink) {
    if (over() || delta.empty()) return;
    text_ += delta.size();
    if (text_ > kText)
        fail(FailureKind::too_big, "a reply beyond 256 KiB");
    else
        sink.on_text(delta);
}

std::size_t LmReader::begin_call() {
    if (calls_.size() == kCalls) fail(FailureKind::too_big, "more than 64 tool calls in one reply");
    if (calls_.size() < kCalls) calls_.emplace_back();
    return calls_.size() - 1;
}

void LmReader::name_call(std::size_t place, std::string_view id, std::string_view name) {
    auto& call = calls_[place].call;
    if (call.id.empty()) call.id = id.substr(0, 1024);
    if (call.name.empty()) call.name = name.substr(0, 256);
}

void LmReader::grow_call(std::size_t place, std::string_view fragment, LmSink& sink) {
    if (over() || fragment.empty()) return;
    arguments_ += fragment.size();
    if (arguments_ > kArguments) {
        fail(FailureKind::too_big, "tool arguments beyond 256 KiB");
        return;
    }
    auto& call = calls_[place].call;
    call.arguments += fragment;
    sink.on_tool_delta(call.name, fragment);
}

void LmReader::mark_call(std::size_t place, std::string vendor_data) {
    if (vendor_data.size() > kArguments)
        fail(FailureKind::too_big, "a tool call's own data beyond 256 KiB");
    else
        calls_[place].call.vendor_data = std::move(vendor_data);
}

void LmReader::settle_call(std::size_t place, LmSink& sink) {
    auto& open = calls_[place];
    if (over() || open.settled) return;
    open.settled = true;
    auto& call = open.call;
    if (call.name.empty()) {
        fail(FailureKind::protocol, "a tool call without a name");
        return;
    }
    if (call.id.empty()) {
        // Some servers give none. Within one reply it must be unique; results are matched to the nearest call before
        // them.
        call.id = "call_";
        if (!done_.request_id.empty()) call.id += done_.request_id.substr(0, 64) + "_";
        call.id += std::to_string(place);
    }
    auto arguments = call.arguments.find_first_not_of(" \t\r\n") == std::string::npos ? json::object() : parsed(call.arguments);
    if (arguments.is_null()) arguments = json::object();
    if (arguments.is_string()) {  // encoded twice by some models
        json inner = parsed(text_of(arguments));
        arguments = std::move(inner);
        if (arguments.is_object()) call.arguments = written(arguments);
    }
    if (!arguments.is_object()) {
        fail(FailureKind::protocol, "the arguments of a tool call are no JSON object");
        return;
    }
    if (arguments.empty()) call.arguments = "{}";
    sink.on_tool_call(call);
}

void LmReader::settle_calls(LmSink& sink) {
    for (std::size_t i = 0; i < calls_.size() && !over(); ++i) settle_call(i, sink);
}

void LmReader::drop_open_calls() {
    std::erase_if(calls_, [](const Open& open) { return !open.settled; });
}

}  // namespace parley::vendors

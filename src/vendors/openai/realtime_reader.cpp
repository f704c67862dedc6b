#include <array>
#include <utility>

#include "../s2s/message.hpp"
#include "parley/vendors/openai/realtime_codec.hpp"

namespace parley::vendors::openai_realtime {

namespace {

using s2s::Element;
using s2s::member_of;
using s2s::number_of;
using s2s::text_of;

constexpr std::size_t kMostCalls = 64;

// GA names first, then what the beta shape called the same.
constexpr std::array<std::pair<std::string_view, Kind>, 21> kKinds{{
    {"response.output_audio.delta", Kind::audio},
    {"response.audio.delta", Kind::audio},
    {"response.output_audio_transcript.delta", Kind::words},
    {"response.audio_transcript.delta", Kind::words},
    {"response.output_text.delta", Kind::words},
    {"response.text.delta", Kind::words},
    {"response.function_call_arguments.delta", Kind::call_delta},
    {"session.created", Kind::session_created},
    {"session.updated", Kind::session_updated},
    {"input_audio_buffer.speech_started", Kind::speech_started},
    {"input_audio_buffer.speech_stopped", Kind::speech_stopped},
    {"input_audio_buffer.committed", Kind::committed},
    {"conversation.item.input_audio_transcription.delta", Kind::caller_delta},
    {"conversation.item.input_audio_transcription.completed", Kind::caller_text},
    {"conversation.item.input_audio_transcription.failed", Kind::caller_text_failed},
    {"response.created", Kind::response_created},
    {"response.output_item.added", Kind::item_added},
    {"response.output_item.done", Kind::item_done},
    {"response.done", Kind::response_done},
    {"conversation.item.truncated", Kind::truncated},
    {"error", Kind::error},
}};

Kind kind_of(std::string_view type) {
    for (const auto& [name, kind] : kKinds)
        if (name == type) return kind;
    return Kind::ignored;
}

void take_call(const Element& item, std::vector<ToolCall>& calls) {
    const auto status = text_of(item, "status");
    if (text_of(item, "type") != "function_call" || status == "incomplete" || status == "in_progress") return;
    ToolCall call;
    call.id = text_of(item, "call_id");
    call.name = text_of(item, "name");
    if (call.id.empty() || call.name.empty() || calls.size() == kMostCalls) return;
    call.arguments = s2s::arguments_text(text_of(item, "arguments"));
    calls.push_back(std::move(call));
}

void take_item(const Element& root, Event& event) {
    Element item;
    if (!member_of(root, "item", item)) return;
    event.item = text_of(item, "id");
    event.is_call = text_of(item, "type") == "function_call";
    event.call_id = text_of(item, "call_id");
    event.name = text_of(item, "name");
    if (event.kind == Kind::item_done) take_call(item, event.calls);
}

void take_usage(const Element& response, LmUsage& usage) {
    Element told, details;
    if (!member_of(response, "usage", told)) return;
    usage.input = s2s::count_of(told, "input_tokens");
    usage.output = s2s::count_of(told, "output_tokens");
    if (member_of(told, "input_token_details", details)) usage.cached = s2s::count_of(details, "cached_tokens");
}

void take_response(const Element& root, Event& event) {
    Element response, details, error;
    if (!member_of(root, "response", response)) return;
    event.response = text_of(response, "id");
    event.status = text_of(response, "status");
    if (event.kind != Kind::response_done) return;
    if (member_of(response, "status_details", details)) {
        event.reason = text_of(details, "reason");
        if (member_of(details, "error", error)) {
            event.name = text_of(error, "type");
            event.code = text_of(error, "code");
            event.message = text_of(error, "message");
        }
    }
    take_usage(response, event.usage);
    Element output;
    simdjson::dom::array items;
    if (!member_of(response, "output", output) || output.get(items) != simdjson::SUCCESS) return;
    for (const Element item : items) take_call(item, event.calls);
}

void take_error(const Element& root, Event& event) {
    Element error;
    if (!member_of(root, "error", error)) return;
    event.name = text_of(error, "type");
    event.code = text_of(error, "code");
    event.message = text_of(error, "message");
    event.event_id = text_of(error, "event_id");
}

}  // namespace

struct Reader::State {
    s2s::MessageReader json;
    std::vector<std::uint8_t> audio;
    Event event;
};

Reader::Reader() : state_(std::make_unique<State>()) {}
Reader::~Reader() = default;

const Event& Reader::read(std::string_view message) {
    Event& event = state_->event;
    for (std::string* text : {&event.response, &event.item, &event.text, &event.call_id, &event.name, &event.id, &event.status, &event.reason, &event.code,
                              &event.message, &event.event_id})
        text->clear();
    event.expires_at = event.audio_end_ms = 0;
    event.audio = {};
    event.is_call = false;
    event.calls.clear();
    event.usage = {};
    event.kind = Kind::malformed;
    if (!state_->json.read(message)) return event;
    const Element& root = state_->json.root();
    event.kind = kind_of(text_of(root, "type"));
    event.response = text_of(root, "response_id");
    event.item = text_of(root, "item_id");
    Element session;
    switch (event.kind) {
        case Kind::audio:
            if (!state_->json.bytes(text_of(root, "delta"), state_->audio)) {
                event.kind = Kind::malformed;
                break;
            }
            event.audio = state_->audio;
            break;
        case Kind::words:
        case Kind::caller_delta:
            event.text = text_of(root, "delta");
            break;
        case Kind::call_delta:
            event.text = text_of(root, "delta");
            event.call_id = text_of(root, "call_id");
            break;
        case Kind::caller_text:
            event.text = text_of(root, "transcript");
            break;
        case Kind::session_created:
            if (!member_of(root, "session", session)) break;
            event.id = text_of(session, "id");
            event.expires_at = number_of(session, "expires_at");
            break;
        case Kind::item_added:
        case Kind::item_done:
            take_item(root, event);
            break;
        case Kind::response_created:
        case Kind::response_done:
            take_response(root, event);
            break;
        case Kind::truncated:
            event.audio_end_ms = number_of(root, "audio_end_ms");
            break;
        case Kind::error:
        case Kind::caller_text_failed:
            take_error(root, event);
            break;
        case Kind::malformed:
        case Kind::ignored:
        case Kind::session_updated:
        case Kind::speech_started:
        case Kind::speech_stopped:
        case Kind::committed:
            break;
    }
    return event;
}

}  // namespace parley::vendors::openai_realtime

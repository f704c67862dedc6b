#include <algorithm>
#include <charconv>
#include <deque>

#include "../s2s/message.hpp"
#include "../s2s/settings.hpp"
#include "parley/vendors/gemini/live_codec.hpp"

namespace parley::vendors::gemini_live {

namespace {

using s2s::Element;
using s2s::member_of;
using s2s::text_of;

constexpr std::size_t kMostCalls = 64, kMostParts = 256;

// "audio/pcm;rate=24000"; without a rate it is the one the vendor documents.
int rate_of(std::string_view mime) {
    const auto at = mime.find("rate=");
    if (at == std::string_view::npos) return 24000;
    int rate = 0;
    std::from_chars(mime.data() + at + 5, mime.data() + mime.size(), rate);
    return rate;
}

}  // namespace

std::optional<std::chrono::milliseconds> duration_in(std::string_view text) {
    double seconds = 0;
    if (!text.ends_with('s') || !s2s::number_in(text.substr(0, text.size() - 1), seconds) || seconds < 0 || seconds > 86400) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

struct Reader::State {
    s2s::MessageReader json;
    std::deque<std::vector<std::uint8_t>> sounds;  // kept between messages
    Event event;

    void take_turn(const Element& content);
    void take_content(const Element& content);
    void take_calls(const Element& call);
    void take_rest(const Element& root);
};

void Reader::State::take_turn(const Element& content) {
    Element turn, list, data;
    simdjson::dom::array parts;
    if (!member_of(content, "modelTurn", turn) || !member_of(turn, "parts", list) || list.get(parts) != simdjson::SUCCESS) return;
    for (const Element part : parts) {
        // Text parts beside audio are thoughts; what is spoken comes as transcription.
        if (!member_of(part, "inlineData", data) || event.audio.size() == kMostParts) continue;
        const auto mime = text_of(data, "mimeType");
        if (!mime.starts_with("audio/pcm")) continue;
        if (sounds.size() <= event.audio.size()) sounds.emplace_back();
        auto& bytes = sounds[event.audio.size()];
        if (!json.bytes(text_of(data, "data"), bytes)) {
            event.malformed = true;
            return;
        }
        event.audio.push_back({rate_of(mime), bytes});
    }
}

void Reader::State::take_content(const Element& content) {
    Element transcription;
    event.interrupted = s2s::truth_of(content, "interrupted");
    event.generated = s2s::truth_of(content, "generationComplete");
    event.turn_complete = s2s::truth_of(content, "turnComplete");
    if (member_of(content, "inputTranscription", transcription)) {
        event.caller_text = text_of(transcription, "text");
        event.caller_finished = s2s::truth_of(transcription, "finished");
    }
    if (member_of(content, "outputTranscription", transcription)) event.words = text_of(transcription, "text");
    take_turn(content);
}

void Reader::State::take_calls(const Element& call) {
    Element list;
    simdjson::dom::array functions;
    if (!member_of(call, "functionCalls", list) || list.get(functions) != simdjson::SUCCESS) return;
    for (const Element function : functions) {
        ToolCall tool;
        tool.id = text_of(function, "id");
        tool.name = text_of(function, "name");
        if (tool.name.empty() || event.calls.size() == kMostCalls) continue;
        Element arguments;
        tool.arguments = "{}";
        if (member_of(function, "args", arguments) && arguments.is_object()) tool.arguments = simdjson::minify(arguments);
        event.calls.push_back(std::move(tool));
    }
}

void Reader::State::take_rest(const Element& root) {
    Element part, list;
    simdjson::dom::array ids;
    if (member_of(root, "toolCallCancellation", part) && member_of(part, "ids", list) && list.get(ids) == simdjson::SUCCESS) {
        for (const Element id : ids) {
            std::string_view name;
            if (id.get(name) == simdjson::SUCCESS && event.cancelled.size() < kMostCalls) event.cancelled.emplace_back(name);
        }
    }
    if (member_of(root, "sessionResumptionUpdate", part) && s2s::truth_of(part, "resumable")) event.resume = text_of(part, "newHandle");
    if (member_of(root, "goAway", part)) event.going_away = duration_in(text_of(part, "timeLeft")).value_or(std::chrono::milliseconds(0));
    if (member_of(root, "usageMetadata", part)) {
        LmUsage usage;
        usage.input = s2s::count_of(part, "promptTokenCount");
        usage.output = s2s::count_of(part, "responseTokenCount");
        usage.cached = s2s::count_of(part, "cachedContentTokenCount");
        event.usage = usage;
    }
}

Reader::Reader() : state_(std::make_unique<State>()) {}
Reader::~Reader() = default;

const Event& Reader::read(std::string_view message) {
    State& state = *state_;
    Event& event = state.event;
    event = {};
    if (!state.json.read(message)) {
        event.malformed = true;
        return event;
    }
    const Element& root = state.json.root();
    Element part;
    if (member_of(root, "setupComplete", part)) {
        event.set_up = true;
        event.session_id = text_of(part, "sessionId");
    }
    if (member_of(root, "serverContent", part)) state.take_content(part);
    if (member_of(root, "toolCall", part)) state.take_calls(part);
    state.take_rest(root);
    return event;
}

}  // namespace parley::vendors::gemini_live

#include "elevenlabs_context.hpp"

#include "parley/sim/base64.hpp"
#include "speech_surfaces.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;

// The characters that begin within a chunk, by times from that chunk's beginning.
json alignment(const std::vector<SpokenPart>& characters, double from_ms, double to_ms) {
    json out{{"chars", json::array()}, {"charStartTimesMs", json::array()}, {"charDurationsMs", json::array()}};
    for (const auto& part : characters) {
        if (part.from_ms < from_ms || part.from_ms >= to_ms) continue;
        out["chars"].push_back(part.text);
        out["charStartTimesMs"].push_back(static_cast<int>(part.from_ms - from_ms));
        out["charDurationsMs"].push_back(static_cast<int>(part.to_ms - part.from_ms));
    }
    return out["chars"].empty() ? json() : out;
}

void name_context(json& message, const ElevenContext& context) {
    if (!context.settings.single) message["contextId"] = context.id;
}

Task<bool> speak_text(EmulatorWorld& world, EmulatorSocket& socket, const ElevenContext& context, Fault fault, std::string text) {
    const auto format = context.settings.format;
    if (!co_await socket.sleep(world.settings().first_audio)) co_return false;
    // Clients end a text with a blank; nobody hears it.
    auto sound = co_await world.speak(text.substr(0, text.find_last_not_of(' ') + 1), format, fault);
    const auto characters = spoken_characters(text, static_cast<double>(format.duration(sound.size()).count()));
    double at_ms = 0;
    for (const auto& chunk : sound_chunks(world, sound, format)) {
        const auto lasts = format.duration(chunk.size());
        const auto to_ms = at_ms + static_cast<double>(lasts.count());
        const auto aligned = alignment(characters, at_ms, to_ms);
        at_ms = to_ms;
        json message{{"audio", base64(chunk)}, {"isFinal", nullptr}, {"alignment", aligned}, {"normalizedAlignment", aligned}};
        name_context(message, context);
        auto bytes = message.dump();
        if (!co_await socket.item(std::move(bytes), lasts)) co_return false;
    }
    co_return true;
}

}  // namespace

Task<> speak_context(EmulatorWorld& world, EmulatorSocket& socket, std::shared_ptr<ElevenContext> context, Fault fault) {
    while (!context->waiting.empty()) {
        auto text = std::move(context->waiting.front());
        context->waiting.pop_front();
        const bool alive = co_await speak_text(world, socket, *context, fault, std::move(text));
        if (!alive) co_return;
    }
    context->speaking = false;
    if (!context->closing || context->over) co_return;
    context->over = true;
    json message{{"isFinal", true}, {"audio", nullptr}};
    name_context(message, *context);
    auto bytes = message.dump();
    const bool sent = co_await socket.send_text(std::move(bytes));
    if (sent) socket.next_response();
}

}  // namespace parley::sim

// Whatever comes is read without a throw; what is called a tool's arguments is a JSON object, and audio is no longer
// than its base64.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "parley/vendors/gemini/live_codec.hpp"

using namespace parley::vendors;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static gemini_live::Reader reader;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto& event = reader.read(text);
    std::size_t sound = 0;
    for (const auto& piece : event.audio) sound += piece.bytes.size();
    if (sound > size) std::abort();
    for (const auto& call : event.calls)
        if (call.name.empty() || !nlohmann::json::parse(call.arguments, nullptr, false).is_object()) std::abort();
    if (event.going_away && event.going_away->count() < 0) std::abort();
    const ToolCall call{"i", "n", "{}", ""};
    const auto response = nlohmann::json::parse(gemini_live::tool_response(call, text), nullptr, false);
    if (response.is_discarded() || !response["toolResponse"]["functionResponses"][0]["response"].is_object()) std::abort();
    return 0;
}

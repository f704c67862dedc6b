// Whatever comes is read without a throw; what is called a tool's arguments is a JSON object, and audio is no longer
// than its base64.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "parley/vendors/openai/realtime_codec.hpp"

using namespace parley::vendors;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static openai_realtime::Reader reader;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto& event = reader.read(text);
    if (event.audio.size() > size) std::abort();
    for (const auto& call : event.calls)
        if (call.id.empty() || !nlohmann::json::parse(call.arguments, nullptr, false).is_object()) std::abort();
    if (event.kind == openai_realtime::Kind::error)
        if (const auto failure = openai_realtime::fatal(event); failure && failure->reason.size() > 300) std::abort();
    LmMessage message;
    message.text = text;
    if (nlohmann::json::parse(openai_realtime::message_item(message, false, "i"), nullptr, false).is_discarded()) std::abort();
    return 0;
}

// Whatever comes is read without a throw; what is called a tool's arguments is a JSON object, and audio is no longer
// than its base64.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "parley/vendors/elevenlabs/agents_codec.hpp"

using namespace parley::vendors;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static elevenlabs_agents::Reader reader;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto& event = reader.read(text);
    if (event.audio.size() > size) std::abort();
    if (event.kind == elevenlabs_agents::Kind::call && !nlohmann::json::parse(event.call.arguments, nullptr, false).is_object()) std::abort();
    if (const auto format = elevenlabs_agents::format_of(text); format && format->rate < 8000) std::abort();
    (void)elevenlabs_agents::signed_url_in(text);
    return 0;
}

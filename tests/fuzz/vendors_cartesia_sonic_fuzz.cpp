// A message of the vendor; the audio it gives is held against what a general parser and the strict decoder say. And the
// bytes as a text.
#include <nlohmann/json.hpp>

#include "parley/audio/base64.hpp"
#include "parley/vendors/cartesia/sonic.hpp"

using namespace parley::vendors;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static cartesia::SonicDecoder decoder;  // one for many messages, as in a call
    const auto& message = decoder.decode(text);
    using Type = cartesia::SonicMessage::Type;
    if (message.type == Type::malformed && (!message.audio.empty() || message.error)) __builtin_trap();
    if ((message.type == Type::error) != message.error.has_value()) __builtin_trap();
    const auto general = nlohmann::json::parse(text, nullptr, false);
    if (message.type == Type::chunk && general.is_object() && !message.audio.empty()) {
        const auto found = general.find("data");
        // Where a member is repeated the two take different ones.
        if (found != general.end() && found->is_string() && text.find("\"data\"") == text.rfind("\"data\"") && text.find("\\u") == text.npos) {
            const auto& base64 = found->get_ref<const std::string&>();
            std::vector<std::uint8_t> want(base64.size());
            const auto decoded = parley::audio::base64_decode(base64, want);
            if (!decoded || !std::ranges::equal(message.audio, std::span(want).first(*decoded))) __builtin_trap();
        }
    }
    Endpoint endpoint;
    if (!nlohmann::json::accept(cartesia::sonic_request(endpoint, "t1", cartesia::escape_sonic(text)))) __builtin_trap();
    return 0;
}

// Whatever comes is read without a throw; what is called a tool's arguments is a JSON object.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "parley/vendors/deepgram/agent_codec.hpp"

using namespace parley::vendors;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static deepgram_agent::Reader reader;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto& event = reader.read(text);
    for (const auto& call : event.calls)
        if (call.id.empty() || !nlohmann::json::parse(call.arguments, nullptr, false).is_object()) std::abort();
    if (event.kind == deepgram_agent::Kind::error && deepgram_agent::failure_of(event, true).reason.size() > 300) std::abort();
    if (nlohmann::json::parse(deepgram_agent::inject_user(text), nullptr, false).is_discarded()) std::abort();
    return 0;
}

// Every message AssemblyAI may send, in any order.
#include "parley/vendors/assemblyai/streaming.hpp"
#include "stt_messages.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    auto endpoint = parley::vendors::fuzz_endpoint();
    if (data[0] % 3 != 0) endpoint.model = "universal-streaming-english";
    if (data[0] % 3 == 2) endpoint.options.emplace("format_turns", "true");
    parley::vendors::assemblyai::StreamingProtocol protocol(endpoint);
    parley::vendors::feed(protocol, std::string_view(reinterpret_cast<const char*>(data) + 1, size - 1));
    return 0;
}

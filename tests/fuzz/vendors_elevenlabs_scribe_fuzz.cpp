// Every message Scribe may send, in any order.
#include "parley/vendors/elevenlabs/scribe.hpp"
#include "stt_messages.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    auto endpoint = parley::vendors::fuzz_endpoint();
    if (data[0] % 2 != 0) endpoint.options.emplace("commit_strategy", "vad");
    parley::vendors::elevenlabs::ScribeProtocol protocol(endpoint);
    parley::vendors::feed(protocol, std::string_view(reinterpret_cast<const char*>(data) + 1, size - 1));
    return 0;
}

// Every message Deepgram's live recognition may send, in any order.
#include "parley/vendors/deepgram/listen.hpp"
#include "stt_messages.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    auto endpoint = parley::vendors::fuzz_endpoint();

    parley::vendors::deepgram::ListenProtocol protocol(endpoint);
    parley::vendors::feed(protocol, std::string_view(reinterpret_cast<const char*>(data) + 1, size - 1));
    return 0;
}

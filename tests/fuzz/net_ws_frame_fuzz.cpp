// Frames from anywhere, cut anywhere: the first byte is the chunk size, the second the role. However the bytes are cut,
// the steps must be the same as when they come at once, and no message may pass the limit.

#include <cstdint>
#include <cstdlib>

#include "frame_script.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace parley::net;
    if (size < 2) return 0;
    const std::size_t chunk = data[0] == 0 ? 1 : data[0];
    const WsRole role = (data[1] & 1) != 0 ? WsRole::server : WsRole::client;
    const std::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);
    constexpr std::size_t kLimit = 512;
    const auto cut = test::read_frames(role, bytes, chunk, kLimit);
    const auto whole = test::read_frames(role, bytes, size, kLimit);
    if (cut != whole) std::abort();
    for (const std::string& step : cut) {
        if (step.size() > kLimit + 16) std::abort();
        if (step.starts_with("text:")) {
            Utf8Checker checker;
            if (!checker.feed({step.data() + 5, step.size() - 5}) || !checker.complete()) std::abort();
        }
    }
    return 0;
}

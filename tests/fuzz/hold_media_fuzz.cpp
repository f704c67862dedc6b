// The door for uploaded sound on any bytes: no crash, an answer with a reason, and never more sound than the limits allow.
#include <cstdint>
#include <cstdlib>

#include "parley/hold/media_decode.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace parley::hold;
    MediaLimits limits;
    limits.most_bytes = 1U << 20U;
    limits.longest = std::chrono::seconds(5);
    const auto got = decode_media({data, size}, limits);
    if (got) {
        const bool sane = !got.media->pcm8k.empty() && got.media->pcm8k.size() <= 5U * 8000U &&
                          (got.media->type == "audio/wav" || got.media->type == "audio/mpeg") && got.media->rate >= 8000 && got.media->rate <= 48000;
        if (!sane) std::abort();
    } else if (got.sentence.empty() || name(got.reason).empty()) {
        std::abort();
    }
    return 0;
}

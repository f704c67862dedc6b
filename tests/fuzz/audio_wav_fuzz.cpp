// The WAV reader on any bytes: no crash, memory in proportion to the input, and what it accepts keeps its own rules.
#include <cstdint>
#include <cstdlib>

#include "parley/audio/wav.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace parley::audio;
    for (const bool trailing : {false, true}) {
        const auto wav = parse_wav({data, size}, {.max_bytes = 1U << 20U, .max_duration_s = 10, .allow_trailing_bytes = trailing});
        if (!wav) {
            if (wav.error().category() != wav_category() || wav.error().message().empty()) std::abort();
            continue;
        }
        const bool sane = (wav->channels == 1 || wav->channels == 2) && wav->rate >= 8000 && wav->rate <= 48000 && wav->samples.size() <= size &&
                          wav->samples.size() % static_cast<std::size_t>(wav->channels) == 0 && wav->frames() <= 10U * static_cast<std::size_t>(wav->rate);
        if (!sane) std::abort();
    }
    return 0;
}

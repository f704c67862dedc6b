#include <string>

#include "parley/audio/wav.hpp"

namespace parley::audio {

namespace {

// g++ counts Boost's protected destructor as accessible here.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class Category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "parley.wav"; }
    std::string message(int value) const override {
        switch (static_cast<WavErrc>(value)) {
            case WavErrc::not_wave:
                return "not a RIFF/WAVE file";
            case WavErrc::truncated:
                return "a chunk is longer than the file";
            case WavErrc::trailing_bytes:
                return "bytes after the end of the RIFF chunk";
            case WavErrc::bad_format_chunk:
                return "the format chunk is missing, repeated or inconsistent";
            case WavErrc::unsupported_encoding:
                return "the encoding is not PCM16, mu-law or A-law";
            case WavErrc::unsupported_rate:
                return "the sample rate is not within 8000 to 48000 Hz";
            case WavErrc::unsupported_channels:
                return "the file is neither mono nor stereo";
            case WavErrc::bad_data_chunk:
                return "the data chunk is missing, repeated, misplaced or cut";
            case WavErrc::too_many_chunks:
                return "too many chunks";
            case WavErrc::too_large:
                return "too many bytes";
            case WavErrc::too_long:
                return "the audio is too long";
            case WavErrc::bad_argument:
                return "format or sample count not supported";
        }
        return "unknown WAV error";
    }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& wav_category() {
    static const Category category;
    return category;
}

error_code make_error_code(WavErrc code) {
    return {static_cast<int>(code), wav_category()};
}

}  // namespace parley::audio

// parley_speech_say --voice slt --speed 1.0 --pitch 1.0 --out FILE.wav TEXT: one of the embedded voices into an 8 kHz
// WAV.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "parley/audio/wav.hpp"
#include "parley/speech/voice.hpp"

int main(int argc, char** argv) {
    parley::speech::VoiceSettings settings;
    std::string out, text;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        if (option.starts_with("--") && i + 1 < argc) {
            const std::string value = argv[++i];
            if (option == "--voice")
                settings.name = value;
            else if (option == "--speed")
                settings.speed = std::atof(value.c_str());
            else if (option == "--pitch")
                settings.pitch = std::atof(value.c_str());
            else if (option == "--out")
                out = value;
            else
                return std::fprintf(stderr, "unknown option %s\n", argv[i - 1]), 2;
        } else {
            text = option;
        }
    }
    auto voice = parley::speech::Voice::make(settings);
    auto file = parley::audio::WavWriter::open(out, {});
    if (!voice || !file) return std::fprintf(stderr, "no such voice, or %s cannot be written\n", out.c_str()), 1;
    const auto spoken = (*voice)->speak(text, [&](std::span<const std::int16_t> piece) { return !file->write(piece); });
    return spoken && !file->close() ? 0 : 1;
}

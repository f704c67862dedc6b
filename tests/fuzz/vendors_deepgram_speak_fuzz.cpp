// A message of the vendor, and the same bytes as a text to be spoken and as audio in two cuts.
#include <nlohmann/json.hpp>

#include "parley/vendors/audio_intake.hpp"
#include "parley/vendors/deepgram/speak.hpp"
#include "parley/vendors/word_track.hpp"

using namespace parley::vendors;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto event = deepgram::parse_speak(text);
    if (const auto* warning = std::get_if<deepgram::SpeakWarning>(&event)) (void)deepgram::speak_warning_is_limit(*warning);
    (void)deepgram::speak_lost(from_close(1011, text));
    for (const auto& message : deepgram::speak_messages(deepgram::escape_speak(text)))
        if (!nlohmann::json::accept(message)) __builtin_trap();

    const std::span<const std::uint8_t> bytes(data + 1, size - 1);
    const auto cut = std::min<std::size_t>(data[0], bytes.size());
    for (const auto format : {SpeechFormat{}, SpeechFormat{SpeechFormat::Coding::pcm16le, 24000}}) {
        AudioIntake whole(format), pieces(format);
        std::vector<std::int16_t> want, got;
        const bool fine = whole.feed(bytes, want);
        bool same = pieces.feed(bytes.first(cut), got);
        if (same) same = pieces.feed(bytes.subspan(cut), got);
        whole.finish(want);
        pieces.finish(got);
        if (fine != same || want != got) __builtin_trap();
    }
    WordTrack track(text);
    std::uint32_t last = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto end = track.character(text.substr(at, 1));
        if (end && (*end < last || *end > text.size())) __builtin_trap();
        if (end) last = *end;
    }
    return 0;
}

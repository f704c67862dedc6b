// A reply's audio in chunks of the first byte's size, through the resampler to the sink; and the bytes as a text to be
// asked for.
#include <nlohmann/json.hpp>

#include "parley/vendors/openai/speech.hpp"
#include "parley/vendors/speech_line.hpp"

using namespace parley::vendors;

namespace {

struct Count final : TtsSink {
    void on_tts_open(std::string_view) override {}
    void on_tts_audio(SpeechTag, std::span<const std::int16_t> pcm) override { samples += pcm.size(); }
    void on_tts_word(SpeechTag, std::uint32_t, std::uint32_t) override {}
    void on_tts_done(SpeechTag) override { ++ends; }
    void on_tts_failed(SpeechTag, const Failure&) override { ++ends; }
    std::size_t samples = 0;
    int ends = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::span<const std::uint8_t> bytes(data + 1, size - 1);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (!nlohmann::json::accept(openai::speech_body(Endpoint{}, openai::escape_speech(text)))) __builtin_trap();
    (void)openai::speech_wrong_type(text);

    Count sink;
    SpeechLine line(sink, SpeechFormat{SpeechFormat::Coding::pcm16le, openai::kSpeechHz});
    line.add(1, text);
    const auto whole = bytes.size() / 2;
    while (!bytes.empty()) {
        const auto chunk = bytes.first(std::min<std::size_t>(bytes.size(), data[0] + 1U));
        line.bytes(1, chunk);
        bytes = bytes.subspan(chunk.size());
    }
    line.ended(1);
    if (sink.ends != 1 || sink.samples > (whole + 2) / 3) __builtin_trap();
    return 0;
}

#include "parley/speech/error.hpp"

#include <string>

namespace parley::speech {
namespace {

class SpeechCategory final : public boost::system::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "parley.speech"; }
    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
            case errc::cancelled:
                return "cancelled";
            case errc::busy:
                return "the speech engines' queue is full";
            case errc::deadline:
                return "the speech engine did not answer in time";
            case errc::engine_failed:
                return "the speech engine failed";
            case errc::model_missing:
                return "the speech model cannot be read";
            case errc::bad_grammar:
                return "the grammar cannot be used";
            case errc::unknown_voice:
                return "no such voice";
            case errc::bad_text:
                return "nothing speakable in the text, or too long";
            case errc::audio_too_long:
                return "the audio is too long";
            case errc::stopped:
                return "the speech engines are stopping";
        }
        return "unknown";
    }
};

}  // namespace

const boost::system::error_category& speech_category() noexcept {
    static const SpeechCategory category;
    return category;
}

error_code make_error_code(errc e) noexcept {
    return {static_cast<int>(e), speech_category()};
}

}  // namespace parley::speech

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/result.hpp"

namespace parley::speech {

struct VoiceSettings {
    std::string name = "slt";  // slt, rms, awb, kal16
    double speed = 1.0;        // 0.5..2.0, larger is faster
    double pitch = 1.0;        // 0.5..2.0, of the voice's own mean
    friend bool operator==(const VoiceSettings&, const VoiceSettings&) = default;
};

inline constexpr std::size_t kMaxSpokenBytes = 600;  // of one piece of text; about 40 s of speech

[[nodiscard]] const std::vector<std::string>& voice_names();

// What of a text is given to the engine: control characters become blanks, anything outside ASCII its nearest spoken
// form or a blank, runs of blanks one. errc::bad_text when nothing speakable is left or the text is longer than
// kMaxSpokenBytes.
Result<std::string> speakable(std::string_view text);

// One synthesiser. Not thread-safe; each thread its own. The engine's own set-up is serialised inside (its registry is
// not thread-safe and hands the same voice object to everybody; here every Voice owns one).
class Voice {
public:
    static Result<std::unique_ptr<Voice>> make(const VoiceSettings& settings);
    ~Voice();
    Voice(const Voice&) = delete;
    Voice& operator=(const Voice&) = delete;

    // Streams 8 kHz samples, band-limited below 4 kHz and never at full scale, in pieces of 20 ms or a multiple (the
    // last may be shorter). `piece` answers false to stop: errc::cancelled. Asked for at least once for each 100 ms of
    // audio made.
    Result<> speak(std::string_view text, const std::function<bool(std::span<const std::int16_t>)>& piece);

private:
    struct State;
    explicit Voice(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace parley::speech

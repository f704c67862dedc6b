#pragma once
// The stretches of a recording in which a caller said what must not be kept.

#include <optional>
#include <string_view>

#include "parley/call/agent.hpp"
#include "parley/call/kept_memory.hpp"
#include "parley/call/recorder.hpp"
#include "parley/privacy/privacy_settings.hpp"
#include "parley/privacy/redactor.hpp"

namespace parley::call {

// A turn in which something was masked is silenced whole: where in it the words stood is not known to the word.
class PrivateWords {
public:
    explicit PrivateWords(const Agent& agent) {
        if (masks(agent) && agent.privacy->redact_audio) listener_.emplace(privacy::Kinds::of(agent.privacy->kinds));
    }
    // The caller made a sound, or pressed a key.
    void heard(Instant at) {
        if (!from_) from_ = at;
    }
    void caller_said(std::string_view text, Instant at, Recorder* recorder) {
        constexpr Instant kBefore = std::chrono::milliseconds(300);  // a detector notices late
        const auto from = std::exchange(from_, std::nullopt).value_or(at);
        if (!listener_ || listener_->turn(true, text).found.empty() || recorder == nullptr) return;
        recorder->silence_caller(from > kBefore ? from - kBefore : Instant{0}, at);
    }
    void agent_said(std::string_view text) {
        if (listener_ && !text.empty()) (void)listener_->turn(false, text);
    }

private:
    std::optional<privacy::Listener> listener_;
    std::optional<Instant> from_;  // where the present turn of the caller began
};

}  // namespace parley::call

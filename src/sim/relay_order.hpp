#pragma once
// What an application asks of a ConversationRelay session: one message, checked as strictly as the carrier does.

#include <optional>
#include <string>
#include <string_view>

#include "relay_settings.hpp"

namespace parley::sim {

struct RelayOrder {
    enum class Kind : unsigned char { text, play, digits, language, end } kind = Kind::text;
    std::string text;  // token, source, digits, handoffData
    std::string language, transcription;
    bool last = false, has_handoff = false;
    int loop = 1;
    std::optional<RelayInputs> interruptible;
    std::optional<bool> preemptible;
};

// Nothing: it is not valid (error 64107); `why` says what is wrong.
[[nodiscard]] std::optional<RelayOrder> read_relay_order(std::string_view message, const RelaySettings& settings, std::string& why);

}  // namespace parley::sim

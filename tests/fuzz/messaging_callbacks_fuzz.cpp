// Forms and bodies of Twilio's about messages, recordings, transcriptions and Intelligence: whatever they hold, they are read within bounds; and any text is
// counted and divided without losing a character that is no blank.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "parley/messaging/inbox.hpp"
#include "parley/messaging/intelligence_desk.hpp"
#include "parley/messaging/recording_keeper.hpp"
#include "parley/messaging/rules.hpp"
#include "parley/messaging/segments.hpp"
#include "parley/messaging/transcription_event.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace parley;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto form = twilio::parse_form(text)) {
        if (const auto message = messaging::read_incoming(*form)) {
            if (message->media.size() > messaging::kMostMedia) std::abort();
            (void)messaging::keyword_of(message->body);
        }
        (void)messaging::read_recording(*form);
        if (const auto event = messaging::read_transcription(*form)) {
            const auto fact = messaging::transcript_fact(*event);
            if (!fact.empty() && !nlohmann::json::parse(fact, nullptr, false).is_object()) std::abort();
        }
    }
    (void)messaging::read_intelligence(text);
    (void)messaging::matches(text.substr(0, size / 2), text.substr(size / 2));
    const auto counted = messaging::count_segments(text);
    if ((counted.segments == 0) != text.empty()) std::abort();
    for (const std::size_t most : {std::size_t{7}, messaging::kMostCharacters}) {
        std::string joined;
        for (const auto& piece : messaging::split_text(text, most)) {
            if (messaging::count_segments(piece).characters > most || piece.empty()) std::abort();
            joined += piece;
        }
        const auto without_blanks = [](std::string_view from) {
            std::string kept;
            for (const char c : from)
                if (c != ' ' && c != '\n') kept += c;
            return kept;
        };
        if (without_blanks(joined) != without_blanks(text)) std::abort();
    }
    return 0;
}

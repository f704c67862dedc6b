#include "parley/analysis/intent_match.hpp"

#include <algorithm>
#include <array>

#include "parley/brain/slot.hpp"
#include "words.hpp"

namespace parley::analysis {

namespace {

class AnySlots final : public brain::Pattern::SlotReader {
public:
    [[nodiscard]] std::vector<Reading> read(std::string_view slot, std::span<const std::string> words, std::size_t from) const override {
        const auto kind = brain::slot_kind_named(slot);
        if (!kind) return {};
        brain::SlotSpec spec;
        spec.kind = *kind;
        return brain::read_slot(spec, words, from);
    }
};

bool negated(std::span<const std::string> words, std::size_t at) {
    constexpr auto kNot = std::to_array<std::string_view>({"not", "don't", "didn't", "never", "won't"});
    for (std::size_t back = 1; back <= 3 && back <= at; ++back)
        if (std::find(kNot.begin(), kNot.end(), words[at - back]) != kNot.end()) return true;
    return false;
}

}  // namespace

IntentMatch::IntentMatch(const std::vector<Intent>& intents) {
    for (std::size_t i = 0; i < intents.size(); ++i)
        for (const auto& phrase : intents[i].phrases) {
            brain::Pattern::Error ignored;
            if (auto pattern = brain::Pattern::parse(phrase, ignored)) phrases_.push_back({i, std::move(pattern)});
        }
}

std::optional<std::size_t> IntentMatch::find(std::string_view text) const {
    const auto words = words_of(text);
    const AnySlots slots;
    std::optional<std::size_t> best;
    std::size_t longest = 0;
    for (const auto& phrase : phrases_)
        for (std::size_t at = 0; at < words.size(); ++at)
            for (const auto& match : phrase.pattern->match(words, at, slots)) {
                if (match.end <= at + longest || negated(words, at)) continue;
                longest = match.end - at;
                best = phrase.intent;
            }
    return best;
}

std::string wrong_phrase(std::string_view phrase) {
    brain::Pattern::Error error;
    const auto pattern = brain::Pattern::parse(phrase, error);
    if (!pattern) return error.what + " (at " + std::to_string(error.at + 1) + ")";
    std::set<std::string> words, slots;
    pattern->collect(words, slots);
    for (const auto& slot : slots)
        if (!brain::slot_kind_named(slot)) return "there is no slot '" + slot + "': weekday, time or digits";
    return {};
}

}  // namespace parley::analysis

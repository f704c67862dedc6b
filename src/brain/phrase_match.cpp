#include "phrase_match.hpp"

#include <algorithm>
#include <set>

namespace parley::brain {
namespace {

class ScriptSlots final : public Pattern::SlotReader {
public:
    explicit ScriptSlots(const Script& script) : script_(script) {}
    [[nodiscard]] std::vector<Reading> read(std::string_view slot, std::span<const std::string> words, std::size_t from) const override {
        const auto spec = script_.slots.find(slot);
        if (spec == script_.slots.end()) return {};
        return read_slot(spec->second, words, from);
    }

private:
    const Script& script_;
};

// Where a phrase may begin: at the start, or behind one or two leads.
std::set<std::size_t> beginnings(const Script& script, std::span<const std::string> words, const ScriptSlots& slots) {
    std::set<std::size_t> starts{0};
    if (!script.lead) return starts;
    for (int round = 0; round < 2; ++round) {
        const auto known = starts;
        for (const auto start : known) {
            for (const auto& match : script.lead->match(words, start, slots)) starts.insert(match.end);
        }
    }
    return starts;
}

bool reaches_end(const Script& script, std::span<const std::string> words, std::size_t from, const ScriptSlots& slots) {
    if (from == words.size()) return true;
    if (!script.trail) return false;
    return std::ranges::any_of(script.trail->match(words, from, slots), [&](const auto& match) { return match.end == words.size(); });
}

bool whole_intent(const Script& script, const std::vector<std::string>& intents, std::span<const std::string> words, Meaning& out) {
    const ScriptSlots slots(script);
    bool found = false;
    for (const auto start : beginnings(script, words, slots)) {
        for (const auto& name : intents) {
            for (const auto& phrase : script.intents.find(name)->second.phrases) {
                for (auto& match : phrase->match(words, start, slots)) {
                    if (match.end == start || !reaches_end(script, words, match.end, slots)) continue;
                    if (found && match.slots.size() <= out.slots.size()) continue;
                    out = {name, std::move(match.slots)};
                    found = true;
                }
            }
        }
        if (found) return true;
    }
    return false;
}

bool only_slots(const Script& script, const std::vector<std::string>& fill, std::span<const std::string> words, std::size_t from, const ScriptSlots& slots,
                SlotValues& values) {
    if (!values.empty() && reaches_end(script, words, from, slots)) return true;
    for (const auto& name : fill) {
        if (values.contains(name)) continue;
        for (const auto& reading : slots.read(name, words, from)) {
            values[name] = reading.value;
            if (only_slots(script, fill, words, reading.end, slots, values)) return true;
            values.erase(name);
        }
    }
    return false;
}

bool slots_anywhere(const std::vector<std::string>& fill, std::span<const std::string> words, const ScriptSlots& slots, SlotValues& values) {
    for (std::size_t at = 0; at < words.size();) {
        std::size_t next = at + 1;
        for (const auto& name : fill) {
            if (values.contains(name)) continue;
            const auto readings = slots.read(name, words, at);
            if (readings.empty()) continue;
            values[name] = readings.front().value;
            next = readings.front().end;
            break;
        }
        at = next;
    }
    return !values.empty();
}

bool spotted_intent(const Script& script, const std::vector<std::string>& intents, std::span<const std::string> words, Meaning& out) {
    const ScriptSlots slots(script);
    std::size_t longest = 0;
    for (std::size_t at = 0; at < words.size(); ++at) {
        for (const auto& name : intents) {
            for (const auto& phrase : script.intents.find(name)->second.phrases) {
                for (auto& match : phrase->match(words, at, slots)) {
                    if (match.end - at <= longest) continue;
                    longest = match.end - at;
                    out = {name, std::move(match.slots)};
                }
            }
        }
    }
    return longest > 0 && longest * 2 >= words.size();
}

}  // namespace

bool find_meaning(const Script& script, const std::vector<std::string>& intents, const std::vector<std::string>& fill, const std::vector<std::string>& words,
                  Meaning& out) {
    out = {};
    if (words.empty()) return false;
    if (whole_intent(script, intents, words, out)) return true;
    out = {};
    const ScriptSlots slots(script);
    for (const auto start : beginnings(script, words, slots)) {
        if (only_slots(script, fill, words, start, slots, out.slots)) return true;
    }
    out = {};
    if (slots_anywhere(fill, words, slots, out.slots)) return true;
    out = {};
    if (spotted_intent(script, intents, words, out)) return true;
    out = {};
    return false;
}

}  // namespace parley::brain

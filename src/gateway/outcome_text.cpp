#include <nlohmann/json.hpp>

#include "parley/conversation/serialise.hpp"
#include "shared_calls.hpp"
#include "text_member.hpp"

namespace parley::gateway {

using conversation::ContextLine;
using conversation::EndReason;
using nlohmann::json;

namespace {

constexpr std::size_t kLongest = 16U << 10U;

bool flag_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_boolean() && found->get<bool>();
}
std::uint32_t count_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number_unsigned() && *found < 100'000U ? found->get<std::uint32_t>() : 0;
}

}  // namespace

std::string outcome_text(const call::Outcome& outcome) {
    json lines = json::array();
    for (const auto& line : outcome.memory.lines)
        lines.push_back({{"agent", line.side == ContextLine::Side::agent}, {"text", line.text}, {"interrupted", line.interrupted}});
    json all{{"reason", conversation::name_of(outcome.reason)},
             {"target", outcome.target},
             {"agent", outcome.agent},
             {"resumes", outcome.resumes},
             {"planned", outcome.planned},
             {"attached", outcome.attached},
             {"ending", outcome.ending},
             {"state", outcome.memory.brain_state.size() <= kLongest / 2 ? outcome.memory.brain_state : std::string()},
             {"said_by", outcome.memory.agent},
             {"note", outcome.memory.note},
             {"background", outcome.memory.background.size() <= kLongest / 4 ? outcome.memory.background : std::string()}};
    const auto rest = all.dump(-1, ' ', false, json::error_handler_t::replace).size();
    std::size_t used = rest + 16, first = lines.size();
    while (first > 0) {
        const auto size = lines[first - 1].dump(-1, ' ', false, json::error_handler_t::replace).size() + 1;
        if (used + size > kLongest) break;
        used += size;
        --first;
    }
    lines.erase(lines.begin(), lines.begin() + static_cast<json::difference_type>(first));
    all["lines"] = std::move(lines);
    return all.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<call::Outcome> read_outcome(std::string_view text) {
    if (text.size() > 2 * kLongest) return std::nullopt;
    const auto all = json::parse(text, nullptr, false);
    if (!all.is_object()) return std::nullopt;
    call::Outcome outcome;
    const auto reason = text_of(all, "reason");
    bool known = false;
    for (int i = 0; i <= static_cast<int>(EndReason::internal); ++i)
        if (conversation::name_of(static_cast<EndReason>(i)) == reason) {
            outcome.reason = static_cast<EndReason>(i);
            known = true;
        }
    if (!known) return std::nullopt;
    outcome.target = text_of(all, "target");
    outcome.agent = text_of(all, "agent");
    outcome.resumes = count_of(all, "resumes");
    outcome.planned = flag_of(all, "planned");
    outcome.attached = flag_of(all, "attached");
    outcome.ending = count_of(all, "ending");
    outcome.memory.brain_state = text_of(all, "state");
    outcome.memory.agent = text_of(all, "said_by");
    outcome.memory.note = text_of(all, "note");
    outcome.memory.background = text_of(all, "background");
    const auto lines = all.find("lines");
    if (lines != all.end() && lines->is_array())
        for (const auto& line : *lines)
            if (line.is_object())
                outcome.memory.lines.push_back({.side = flag_of(line, "agent") ? ContextLine::Side::agent : ContextLine::Side::caller,
                                                .text = text_of(line, "text"),
                                                .interrupted = flag_of(line, "interrupted")});
    return outcome;
}

}  // namespace parley::gateway

#include "parley/analysis/transcript.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "parley/brain/tokens.hpp"
#include "words.hpp"

namespace parley::analysis {

namespace {

using nlohmann::json;

constexpr std::size_t kMostLines = 5000;
constexpr std::size_t kLongestLine = 4000;
constexpr std::string_view kGap = "[… a part of the conversation is left out here …]";

std::string text_of(const json& from, const char* key) {
    if (!from.is_object()) return {};
    const auto found = from.find(key);
    return found != from.end() && found->is_string() ? found->get<std::string>() : std::string{};
}
std::int64_t number_of(const json& from, const char* key) {
    if (!from.is_object()) return 0;
    const auto found = from.find(key);
    return found != from.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}
const json& part_of(const json& from, const char* key) {
    static const json kNothing;
    const auto found = from.find(key);
    return found != from.end() ? *found : kNothing;
}

std::string line_text(const Line& line) {
    auto text = line.text;
    std::replace(text.begin(), text.end(), '\n', ' ');  // a line of the transcript is one line: nobody begins another in somebody else's name
    return std::string(line.caller ? "Caller: " : "Agent: ") + text;
}

}  // namespace

Subject subject_of(std::string_view text) {
    Subject subject;
    const auto record = json::parse(text, nullptr, false);
    if (!record.is_object()) return subject;
    const auto& call = part_of(record, "call");
    const auto& end = part_of(record, "end");
    const auto& status = part_of(record, "status");
    subject.call_sid = text_of(record, "call_sid");
    subject.agent = text_of(end, "agent");
    if (subject.agent.empty()) subject.agent = text_of(call, "agent");
    subject.from = text_of(call, "from");
    subject.to = text_of(call, "to");
    subject.direction = text_of(call, "direction");
    subject.channel = text_of(call, "channel");
    subject.end_reason = text_of(end, "reason");
    subject.began_ms = number_of(call, "started_ms");
    if (subject.began_ms == 0) subject.began_ms = number_of(call, "at_ms");
    const auto state = text_of(status, "status");
    subject.final = state == "completed" || state == "failed" || state == "busy" || state == "no-answer" || state == "canceled";
    subject.other_party = subject.direction == "out" ? subject.to : subject.from;
    const auto& turns = part_of(record, "turns");
    if (turns.is_array())
        for (const auto& turn : turns) {
            const auto who = text_of(turn, "who");
            if (subject.lines.size() >= kMostLines || (who != "caller" && who != "agent")) continue;
            subject.lines.push_back({who == "caller", shortened(text_of(turn, "text"), kLongestLine), number_of(turn, "at_ms")});
        }
    const auto& transcript = part_of(record, "transcript");
    if (subject.lines.empty() && transcript.is_array())
        for (const auto& piece : transcript) {
            const auto track = text_of(piece, "track");
            if (subject.lines.size() >= kMostLines || (piece.is_object() && piece.contains("final") && piece["final"] == false)) continue;
            subject.lines.push_back(
                {track.starts_with("inbound") || track == "caller", shortened(text_of(piece, "text"), kLongestLine), number_of(piece, "at_ms")});
        }
    std::erase_if(subject.lines, [](const Line& line) { return line.text.empty(); });
    return subject;
}

std::string written(const std::vector<Line>& lines, std::size_t most_tokens, bool* cut) {
    if (cut != nullptr) *cut = false;
    std::vector<std::string> texts;
    std::vector<std::size_t> costs;
    std::size_t whole = 0;
    for (const auto& line : lines) {
        texts.push_back(line_text(line));
        costs.push_back(brain::tokens_in(texts.back()) + 1);
        whole += costs.back();
    }
    std::size_t head = texts.size(), tail = texts.size();  // lines before `head` and from `tail` on are kept
    if (whole > most_tokens) {
        if (cut != nullptr) *cut = true;
        const auto gap = brain::tokens_in(kGap) + 1;
        const auto room = most_tokens > gap ? most_tokens - gap : 0;
        std::size_t used = 0;
        for (head = 0; head < texts.size() && used + costs[head] <= room / 3; ++head) used += costs[head];
        for (tail = texts.size(); tail > head && used + costs[tail - 1] <= room; --tail) used += costs[tail - 1];
    }
    std::string out;
    const auto add = [&](std::string_view text) {
        if (!out.empty()) out += '\n';
        out += text;
    };
    for (std::size_t i = 0; i < head; ++i) add(texts[i]);
    if (head < texts.size() && tail > head) add(kGap);
    for (std::size_t i = std::max(head, tail); i < texts.size(); ++i) add(texts[i]);
    return out;
}

}  // namespace parley::analysis

#include "rolling_context.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "parley/brain/tokens.hpp"

namespace parley::brain::upstream {

using conversation::ContextLine;
using nlohmann::json;
using vendors::LmMessage;

namespace {

constexpr std::string_view kTold = "Summary of the conversation so far (its beginning is not repeated below): ";
constexpr std::size_t kLongestSummary = 4000;  // bytes
constexpr std::size_t kShortestResult = 64;    // bytes a tool's result is not cut below

std::size_t cost(const LmMessage& message) {
    auto tokens = tokens_in(message.text) + kTokensOfMessage;
    for (const auto& call : message.calls) tokens += tokens_in(call.name) + tokens_in(call.arguments) + kTokensOfMessage;
    return tokens;
}
std::size_t cost(const ContextLine& line) {
    return tokens_in(line.text) + kTokensOfMessage;
}

void cut_front(std::string& text, std::size_t keep) {
    if (text.size() <= keep) return;
    auto from = text.size() - keep;
    while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0U) == 0x80U) ++from;
    text.erase(0, from);
}
void cut_back(std::string& text, std::size_t keep) {
    if (text.size() <= keep) return;
    while (keep > 0 && (static_cast<unsigned char>(text[keep]) & 0xC0U) == 0x80U) --keep;
    text.resize(keep);
}

bool same(const ContextLine& a, const ContextLine& b) {
    return a.side == b.side && a.text == b.text;
}

}  // namespace

std::string_view summary_instructions() {
    return "You keep the memory of a telephone call that is going on. Write down in at most 150 words what the agent has to know of the part of the "
           "conversation you are given, together with the summary so far: who calls, "
           "what they want, names, numbers and dates exactly as they were said, what was promised, done and refused, and what is still open. Plain text.";
}

std::string RollingContext::told() const {
    return summary_.empty() ? std::string() : std::string(kTold) + summary_;
}

std::size_t RollingContext::first_after(const std::vector<ContextLine>& context) const {
    if (last_.empty()) return 0;
    // Words are said twice: the newest place where it may be by now.
    for (auto at = std::min(context.size(), last_at_); at > 0; --at)
        if (same(context[at - 1], last_.front())) return at;
    return 0;  // the core has forgotten these lines itself
}

std::vector<ContextLine> RollingContext::rest(const std::vector<ContextLine>& context) const {
    if (!bounded()) return context;
    return {context.begin() + static_cast<std::ptrdiff_t>(first_after(context)), context.end()};
}

void RollingContext::fit(std::vector<LmMessage>& messages, std::size_t turn) const {
    if (!bounded() || turn == 0 || turn >= messages.size()) return;
    std::size_t total = summary_.empty() ? 0 : tokens_in(told());
    for (std::size_t i = 1; i < messages.size(); ++i) total += cost(messages[i]);
    std::size_t drop = 0;
    while (total > budget_ && 1 + drop < turn) total -= cost(messages[1 + drop++]);
    messages.erase(messages.begin() + 1, messages.begin() + 1 + static_cast<std::ptrdiff_t>(drop));
    turn -= drop;
    while (total > budget_) {
        LmMessage* longest = nullptr;
        for (auto i = turn + 1; i < messages.size(); ++i)
            if (messages[i].role == LmMessage::Role::tool && messages[i].text.size() > kShortestResult &&
                (longest == nullptr || messages[i].text.size() > longest->text.size()))
                longest = &messages[i];
        if (longest == nullptr) break;
        total -= cost(*longest);
        cut_back(longest->text, std::max(kShortestResult, longest->text.size() / 2));
        total += cost(*longest);
    }
    auto& said = messages[turn].text;
    while (total > budget_ && !said.empty()) {
        total -= cost(messages[turn]);
        cut_front(said, said.size() / 2);
        total += cost(messages[turn]);
    }
}

std::optional<std::string> RollingContext::due(const std::vector<ContextLine>& context) {
    if (!bounded() || !under_way_.empty()) return std::nullopt;
    const auto from = first_after(context);
    std::size_t total = summary_.empty() ? 0 : tokens_in(told());
    for (auto i = from; i < context.size(); ++i) total += cost(context[i]);
    if (total * 3 < budget_ * 2) return std::nullopt;
    // The newest third stays as it was said.
    std::size_t kept = 0;
    auto upto = context.size();
    while (upto > from && kept + cost(context[upto - 1]) <= budget_ / 3) kept += cost(context[--upto]);
    if (upto <= from) return std::nullopt;
    under_way_ = {context[upto - 1]};
    under_way_at_ = upto;
    std::string text = summary_.empty() ? std::string() : "Summary so far: " + summary_ + "\n\n";
    // No more than the budget is asked about either: of a part that is longer the newest.
    std::vector<std::string> lines;
    std::size_t asked = 0;
    for (auto i = upto; i > from; --i) {
        auto line = std::string(context[i - 1].side == ContextLine::Side::caller ? "Caller: " : "Agent: ") + context[i - 1].text;
        asked += tokens_in(line) + 1;
        if (asked > 2 * budget_) break;
        lines.push_back(std::move(line));
    }
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) text += *line + "\n";
    return text;
}

void RollingContext::summarised(std::string_view text) {
    if (under_way_.empty()) return;
    last_ = std::exchange(under_way_, {});
    last_at_ = under_way_at_;
    summary_ = text;
    cut_back(summary_, kLongestSummary);
    // At most a third of the budget: the conversation itself comes first.
    while (tokens_in(told()) > budget_ / 3 && !summary_.empty()) cut_back(summary_, summary_.size() * 3 / 4);
}

std::string RollingContext::saved() const {
    if (summary_.empty() || last_.empty()) return {};
    auto last = last_.front().text;
    cut_back(last, kLongestSummary);
    return json{{"summary", summary_}, {"last", last}, {"at", last_at_}, {"caller", last_.front().side == ContextLine::Side::caller}}.dump(
        -1, ' ', false, json::error_handler_t::replace);
}

void RollingContext::restore(std::string_view text) {
    const auto saved = json::parse(text, nullptr, false);
    if (!bounded() || !saved.is_object() || !saved.contains("summary") || !saved["summary"].is_string() || !saved.contains("last") ||
        !saved["last"].is_string())
        return;
    ContextLine line;
    line.text = saved["last"].get<std::string>();
    line.side = saved.contains("caller") && saved["caller"] == true ? ContextLine::Side::caller : ContextLine::Side::agent;
    under_way_ = {std::move(line)};
    under_way_at_ = saved.contains("at") && saved["at"].is_number_unsigned() ? saved["at"].get<std::size_t>() : 0;
    summarised(saved["summary"].get<std::string>());
}

}  // namespace parley::brain::upstream

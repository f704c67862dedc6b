#include <algorithm>
#include <array>

#include "rules.hpp"
#include "words.hpp"

namespace parley::analysis::rules {

namespace {

using nlohmann::json;

constexpr std::size_t kMostQuote = 240;
constexpr std::size_t kMostItems = 10;

constexpr auto kSettled = std::to_array<std::string_view>(
    {"booked",     "confirmed",         "scheduled",    "cancelled",   "canceled",    "arranged",        "reserved",       "i will send",
     "i'll send",  "we will send",      "we'll send",   "i have sent", "i've sent",   "you are all set", "you're all set", "i have noted",
     "i've noted", "have put you down", "we will call", "we'll call",  "i will call", "i'll call",       "see you"});
constexpr auto kPromises = std::to_array<std::string_view>(
    {"i'll", "i will", "we'll", "we will", "i am going to", "i'm going to", "we are going to", "we're going to", "let me send", "i can send"});
constexpr auto kRequests = std::to_array<std::string_view>({"please send", "please call", "call me back", "can you send", "could you send", "can you call",
                                                            "could you call", "send me", "i need you to", "please email", "can you email", "could you email",
                                                            "please book", "please cancel", "get back to me", "please tell", "please have"});
// A promise is about doing something for somebody, not about the next sentence.
constexpr auto kDeeds = std::to_array<std::string_view>(
    {"send",   "call", "email",  "mail",    "text",  "book",   "schedule", "cancel",  "check",   "confirm", "arrange", "forward", "order", "pay",      "bring",
     "refund", "ship", "update", "contact", "reach", "follow", "pass",     "reserve", "prepare", "fix",     "look",    "get",     "come",  "transfer", "put"});

std::string tidy(std::string_view text) {
    auto out = shortened(text, kMostQuote);
    if (!out.empty() && out.back() != '.' && out.back() != '!' && out.back() != '?' && !out.ends_with("…")) out += '.';
    return out;
}

}  // namespace

std::string summary(const Subject& subject) {
    const Line* about = nullptr;
    const Line* settled = nullptr;
    std::size_t best = 0, caller_lines = 0;
    for (const auto& line : subject.lines) {
        const auto words = words_of(line.text);
        if (line.caller) {
            ++caller_lines;
            // Of the first few lines the fullest: greetings and names come before what somebody calls for.
            if (caller_lines <= 4 && words.size() > best) {
                best = words.size();
                about = &line;
            }
        } else if (says(words, kSettled)) {
            settled = &line;
        }
    }
    if (about == nullptr) return subject.lines.empty() ? "Nothing was said." : "The caller said nothing that was understood.";
    std::string out = "The caller said: \"" + tidy(about->text) + "\"";
    if (settled != nullptr) out += " The agent said: \"" + tidy(settled->text) + "\"";
    if (!subject.end_reason.empty()) {
        auto reason = subject.end_reason;
        std::replace(reason.begin(), reason.end(), '_', ' ');
        out += " The call ended: " + reason + ".";
    }
    return out;
}

json action_items(const Subject& subject) {
    auto items = json::array();
    for (const auto& line : subject.lines)
        for (const auto& sentence : sentences_of(line.text)) {
            if (items.size() >= kMostItems) return items;
            const auto words = words_of(sentence);
            const bool deed =
                std::any_of(words.begin(), words.end(), [](const std::string& word) { return std::find(kDeeds.begin(), kDeeds.end(), word) != kDeeds.end(); });
            const char* who = nullptr;
            if (says(words, kPromises) && deed)
                who = line.caller ? "caller" : "agent";
            else if (line.caller && says(words, kRequests))
                who = "agent";
            if (who == nullptr) continue;
            json item{{"who", who}, {"text", tidy(sentence)}};
            if (std::find(items.begin(), items.end(), item) == items.end()) items.push_back(std::move(item));
        }
    return items;
}

}  // namespace parley::analysis::rules

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>

#include "expression.hpp"
#include "parley/brain/slot.hpp"
#include "rules.hpp"
#include "words.hpp"

namespace parley::analysis::rules {

namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

constexpr auto kMonths =
    std::to_array<std::string_view>({"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"});
constexpr auto kOrdinals = std::to_array<std::string_view>({"first",     "second",    "third",       "fourth",     "fifth",      "sixth",      "seventh",
                                                            "eighth",    "ninth",     "tenth",       "eleventh",   "twelfth",    "thirteenth", "fourteenth",
                                                            "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth"});
constexpr auto kCardinals =
    std::to_array<std::string_view>({"one",    "two",    "three",    "four",     "five",    "six",     "seven",     "eight",    "nine",     "ten",
                                     "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"});

// The day of a month at `at` ("third", "twenty first", "three"), or 0.
int day_at(const Words& words, std::size_t at) {
    if (at >= words.size()) return 0;
    int base = 0;
    if ((words[at] == "twenty" || words[at] == "thirty") && at + 1 < words.size()) {
        base = words[at] == "twenty" ? 20 : 30;
        const auto* unit = std::find(kOrdinals.begin(), kOrdinals.begin() + 9, words[at + 1]);
        if (unit != kOrdinals.begin() + 9) return std::min(31, base + static_cast<int>(unit - kOrdinals.begin()) + 1);
        const auto* plain = std::find(kCardinals.begin(), kCardinals.begin() + 9, words[at + 1]);
        if (plain != kCardinals.begin() + 9) return std::min(31, base + static_cast<int>(plain - kCardinals.begin()) + 1);
        return base;
    }
    if (const auto* ordinal = std::find(kOrdinals.begin(), kOrdinals.end(), words[at]); ordinal != kOrdinals.end())
        return static_cast<int>(ordinal - kOrdinals.begin()) + 1;
    if (const auto* plain = std::find(kCardinals.begin(), kCardinals.end(), words[at]); plain != kCardinals.end())
        return static_cast<int>(plain - kCardinals.begin()) + 1;
    return 0;
}

std::string two(int number) {
    char text[8];
    std::snprintf(text, sizeof text, "%02d", number % 100);
    return text;
}

// "2026-12-01" as written; "--12-01" for a day and month without a year (RFC 3339's predecessor writes it so); a weekday's name.
std::string date_in(const std::string& text, const Words& words) {
    static const Expression kIso("[0-9]{4}-[01][0-9]-[0-3][0-9]");
    if (auto iso = kIso.find(text); !iso.empty()) return iso;
    std::string found;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const auto* month = std::find(kMonths.begin(), kMonths.end(), words[at]);
        if (month == kMonths.end()) continue;
        int day = day_at(words, at + 1);
        if (day == 0 && at >= 2 && words[at - 1] == "of") day = day_at(words, at - 2);
        // "may" is mostly no month.
        if (day != 0) found = "--" + two(static_cast<int>(month - kMonths.begin()) + 1) + "-" + two(day);
    }
    if (!found.empty()) return found;
    brain::SlotSpec weekday;
    weekday.kind = brain::SlotKind::weekday;
    for (std::size_t at = 0; at < words.size(); ++at)
        if (const auto readings = brain::read_slot(weekday, words, at); !readings.empty()) found = readings.front().value;
    return found;
}

std::string time_in(const std::string& text, const Words& words) {
    static const Expression kClock("(^|[^0-9:])([01]?[0-9]|2[0-3]):([0-5][0-9])([^0-9:]|$)");
    static const Expression kHalf("[0-9] ?[ap]\\.?m");
    if (const auto hour = kClock.find(text, 2);
        !hour.empty() && kHalf.find(text).empty() && (hour.size() == 2 && (hour[0] == '2' || hour[0] == '0' || hour >= "13")))
        return hour + ":" + kClock.find(text, 3);
    brain::SlotSpec time;
    time.kind = brain::SlotKind::time;
    time.from_minute = 7 * 60;
    time.to_minute = 19 * 60;
    std::string found;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const auto readings = brain::read_slot(time, words, at);
        if (readings.empty()) continue;
        const auto& longest = *std::max_element(readings.begin(), readings.end(), [](const auto& a, const auto& b) { return a.end < b.end; });
        // A bare number is no time unless something says so: "at three", "three p m", "three thirty".
        const bool said = longest.end - at > 1 || words[at] == "noon" || words[at] == "midday" ||
                          (at > 0 && (words[at - 1] == "at" || words[at - 1] == "by" || words[at - 1] == "around"));
        if (said) found = longest.value;
        at = longest.end - 1;
    }
    return found;
}

// What comes behind "appointment for a …", up to where the sentence turns to something else.
std::string service_in(const Words& words) {
    constexpr auto kBefore = std::to_array<std::string_view>(
        {"appointment for a", "appointment for an", "appointment for my", "appointment for the", "appointment for", "book a", "book an", "schedule a",
         "schedule an", "need a", "need an", "like a", "get a", "get an", "reservation for a", "come in for a", "come in for an", "reserve a"});
    constexpr auto kStop = std::to_array<std::string_view>(
        {"on",      "at",        "for",      "next",        "this",     "tomorrow", "today", "please",  "and",  "with", "in", "monday",
         "tuesday", "wednesday", "thursday", "friday",      "saturday", "sunday",   "if",    "because", "but",  "by",   "as", "to",
         "that",    "from",      "around",   "appointment", "one",      "two",      "three", "four",    "five", "six",  "i",  "we"});
    constexpr auto kNothing = std::to_array<std::string_view>(
        {"appointment", "slot", "time", "visit", "call", "person", "moment", "minute", "human", "question", "refund", "callback"});
    for (const auto phrase : kBefore) {
        const auto at = find_phrase(words, phrase);
        if (!at) continue;
        auto from = *at + static_cast<std::size_t>(std::count(phrase.begin(), phrase.end(), ' ')) + 1;
        std::string service;
        for (int taken = 0; from < words.size() && taken < 4; ++from, ++taken) {
            if (std::find(kStop.begin(), kStop.end(), words[from]) != kStop.end()) break;
            service += (service.empty() ? "" : " ") + words[from];
        }
        if (!service.empty() && std::find(kNothing.begin(), kNothing.end(), service) == kNothing.end()) return service;
    }
    return {};
}

}  // namespace

json appointment(const Subject& subject) {
    json found = json::object();
    const auto set = [&](const char* key, std::string value) {
        if (!value.empty()) found[key] = std::move(value);
    };
    // The last word on it counts, whoever says it: the agent's "I have booked you for …" most.
    for (const auto& line : subject.lines) {
        const auto words = words_of(line.text);
        // What the agent offers ("we have Monday or Tuesday") is not what is agreed on.
        const bool offers = !line.caller && line.text.find('?') != std::string::npos;
        if (!offers) {
            set("date", date_in(line.text, words));
            set("time", time_in(line.text, words));
        }
        if (line.caller && !found.contains("service")) set("service", service_in(words));
    }
    return found;
}

json lead(const Subject& subject) {
    static const Expression kMoney("([$€£] ?[0-9][0-9.,]*( ?(k|thousand|million))?|[0-9][0-9.,]*( ?(k|thousand|million))? ?(dollars|euros|pounds|usd|eur))");
    static const Expression kSpokenMoney(
        "(budget (is |of |would be )?(around |about |roughly |maybe )?)([a-z ]*(hundred|thousand|million)( dollars| euros| pounds)?)");
    static const Expression kWhen(
        "((with)?in (the next )?([0-9]+|a|one|two|three|four|five|six|a few|a couple of) (days?|weeks?|months?|years?)|by (the end of )?(next |this "
        ")?(week|month|quarter|year|summer|spring|autumn|fall|winter|january|"
        "february|march|april|may|june|july|august|september|october|november|december)|next (week|month|quarter|year)|as soon as "
        "possible|asap|immediately|right away|this (week|month|quarter|year))");
    constexpr auto kDecides = std::to_array<std::string_view>({"i decide", "i make the decision", "i make the decisions", "i am the owner", "i'm the owner",
                                                               "it's my decision", "my own decision", "i'm the one who decides", "i am the decision maker",
                                                               "i'm the decision maker", "i own the", "i run the"});
    constexpr auto kAsks = std::to_array<std::string_view>({"ask my boss", "ask my manager", "ask my wife", "ask my husband", "ask my partner", "check with my",
                                                            "talk to my boss", "talk to my manager", "my boss decides", "need approval", "get approval",
                                                            "not my decision", "talk to my wife", "talk to my husband", "talk to my partner"});
    constexpr auto kPain =
        std::to_array<std::string_view>({"problem", "problems",  "struggle",     "struggling",  "frustrating", "frustrated", "too slow", "too expensive",
                                         "issue",   "issues",    "doesn't work", "not working", "waste",       "wasting",    "losing",   "keeps breaking",
                                         "trouble", "difficult", "broken",       "complicated", "we lose",     "pain",       "hard to"});
    json found = json::object();
    auto pains = json::array();
    for (const auto& line : subject.lines) {
        if (!line.caller) continue;
        const auto words = words_of(line.text);
        if (auto money = kMoney.find(line.text); !money.empty())
            found["budget"] = std::move(money);
        else if (auto spoken = kSpokenMoney.find(line.text, 4); !spoken.empty())
            found["budget"] = std::move(spoken);
        if (auto when = kWhen.find(line.text); !when.empty()) found["timeline"] = std::move(when);
        if (says(words, kAsks))
            found["decision_maker"] = false;
        else if (says(words, kDecides))
            found["decision_maker"] = true;
        for (const auto& sentence : sentences_of(line.text))
            if (pains.size() < 5 && says(words_of(sentence), kPain)) pains.push_back(shortened(sentence, 240));
    }
    if (!pains.empty()) found["pain_points"] = std::move(pains);
    return found;
}

std::string name_said(const Subject& subject) {
    constexpr auto kBefore = std::to_array<std::string_view>({"my name is", "my name's", "this is", "i am called", "call me"});
    constexpr auto kNoName = std::to_array<std::string_view>(
        {"not", "a",    "an",   "the",  "about", "my",   "it",        "just",  "very",       "so",           "really", "calling", "speaking",
         "for", "in",   "on",   "to",   "back",  "from", "regarding", "at",    "tomorrow",   "today",        "later",  "when",    "if",
         "is",  "that", "what", "here", "too",   "also", "never",     "still", "ridiculous", "unacceptable", "urgent", "great"});
    constexpr auto kEnd = std::to_array<std::string_view>({"and", "i",   "i'm",   "from", "calling", "speaking", "here", "my",  "with", "please", "but",
                                                           "so",  "can", "could", "on",   "at",      "it",       "is",   "the", "a",    "to",     "because"});
    for (const auto& line : subject.lines) {
        if (!line.caller) continue;
        for (const auto& sentence : sentences_of(line.text)) {
            const auto words = words_of(sentence.substr(0, sentence.find(',')));
            for (const auto phrase : kBefore) {
                const auto at = find_phrase(words, phrase);
                if (!at) continue;
                std::string name;
                auto from = *at + static_cast<std::size_t>(std::count(phrase.begin(), phrase.end(), ' ')) + 1;
                for (int taken = 0; from < words.size() && taken < 3; ++from, ++taken) {
                    const auto& word = words[from];
                    if (std::find(kEnd.begin(), kEnd.end(), word) != kEnd.end() ||
                        (taken == 0 && std::find(kNoName.begin(), kNoName.end(), word) != kNoName.end()))
                        break;
                    if (!std::all_of(word.begin(), word.end(), [](char c) {
                            return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '\'' || (static_cast<unsigned char>(c) & 0x80U) != 0;
                        }))
                        break;
                    auto capital = word;
                    capital[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(capital[0])));
                    name += (name.empty() ? "" : " ") + capital;
                }
                if (!name.empty() && name.size() <= 80) return name;
            }
        }
    }
    return {};
}

}  // namespace parley::analysis::rules

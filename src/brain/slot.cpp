#include "parley/brain/slot.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <tuple>
#include <utility>

namespace parley::brain {
namespace {

using Reading = Pattern::SlotReader::Reading;
using Words = std::span<const std::string>;

constexpr auto kDays = std::to_array<std::string_view>({"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "today", "tomorrow"});
constexpr auto kHours = std::to_array<std::string_view>({"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"});
constexpr auto kDigits = std::to_array<std::string_view>({"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"});

constexpr const char* kWeekdayJsgf =
    "[on | for | next | this] (monday | tuesday | wednesday | thursday | friday | saturday | sunday | today | "
    "tomorrow)";
// Minutes by quarters and tens: what appointments are made for, and few enough to be told apart.
constexpr const char* kTimeJsgf =
    "[at | around | about] ("
    " (one | two | three | four | five | six | seven | eight | nine | ten | eleven | twelve) [o'clock | fifteen | "
    "thirty | forty five | ten | "
    "twenty | forty | fifty]"
    " | (half past | [a] quarter past | [a] quarter to | ten past | ten to | twenty past | twenty to) (one | two | "
    "three | four | five | six | "
    "seven | eight | nine | ten | eleven | twelve)"
    " | noon | midday ) [in the (morning | afternoon | evening) | a m | p m]";
constexpr const char* kDigitsJsgf = "( [double] (zero | oh | one | two | three | four | five | six | seven | eight | nine) )+";

const char* jsgf_of(SlotKind kind) {
    switch (kind) {
        case SlotKind::weekday:
            return kWeekdayJsgf;
        case SlotKind::time:
            return kTimeJsgf;
        case SlotKind::digits:
            return kDigitsJsgf;
    }
    return "";
}

bool is(Words words, std::size_t at, std::string_view word) {
    return at < words.size() && words[at] == word;
}

int hour_at(Words words, std::size_t at) {
    if (at >= words.size()) return 0;
    const auto* found = std::ranges::find(kHours, words[at]);
    return found == kHours.end() ? 0 : static_cast<int>(found - kHours.begin()) + 1;
}

// Minutes after the hour, or -1; `at` moves behind them.
int minutes_at(Words words, std::size_t& at) {
    struct Spoken {
        std::string_view first, second;
        int minutes;
    };
    static constexpr auto all = std::to_array<Spoken>({{"forty", "five", 45},
                                                       {"thirty", "five", 35},
                                                       {"twenty", "five", 25},
                                                       {"fifty", "five", 55},
                                                       {"oh", "five", 5},
                                                       {"o'clock", "", 0},
                                                       {"fifteen", "", 15},
                                                       {"thirty", "", 30},
                                                       {"ten", "", 10},
                                                       {"twenty", "", 20},
                                                       {"forty", "", 40},
                                                       {"fifty", "", 50}});
    for (const auto& s : all) {
        if (!is(words, at, s.first) || (!s.second.empty() && !is(words, at + 1, s.second))) continue;
        at += s.second.empty() ? 1 : 2;
        return s.minutes;
    }
    return -1;
}

enum class Half : std::uint8_t { unknown, morning, afternoon };

Half half_at(Words words, std::size_t& at) {
    if (is(words, at, "in") && is(words, at + 1, "the") && at + 2 < words.size()) {
        const auto& part = words[at + 2];
        if (part == "morning" || part == "afternoon" || part == "evening") {
            at += 3;
            return part == "morning" ? Half::morning : Half::afternoon;
        }
    }
    if ((is(words, at, "a") || is(words, at, "p")) && is(words, at + 1, "m")) {
        at += 2;
        return words[at - 2] == "a" ? Half::morning : Half::afternoon;
    }
    return Half::unknown;
}

std::string clock_value(int minute_of_day) {
    char text[8];
    std::snprintf(text, sizeof text, "%02d:%02d", (minute_of_day / 60) % 24, minute_of_day % 60);
    return text;
}

// `hour` 1..12 on the clock face, `minute` may be negative ("quarter to").
std::string resolve(const SlotSpec& slot, int hour, int minute, Half half) {
    const int face = ((hour % 12) * 60 + minute + 12 * 60) % (12 * 60);
    const int early = face, late = face + 12 * 60;
    if (half == Half::morning) return clock_value(early);
    if (half == Half::afternoon) return clock_value(late);
    const auto inside = [&](int m) { return m >= slot.from_minute && m <= slot.to_minute; };
    if (inside(early) && !inside(late)) return clock_value(early);
    if (inside(late) && !inside(early)) return clock_value(late);
    return clock_value(face >= 7 * 60 ? early : late);  // both or neither: from seven on it is the morning
}

void read_time(const SlotSpec& slot, Words words, std::size_t from, std::vector<Reading>& out) {
    std::size_t at = from;
    if (is(words, at, "at") || is(words, at, "around") || is(words, at, "about")) ++at;
    const auto add = [&](int hour, int minute, std::size_t end) {
        std::size_t behind = end;
        const Half half = half_at(words, behind);
        if (behind != end) out.push_back({behind, resolve(slot, hour, minute, half)});
        out.push_back({end, resolve(slot, hour, minute, Half::unknown)});
    };
    if (is(words, at, "noon") || is(words, at, "midday")) {
        out.push_back({at + 1, "12:00"});
        return;
    }
    if (const int hour = hour_at(words, at); hour != 0) {
        std::size_t end = at + 1;
        if (const int minutes = minutes_at(words, end); minutes >= 0) add(hour, minutes, end);
        add(hour, 0, at + 1);
        return;
    }
    std::size_t m = at;
    if (is(words, m, "a")) ++m;
    int minutes = 0;
    if (is(words, m, "half"))
        minutes = 30;
    else if (is(words, m, "quarter"))
        minutes = 15;
    else if (is(words, m, "twenty"))
        minutes = 20;
    else
        return;
    const bool past = is(words, m + 1, "past") || is(words, m + 1, "after");
    if (!past && !is(words, m + 1, "to")) return;
    if (const int hour = hour_at(words, m + 2); hour != 0) add(hour, past ? minutes : -minutes, m + 3);
}

// "ten past four" begins like the hour ten, so it is tried on its own.
void read_ten_past(const SlotSpec& slot, Words words, std::size_t from, std::vector<Reading>& out) {
    std::size_t at = from;
    if (is(words, at, "at") || is(words, at, "around") || is(words, at, "about")) ++at;
    if (!is(words, at, "ten") || (!is(words, at + 1, "past") && !is(words, at + 1, "to"))) return;
    const int hour = hour_at(words, at + 2);
    if (hour == 0) return;
    std::size_t end = at + 3;
    const Half half = half_at(words, end);
    out.push_back({end, resolve(slot, hour, is(words, at + 1, "past") ? 10 : -10, half)});
}

void read_digits(const SlotSpec& slot, Words words, std::size_t from, std::vector<Reading>& out) {
    std::string value;
    std::size_t at = from;
    while (at < words.size() && value.size() <= slot.max_digits) {
        const bool twice = words[at] == "double";
        if (twice) ++at;
        if (at >= words.size()) break;
        const auto* found = std::ranges::find(kDigits, words[at]);
        char digit = 0;
        if (found != kDigits.end())
            digit = static_cast<char>('0' + (found - kDigits.begin()));
        else if (words[at] == "oh" || words[at] == "o")
            digit = '0';
        else
            break;
        value.append(twice ? 2 : 1, digit);
        ++at;
    }
    if (!value.empty()) out.push_back({at, std::move(value)});
}

std::string number_word(int value) {
    constexpr auto tens = std::to_array<const char*>({"", "", "twenty", "thirty", "forty", "fifty"});
    constexpr auto teens =
        std::to_array<const char*>({"ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"});
    if (value < 10) return std::string(kDigits[static_cast<std::size_t>(value)]);
    if (value < 20) return teens[static_cast<std::size_t>(value - 10)];
    std::string text = tens[static_cast<std::size_t>(value / 10)];
    if (value % 10 != 0) text += " " + std::string(kDigits[static_cast<std::size_t>(value % 10)]);
    return text;
}

int minute_of(std::string_view value) {
    if (value.size() != 5 || value[2] != ':') return -1;
    const auto digit = [&](std::size_t i) { return value[i] - '0'; };
    return (digit(0) * 10 + digit(1)) * 60 + digit(3) * 10 + digit(4);
}

}  // namespace

std::optional<SlotKind> slot_kind_named(std::string_view name) {
    if (name == "weekday") return SlotKind::weekday;
    if (name == "time") return SlotKind::time;
    if (name == "digits") return SlotKind::digits;
    return std::nullopt;
}

bool SlotSpec::accepts(std::string_view value) const {
    switch (kind) {
        case SlotKind::weekday:
            return allow.empty() || std::ranges::find(allow, value) != allow.end();
        case SlotKind::time:
            return minute_of(value) >= from_minute && minute_of(value) <= to_minute;
        case SlotKind::digits:
            return value.size() >= min_digits && value.size() <= max_digits;
    }
    return false;
}

std::vector<Reading> read_slot(const SlotSpec& slot, Words words, std::size_t from) {
    std::vector<Reading> out;
    switch (slot.kind) {
        case SlotKind::weekday: {
            std::size_t at = from;
            if (is(words, at, "on") || is(words, at, "for") || is(words, at, "next") || is(words, at, "this")) ++at;
            if (at < words.size() && std::ranges::find(kDays, words[at]) != kDays.end()) out.push_back({at + 1, words[at]});
            break;
        }
        case SlotKind::time:
            read_ten_past(slot, words, from, out);
            read_time(slot, words, from, out);
            break;
        case SlotKind::digits:
            read_digits(slot, words, from, out);
            break;
    }
    std::ranges::sort(out, [](const Reading& a, const Reading& b) { return std::tie(b.end, a.value) < std::tie(a.end, b.value); });
    return out;
}

std::string keyed_slot(const SlotSpec& slot, std::string_view keys) {
    if (keys.empty() || keys.size() > 32 || !std::ranges::all_of(keys, [](char c) { return c >= '0' && c <= '9'; })) return {};
    switch (slot.kind) {
        case SlotKind::weekday:
            if (keys.size() != 1 || keys[0] < '1' || keys[0] > '7') return {};
            return std::string(kDays[static_cast<std::size_t>(keys[0] - '1')]);
        case SlotKind::time: {
            if (keys.size() > 4) return {};
            const int number = std::stoi(std::string(keys));
            const int hour = keys.size() <= 2 ? number : number / 100;
            const int minute = keys.size() <= 2 ? 0 : number % 100;
            if (hour > 23 || minute > 59) return {};
            if (hour == 0 || hour > 12 || keys.size() == 4) return clock_value(hour * 60 + minute);
            return resolve(slot, hour, minute, Half::unknown);
        }
        case SlotKind::digits:
            return std::string(keys);
    }
    return {};
}

std::string spoken_slot(const SlotSpec& slot, std::string_view value) {
    switch (slot.kind) {
        case SlotKind::weekday: {
            std::string text(value);
            if (!text.empty() && text != "today" && text != "tomorrow") text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
            return text;
        }
        case SlotKind::time: {
            const int minute = minute_of(value);
            if (minute < 0) return std::string(value);
            if (minute == 12 * 60) return "noon";
            const int hour = minute / 60 % 12 == 0 ? 12 : minute / 60 % 12;
            std::string text = number_word(hour);
            if (minute % 60 != 0) text += " " + std::string(minute % 60 < 10 ? "oh " : "") + number_word(minute % 60);
            return text + (minute < 12 * 60 ? " in the morning" : minute < 18 * 60 ? " in the afternoon" : " in the evening");
        }
        case SlotKind::digits: {
            std::string text;
            for (std::size_t i = 0; i < value.size(); ++i) {
                if (i > 0) text += (i % 3 == 0 && value.size() - i >= 3) ? ", " : " ";
                text += number_word(value[i] - '0');
            }
            return text;
        }
    }
    return std::string(value);
}

std::string slot_jsgf(SlotKind kind) {
    return jsgf_of(kind);
}

void slot_words(SlotKind kind, std::set<std::string>& words) {
    std::string word;
    for (const char* p = jsgf_of(kind);; ++p) {
        if ((*p >= 'a' && *p <= 'z') || *p == '\'') {
            word += *p;
            continue;
        }
        if (!word.empty()) words.insert(std::exchange(word, {}));
        if (*p == 0) return;
    }
}

}  // namespace parley::brain

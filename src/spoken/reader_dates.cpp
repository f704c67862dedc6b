// Days and times of day.

#include <algorithm>
#include <array>

#include "reader.hpp"

namespace parley::spoken {
namespace {

bool valid_day(unsigned month, unsigned day) {
    constexpr std::array<unsigned, 12> kDays{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month >= 1 && month <= 12 && day >= 1 && day <= kDays[month - 1];
}

unsigned number_of(std::string_view digits) {
    return static_cast<unsigned>(value_of(digits).value_or(0));
}

}  // namespace

// German: "vierter Juli" on its own, "am vierten Juli", "der vierte Juli".
std::string Reader::in_case(std::string words, unsigned day) const {
    if (locale_.grammar != Locale::Grammar::german) return words;
    constexpr auto kDative = std::to_array<std::string_view>({"am", "vom", "zum", "dem", "den", "ab", "bis"});
    constexpr auto kArticle = std::to_array<std::string_view>({"der"});
    const std::string weak = grammar_.ordinal(day, locale_);
    if (heard(kDative, 1)) words.replace(0, weak.size() + 1, weak + "n");
    if (heard(kArticle, 1)) words.replace(0, weak.size() + 1, weak);
    return words;
}

bool Reader::say_date(unsigned year, unsigned month, unsigned day) {
    if (!valid_day(month, day)) return false;
    say(in_case(grammar_.date({.year = year, .month = month, .day = day}, locale_), day));
    remember("/");
    return true;
}

// 2025-07-04, 2025-07-04T10:30:00Z, 7/4/2025, 04.07.2025, 4-7-2025
bool Reader::try_date() {
    const std::size_t first = digits_from(at_);
    if (first == 0 || first > 4 || first == 3) return false;
    const char mark = at(at_ + first);
    if (mark != '-' && mark != '/' && mark != '.') return false;
    const std::size_t from2 = at_ + first + 1, second = digits_from(from2);
    if (second == 0 || second > 2) return false;
    const std::string_view a = part(at_, at_ + first), b = part(from2, from2 + second);
    if (at(from2 + second) != mark) return false;
    const std::size_t from3 = from2 + second + 1, third = digits_from(from3);
    std::size_t end = from3 + third;
    const std::string_view c = part(from3, end);
    if (third == 0) {  // 4.7.
        if (locale_.grammar != Locale::Grammar::german || mark != '.' || first > 2 || !valid_day(number_of(b), number_of(a)) || !ends(from3) ||
            (at(from3) != ' ' && at(from3) != ','))
            return false;
        say(in_case(grammar_.date({.year = {}, .month = number_of(b), .day = number_of(a)}, locale_), number_of(a)));
        go(from3);
        return true;
    }
    if (first == 4) {
        if (mark == '.' || third > 2 || (mark == '-' && (second != 2 || third != 2))) return false;
        std::size_t time_end = end;
        std::optional<ClockTime> time;
        if (at(end) == 'T' && digit(end + 1)) time = time_at(end + 1, time_end);
        if (!time && !ends(end)) return false;
        if (at(end) == '-' && digit(end + 1)) return false;
        if (!say_date(number_of(a), number_of(b), number_of(c))) return false;
        if (time) {
            pause();
            if (time->second == 0U) time->second.reset();
            say(grammar_.time(*time, locale_));
            end = time_end;
            if (at(end) == '.' && digit(end + 1)) end += 1 + digits_from(end + 1);
            if (at(end) == 'Z') {
                say("UTC");
                ++end;
            }
        }
        go(end);
        return true;
    }
    if (!ends(end) || (at(end) == mark && digit(end + 1))) return false;
    const bool two_digits = third == 2 && (mark == '/' || (mark == '.' && locale_.grammar == Locale::Grammar::german));
    if (third != 4 && !two_digits) return false;
    unsigned year = number_of(c);
    if (two_digits) year += year < 70 ? 2000 : 1900;
    unsigned day = number_of(a), month = number_of(b);
    const bool month_first = (mark != '.' && locale_.month_first && day <= 12) || month > 12;
    if (month_first) std::swap(day, month);
    if (!say_date(year, month, day)) return false;
    go(end);
    return true;
}

std::optional<unsigned> Reader::month_at(std::size_t where, std::size_t& end) const {
    for (std::size_t i = 0; i < locale_.months.size(); ++i) {
        const auto& month = locale_.months[i];
        for (const std::string_view form : {month.name, month.brief, i == 8 ? std::string_view("Sept") : month.brief}) {
            if (at(where) != form[0] || !text_.substr(where).starts_with(form) || !ends(where + form.size())) continue;
            end = where + form.size();
            // The dot of "Jul." goes with it where a number follows.
            if (form != month.name && at(end) == '.' && (at(end + 1) == ' ' || digit(end + 1))) ++end;
            return static_cast<unsigned>(i + 1);
        }
    }
    return std::nullopt;
}

// July 4, 2025; July 4th; Jul. 4; July 2025
bool Reader::try_month_first() {
    std::size_t end = at_;
    const auto month = month_at(at_, end);
    if (!month) return false;
    std::size_t from = end;
    while (at(from) == ' ') ++from;
    if (from == end || !digit(from)) return false;
    const std::size_t count = digits_from(from);
    std::size_t stop = from + count;
    CalendarDay day{.year = {}, .month = *month, .day = {}};
    if (count == 4 && ends(stop) && number_of(part(from, stop)) >= 1000) {
        day.year = number_of(part(from, stop));
    } else {
        if (count > 2 || locale_.grammar == Locale::Grammar::german || !valid_day(*month, number_of(part(from, stop)))) return false;
        if (at(stop) == ':' || at(stop) == '%' || (at(stop) == '.' && digit(stop + 1))) return false;
        day.day = number_of(part(from, stop));
        const std::string suffix = small_letters(part(stop, std::min(stop + 2, text_.size())));
        if ((suffix == "st" || suffix == "nd" || suffix == "rd" || suffix == "th") && ends(stop + 2)) stop += 2;
        if (!ends(stop)) return false;
        std::size_t year = stop;
        if (at(year) == ',') ++year;
        while (at(year) == ' ') ++year;
        if (year > stop && digits_from(year) == 4 && ends(year + 4) && at(year + 4) != ':' && number_of(part(year, year + 4)) >= 1000 &&
            number_of(part(year, year + 4)) < 2200) {
            day.year = number_of(part(year, year + 4));
            stop = year + 4;
        }
    }
    say(grammar_.date(day, locale_));
    remember("/");
    go(stop);
    return true;
}

// Behind a day's number: "4 July 2025", "4th of July", "4. Juli 2025".
bool Reader::try_day_month(std::size_t number_end, unsigned day) {
    std::size_t from = number_end;
    if (at(from) == '.' && locale_.grammar == Locale::Grammar::german) ++from;
    const std::size_t behind = from;
    while (at(from) == ' ') ++from;
    if (from == behind) return false;
    const bool worded = part(from, std::min(from + 3, text_.size())) == "of ";  // "4th of July" is said as it is written
    if (worded) from += 3;
    std::size_t end = from;
    const auto month = month_at(from, end);
    if (!month || !valid_day(*month, day)) return false;
    CalendarDay found{.year = {}, .month = *month, .day = day};
    std::size_t year = end;
    if (at(year) == ',') ++year;
    while (at(year) == ' ') ++year;
    if (year > end && digits_from(year) == 4 && ends(year + 4) && at(year + 4) != ':' && number_of(part(year, year + 4)) >= 1000 &&
        number_of(part(year, year + 4)) < 2200) {
        found.year = number_of(part(year, year + 4));
        end = year + 4;
    }
    const bool article = locale_.grammar == Locale::Grammar::english && !locale_.month_first && words_[0] == "the";
    std::string words = grammar_.date(found, locale_);
    if (worded && locale_.month_first) {
        words = grammar_.ordinal(day, locale_) + " of " + std::string(locale_.months[*month - 1].name);
        if (found.year) words += ", " + grammar_.year(*found.year, locale_);
    }
    if (article && words.starts_with("the ")) words.erase(0, 4);
    say(in_case(std::move(words), day));
    remember("/");
    go(end);
    return true;
}

std::string_view Reader::half_at(std::size_t where, std::size_t& end) const {
    if (locale_.grammar != Locale::Grammar::english) return {};
    std::size_t i = where;
    if (at(i) == ' ' || text_.substr(i).starts_with("\xc2\xa0")) i += at(i) == ' ' ? 1 : 2;
    if (text_.substr(i).starts_with("\xe2\x80\xaf")) i += 3;
    const char half = static_cast<char>(at(i) | 0x20);
    if (half != 'a' && half != 'p') return {};
    ++i;
    const bool dotted = at(i) == '.';
    if (dotted) ++i;
    if ((at(i) | 0x20) != 'm') return {};
    ++i;
    if (!ends(i)) return {};
    // "5 am" alone may be a verb's beginning no number precedes; behind a number it is the half of the day.
    if (dotted && at(i) == '.') ++i;
    end = i;
    return half == 'a' ? "a.m." : "p.m.";
}

std::optional<ClockTime> Reader::time_at(std::size_t where, std::size_t& end) const {
    const std::size_t hours = digits_from(where);
    if (hours == 0 || hours > 2) return std::nullopt;
    ClockTime time{.hour = number_of(part(where, where + hours)), .minute = 0, .second = {}, .half = {}};
    std::size_t i = where + hours;
    const bool german = locale_.grammar == Locale::Grammar::german;
    const bool minutes = (at(i) == ':' || (at(i) == '.' && german)) && digits_from(i + 1) == 2;
    if (minutes) {
        const bool dot = at(i) == '.';
        time.minute = number_of(part(i + 1, i + 3));
        i += 3;
        if (at(i) == ':' && digits_from(i + 1) == 2) {
            time.second = number_of(part(i + 1, i + 3));
            i += 3;
        }
        if (dot && !text_.substr(i).starts_with(" Uhr")) return std::nullopt;
        if (at(i) == ':' && digit(i + 1)) return std::nullopt;
    }
    if (time.hour > 24 || time.minute > 59 || time.second.value_or(0) > 59) return std::nullopt;
    std::size_t behind = i;
    time.half = half_at(i, behind);
    if (!time.half.empty() && time.hour > 12) time.half = {};
    if (german && text_.substr(i).starts_with(" Uhr") && ends(i + 4)) {
        behind = i + 4;
    } else if (!minutes && time.half.empty()) {
        return std::nullopt;
    }
    end = behind;
    return time;
}

// 10:30, 10:30 PM, 9am, 9:00-17:00, 14 Uhr
bool Reader::try_time() {
    std::size_t end = at_;
    auto time = time_at(at_, end);
    if (!time) return false;
    if (time->half.empty() && digit(end)) return false;
    if (time->half.empty() && letter(end) && at(end) != 'Z' && at(end) != 'h') return false;
    std::size_t next = end;
    while (at(next) == ' ') ++next;
    std::size_t mark = char_at(text_, next).value == '-' ? 1 : char_at(text_, next).value == 0x2013 ? 3 : 0;
    std::size_t range_end = end;
    std::optional<ClockTime> until;
    if (mark != 0) {
        next += mark;
        while (at(next) == ' ') ++next;
        until = time_at(next, range_end);
    }
    say(grammar_.time(*time, locale_));
    // The dot that ends "p.m." ends the sentence as well; nothing to add.
    if (until) {
        say(locale_.words.to);
        say(grammar_.time(*until, locale_));
        end = range_end;
    }
    remember(":");
    go(end);
    return true;
}

}  // namespace parley::spoken

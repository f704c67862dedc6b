#include "icalendar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <utility>

namespace parley::tools {

namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::sys_days;
using Seconds = std::chrono::seconds;

constexpr std::size_t kDeepest = 8, kMostDates = 500, kMostSpans = 20'000;
constexpr int kLongestDays = 400;               // of one event, as far as recurrences look back
constexpr std::int64_t kMostSteps = 2'000'000;  // of counting repetitions, all events together

std::optional<int> number(std::string_view text, std::size_t most = 9) {
    if (text.empty() || text.size() > most) return std::nullopt;
    int value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}
std::string upper(std::string_view text) {
    std::string out(text);
    for (auto& c : out)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return out;
}
std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto found = text.find(at);
        parts.push_back(text.substr(0, found));
        if (found == std::string_view::npos || parts.size() > kMostDates) return parts;
        text.remove_prefix(found + 1);
    }
}

struct Line {
    std::string name, tzid, fbtype;
    bool date = false;
    std::string value;
};
// NAME;PARAM=value;PARAM="quoted":value
std::optional<Line> read_line(std::string_view text) {
    Line line;
    std::size_t at = 0;
    while (at < text.size() && text[at] != ':' && text[at] != ';') ++at;
    if (at == 0 || at == text.size() || at > 100) return std::nullopt;
    line.name = upper(text.substr(0, at));
    while (text[at] == ';') {
        const auto equals = text.find('=', ++at);
        if (equals == std::string_view::npos) return std::nullopt;
        const auto key = upper(text.substr(at, equals - at));
        std::string value;
        bool quoted = false;
        for (at = equals + 1; at < text.size() && (quoted || (text[at] != ':' && text[at] != ';')); ++at) {
            if (text[at] == '"')
                quoted = !quoted;
            else
                value += text[at];
        }
        if (at == text.size()) return std::nullopt;
        if (key == "TZID")
            line.tzid = value.substr(0, 100);
        else if (key == "FBTYPE")
            line.fbtype = upper(value);
        else if (key == "VALUE")
            line.date = upper(value) == "DATE";
    }
    line.value = std::string(text.substr(at + 1));
    return line;
}

// As it is written: on the clocks of a zone. Without one: a whole day.
struct When {
    Second local{};
    std::shared_ptr<const flows::TimeZone> zone;
    bool date = false;
    [[nodiscard]] Second instant() const { return instant_of(local, *zone); }
};

std::optional<When> read_when(std::string_view text, const std::string& tzid, const CalendarReading& reading) {
    if (text.size() < 8) return std::nullopt;
    const auto year = number(text.substr(0, 4), 4), month = number(text.substr(4, 2), 2), day = number(text.substr(6, 2), 2);
    if (!year || !month || !day || *year < 1900) return std::nullopt;
    const auto on = std::chrono::year(*year) / *month / *day;
    if (!on.ok()) return std::nullopt;
    When when;
    when.local = sys_days(on);
    when.zone = reading.zone;
    if (text.size() == 8) {
        when.date = true;
        return when;
    }
    if ((text.size() != 15 && text.size() != 16) || text[8] != 'T' || (text.size() == 16 && text[15] != 'Z')) return std::nullopt;
    const auto hour = number(text.substr(9, 2), 2), minute = number(text.substr(11, 2), 2), second = number(text.substr(13, 2), 2);
    if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    when.local += std::chrono::hours(*hour) + std::chrono::minutes(*minute) + Seconds(std::min(*second, 59));
    if (text.size() == 16)
        when.zone = flows::TimeZone::utc();
    else if (!tzid.empty() && reading.zone_of)
        if (auto known = reading.zone_of(tzid)) when.zone = std::move(known);
    return when;
}

// P2W, P1DT2H, PT30M; nothing: it is none, or negative.
std::optional<Seconds> read_duration(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    if (!text.starts_with('P')) return std::nullopt;
    text.remove_prefix(1);
    Seconds all{0};
    bool time = false, any = false;
    while (!text.empty()) {
        if (text.front() == 'T' && !time) {
            time = true;
            text.remove_prefix(1);
            continue;
        }
        const auto end = text.find_first_not_of("0123456789");
        if (end == std::string_view::npos) return std::nullopt;
        const auto value = number(text.substr(0, end), 6);
        if (!value) return std::nullopt;
        const char unit = text[end];
        const std::int64_t seconds = !time && unit == 'W'   ? 604'800
                                     : !time && unit == 'D' ? 86'400
                                     : time && unit == 'H'  ? 3600
                                     : time && unit == 'M'  ? 60
                                     : time && unit == 'S'  ? 1
                                                            : 0;
        if (seconds == 0) return std::nullopt;
        all += Seconds(*value * seconds);
        any = true;
        text.remove_prefix(end + 1);
    }
    return any ? std::optional(all) : std::nullopt;
}

struct Rule {
    enum class Every : std::uint8_t { day, week, month, year } every = Every::day;
    int interval = 1, count = 0;
    std::optional<When> until;
    std::array<bool, 7> weekdays{};  // Monday first
    bool by_weekday = false, any_day = false, whole_day = false, superset = false;
    std::vector<int> month_days;
    std::array<bool, 13> months{};
    bool by_month = false;
    unsigned week_start = 0;

    [[nodiscard]] bool on(sys_days start, sys_days day) const {
        using std::chrono::year_month_day;
        const year_month_day s{start}, d{day};
        const auto weekday = std::chrono::weekday(day).iso_encoding() - 1;
        if (by_month && !months[static_cast<unsigned>(d.month())]) return false;
        const auto month_day = [&] {
            if (any_day) return true;
            if (by_weekday) return weekdays[weekday];
            if (month_days.empty()) return d.day() == s.day();
            const auto last = static_cast<int>(static_cast<unsigned>((d.year() / d.month() / std::chrono::last).day()));
            const auto today = static_cast<int>(static_cast<unsigned>(d.day()));
            return std::any_of(month_days.begin(), month_days.end(), [&](int one) { return one == today || (one < 0 && last + 1 + one == today); });
        };
        if (every == Every::day) return (day - start).count() % interval == 0 && (!by_weekday || weekdays[weekday]);
        if (every == Every::week) {
            const auto week = [&](sys_days of) { return of - days((std::chrono::weekday(of).iso_encoding() - 1 + 7 - week_start) % 7); };
            return (week(day) - week(start)).count() / 7 % interval == 0 &&
                   (by_weekday ? weekdays[weekday] : weekday == std::chrono::weekday(start).iso_encoding() - 1);
        }
        const int years = static_cast<int>(d.year()) - static_cast<int>(s.year());
        if (every == Every::month) {
            const int months_on = years * 12 + static_cast<int>(static_cast<unsigned>(d.month())) - static_cast<int>(static_cast<unsigned>(s.month()));
            return months_on % interval == 0 && month_day();
        }
        if (years % interval != 0) return false;
        if (!by_month && !any_day && !by_weekday && d.month() != s.month()) return false;
        return month_day();
    }
};

std::optional<unsigned> weekday_of(std::string_view text) {
    constexpr std::array<std::string_view, 7> kDays{"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
    const auto found = std::find(kDays.begin(), kDays.end(), text);
    if (found == kDays.end()) return std::nullopt;
    return static_cast<unsigned>(found - kDays.begin());
}

std::optional<Rule> read_rule(const std::string& text, const CalendarReading& reading) {
    Rule rule;
    bool every = false;
    const auto whole = upper(text);
    for (const auto part : split(whole, ';')) {
        const auto equals = part.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const auto key = part.substr(0, equals), value = part.substr(equals + 1);
        if (key == "FREQ") {
            every = true;
            if (value == "DAILY")
                rule.every = Rule::Every::day;
            else if (value == "WEEKLY")
                rule.every = Rule::Every::week;
            else if (value == "MONTHLY")
                rule.every = Rule::Every::month;
            else if (value == "YEARLY")
                rule.every = Rule::Every::year;
            else if (value == "HOURLY" || value == "MINUTELY" || value == "SECONDLY")
                rule.whole_day = rule.superset = true;
            else
                return std::nullopt;
        } else if (key == "INTERVAL") {
            const auto interval = number(value, 5);
            if (!interval || *interval == 0) return std::nullopt;
            rule.interval = *interval;
        } else if (key == "COUNT") {
            const auto count = number(value, 6);
            if (!count || *count == 0) return std::nullopt;
            rule.count = *count;
        } else if (key == "UNTIL") {
            rule.until = read_when(value, {}, reading);
            if (!rule.until) return std::nullopt;
        } else if (key == "BYDAY") {
            rule.by_weekday = true;
            for (const auto one : split(value, ',')) {
                if (one.size() < 2) return std::nullopt;
                const auto weekday = weekday_of(one.substr(one.size() - 2));
                if (!weekday) return std::nullopt;
                rule.weekdays[*weekday] = true;
                if (one.size() > 2) rule.superset = true;
            }
        } else if (key == "BYMONTHDAY") {
            for (auto one : split(value, ',')) {
                const bool back = one.starts_with('-');
                if (back || one.starts_with('+')) one.remove_prefix(1);
                const auto day = number(one, 2);
                if (!day || *day == 0 || *day > 31) return std::nullopt;
                rule.month_days.push_back(back ? -*day : *day);
            }
            if (rule.every != Rule::Every::month) rule.superset = true;
        } else if (key == "BYMONTH") {
            rule.by_month = true;
            for (const auto one : split(value, ',')) {
                const auto month = number(one, 2);
                if (!month || *month == 0 || *month > 12) return std::nullopt;
                rule.months[static_cast<std::size_t>(*month)] = true;
            }
        } else if (key == "WKST") {
            const auto weekday = weekday_of(value);
            if (!weekday) return std::nullopt;
            rule.week_start = *weekday;
        } else if (key == "BYHOUR" || key == "BYMINUTE" || key == "BYSECOND") {
            rule.whole_day = rule.superset = true;
        } else if (key == "BYWEEKNO" || key == "BYYEARDAY") {
            rule.any_day = rule.superset = true;
        } else {
            rule.superset = true;  // BYSETPOS and what is not known only take away
        }
    }
    if (!every) return std::nullopt;
    if (rule.whole_day) rule.interval = 1;
    return rule;
}

struct Event {
    bool is = false;
    std::string uid;
    bool free = false;
    std::optional<When> start, end;
    std::optional<Seconds> lasts;
    std::optional<Rule> rule;
    std::vector<When> except, also;
};

class Reader {
public:
    explicit Reader(const CalendarReading& reading) : reading_(reading) {}

    std::optional<std::vector<TimeSpan>> read(std::string_view text) {
        if (text.size() > kMostCalendar) return std::nullopt;
        if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
        std::string line;
        bool first = true;
        while (!text.empty()) {
            const auto end = text.find('\n');
            auto piece = text.substr(0, end);
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
            if (piece.ends_with('\r')) piece.remove_suffix(1);
            // A line that begins with white space goes on with the one before.
            if (!first && !piece.empty() && (piece.front() == ' ' || piece.front() == '\t')) {
                line += piece.substr(1);
                continue;
            }
            if (!line.empty() && !take(line)) return std::nullopt;
            line = piece;
            first = false;
        }
        if ((!line.empty() && !take(line)) || !open_.empty() || !calendar_) return std::nullopt;
        std::sort(busy_.begin(), busy_.end(), [](const TimeSpan& a, const TimeSpan& b) { return a.from < b.from || (a.from == b.from && a.to < b.to); });
        return std::move(busy_);
    }

private:
    bool take(std::string_view text) {
        auto line = read_line(text);
        if (!line) return false;
        if (line->name == "BEGIN") {
            const auto what = upper(line->value);
            if (open_.size() >= kDeepest || open_.empty() != (what == "VCALENDAR")) return false;
            open_.push_back(what);
            calendar_ = true;
            if (open_.size() == 2 && what == "VEVENT") {
                if (++events_ > kMostEvents) return false;
                event_ = Event{};
                event_.is = true;
            }
            return true;
        }
        if (line->name == "END") {
            if (open_.empty() || open_.back() != upper(line->value)) return false;
            open_.pop_back();
            return open_.size() != 1 || !std::exchange(event_.is, false) || finish(event_);
        }
        if (open_.empty()) return false;
        if (open_.size() == 2 && open_.back() == "VEVENT") return property(*line);
        if (open_.size() == 2 && open_.back() == "VFREEBUSY" && line->name == "FREEBUSY" && line->fbtype != "FREE") return periods(*line);
        return true;
    }

    bool property(const Line& line) {
        const auto when = [&](std::optional<When>& into) {
            into = read_when(line.value, line.tzid, reading_);
            return into.has_value();
        };
        const auto list = [&](std::vector<When>& into) {
            for (const auto one : split(line.value, ',')) {
                auto read = read_when(one.substr(0, one.find('/')), line.tzid, reading_);
                if (!read || into.size() >= kMostDates) return false;
                into.push_back(std::move(*read));
            }
            return true;
        };
        if (line.name == "UID")
            event_.uid = line.value;
        else if (line.name == "STATUS")
            event_.free = event_.free || upper(line.value) == "CANCELLED";
        else if (line.name == "TRANSP")
            event_.free = event_.free || upper(line.value) == "TRANSPARENT";
        else if (line.name == "DTSTART")
            return when(event_.start);
        else if (line.name == "DTEND")
            return when(event_.end);
        else if (line.name == "DURATION")
            return (event_.lasts = read_duration(line.value)).has_value();
        else if (line.name == "RRULE")
            return (event_.rule = read_rule(line.value, reading_)).has_value();
        else if (line.name == "EXDATE")
            return list(event_.except);
        else if (line.name == "RDATE")
            return list(event_.also);
        return true;
    }

    bool periods(const Line& line) {
        for (const auto one : split(line.value, ',')) {
            const auto slash = one.find('/');
            if (slash == std::string_view::npos) return false;
            const auto from = read_when(one.substr(0, slash), line.tzid, reading_);
            if (!from || from->date) return false;
            const auto rest = one.substr(slash + 1);
            if (const auto lasts = read_duration(rest)) {
                if (!add({from->instant(), from->instant() + *lasts})) return false;
            } else {
                const auto to = read_when(rest, line.tzid, reading_);
                if (!to || to->date || to->instant() < from->instant() || !add({from->instant(), to->instant()})) return false;
            }
        }
        return true;
    }

    bool add(const TimeSpan& span) {
        if (span.from >= span.to || !span.meets(reading_.window)) return true;
        busy_.push_back(span);
        return busy_.size() <= kMostSpans;
    }

    bool finish(const Event& event) {
        if (!event.start) return false;
        if (event.free || (!reading_.except_uid.empty() && event.uid == reading_.except_uid)) return true;
        const auto& start = *event.start;
        // How long it is on its own clocks for days, as time passes for everything else.
        Seconds length{0};
        if (event.end)
            length = start.date ? event.end->local - start.local : event.end->instant() - start.instant();
        else if (event.lasts)
            length = *event.lasts;
        else if (start.date)
            length = days(1);
        if (length < 0s) return false;
        const auto occurs = [&](Second local, bool whole_day) {
            if (whole_day) {
                const auto day = std::chrono::floor<days>(local);
                return add({instant_of(day, *start.zone), instant_of(day + days(1), *start.zone) + length});
            }
            const auto from = instant_of(local, *start.zone);
            return add({from, start.date ? instant_of(local + length, *start.zone) : from + length});
        };
        for (const auto& one : event.also) {
            const auto from = one.instant();
            if (!add({from, from + std::max<Seconds>(length, one.date ? Seconds(days(1)) : 0s)})) return false;
        }
        if (!event.rule) return occurs(start.local, false);
        return repeat(event, length, occurs);
    }

    template <class Occurs>
    bool repeat(const Event& event, Seconds length, const Occurs& occurs) {
        const auto& rule = *event.rule;
        const auto& start = *event.start;
        const auto first = std::chrono::floor<days>(start.local);
        const auto time = start.local - first;
        const auto back = days(std::min<std::int64_t>(length / 86'400s + 2, kLongestDays));
        const auto from = std::max<sys_days>(first, std::chrono::floor<days>(reading_.window.from) - back);
        const auto to = std::chrono::floor<days>(reading_.window.to) + days(2);
        int seen = 0;
        bool counts = rule.count > 0 && !rule.superset;
        if (counts) {
            // The first is one, whatever the rule says of it.
            if ((from - first).count() > kMostSteps - steps_)
                counts = false;  // too much to count: as if it never ended
            else
                for (auto day = first; day < from; day += days(1), ++steps_)
                    if (day == first || rule.on(first, day)) ++seen;
        }
        for (auto day = from; day <= to; day += days(1)) {
            if (day != first && !rule.on(first, day)) continue;
            if (counts && ++seen > rule.count) return true;
            const Second local = day + time;
            const auto at = instant_of(local, *start.zone);
            if (rule.until && (rule.until->date ? day > std::chrono::floor<days>(rule.until->local) : at > rule.until->instant())) return true;
            const auto left_out = std::any_of(event.except.begin(), event.except.end(),
                                              [&](const When& one) { return one.date ? std::chrono::floor<days>(one.local) == day : one.instant() == at; });
            if (!left_out && !occurs(local, rule.whole_day)) return false;
        }
        return true;
    }

    const CalendarReading& reading_;
    std::vector<std::string> open_;
    std::vector<TimeSpan> busy_;
    Event event_;
    std::size_t events_ = 0;
    std::int64_t steps_ = 0;
    bool calendar_ = false;
};

// Without what no text may have; RFC 5545, 3.3.11.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == ';' || c == ',')
            out += {'\\', c};
        else if (c == '\n')
            out += "\\n";
        else if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F)
            out += c;
    }
    return out;
}

// At most 75 octets a line, whole characters.
void put(std::string& out, std::string_view line) {
    std::size_t most = 75;
    while (line.size() > most) {
        auto cut = most;
        while (cut > 1 && (static_cast<unsigned char>(line[cut]) & 0xC0U) == 0x80U) --cut;
        out.append(line.substr(0, cut)).append("\r\n ");
        line.remove_prefix(cut);
        most = 74;
    }
    out.append(line).append("\r\n");
}

}  // namespace

std::optional<std::vector<TimeSpan>> read_busy(std::string_view text, const CalendarReading& reading) {
    return Reader(reading).read(text);
}

std::string utc_text(Second at) {
    const auto day = std::chrono::floor<days>(at);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{at - day};
    std::string out;
    const auto two = [&](long value) { out += {static_cast<char>('0' + value / 10 % 10), static_cast<char>('0' + value % 10)}; };
    const int year = static_cast<int>(date.year());
    two(year / 100);
    two(year % 100);
    two(static_cast<long>(static_cast<unsigned>(date.month())));
    two(static_cast<long>(static_cast<unsigned>(date.day())));
    out += 'T';
    two(clock.hours().count());
    two(clock.minutes().count());
    two(clock.seconds().count());
    return out + 'Z';
}

Second instant_of(Second local, const flows::TimeZone& zone) {
    const auto guess = local - zone.offset_at(local);
    return local - zone.offset_at(guess);
}

std::string write_event(const CalendarEvent& event) {
    std::string out;
    for (const auto* line : {"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Parley//Appointments//EN", "BEGIN:VEVENT"}) put(out, line);
    put(out, "UID:" + escaped(event.uid));
    put(out, "DTSTAMP:" + utc_text(event.stamp));
    put(out, "DTSTART:" + utc_text(event.when.from));
    put(out, "DTEND:" + utc_text(event.when.to));
    put(out, "SUMMARY:" + escaped(event.summary));
    if (!event.description.empty()) put(out, "DESCRIPTION:" + escaped(event.description));
    for (const auto* line : {"STATUS:CONFIRMED", "TRANSP:OPAQUE", "END:VEVENT", "END:VCALENDAR"}) put(out, line);
    return out;
}

bool within_hours(const flows::Hours* hours, const TimeSpan& span) {
    if (hours == nullptr) return true;
    for (auto at = span.from; at < span.to; at += 5min)
        if (!hours->open_at(at)) return false;
    return hours->open_at(span.to - 1s);
}

std::vector<Second> free_times(const std::vector<TimeSpan>& busy, const FreeWish& wish) {
    std::vector<Second> all;
    const auto step = std::clamp<std::chrono::minutes>(wish.length, 15min, 30min);
    for (auto at = wish.day.from; at < wish.day.to; at += step) {
        const TimeSpan span{at, at + wish.length};
        if (at < wish.not_before || !within_hours(wish.hours, span)) continue;
        if (std::none_of(busy.begin(), busy.end(), [&](const TimeSpan& one) { return one.meets(span); })) all.push_back(at);
    }
    const auto far = [&](Second at) { return at < wish.near ? wish.near - at : at - wish.near; };
    std::sort(all.begin(), all.end(), [&](Second a, Second b) { return far(a) != far(b) ? far(a) < far(b) : a < b; });
    if (all.size() > wish.most) all.resize(wish.most);
    std::sort(all.begin(), all.end());
    return all;
}

}  // namespace parley::tools

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "fact_kinds.hpp"
#include "parley/store/call_history.hpp"
#include "search_words.hpp"

namespace parley::store {

namespace {

#define HISTORY_COLUMNS                                                                                                                                    \
    "h.guid, h.call_sid, h.agent, h.agent_token, h.channel, h.direction, h.from_number, h.to_number, h.country, h.page_url, h.display, h.caller_profile, " \
    "h.status, h.end_reason, h.end_detail, h.rejection_reason, h.rejection_detail, h.model, h.revision, h.started_ms, h.live_ms, h.ended_ms, h.turns, h.final"

// Each filter twice: whether it is one, and what it asks for. A parameter is used once (see database.hpp).
#define HISTORY_FILTERS                                                                                                                   \
    " WHERE ($1 = '' OR h.agent = $2) AND ($3 = '' OR h.status = $4) AND ($5 = '' OR h.end_reason = $6) AND ($7 = '' OR h.channel = $8) " \
    "AND ($9 = '' OR h.direction = $10) AND ($11 = '' OR h.from_number = $12 OR h.to_number = $13) AND ($14 = '' OR h.call_sid = $15) "   \
    "AND h.started_ms >= $16 AND h.started_ms < $17 AND (h.started_ms < $18 OR (h.started_ms = $19 AND h.guid < $20))"
#define HISTORY_ORDER_21 " ORDER BY h.started_ms DESC, h.guid DESC LIMIT $21"
#define HISTORY_ORDER_22 " ORDER BY h.started_ms DESC, h.guid DESC LIMIT $22"

constexpr std::string_view kList = "SELECT " HISTORY_COLUMNS " FROM history h" HISTORY_FILTERS HISTORY_ORDER_21;
constexpr std::string_view kSearchSqlite =
    "SELECT " HISTORY_COLUMNS " FROM history h" HISTORY_FILTERS
    " AND h.call_sid IN (SELECT l.call_sid FROM call_lines l WHERE l.id IN (SELECT rowid FROM call_search WHERE call_search MATCH $21))" HISTORY_ORDER_22;
constexpr std::string_view kSearchPostgres =
    "SELECT " HISTORY_COLUMNS " FROM history h" HISTORY_FILTERS
    " AND h.call_sid IN (SELECT l.call_sid FROM call_lines l WHERE string_to_array(l.words, ' ') @> string_to_array($21, ' '))" HISTORY_ORDER_22;
constexpr std::string_view kByGuid = "SELECT " HISTORY_COLUMNS " FROM history h WHERE h.guid = $1";
constexpr std::string_view kByCall = "SELECT " HISTORY_COLUMNS " FROM history h WHERE h.call_sid = $1";
#undef HISTORY_COLUMNS
#undef HISTORY_FILTERS
#undef HISTORY_ORDER_21
#undef HISTORY_ORDER_22

constexpr std::int64_t kForever = 253'402'300'800'000;  // the year 10000
constexpr std::size_t kMostRows = 200, kLongestSearch = 200;

HistoryRow row_of(const Row& row) {
    HistoryRow out;
    std::size_t at = 0;
    for (auto* text :
         {&out.guid, &out.call_sid, &out.agent, &out.agent_token, &out.channel, &out.direction, &out.from, &out.to, &out.country, &out.page_url, &out.display,
          &out.caller_profile, &out.status, &out.end_reason, &out.end_detail, &out.rejection_reason, &out.rejection_detail, &out.model, &out.revision})
        *text = row.text(at++);
    out.started_ms = row.integer(at++);
    out.live_ms = row.integer(at++);
    out.ended_ms = row.integer(at++);
    out.turns = static_cast<std::uint32_t>(row.integer(at++));
    out.final = row.integer(at++) != 0;
    return out;
}

struct Place {
    std::int64_t started_ms = kForever;
    std::string guid;
};

// "<started_ms>-<guid>"; opaque to those who hand it back.
std::optional<Place> place_of(std::string_view cursor) {
    Place place;
    if (cursor.empty()) return place;
    const auto dash = cursor.find('-');
    if (dash == std::string_view::npos || cursor.size() > 80) return std::nullopt;
    const auto [end, ec] = std::from_chars(cursor.data(), cursor.data() + dash, place.started_ms, 36);
    place.guid = cursor.substr(dash + 1);
    if (ec != std::errc() || end != cursor.data() + dash || !good_sid(place.guid)) return std::nullopt;
    return place;
}

std::string cursor_at(const HistoryRow& row) {
    char text[32];
    const auto [end, ec] = std::to_chars(text, text + sizeof text, row.started_ms, 36);
    return std::string(text, end) + "-" + row.guid;
}

// Each word quoted, so that none of them is an operator of the search's own language.
std::string quoted_words(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "\"" : " \"") + word + "\"";
    return out;
}

// Cut at a character's end.
std::string cut(std::string_view text, std::size_t most) {
    if (text.size() <= most) return std::string(text);
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80) --most;
    return std::string(text.substr(0, most));
}

}  // namespace

std::optional<HistoryPage> list_history(Session& session, const HistoryFilter& filter) {
    const auto place = place_of(filter.cursor);
    if (!place) return std::nullopt;
    const auto limit = std::clamp<std::size_t>(filter.limit, 1, kMostRows);
    std::vector<Value> values;
    const auto both = [&](const std::string& text) {
        values.emplace_back(text);
        values.emplace_back(text);
    };
    both(filter.agent);
    both(filter.status);
    both(filter.end_reason);
    both(filter.channel);
    both(filter.direction);
    both(filter.number);
    values.emplace_back(filter.number);
    both(filter.call_sid);
    values.emplace_back(filter.from_ms);
    values.emplace_back(filter.to_ms == 0 ? kForever : filter.to_ms);
    values.emplace_back(place->started_ms);
    values.emplace_back(place->started_ms);
    values.emplace_back(place->guid);
    auto text = kList;
    if (!filter.search.empty()) {
        const bool sqlite = session.dialect() == Dialect::sqlite;
        const auto words = search_words(cut(filter.search, kLongestSearch));
        if (words.empty()) return HistoryPage{};
        values.emplace_back(sqlite ? quoted_words(words) : joined_words(words));
        text = sqlite ? kSearchSqlite : kSearchPostgres;
    }
    values.emplace_back(static_cast<std::int64_t>(limit + 1));
    HistoryPage page;
    for (const auto& row : session.run(text, std::move(values))) page.rows.push_back(row_of(row));
    if (page.rows.size() > limit) {
        page.rows.pop_back();
        page.next = cursor_at(page.rows.back());
    }
    return page;
}

std::optional<HistoryRow> find_history(Session& session, std::string_view guid) {
    const auto rows = session.run(kByGuid, {std::string(guid)});
    if (rows.empty()) return std::nullopt;
    return row_of(rows.front());
}

std::optional<HistoryRow> history_of(Session& session, std::string_view call_sid) {
    const auto rows = session.run(kByCall, {std::string(call_sid)});
    if (rows.empty()) return std::nullopt;
    return row_of(rows.front());
}

std::string iso8601(std::int64_t ms) {
    using namespace std::chrono;
    const sys_time<milliseconds> at{milliseconds(ms)};
    const auto day = floor<days>(at);
    const year_month_day date(day);
    const hh_mm_ss<milliseconds> time(at - day);
    char text[48];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
    return text;
}

}  // namespace parley::store

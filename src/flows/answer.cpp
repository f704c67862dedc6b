#include "parley/flows/answer.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace parley::flows {

namespace {

using Kind = AnswerMode::Kind;
constexpr std::array<std::pair<std::string_view, Kind>, 11> kNames{{{"stream", Kind::stream},
                                                                    {"relay", Kind::relay},
                                                                    {"gather", Kind::gather},
                                                                    {"menu", Kind::menu},
                                                                    {"forward", Kind::forward},
                                                                    {"voicemail", Kind::voicemail},
                                                                    {"conference", Kind::conference},
                                                                    {"reject", Kind::reject},
                                                                    {"sip", Kind::sip},
                                                                    {"listen", Kind::listen},
                                                                    {"hangup", Kind::hangup}}};

bool entry_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 &&
           std::ranges::all_of(text, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_'; });
}

}  // namespace

std::string_view name_of(Kind kind) {
    for (const auto& [name, value] : kNames)
        if (value == kind) return name;
    return "stream";
}

std::string AnswerMode::text() const {
    return kind == Kind::menu ? "menu:" + menu : std::string(name_of(kind));
}

std::optional<AnswerMode> parse_answer(std::string_view text, std::string* why) {
    const auto wrong = [&](std::string what) -> std::optional<AnswerMode> {
        if (why != nullptr) *why = std::move(what);
        return std::nullopt;
    };
    if (text.starts_with("menu:")) {
        if (!entry_name(text.substr(5))) return wrong("needs the name of a menu behind 'menu:'");
        return AnswerMode{Kind::menu, std::string(text.substr(5))};
    }
    if (text == "menu") return wrong("needs the name of a menu: menu:NAME");
    for (const auto& [name, kind] : kNames)
        if (text == name) return AnswerMode{kind, {}};
    return wrong("is no answer: stream, relay, gather, menu:NAME, forward, voicemail, conference, reject, sip, listen or hangup");
}

unsigned number_of(std::string_view text, unsigned most, unsigned otherwise) {
    if (text.empty() || text.size() > 9 || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return otherwise;
    unsigned value = 0;
    for (const char c : text) value = value * 10 + static_cast<unsigned>(c - '0');
    return value <= most ? value : otherwise;
}

std::string query_of(const Position& position) {
    std::string query = "agent=" + position.agent;
    if (position.at != 0) query += "&at=" + std::to_string(position.at);
    if (position.closed) query += "&closed=1";
    if (position.hops != 0) query += "&hops=" + std::to_string(position.hops);
    if (position.returns != 0) query += "&returns=" + std::to_string(position.returns);
    if (position.revision != 0) query += "&rev=" + std::to_string(position.revision);
    return query;
}

std::optional<Position> position_of(const Lookup& query) {
    const auto agent = query("agent");
    if (!entry_name(agent)) return std::nullopt;
    Position position;
    position.agent = agent;
    position.at = number_of(query("at"), kMaxAnswers);
    position.closed = query("closed") == "1";
    // What bounds a loop is taken for used up when it cannot be read.
    position.hops = query("hops").empty() ? 0 : number_of(query("hops"), kMaxHops, kMaxHops);
    position.returns = query("returns").empty() ? 0 : number_of(query("returns"), kMaxReturns, kMaxReturns);
    position.revision = number_of(query("rev"), 999'999'999);
    return position;
}

}  // namespace parley::flows

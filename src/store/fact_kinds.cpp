#include "fact_kinds.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <nlohmann/json.hpp>

namespace parley::store {

namespace {

using Json = nlohmann::ordered_json;

enum class Merge : std::uint8_t { keys, last, list, by_key };
struct Kind {
    std::string_view name, field;  // as it is kept; in the record
    Merge merge;
    Weight weight;
    std::string_view key;  // by_key: what tells facts apart
};
// In the order of Fact.
constexpr std::array<Kind, 20> kKinds{{{"call", "call", Merge::keys, Weight::final, {}},
                                       {"status", "status", Merge::last, Weight::final, {}},
                                       {"turn", "turns", Merge::list, Weight::turn, {}},
                                       {"end", "end", Merge::last, Weight::final, {}},
                                       {"recording", "recordings", Merge::by_key, Weight::final, "sid"},
                                       {"transcript", "transcript", Merge::list, Weight::turn, {}},
                                       {"message", "messages", Merge::by_key, Weight::final, "sid"},
                                       {"voicemail", "voicemails", Merge::by_key, Weight::final, "recording_sid"},
                                       {"transfer", "transfers", Merge::list, Weight::final, {}},
                                       {"conference", "conferences", Merge::list, Weight::event, {}},
                                       {"machine", "machine", Merge::last, Weight::final, {}},
                                       {"intelligence", "intelligence", Merge::by_key, Weight::turn, "transcript_sid"},
                                       {"note", "notes", Merge::list, Weight::event, {}},
                                       {"tool", "tools", Merge::list, Weight::turn, {}},
                                       {"waterfall", "waterfalls", Merge::list, Weight::event, {}},
                                       {"usage", "usage", Merge::list, Weight::final, {}},
                                       {"rejection", "rejection", Merge::last, Weight::final, {}},
                                       {"preparation", "preparation", Merge::last, Weight::turn, {}},
                                       {"analysis", "analysis", Merge::keys, Weight::final, {}},
                                       {"event", "events", Merge::list, Weight::event, {}}}};

const Kind& kind_of(Fact fact) {
    return kKinds[static_cast<std::size_t>(fact)];
}

void merge_keys(Json& into, const Json& fact) {
    for (const auto& [key, value] : fact.items()) into[key] = value;
}

// Whose word an end is: that of others who only missed the call's instance, of the dial, of the talk itself. The last one of the best counts.
int rank_of_end(const Json& end) {
    const auto detail = end.find("detail");
    if (detail != end.end() && *detail == "instance_lost") return 0;
    return end.contains("result") || end.contains("turns") ? 2 : 1;
}

void join(Json& record, const Kind& kind, const Json& fact) {
    const std::string field(kind.field);
    if (kind.name == "end" && record.contains(field) && rank_of_end(fact) < rank_of_end(record[field])) return;
    switch (kind.merge) {
        case Merge::keys: {
            auto& into = record[field];
            if (!into.is_object()) into = Json::object();
            merge_keys(into, fact);
            return;
        }
        case Merge::last:
            record[field] = fact;
            return;
        case Merge::list:
        case Merge::by_key: {
            auto& list = record[field];
            if (!list.is_array()) list = Json::array();
            const std::string key(kind.key);
            if (kind.merge == Merge::by_key && fact.contains(key)) {
                for (auto& known : list) {
                    if (!known.contains(key) || known[key] != fact[key]) continue;
                    merge_keys(known, fact);
                    return;
                }
            }
            list.push_back(fact);
            return;
        }
    }
}

}  // namespace

std::string_view name(Fact fact) {
    return kind_of(fact).name;
}

Weight weight(Fact fact) {
    return kind_of(fact).weight;
}

std::string_view name(Weight weight) {
    return weight == Weight::final ? "final" : weight == Weight::turn ? "turn" : "event";
}

std::optional<Fact> fact_of(std::string_view text) {
    for (std::size_t i = 0; i < kKinds.size(); ++i)
        if (kKinds[i].name == text) return static_cast<Fact>(i);
    return std::nullopt;
}

bool good_sid(std::string_view sid) {
    return !sid.empty() && sid.size() <= 64 &&
           std::all_of(sid.begin(), sid.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_'; });
}

std::string record_json(std::string_view call_sid, const std::vector<KeptFact>& facts) {
    Json record{{"call_sid", call_sid}};
    for (const auto& kept : facts) {
        auto fact = Json::parse(kept.json, nullptr, false);
        if (!fact.is_object()) continue;
        const auto& kind = kind_of(kept.fact);
        // A turn says itself when it was, in the call's own time; whatever else is in a list gets the moment it was told.
        if (kind.merge == Merge::list && !fact.contains("at") && !fact.contains("at_ms")) fact["at"] = kept.at_ms;
        join(record, kind, fact);
    }
    return record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace parley::store

#include "parley/analysis/caller_note.hpp"

#include <nlohmann/json.hpp>

#include "parley/analysis/caller_profile.hpp"
#include "parley/base/json_schema.hpp"
#include "parley/store/profiles.hpp"
#include "words.hpp"

namespace parley::analysis {

using json = nlohmann::ordered_json;  // the order of a profile's members says what goes first when it is full

namespace {

// Is there a member of this name that is a text?
bool has_text(std::string_view schema, const std::string& name) {
    const auto read = json::parse(schema, nullptr, false);
    const auto properties = read.is_object() ? read.find("properties") : read.end();
    if (!read.is_object() || properties == read.end() || !properties->is_object()) return false;
    const auto member = properties->find(name);
    return member != properties->end() && member->is_object() && member->value("type", json()) == "string";
}

}  // namespace

std::optional<std::string> with_note(std::string_view profile, const CallerNote& note) {
    const auto schema = note.profile_schema.empty() ? builtin_profile_schema() : std::string_view(note.profile_schema);
    const auto value = shortened(note.value, kMostNote);
    auto before = json::parse(profile, nullptr, false);
    if (!before.is_object()) before = json::object();
    json news = json::object();
    if (has_text(schema, note.key)) {
        news[note.key] = value;
    } else {
        // What it was before is no longer true.
        if (auto facts = before.find("facts"); facts != before.end() && facts->is_array()) {
            auto rest = json::array();
            for (const auto& fact : *facts)
                if (!fact.is_string() || !fact.get_ref<const std::string&>().starts_with(note.key + ": ")) rest.push_back(fact);
            *facts = std::move(rest);
        }
        news["facts"] = json::array({note.key + ": " + value});
    }
    const auto text = [](const json& of) { return of.dump(-1, ' ', false, json::error_handler_t::replace); };
    auto merged = merged_profile(text(before), text(news));
    const auto compiled = JsonSchema::compile(schema);
    if (!compiled || compiled.schema->wrong_text(merged)) return std::nullopt;
    return merged;
}

bool keep_note(store::Session& session, const CallerNote& note) {
    const auto before = store::read_profile(session, note.owner, note.caller);
    const auto merged = with_note(before ? before->json : "{}", note);
    if (!merged) return false;
    return (before && before->json == *merged) || store::write_profile(session, note.owner, note.caller, *merged, before ? before->revision : 0);
}

}  // namespace parley::analysis

#include "sound_rows.hpp"

#include <algorithm>
#include <sstream>

#include "schema.hpp"

namespace parley::store {

namespace {

// A row comes: it is wrong.
struct Question {
    std::string_view wrong, statement;
};

constexpr Question kQuestions[] = {
    {"facts of a call that has no record", "SELECT 1 FROM facts f WHERE NOT EXISTS(SELECT 1 FROM records r WHERE r.call_sid = f.call_sid) LIMIT 1"},
    {"a row of the history whose call has no record",
     "SELECT 1 FROM history h WHERE NOT EXISTS(SELECT 1 FROM records r WHERE r.call_sid = h.call_sid) LIMIT 1"},
    {"what was said in a call that has no record",
     "SELECT 1 FROM call_lines l WHERE NOT EXISTS(SELECT 1 FROM records r WHERE r.call_sid = l.call_sid) LIMIT 1"},
    {"a row of the history that is final and has not ended", "SELECT 1 FROM history WHERE final <> 0 AND ended_ms = 0 LIMIT 1"},
    {"a row of the history in a state there is not",
     "SELECT 1 FROM history WHERE final NOT IN (0, 1, 2, 3) OR status NOT IN ('realtime_session_incoming', 'realtime_session_active', "
     "'realtime_session_rejected', 'realtime_session') LIMIT 1"},
    {"a fact that is no object", "SELECT 1 FROM facts WHERE json NOT LIKE '{%}' LIMIT 1"},
    {"a caller's profile that is no object", "SELECT 1 FROM profiles WHERE json NOT LIKE '{%}' LIMIT 1"},
    {"a job in a state there is not", "SELECT 1 FROM jobs WHERE state NOT IN (0, 1, 2) LIMIT 1"},
    {"an agent without the revision that is in force",
     "SELECT 1 FROM agents a WHERE NOT EXISTS(SELECT 1 FROM agent_revisions r WHERE r.agent = a.name AND r.revision = a.revision) LIMIT 1"},
    {"a number of an agent that is not there",
     "SELECT 1 FROM agent_numbers n WHERE NOT EXISTS(SELECT 1 FROM agents a WHERE a.name = n.agent AND a.deleted = 0) LIMIT 1"},
    {"secrets of a revision that is not there",
     "SELECT 1 FROM agent_secrets s WHERE NOT EXISTS(SELECT 1 FROM agent_revisions r WHERE r.agent = s.agent AND r.revision = s.revision) LIMIT 1"},
    {"a number of a credential that is not there",
     "SELECT 1 FROM credential_numbers n WHERE NOT EXISTS(SELECT 1 FROM agent_credentials c WHERE c.agent = n.agent) LIMIT 1"},
    {"an agent's sound that is not there", "SELECT 1 FROM agent_media a WHERE NOT EXISTS(SELECT 1 FROM media m WHERE m.id = a.media) LIMIT 1"},
    // An index that lies does not keep the second one out.
    {"a fact that is there twice", "SELECT 1 FROM facts GROUP BY fact_id HAVING COUNT(*) > 1 LIMIT 1"},
    {"a call with two rows of the history", "SELECT 1 FROM history GROUP BY call_sid HAVING COUNT(*) > 1 LIMIT 1"},
    {"a row of the history that is there twice", "SELECT 1 FROM history GROUP BY guid HAVING COUNT(*) > 1 LIMIT 1"},
    {"a call with two records", "SELECT 1 FROM records GROUP BY call_sid HAVING COUNT(*) > 1 LIMIT 1"},
    {"a job that is there twice", "SELECT 1 FROM jobs GROUP BY kind, key HAVING COUNT(*) > 1 LIMIT 1"},
};

bool is_there(Session& session, const MadeByStep& made) {
    if (session.dialect() == Dialect::sqlite) return !session.run("SELECT 1 FROM sqlite_master WHERE type = $1 AND name = $2", {made.kind, made.name}).empty();
    if (made.kind == "trigger") return !session.run("SELECT 1 FROM pg_trigger WHERE tgname = $1", {made.name}).empty();
    return !session
                .run(
                    "SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname = $1 AND relkind::text = CASE WHEN $2 = 'table' "
                    "THEN 'r' ELSE 'i' END",
                    {made.name, made.kind})
                .empty();
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

}  // namespace

std::vector<MadeByStep> made_by_steps(Dialect dialect) {
    std::vector<MadeByStep> all;
    for (const auto& step : all_steps()) {
        if (step.only && *step.only != dialect) continue;
        std::string text(step.statements);
        std::replace(text.begin(), text.end(), '(', ' ');
        std::istringstream words(text);
        for (std::string word; words >> word;) {
            if (word != "CREATE" && word != "DROP") continue;
            std::string kind, name;
            words >> kind;
            if (word == "DROP") {
                words >> name;
                if (name.ends_with(';')) name.pop_back();
                std::erase_if(all, [&](const MadeByStep& made) { return made.kind == lower(kind) && made.name == name; });
                continue;
            }
            if (kind == "UNIQUE" || kind == "VIRTUAL") words >> kind;
            words >> name;
            if (kind == "TABLE" || kind == "INDEX" || kind == "TRIGGER") all.push_back({lower(kind), name});
        }
    }
    return all;
}

std::string unsound(Session& session) {
    for (const auto& step : all_steps())
        if (session.run("SELECT 1 FROM schema_versions WHERE part = $1 AND version >= $2", {std::string(step.part), std::int64_t{step.version}}).empty())
            return "tables of part " + std::string(step.part) + " are missing";
    for (const auto& made : made_by_steps(session.dialect()))
        if (!is_there(session, made)) return "the " + made.kind + " " + made.name + " is missing";
    for (const auto& question : kQuestions)
        if (!session.run(question.statement).empty()) return "there is " + std::string(question.wrong);
    return {};
}

}  // namespace parley::store

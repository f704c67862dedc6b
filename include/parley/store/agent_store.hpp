#pragma once
// Agents that were made by the API, and every revision of them there ever was. A document is JSON text in which secrets stand as "***"; these are kept beside
// it, sealed, by the place they stand at. All of it inside a transaction of the caller's; texts are the caller's to check.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/store/database.hpp"

namespace parley::store {

struct AgentRow {
    std::string name, token;  // `token`: what the agent is called in records, for as long as it exists
    std::uint32_t revision = 0;
    bool enabled = true;
    std::int64_t created_ms = 0, changed_ms = 0;
};
struct AgentRevision {
    std::string agent;
    std::uint32_t revision = 0;
    std::string document;
    std::vector<std::pair<std::string, std::string>> secrets;  // place, sealed
    std::int64_t made_ms = 0;
    std::string who, action;  // created, changed, started, stopped, restored
};
struct AgentChange {
    std::string name, document;
    std::vector<std::pair<std::string, std::string>> secrets;
    std::vector<std::string> numbers;  // all that are this agent's now
    bool is_default = false, enabled = true;
    std::string who, action;
    std::int64_t at_ms = 0;
};

// What cannot be written, for the caller to say.
enum class AgentRefusal : std::uint8_t { none, exists, missing, revision, number };
struct AgentWritten {
    AgentRefusal refusal = AgentRefusal::none;
    std::uint32_t revision = 0;  // the new one; of refusal == revision: the one in force
    std::string token;
    std::string number, owner;  // refusal == number: which, and whose
};

[[nodiscard]] std::vector<AgentRow> list_agents(Session& session);
[[nodiscard]] std::optional<AgentRow> find_agent(Session& session, std::string_view name);
// `token`: what it is called from now on.
AgentWritten create_agent(Session& session, const AgentChange& change, const std::string& token);
// `expected` 0: whatever is in force.
AgentWritten change_agent(Session& session, const AgentChange& change, std::uint32_t expected);
// Its revisions stay, its secrets go.
AgentWritten delete_agent(Session& session, std::string_view name, std::uint32_t expected, std::int64_t at_ms);

// Newest first, below `before` (0: from the newest); without documents and secrets.
[[nodiscard]] std::vector<AgentRevision> agent_revisions(Session& session, std::string_view name, std::uint32_t before, std::size_t most);
// Also of an agent that was deleted, then without secrets.
[[nodiscard]] std::optional<AgentRevision> agent_revision(Session& session, std::string_view name, std::uint32_t revision);

// Counts up with each change of a subject ("agents", "tokens").
[[nodiscard]] std::int64_t change_version(Session& session, std::string_view subject);
void count_change(Session& session, std::string_view subject);

}  // namespace parley::store

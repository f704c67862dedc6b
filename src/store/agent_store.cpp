#include "parley/store/agent_store.hpp"

#include "parley/store/credentials.hpp"

#include <algorithm>

namespace parley::store {

namespace {

constexpr std::string_view kDefault = "*";

std::int64_t flag(bool value) {
    return value ? 1 : 0;
}

AgentRow row_of(const Row& row) {
    return {.name = row.text(0),
            .token = row.text(1),
            .revision = static_cast<std::uint32_t>(row.integer(2)),
            .enabled = row.integer(3) != 0,
            .created_ms = row.integer(4),
            .changed_ms = row.integer(5)};
}

struct Held {
    std::uint32_t revision = 0;
    bool deleted = false;
};
std::optional<Held> held(Session& session, std::string_view name) {
    const auto rows = session.run("SELECT revision, deleted FROM agents WHERE name = $1", {std::string(name)});
    if (rows.empty()) return std::nullopt;
    return Held{static_cast<std::uint32_t>(rows.front().integer(0)), rows.front().integer(1) != 0};
}

// The numbers are this agent's alone, or nothing was taken. A row that is another's meanwhile is an error of the constraint; then it is looked at again.
bool take_numbers(Session& session, const AgentChange& change, AgentWritten& written) {
    auto wanted = change.numbers;
    if (change.is_default) wanted.emplace_back(kDefault);
    for (const auto& number : wanted) {
        const auto there = session.run("SELECT agent FROM agent_numbers WHERE number = $1", {number});
        auto owner = there.empty() ? std::string() : there.front().text(0);
        // One that came with another agent's Twilio credential rings there.
        if (owner.empty() || owner == change.name) owner = number_owner(session, number);
        if (owner.empty() || owner == change.name) continue;
        written.refusal = AgentRefusal::number;
        written.number = number == kDefault ? std::string() : number;
        written.owner = std::move(owner);
        return false;
    }
    session.run("DELETE FROM agent_numbers WHERE agent = $1", {change.name});
    for (const auto& number : wanted) session.run("INSERT INTO agent_numbers(number, agent) VALUES($1, $2)", {number, change.name});
    return true;
}

void write_revision(Session& session, const AgentChange& change, std::uint32_t revision) {
    session.run("INSERT INTO agent_revisions(agent, revision, document, made_ms, who, action) VALUES($1, $2, $3, $4, $5, $6)",
                {change.name, std::int64_t{revision}, change.document, change.at_ms, change.who, change.action});
    for (const auto& [path, sealed] : change.secrets)
        session.run("INSERT INTO agent_secrets(agent, revision, path, sealed) VALUES($1, $2, $3, $4)", {change.name, std::int64_t{revision}, path, sealed});
    count_change(session, "agents");
}

}  // namespace

std::vector<AgentRow> list_agents(Session& session) {
    std::vector<AgentRow> all;
    for (const auto& row : session.run("SELECT name, token, revision, enabled, created_ms, changed_ms FROM agents WHERE deleted = 0 ORDER BY name"))
        all.push_back(row_of(row));
    return all;
}

std::optional<AgentRow> find_agent(Session& session, std::string_view name) {
    const auto rows =
        session.run("SELECT name, token, revision, enabled, created_ms, changed_ms FROM agents WHERE name = $1 AND deleted = 0", {std::string(name)});
    if (rows.empty()) return std::nullopt;
    return row_of(rows.front());
}

AgentWritten create_agent(Session& session, const AgentChange& change, const std::string& token) {
    AgentWritten written;
    const auto before = held(session, change.name);
    if (before && !before->deleted) {
        written.refusal = AgentRefusal::exists;
        return written;
    }
    if (!take_numbers(session, change, written)) return written;
    written.revision = before ? before->revision + 1 : 1;
    written.token = token;
    if (before) {
        session.run("UPDATE agents SET token = $1, revision = $2, enabled = $3, deleted = 0, created_ms = $4, changed_ms = $5 WHERE name = $6",
                    {token, std::int64_t{written.revision}, flag(change.enabled), change.at_ms, change.at_ms, change.name});
    } else {
        session.run("INSERT INTO agents(name, token, revision, enabled, deleted, created_ms, changed_ms) VALUES($1, $2, $3, $4, 0, $5, $6)",
                    {change.name, token, std::int64_t{written.revision}, flag(change.enabled), change.at_ms, change.at_ms});
    }
    write_revision(session, change, written.revision);
    return written;
}

AgentWritten change_agent(Session& session, const AgentChange& change, std::uint32_t expected) {
    AgentWritten written;
    const auto now = find_agent(session, change.name);
    if (!now) {
        written.refusal = AgentRefusal::missing;
        return written;
    }
    if (expected != 0 && now->revision != expected) {
        written.refusal = AgentRefusal::revision;
        written.revision = now->revision;
        return written;
    }
    if (!take_numbers(session, change, written)) return written;
    written.revision = now->revision + 1;
    written.token = now->token;
    // The revision again: whoever wrote in between (two instances on one database) has won.
    session.run("UPDATE agents SET revision = $1, enabled = $2, changed_ms = $3 WHERE name = $4 AND revision = $5 AND deleted = 0",
                {std::int64_t{written.revision}, flag(change.enabled), change.at_ms, change.name, std::int64_t{now->revision}});
    if (session.changed() != 1) throw StoreError(StoreErrc::busy, "an agent was changed by two at once");
    write_revision(session, change, written.revision);
    return written;
}

AgentWritten delete_agent(Session& session, std::string_view name, std::uint32_t expected, std::int64_t at_ms) {
    AgentWritten written;
    const auto now = find_agent(session, name);
    if (!now) {
        written.refusal = AgentRefusal::missing;
        return written;
    }
    if (expected != 0 && now->revision != expected) {
        written.refusal = AgentRefusal::revision;
        written.revision = now->revision;
        return written;
    }
    session.run("UPDATE agents SET deleted = 1, changed_ms = $1 WHERE name = $2", {at_ms, std::string(name)});
    (void)erase_credential(session, name);  // its numbers are free for others
    session.run("DELETE FROM agent_numbers WHERE agent = $1", {std::string(name)});
    session.run("DELETE FROM agent_secrets WHERE agent = $1", {std::string(name)});
    count_change(session, "agents");
    written.revision = now->revision;
    return written;
}

std::vector<AgentRevision> agent_revisions(Session& session, std::string_view name, std::uint32_t before, std::size_t most) {
    const std::int64_t below = before == 0 ? std::int64_t{UINT32_MAX} : std::int64_t{before};
    std::vector<AgentRevision> all;
    for (const auto& row :
         session.run("SELECT revision, made_ms, who, action FROM agent_revisions WHERE agent = $1 AND revision < $2 ORDER BY revision DESC LIMIT $3",
                     {std::string(name), below, static_cast<std::int64_t>(most)})) {
        AgentRevision one;
        one.agent = name;
        one.revision = static_cast<std::uint32_t>(row.integer(0));
        one.made_ms = row.integer(1);
        one.who = row.text(2);
        one.action = row.text(3);
        all.push_back(std::move(one));
    }
    return all;
}

std::optional<AgentRevision> agent_revision(Session& session, std::string_view name, std::uint32_t revision) {
    const auto rows = session.run("SELECT document, made_ms, who, action FROM agent_revisions WHERE agent = $1 AND revision = $2",
                                  {std::string(name), std::int64_t{revision}});
    if (rows.empty()) return std::nullopt;
    AgentRevision one;
    one.agent = name;
    one.revision = revision;
    one.document = rows.front().text(0);
    one.made_ms = rows.front().integer(1);
    one.who = rows.front().text(2);
    one.action = rows.front().text(3);
    for (const auto& row :
         session.run("SELECT path, sealed FROM agent_secrets WHERE agent = $1 AND revision = $2 ORDER BY path", {std::string(name), std::int64_t{revision}}))
        one.secrets.emplace_back(row.text(0), row.text(1));
    return one;
}

std::int64_t change_version(Session& session, std::string_view subject) {
    const auto rows = session.run("SELECT version FROM changes WHERE subject = $1", {std::string(subject)});
    return rows.empty() ? 0 : rows.front().integer(0);
}

void count_change(Session& session, std::string_view subject) {
    session.run("UPDATE changes SET version = version + 1 WHERE subject = $1", {std::string(subject)});
}

}  // namespace parley::store

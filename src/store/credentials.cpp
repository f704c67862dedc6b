#include "parley/store/credentials.hpp"

#include <nlohmann/json.hpp>

namespace parley::store {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kColumns =
    "SELECT agent, accountsid, authtoken, previous_token, previous_until_ms, document, created_ms, updated_ms FROM agent_credentials";

std::string context(std::string_view agent, std::string_view field) {
    return "agent_credentials/" + std::string(agent) + "#" + std::string(field);
}

std::string document_of(const Credential& c) {
    return Json{{"maxcallseconds", c.maxcallseconds},
                {"whitelistedcallers", c.whitelistedcallers},
                {"holdstrategy", c.holdstrategy},
                {"holdtext", c.holdtext},
                {"holdvoice", c.holdvoice}}
        .dump(-1, ' ', false, Json::error_handler_t::replace);
}

// What a document of ours says; of anything else what can be read of it.
void read_document(std::string_view text, Credential& c) {
    const auto document = Json::parse(text, nullptr, false);
    if (!document.is_object()) return;
    const auto words = [&](const char* name, std::string& to) {
        if (const auto found = document.find(name); found != document.end() && found->is_string()) to = found->get<std::string>();
    };
    if (const auto found = document.find("maxcallseconds"); found != document.end() && found->is_number_integer())
        c.maxcallseconds = found->get<std::int64_t>();
    if (const auto found = document.find("whitelistedcallers"); found != document.end() && found->is_array())
        for (const auto& caller : *found)
            if (caller.is_string()) c.whitelistedcallers.push_back(caller.get<std::string>());
    words("holdstrategy", c.holdstrategy);
    words("holdtext", c.holdtext);
    words("holdvoice", c.holdvoice);
}

void bump(Session& session) {
    session.run("UPDATE credential_state SET revision = revision + 1 WHERE id = 1");
}

void complete(Session& session, Credential& c) {
    for (const auto& row : session.run("SELECT number FROM credential_numbers WHERE agent = $1 ORDER BY place", {c.agent}))
        c.phonenumbers.push_back(row.text(0));
    auto media = agent_media(session, c.agent);
    c.holdaudio = media["holdaudio"];
    c.holdmusic = media["holdmusic"];
}

Credential read_row(const Row& row, const Sealer& sealer) {
    Credential c;
    c.agent = row.text(0);
    c.accountsid = row.text(1);
    const auto token = sealer.open(row.text(2), context(c.agent, "authtoken"));
    if (token)
        c.authtoken = *token;
    else
        c.sealed_shut = token.error();
    if (const auto previous = row.text(3); !previous.empty())
        if (const auto opened = sealer.open(previous, context(c.agent, "previous_token"))) c.previous_token = *opened;
    c.previous_until_ms = row.integer(4);
    read_document(row.text(5), c);
    c.created_ms = row.integer(6);
    c.updated_ms = row.integer(7);
    return c;
}

}  // namespace

Credential put_credential(Session& session, const Sealer& sealer, Credential c) {
    for (const auto& number : c.phonenumbers)
        if (!session.run("SELECT agent FROM agent_numbers WHERE number = $1 AND agent <> $2", {number, c.agent}).empty())
            throw StoreError(StoreErrc::constraint, "a number is another agent's");
    const auto before = session.run("SELECT created_ms, updated_ms FROM agent_credentials WHERE agent = $1", {c.agent});
    c.updated_ms = now_ms();
    c.created_ms = before.empty() ? c.updated_ms : before.front().integer(0);
    const auto token = sealer.seal(c.authtoken.reveal(), context(c.agent, "authtoken"));
    const auto previous = c.previous_token.empty() ? std::string() : sealer.seal(c.previous_token.reveal(), context(c.agent, "previous_token"));
    session.run(
        "INSERT INTO agent_credentials(agent, accountsid, authtoken, previous_token, previous_until_ms, document, created_ms, updated_ms) VALUES($1, $2, $3, "
        "$4, $5, $6, $7, $8) "
        "ON CONFLICT(agent) DO UPDATE SET accountsid = excluded.accountsid, authtoken = excluded.authtoken, previous_token = excluded.previous_token, "
        "previous_until_ms = excluded.previous_until_ms, document = excluded.document, updated_ms = excluded.updated_ms",
        {c.agent, c.accountsid, token, previous, c.previous_until_ms, document_of(c), c.created_ms, c.updated_ms});
    session.run("DELETE FROM credential_numbers WHERE agent = $1", {c.agent});
    std::int64_t place = 0;
    for (const auto& number : c.phonenumbers)
        session.run("INSERT INTO credential_numbers(number, agent, place) VALUES($1, $2, $3)", {number, c.agent, place++});
    bump(session);
    auto media = agent_media(session, c.agent);
    c.holdaudio = media["holdaudio"];
    c.holdmusic = media["holdmusic"];
    return c;
}

std::optional<Credential> load_credential(Session& session, const Sealer& sealer, std::string_view agent) {
    const auto rows = session.run(std::string(kColumns) + " WHERE agent = $1", {std::string(agent)});
    if (rows.empty()) return std::nullopt;
    auto c = read_row(rows.front(), sealer);
    complete(session, c);
    return c;
}

std::vector<Credential> all_credentials(Session& session, const Sealer& sealer) {
    std::vector<Credential> all;
    for (const auto& row : session.run(std::string(kColumns) + " ORDER BY agent")) {
        all.push_back(read_row(row, sealer));
        complete(session, all.back());
    }
    return all;
}

bool erase_credential(Session& session, std::string_view agent) {
    session.run("DELETE FROM agent_media WHERE agent = $1", {std::string(agent)});
    const bool uploads = session.changed() > 0;
    session.run("DELETE FROM credential_numbers WHERE agent = $1", {std::string(agent)});
    session.run("DELETE FROM agent_credentials WHERE agent = $1", {std::string(agent)});
    const bool there = session.changed() > 0;
    if (there || uploads) bump(session);
    return there;
}

std::string number_owner(Session& session, std::string_view number) {
    const auto rows = session.run("SELECT agent FROM credential_numbers WHERE number = $1", {std::string(number)});
    return rows.empty() ? std::string() : rows.front().text(0);
}

void set_agent_media(Session& session, std::string_view agent, std::string_view slot, std::string_view media_id) {
    session.run("INSERT INTO agent_media(agent, slot, media) VALUES($1, $2, $3) ON CONFLICT(agent, slot) DO UPDATE SET media = excluded.media",
                {std::string(agent), std::string(slot), std::string(media_id)});
    bump(session);
}

bool erase_agent_media(Session& session, std::string_view agent, std::string_view slot) {
    session.run("DELETE FROM agent_media WHERE agent = $1 AND slot = $2", {std::string(agent), std::string(slot)});
    const bool there = session.changed() > 0;
    if (there) bump(session);
    return there;
}

std::map<std::string, std::string> agent_media(Session& session, std::string_view agent) {
    std::map<std::string, std::string> slots;
    for (const auto& row : session.run("SELECT slot, media FROM agent_media WHERE agent = $1", {std::string(agent)})) slots.emplace(row.text(0), row.text(1));
    return slots;
}

std::int64_t credentials_revision(Session& session) {
    const auto rows = session.run("SELECT revision FROM credential_state WHERE id = 1");
    return rows.empty() ? 0 : rows.front().integer(0);
}

}  // namespace parley::store

#include "parley/store/messages_taken.hpp"

#include "parley/store/profiles.hpp"

namespace parley::store {

namespace {

std::vector<MessageTaken> taken(const std::vector<Row>& rows) {
    std::vector<MessageTaken> all;
    for (const auto& row : rows) {
        MessageTaken message;
        message.id = row.integer(0);
        message.key = row.text(1);
        message.agent = row.text(2);
        message.call_sid = row.text(3);
        message.caller = row.text(4);
        message.name = row.text(5);
        message.callback_number = row.text(6);
        message.for_whom = row.text(7);
        message.text = row.text(8);
        message.urgent = row.integer(9) != 0;
        message.at_ms = row.integer(10);
        all.push_back(std::move(message));
    }
    return all;
}

}  // namespace

bool keep_message(Session& session, const MessageTaken& message) {
    (void)session.run(
        "INSERT INTO messages_taken (key, agent, call_sid, caller, name, callback_number, for_whom, text, urgent, at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, "
        "$8, $9, $10) ON CONFLICT (key) DO NOTHING",
        {message.key, message.agent, message.call_sid, message.caller, message.name, message.callback_number, message.for_whom, message.text,
         std::int64_t{message.urgent ? 1 : 0}, message.at_ms});
    return session.changed() == 1;
}

std::vector<MessageTaken> messages_taken(Session& session, const std::string& agent, std::int64_t before_id, std::size_t most) {
    const auto before = before_id > 0 ? before_id : INT64_MAX;
    const auto rows = agent.empty() ? session.run(
                                          "SELECT id, key, agent, call_sid, caller, name, callback_number, for_whom, text, urgent, at_ms FROM messages_taken "
                                          "WHERE id < $1 ORDER BY id DESC LIMIT $2",
                                          {before, static_cast<std::int64_t>(most)})
                                    : session.run(
                                          "SELECT id, key, agent, call_sid, caller, name, callback_number, for_whom, text, urgent, at_ms FROM messages_taken "
                                          "WHERE id < $1 AND agent = $2 ORDER BY id DESC LIMIT $3",
                                          {before, agent, static_cast<std::int64_t>(most)});
    return taken(rows);
}

std::vector<MessageTaken> messages_with(Session& session, const std::string& caller) {
    std::vector<MessageTaken> all;
    if (caller.empty()) return all;
    for (auto& message : taken(
             session.run("SELECT id, key, agent, call_sid, caller, name, callback_number, for_whom, text, urgent, at_ms FROM messages_taken ORDER BY id", {})))
        if (caller_key(message.caller) == caller || caller_key(message.callback_number) == caller) all.push_back(std::move(message));
    return all;
}

std::uint64_t erase_messages(Session& session, const std::string& caller) {
    std::uint64_t gone = 0;
    for (const auto& message : messages_with(session, caller)) {
        (void)session.run("DELETE FROM messages_taken WHERE id = $1", {message.id});
        gone += session.changed();
    }
    return gone;
}

}  // namespace parley::store

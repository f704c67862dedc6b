#pragma once
// The Twilio account an agent's numbers belong to, and what its callers hear and may. Inside a transaction of the caller's; the auth token is sealed with the
// context "agent_credentials/<agent>#authtoken" (the one before it "…#previous_token").

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/store/database.hpp"
#include "parley/store/seal.hpp"

namespace parley::store {

struct Credential {
    std::string agent;
    std::string accountsid;  // AC and 32 hexadecimal digits
    Secret authtoken;
    Secret previous_token;  // accepted in signatures until then
    std::int64_t previous_until_ms = 0;
    std::vector<std::string> phonenumbers;  // E.164, each of one agent only
    std::int64_t maxcallseconds = 600;
    std::vector<std::string> whitelistedcallers;
    std::string holdstrategy;  // empty: as the agent says
    std::string holdtext, holdvoice;
    std::string holdaudio, holdmusic;  // "media:<hash>"; read from the uploads, not written with the rest
    std::int64_t created_ms = 0, updated_ms = 0;
    // Its secret did not open (a key is missing, or the row was tampered with): the rest is there, authtoken is empty.
    error_code sealed_shut;
};

// Sets created_ms and updated_ms; the times given do not count. StoreError constraint: one of the numbers belongs to another agent. SealError: no key.
Credential put_credential(Session& session, const Sealer& sealer, Credential credential);
[[nodiscard]] std::optional<Credential> load_credential(Session& session, const Sealer& sealer, std::string_view agent);
[[nodiscard]] std::vector<Credential> all_credentials(Session& session, const Sealer& sealer);
bool erase_credential(Session& session, std::string_view agent);  // its uploads, too; false: there is none
// The agent whose credential has this number; empty: none.
[[nodiscard]] std::string number_owner(Session& session, std::string_view number);

// Uploads of an agent, by slot ("holdaudio", "holdmusic").
void set_agent_media(Session& session, std::string_view agent, std::string_view slot, std::string_view media_id);
bool erase_agent_media(Session& session, std::string_view agent, std::string_view slot);
[[nodiscard]] std::map<std::string, std::string> agent_media(Session& session, std::string_view agent);  // slot, media id

// Counts changes of all of the above: who has seen this number need not look again.
[[nodiscard]] std::int64_t credentials_revision(Session& session);

}  // namespace parley::store

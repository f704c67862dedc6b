#pragma once
// Bearer tokens of the operators' interface. A token is "plk_", its id (12 hexadecimal digits) and 48 more: 192 bits nobody can guess, of which only the
// SHA-256 is kept. The text itself exists once, in the answer to whoever had it made.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/secret.hpp"
#include "parley/store/database.hpp"

namespace parley::store {

struct TokenRow {
    std::string id, name, role;
    std::string hash;                                          // SHA-256 of the whole text, hexadecimal
    std::int64_t made_ms = 0, expires_ms = 0, revoked_ms = 0;  // 0: never
    std::string made_by;

    [[nodiscard]] bool in_force(std::int64_t now_ms) const { return revoked_ms == 0 && (expires_ms == 0 || now_ms < expires_ms); }
};

struct NewToken {
    std::string id;
    Secret text;
};
[[nodiscard]] NewToken make_token_text();
// The id in a token's text; nothing: it has not the form of one.
[[nodiscard]] std::optional<std::string> token_id(std::string_view text);
[[nodiscard]] std::string token_hash(std::string_view text);

// In a transaction of the caller's. Each counts a change of "tokens".
void add_token(Session& session, const TokenRow& row);                                       // forgets those that ended 30 days before
bool revoke_token(Session& session, std::string_view id, std::int64_t at_ms);                // false: there is none in force
[[nodiscard]] std::vector<TokenRow> list_tokens(Session& session);                           // newest first, 1000 at most
[[nodiscard]] std::vector<TokenRow> tokens_in_force(Session& session, std::int64_t now_ms);  // all of them
[[nodiscard]] std::optional<TokenRow> find_token(Session& session, std::string_view id);

}  // namespace parley::store

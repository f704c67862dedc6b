#include "parley/store/tokens.hpp"

#include <openssl/evp.h>

#include <array>
#include <algorithm>

#include "parley/base/ids.hpp"
#include "parley/store/agent_store.hpp"

namespace parley::store {

namespace {

constexpr std::string_view kPrefix = "plk_";
constexpr std::size_t kIdBytes = 6, kSecretBytes = 24;
constexpr std::int64_t kEndedKeptMs = std::int64_t{30} * 24 * 3600 * 1000;

TokenRow row_of(const Row& row) {
    return {.id = row.text(0),
            .name = row.text(1),
            .role = row.text(2),
            .hash = row.text(3),
            .made_ms = row.integer(4),
            .expires_ms = row.integer(6),
            .revoked_ms = row.integer(7),
            .made_by = row.text(5)};
}

std::vector<TokenRow> rows_of(const std::vector<Row>& rows) {
    std::vector<TokenRow> all;
    all.reserve(rows.size());
    for (const auto& row : rows) all.push_back(row_of(row));
    return all;
}

bool hexadecimal(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

NewToken make_token_text() {
    NewToken made;
    made.id = random_hex(kIdBytes);
    made.text = Secret(std::string(kPrefix) + made.id + random_hex(kSecretBytes));
    return made;
}

std::optional<std::string> token_id(std::string_view text) {
    if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + 2 * (kIdBytes + kSecretBytes) || !hexadecimal(text.substr(kPrefix.size())))
        return std::nullopt;
    return std::string(text.substr(kPrefix.size(), 2 * kIdBytes));
}

std::string token_hash(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
        throw StoreError(StoreErrc::statement, "SHA-256 is not available");
    std::string hex;
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (unsigned i = 0; i < size; ++i) {
        hex += kDigits[digest[i] >> 4];
        hex += kDigits[digest[i] & 0xF];
    }
    return hex;
}

void add_token(Session& session, const TokenRow& row) {
    const auto ended = row.made_ms - kEndedKeptMs;
    session.run("DELETE FROM api_tokens WHERE (revoked_ms <> 0 AND revoked_ms < $1) OR (expires_ms <> 0 AND expires_ms < $2)", {ended, ended});
    session.run("INSERT INTO api_tokens(id, name, role, hash, made_ms, made_by, expires_ms, revoked_ms) VALUES($1, $2, $3, $4, $5, $6, $7, $8)",
                {row.id, row.name, row.role, row.hash, row.made_ms, row.made_by, row.expires_ms, row.revoked_ms});
    count_change(session, "tokens");
}

bool revoke_token(Session& session, std::string_view id, std::int64_t at_ms) {
    session.run("UPDATE api_tokens SET revoked_ms = $1 WHERE id = $2 AND revoked_ms = 0", {at_ms, std::string(id)});
    if (session.changed() == 0) return false;
    count_change(session, "tokens");
    return true;
}

std::vector<TokenRow> list_tokens(Session& session) {
    return rows_of(session.run("SELECT id, name, role, hash, made_ms, made_by, expires_ms, revoked_ms FROM api_tokens ORDER BY made_ms DESC, id LIMIT 1000"));
}

std::vector<TokenRow> tokens_in_force(Session& session, std::int64_t now_ms) {
    return rows_of(session.run(
        "SELECT id, name, role, hash, made_ms, made_by, expires_ms, revoked_ms FROM api_tokens WHERE revoked_ms = 0 AND (expires_ms = 0 OR expires_ms > $1)",
        {now_ms}));
}

std::optional<TokenRow> find_token(Session& session, std::string_view id) {
    const auto rows = session.run("SELECT id, name, role, hash, made_ms, made_by, expires_ms, revoked_ms FROM api_tokens WHERE id = $1", {std::string(id)});
    if (rows.empty()) return std::nullopt;
    return row_of(rows.front());
}

}  // namespace parley::store

#pragma once
// Secrets at rest. A value is encrypted under a key of its own (AES-256-GCM), which is encrypted under one of the installation's keys (store.seal_keys, or the
// key file of a single instance). Both are bound to a context, which says which row and which field the value belongs to: what is copied elsewhere in the
// database does not open there. Source of the mode: NIST SP 800-38D (96-bit nonces, 128-bit tags).
//
// Text form: "sealed:v1:<keyid>:<base64url>", keyid = the first 8 hexadecimal digits of SHA-256 of the key; inside: nonce(12) wrapped data key(32) tag(16),
// nonce(12) ciphertext tag(16).
//
// Everything here is immutable after construction and may be used by any thread.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/result.hpp"
#include "parley/base/secret.hpp"

namespace parley::store {

enum class SealErrc : std::uint8_t {
    no_key = 1,   // nothing to seal with
    bad_key,      // not 32 bytes in base64 or hexadecimal
    malformed,    // not "sealed:v1:…"
    unknown_key,  // sealed under a key that is not among ours
    damaged       // changed, cut, or sealed for another place
};
[[nodiscard]] error_code make_error_code(SealErrc code);

class SealError : public std::runtime_error {
public:
    SealError(SealErrc code, const std::string& what) : std::runtime_error(what), code_(code) {}
    [[nodiscard]] SealErrc code() const { return code_; }

private:
    SealErrc code_;
};

inline constexpr std::string_view kSealedPrefix = "sealed:v1:";
inline constexpr std::size_t kSealedMost = std::size_t{1} << 20U;  // bytes of one plain value

[[nodiscard]] inline bool is_sealed(std::string_view text) {
    return text.starts_with(kSealedPrefix);
}

class Sealer {
public:
    Sealer() = default;  // without a key: opens nothing, seals nothing
    // The first seals, all open. Throws SealError bad_key (saying which one, never what it is).
    explicit Sealer(const std::vector<Secret>& keys);

    [[nodiscard]] bool ready() const { return !keys_.empty(); }
    [[nodiscard]] std::string key_id() const { return keys_.empty() ? std::string() : keys_.front().id; }  // of the one that seals
    [[nodiscard]] std::vector<std::string> key_ids() const;

    // `context`: table, key of the row and field, "agent_credentials/front#authtoken"; not secret, and to be given again to open.
    // Throws SealError no_key.
    [[nodiscard]] std::string seal(std::string_view plain, std::string_view context) const;
    [[nodiscard]] Result<Secret> open(std::string_view sealed, std::string_view context) const;
    // The same value under the first key; a text that is so already comes back as it is.
    [[nodiscard]] Result<std::string> reseal(std::string_view sealed, std::string_view context) const;
    [[nodiscard]] bool current(std::string_view sealed) const;  // names the first key (whether it opens is not looked at)

    // Documents: strings of a JSON text, each with the context "<row>#<JSON pointer>" ("agents/front/3#/bot_headers/Authorization"). Strings for which
    // `secret` says yes are sealed; empty ones stay empty. Throws SealError no_key, and malformed for a text that is not JSON or a plain string that begins
    // like a sealed one.
    [[nodiscard]] std::string seal_document(std::string_view json, std::string_view row, const std::function<bool(std::string_view pointer)>& secret) const;
    // Every sealed string opened; the result is secret as a whole.
    [[nodiscard]] Result<Secret> open_document(std::string_view json, std::string_view row) const;
    [[nodiscard]] Result<std::string> reseal_document(std::string_view json, std::string_view row) const;

private:
    struct Key {
        std::string id;
        Secret bytes;
    };
    [[nodiscard]] const Key* find(std::string_view id) const;
    std::vector<Key> keys_;
};

// A new key in base64, from the system's source of randomness.
[[nodiscard]] Secret make_seal_key();
// The 32 bytes a key's text stands for. Throws SealError bad_key.
[[nodiscard]] Secret parse_seal_key(std::string_view text);
[[nodiscard]] std::string seal_key_id(const Secret& bytes);

// The key of an instance that is alone with its SQLite file: read, or made (0600, whole or not at all). Throws SealError bad_key, std::runtime_error.
struct KeyFile {
    Secret key;  // its text
    bool made = false;
};
[[nodiscard]] KeyFile open_key_file(const std::filesystem::path& path);

}  // namespace parley::store

template <>
struct boost::system::is_error_code_enum<parley::store::SealErrc> : std::true_type {};

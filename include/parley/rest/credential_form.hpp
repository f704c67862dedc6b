#pragma once
// What was pasted for a credential, told by its form. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace parley::rest {

struct OddCredential {
    std::string sentence, remedy;
};
// Why this cannot be an account's auth token; nothing: it has an auth token's form (32 hexadecimal digits).
[[nodiscard]] std::optional<OddCredential> why_no_auth_token(std::string_view secret);
// The same of an API key's secret (32 letters and digits).
[[nodiscard]] std::optional<OddCredential> why_no_key_secret(std::string_view secret);

}  // namespace parley::rest

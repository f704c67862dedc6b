#include "parley/rest/credential_form.hpp"

#include <algorithm>

namespace parley::rest {
namespace {

constexpr std::size_t kLength = 32;

bool hex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}
bool sid(std::string_view text, std::string_view prefix) {
    return text.size() == 34 && text.starts_with(prefix) && hex(text.substr(2));
}
bool letters_and_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

}  // namespace

std::optional<OddCredential> why_no_auth_token(std::string_view secret) {
    if (sid(secret, "SK"))
        return OddCredential{"What was given for the auth token is the SID of an API key.",
                             "Give the account's auth token, or the key as twilio.api_key with its secret as twilio.api_secret."};
    if (sid(secret, "AC")) return OddCredential{"What was given for the auth token is an account's SID.", "Give the account's auth token."};
    if (secret.size() == kLength && hex(secret)) return {};
    if (secret.size() == kLength && letters_and_digits(secret))
        return OddCredential{"What was given for the auth token has the form of an API key's secret.",
                             "Give the account's auth token, or the secret as twilio.api_secret beside its key in twilio.api_key."};
    return OddCredential{"An auth token has 32 hexadecimal digits; what was given has " + std::to_string(secret.size()) + " characters or others.",
                         "Copy it again, whole and without quotes."};
}

std::optional<OddCredential> why_no_key_secret(std::string_view secret) {
    if (sid(secret, "SK"))
        return OddCredential{"What was given for the API key's secret is its SID.", "The secret is shown once, when the key is made: make a new key."};
    if (sid(secret, "AC"))
        return OddCredential{"What was given for the API key's secret is an account's SID.", "The secret is shown once, when the key is made: make a new key."};
    if (secret.size() == kLength && letters_and_digits(secret)) return {};
    return OddCredential{"An API key's secret has 32 letters and digits; what was given has " + std::to_string(secret.size()) + " characters or others.",
                         "Copy it again, whole and without quotes."};
}

}  // namespace parley::rest

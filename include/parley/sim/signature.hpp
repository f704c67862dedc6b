#pragma once
// X-Twilio-Signature, made from the published rules by code of its own (never the product's verifier).

#include <string>
#include <string_view>

#include "parley/sim/form.hpp"

namespace parley::sim {

// base64(HMAC-SHA1(token, url + sorted distinct name/value pairs)). `url` is signed as given: see url_to_sign().
[[nodiscard]] std::string sign(std::string_view auth_token, std::string_view url, const Form& form);
[[nodiscard]] inline std::string sign(std::string_view auth_token, std::string_view url) {
    return sign(auth_token, url, Form{});
}

// The URL of a JSON notification: `bodySHA256=<lower-case hex>` appended as the last query field.
[[nodiscard]] std::string with_body_digest(std::string_view url, std::string_view body);

}  // namespace parley::sim

#pragma once
// X-Twilio-Signature: base64(HMAC-SHA1(auth token, URL + sorted distinct name/value pairs)).
//
// The URL is the public one Twilio requested, built by the caller from configuration (`public_request_url`), never from
// Host or X-Forwarded-*. Twilio signs some products with and some without the port, so several spellings of that URL
// are candidates. All comparisons are constant time, and a request without the header costs the same work as one with a
// wrong header. Immutable after construction; safe to share between threads.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/secret.hpp"
#include "parley/twilio/form.hpp"

namespace parley::twilio {

// The spelling of the URL that the signature covers.
enum class UrlCandidate {
    as_given,
    without_port,
    with_default_port,  // ":443" for https, ":80" for everything else, like Twilio's own libraries
    normalised,         // as a WHATWG URL parser would write it: lower-case host, "/" for an empty path, escapes
    trailing_slash,     // WebSocket upgrades only: the URL with "/" appended
    // never accepted, only diagnosed (outcome url_mismatch):
    other_scheme,  // http/https or ws/wss swapped: a TLS-terminating proxy in front of a wrong public URL
    other_slash,   // trailing slash added or removed on the way
    other_prefix,  // path without its first segment: a prefix was added or stripped on the way
    none,
};
[[nodiscard]] std::string_view to_string(UrlCandidate candidate);

struct SignatureVerdict {
    enum class Outcome {
        valid,
        missing,         // no header, or an empty one
        mismatch,        // signed by nobody we know, or the request was changed
        url_mismatch,    // would be right for another spelling of the URL (`candidate`): our public URL or a proxy is
                         // wrong
        body_hash,       // JSON: bodySHA256 absent or not the hash of the body
        not_configured,  // no token
    };
    Outcome outcome = Outcome::not_configured;
    std::size_t token_index = 0;  // which of the tokens signed; meaningful for valid and url_mismatch
    UrlCandidate candidate = UrlCandidate::none;
    [[nodiscard]] bool ok() const { return outcome == Outcome::valid; }
};
[[nodiscard]] std::string_view to_string(SignatureVerdict::Outcome outcome);

class SignatureValidator {
public:
    // Primary token first, then those accepted during a rotation. Empty tokens are dropped: an empty key must not
    // verify.
    explicit SignatureValidator(std::vector<Secret> tokens);

    using Header = std::optional<std::string_view>;  // the raw header value; nullopt when the request has none

    [[nodiscard]] SignatureVerdict check_form(std::string_view url, const Form& params, Header header) const;
    [[nodiscard]] SignatureVerdict check_get(std::string_view url, Header header) const;
    // `body`: the raw bytes. A JSON request without bodySHA256 in the URL is refused.
    [[nodiscard]] SignatureVerdict check_json(std::string_view url, std::string_view body, Header header) const;
    // `url` with scheme wss (ws on a plain listener). Tries once more with "/" appended, as Twilio advises.
    [[nodiscard]] SignatureVerdict check_websocket(std::string_view url, Header header) const;

    [[nodiscard]] std::size_t token_count() const { return tokens_.size(); }

private:
    SignatureVerdict check(std::string_view url, std::string_view suffix, Header header, bool websocket) const;
    std::vector<Secret> tokens_;
};

// What Twilio appends to the URL of a form POST: names in byte order, distinct values in byte order, no separators.
[[nodiscard]] std::string signed_parameters(const Form& params);

// The header value for `data`; used by whoever plays Twilio and by tests.
[[nodiscard]] std::string sign(const Secret& token, std::string_view data);

enum class UrlScheme { http, https, ws, wss };

// The public URL of a request: scheme, then `base` from behind its scheme (host, port, path prefix; one trailing '/'
// dropped), then `raw_target` byte for byte as it stood in the request line. Errors: bad_url when the base has no
// "scheme://host", has a query, fragment or credentials, or the target does not start with '/' or holds blanks, control
// characters or a fragment.
[[nodiscard]] Result<std::string> public_request_url(std::string_view base, std::string_view raw_target, UrlScheme scheme);
// The same with the base's own scheme; `websocket` turns https into wss and http into ws.
[[nodiscard]] Result<std::string> public_request_url(std::string_view base, std::string_view raw_target, bool websocket = false);

}  // namespace parley::twilio

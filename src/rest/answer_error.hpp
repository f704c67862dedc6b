#pragma once
// From an answer that is no success, or from no answer, to the error that says it. Pure.

#include <string>
#include <vector>

#include "parley/rest/client.hpp"

namespace parley::rest {

// What an error's body says, whatever it is: Twilio's JSON, RFC 9457, Twilio's XML, a proxy's page.
struct ErrorBody {
    int code = 0;
    std::string message;
    bool twilios = false;  // has the form of an answer of Twilio's
};
[[nodiscard]] ErrorBody parse_error_body(std::string_view body);

// `hidden` must not be seen in it: the credential's secret, passwords in the request.
[[nodiscard]] Error error_of(const Answer& answer, const Account& account, const Request& request, const std::vector<std::string_view>& hidden);
// A request that got no answer: `sent` false: it never left.
[[nodiscard]] Error error_of(error_code cause, bool sent, const std::string& origin, const Request& request);
// Plain text of at most `most` bytes, whole UTF-8 characters, no control characters, `hidden` blanked.
[[nodiscard]] std::string plain(std::string_view text, std::size_t most, const std::vector<std::string_view>& hidden);

}  // namespace parley::rest

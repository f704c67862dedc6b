#pragma once
// What a request to Twilio's REST API ends in when it does not end well.

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

namespace parley::rest {

enum class Failure : std::uint8_t {
    credentials,  // 401, or 403 with 20003: which credential was used stands in `sentence`
    forbidden,    // 403
    not_found,    // 404: not there, not on this account, or in another region
    conflict,     // 409, and states that do not allow it (21220)
    invalid,      // any other 4xx: what was asked is wrong, and asking again changes nothing
    throttled,    // 429 until the budget was used up: nothing was done
    unavailable,  // 5xx until the budget was used up, of a request that may be repeated
    unreachable,  // nothing was sent
    unknown,      // sent, and no answer or a 5xx to a create: it may or may not have been done
    protocol,     // an answer that is none of Twilio's
    stopped       // the program is going down, or the caller's own deadline passed before anything was sent
};
[[nodiscard]] std::string_view name(Failure kind);

struct Error {
    Failure kind = Failure::unreachable;
    int status = 0;          // HTTP; 0: no answer
    int code = 0;            // Twilio's, 0: none given
    std::string message;     // Twilio's words, at most 300 characters, credentials blanked
    std::string sentence;    // one plain sentence for people
    std::string remedy;      // what to do about it; empty when nothing can be said
    std::string request_id;  // Twilio-Request-Id
    int attempts = 0;
    [[nodiscard]] std::string text() const;  // "21210: From is neither owned nor verified. Buy or verify the number. (HTTP 400)"
};

template <class T = void>
using Outcome = boost::system::result<T, Error>;

[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

}  // namespace parley::rest

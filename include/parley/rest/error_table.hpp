#pragma once
// Twilio's error codes in plain words. Also what a debugger notification, a callback's ErrorCode or a message's error_code means.

#include <span>
#include <string_view>

namespace parley::rest {

struct CodeAdvice {
    int code;
    std::string_view sentence;  // ends with a full stop
    std::string_view remedy;    // may be empty
};

[[nodiscard]] const CodeAdvice* advice_for(int code);
[[nodiscard]] std::span<const CodeAdvice> all_advice();  // by code

}  // namespace parley::rest

#include "refusals.hpp"

namespace parley::control {

Refusal refusal_of(const rest::Error& error) {
    switch (error.kind) {
        case rest::Failure::not_found:
            return Refusal::no_such_call;
        case rest::Failure::conflict:
            return error.code == 21220 ? Refusal::over : Refusal::state;
        case rest::Failure::invalid:
            return error.code == 21220 ? Refusal::over : Refusal::invalid;
        case rest::Failure::unknown:
            return Refusal::unknown;
        default:
            return Refusal::unavailable;
    }
}

PowerResult refused_by(const rest::Error& error) {
    const auto why = refusal_of(error);
    if (why == Refusal::over) return PowerResult::refused(why, "The call is over, or not answered yet.");
    if (why == Refusal::no_such_call) return PowerResult::refused(why, "The carrier knows no such call.");
    return PowerResult::refused(why, error.text());
}

}  // namespace parley::control

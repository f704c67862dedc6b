#include "parley/control/call_powers.hpp"

namespace parley::control {

std::string_view name(Refusal why) {
    switch (why) {
        case Refusal::none:
            return "none";
        case Refusal::no_such_call:
            return "no_such_call";
        case Refusal::over:
            return "over";
        case Refusal::state:
            return "state";
        case Refusal::not_allowed:
            return "not_allowed";
        case Refusal::invalid:
            return "invalid";
        case Refusal::unavailable:
            return "unavailable";
        case Refusal::unknown:
            return "unknown";
    }
    return "unknown";
}

std::string PowerResult::fact(std::string_view key) const {
    for (const auto& [known, value] : facts)
        if (known == key) return value;
    return {};
}

}  // namespace parley::control

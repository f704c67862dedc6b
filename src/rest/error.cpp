#include "parley/rest/error.hpp"

#include <stdexcept>

namespace parley::rest {

std::string_view name(Failure kind) {
    switch (kind) {
        case Failure::credentials:
            return "credentials";
        case Failure::forbidden:
            return "forbidden";
        case Failure::not_found:
            return "not_found";
        case Failure::conflict:
            return "conflict";
        case Failure::invalid:
            return "invalid";
        case Failure::throttled:
            return "throttled";
        case Failure::unavailable:
            return "unavailable";
        case Failure::unreachable:
            return "unreachable";
        case Failure::unknown:
            return "unknown";
        case Failure::protocol:
            return "protocol";
        case Failure::stopped:
            return "stopped";
    }
    return "unknown";
}

std::string Error::text() const {
    std::string out;
    if (code != 0) out = std::to_string(code) + ": ";
    out += sentence.empty() ? (message.empty() ? std::string(rest::name(kind)) : message) : sentence;
    if (!remedy.empty()) out += " " + remedy;
    if (status != 0) out += " (HTTP " + std::to_string(status) + ")";
    return out;
}

void throw_exception_from_error(const Error& error, const boost::source_location&) {
    throw std::runtime_error(error.text());
}

}  // namespace parley::rest

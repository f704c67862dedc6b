#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "parley/base/secret.hpp"

namespace parley::vendors {

// One configured use of one vendor: where, with which key, what to ask for. Immutable, shared.
struct Endpoint {
    std::string name;      // what the configuration calls it; label of logs and metrics
    std::string vendor;    // "deepgram", "openai", …: see catalogue.hpp
    std::string base_url;  // scheme, host, port and perhaps a path, without a slash at the end; empty: the vendor's own.
                           // https/http serve its REST calls and, as wss/ws, its sockets: either form may be given
    Secret key;
    std::string model;                           // empty: the vendor's default, which each codec's header names
    std::string voice;                           // name or id, for whatever speaks
    std::string language;                        // BCP 47; empty: the vendor's default
    std::map<std::string, std::string> options;  // vendor's own settings by name; a codec refuses the ones it does not know
    std::chrono::milliseconds connect_within{2000};

    [[nodiscard]] std::string option(std::string_view setting, std::string_view fallback = {}) const {
        const auto found = options.find(std::string(setting));
        return found == options.end() ? std::string(fallback) : found->second;
    }
};

}  // namespace parley::vendors

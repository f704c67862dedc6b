#pragma once
// Where the vendors look for a key.

#include <string>
#include <string_view>

#include "parley/sim/vendor_emulator.hpp"

namespace parley::sim {

// "Authorization: <scheme> <key>", the scheme's case apart.
[[nodiscard]] inline bool authorization_is(const EmulatorRequest& request, std::string_view scheme, const std::string& key) {
    const auto value = request.header("authorization");
    if (value.size() != scheme.size() + 1 + key.size() || value[scheme.size()] != ' ') return false;
    for (std::size_t i = 0; i < scheme.size(); ++i)
        if ((value[i] | 0x20) != (scheme[i] | 0x20)) return false;
    return std::string_view(value).substr(scheme.size() + 1) == key;
}

// One of the comma-separated subprotocols the client offers.
[[nodiscard]] inline bool offers_protocol(const EmulatorRequest& request, std::string_view wanted) {
    const auto all = request.header("sec-websocket-protocol");
    for (std::size_t at = 0; at < all.size();) {
        const auto end = std::min(all.find(',', at), all.size());
        auto one = std::string_view(all).substr(at, end - at);
        while (one.starts_with(' ')) one.remove_prefix(1);
        while (one.ends_with(' ')) one.remove_suffix(1);
        if (one == wanted) return true;
        at = end + 1;
    }
    return false;
}

}  // namespace parley::sim

#pragma once
// Every vendor by name and role.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/link.hpp"
#include "parley/vendors/lm.hpp"
#include "parley/vendors/s2s.hpp"
#include "parley/vendors/stt.hpp"
#include "parley/vendors/tts.hpp"

namespace parley::vendors {

enum class Role : std::uint8_t { stt, lm, tts, s2s };
[[nodiscard]] std::string_view name(Role role);
[[nodiscard]] std::optional<Role> role_named(std::string_view name);

// The name the built-in voice has in lists; not a vendor of this catalogue.
inline constexpr std::string_view kEmbedded = "embedded";

// What `Endpoint::vendor` may be, and how each role of it is meant. One vendor may serve a role by several interfaces, chosen by the option
// `api`; the first is the default.
struct Offer {
    std::string_view vendor;
    Role role;
    std::string_view api;
    std::string (*check)(const Endpoint&);
    std::unique_ptr<SttStream> (*stt)(const Endpoint&, const Link&, SttSink&);
    std::unique_ptr<LmClient> (*lm)(const Endpoint&, const Link&);
    std::unique_ptr<TtsStream> (*tts)(const Endpoint&, const Link&, TtsSink&);
    std::unique_ptr<S2sSession> (*s2s)(const Endpoint&, const Link&, S2sSetup, S2sSink&);
};
[[nodiscard]] std::span<const Offer> offers();

[[nodiscard]] bool known(std::string_view vendor);
[[nodiscard]] std::vector<std::string> names();
// Environment variables in which people keep this vendor's key; the first is the usual one.
[[nodiscard]] std::vector<std::string_view> key_variables(std::string_view vendor);

// Where the endpoint is reached: its base_url, or the vendor's own address. Empty: it has none of its own.
[[nodiscard]] std::string home(const Endpoint& endpoint);

// Empty: this endpoint can serve the role. Else one plain sentence.
[[nodiscard]] std::string check(Role role, const Endpoint& endpoint);

// Null when the vendor does not serve the role; an endpoint that passed check() always gets one.
[[nodiscard]] std::unique_ptr<SttStream> make_stt(const Endpoint& endpoint, const Link& link, SttSink& sink);
[[nodiscard]] std::unique_ptr<LmClient> make_lm(const Endpoint& endpoint, const Link& link);
[[nodiscard]] std::unique_ptr<TtsStream> make_tts(const Endpoint& endpoint, const Link& link, TtsSink& sink);
[[nodiscard]] std::unique_ptr<S2sSession> make_s2s(const Endpoint& endpoint, const Link& link, S2sSetup setup, S2sSink& sink);

}  // namespace parley::vendors

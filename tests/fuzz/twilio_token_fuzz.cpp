// Nothing but a minted token verifies, and a minted token gives back what went in, whatever that was.
#include <cstdint>
#include <cstdlib>

#include "parley/twilio/stream_token.hpp"

using namespace parley::twilio;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const StreamTokens tokens({{7, parley::Secret(std::string(32, 'k'))}});
    constexpr TokenTime now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21);
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::string call = "CA0123456789abcdef0123456789abcdef";
    if (tokens.verify(text, call, "AC1", now)) std::abort();  // the fuzzer does not know the key

    const auto part = [&](std::size_t n) { return std::string(text.substr(std::min(text.size(), n * size / 5), size / 5)); };
    StreamClaims claims;
    claims.call_sid = call;
    claims.account_sid = "AC1";
    claims.agent = part(0), claims.tenant = part(1), claims.revision = part(2), claims.from = part(3), claims.to = part(4);
    const auto token = tokens.mint(claims, text, now);
    if (!token) return 0;
    const auto back = tokens.verify(*token, call, "AC1", now);
    if (!back || back->agent != claims.agent || back->tenant != claims.tenant || back->revision != claims.revision || back->from != claims.from ||
        back->to != claims.to) {
        std::abort();
    }
    std::string changed = *token;
    changed[size % changed.size()] = changed[size % changed.size()] == 'A' ? 'B' : 'A';
    if (tokens.verify(changed, call, "AC1", now)) std::abort();
    return 0;
}

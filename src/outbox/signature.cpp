#include "parley/outbox/signature.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <stdexcept>

namespace parley::outbox {

namespace {

std::string hex_hmac(std::string_view key, std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned length = 0;
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &length) ==
        nullptr)
        throw std::runtime_error("HMAC-SHA256 failed");
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (unsigned i = 0; i < length; ++i) {
        out += kDigits[mac[i] >> 4U];
        out += kDigits[mac[i] & 15U];
    }
    return out;
}

std::string mac_of(const Secret& secret, std::string_view at, std::string_view body) {
    return hex_hmac(secret.reveal(), std::string(at) + "." + std::string(body));
}

}  // namespace

std::string sign(const Secret& secret, std::int64_t at_seconds, std::string_view body) {
    const auto at = std::to_string(at_seconds);
    return "t=" + at + ",v1=" + mac_of(secret, at, body);
}

bool signature_holds(const Secret& secret, std::string_view header, std::string_view body, std::int64_t now_seconds, std::chrono::seconds tolerance) {
    std::string_view at;
    bool held = false;
    while (!header.empty()) {
        const auto comma = header.find(',');
        const auto field = header.substr(0, comma);
        if (field.starts_with("t="))
            at = field.substr(2);
        else if (field.starts_with("v1=") && !at.empty()) {
            const auto given = field.substr(3);
            const auto right = mac_of(secret, at, body);
            held = held || (given.size() == right.size() && CRYPTO_memcmp(given.data(), right.data(), right.size()) == 0);
        }
        header = comma == std::string_view::npos ? std::string_view{} : header.substr(comma + 1);
    }
    std::int64_t when = 0;
    const auto [end, bad] = std::from_chars(at.data(), at.data() + at.size(), when);
    if (bad != std::errc{} || end != at.data() + at.size()) return false;
    return held && std::llabs(now_seconds - when) <= tolerance.count();
}

}  // namespace parley::outbox

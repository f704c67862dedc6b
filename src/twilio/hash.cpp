#include "hash.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <stdexcept>

namespace parley::twilio {
namespace {

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

template <class Digest>
Digest hmac(const EVP_MD* md, std::string_view key, std::string_view data) {
    Digest digest{};
    unsigned int size = 0;
    // A null key pointer means "the previous key" to OpenSSL; an empty view may be null.
    const char* key_data = key.empty() ? "" : key.data();
    if (HMAC(md, key_data, static_cast<int>(key.size()), bytes(data), data.size(), digest.data(), &size) == nullptr || size != digest.size()) {
        throw std::runtime_error("HMAC is not available in this OpenSSL");  // a build without SHA: nothing can be verified
    }
    return digest;
}

}  // namespace

Sha1Digest hmac_sha1(std::string_view key, std::string_view data) {
    return hmac<Sha1Digest>(EVP_sha1(), key, data);
}

Sha256Digest hmac_sha256(std::string_view key, std::string_view data) {
    return hmac<Sha256Digest>(EVP_sha256(), key, data);
}

Sha256Digest sha256(std::string_view data) {
    Sha256Digest digest{};
    SHA256(bytes(data), data.size(), digest.data());
    return digest;
}

std::string lower_hex(const Sha256Digest& digest) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    out.reserve(digest.size() * 2);
    for (const std::uint8_t byte : digest) {
        out.push_back(kHex[byte >> 4]);
        out.push_back(kHex[byte & 15]);
    }
    return out;
}

}  // namespace parley::twilio

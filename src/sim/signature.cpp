#include "parley/sim/signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <map>
#include <set>

#include "parley/sim/base64.hpp"
#include "parley/sim/url.hpp"

namespace parley::sim {

std::string sign(std::string_view auth_token, std::string_view url, const Form& form) {
    std::map<std::string_view, std::set<std::string_view>> fields;
    for (const auto& [name, value] : form) fields[name].insert(value);
    std::string data(url);
    for (const auto& [name, values] : fields) {
        for (const auto value : values) {
            data += name;
            data += value;
        }
    }
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    HMAC(EVP_sha1(), auth_token.data(), static_cast<int>(auth_token.size()), reinterpret_cast<const unsigned char*>(data.data()), data.size(), digest.data(),
         &length);
    return base64(std::span<const std::uint8_t>(digest.data(), length));
}

std::string with_body_digest(std::string_view url, std::string_view body) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    EVP_Digest(body.data(), body.size(), digest.data(), &length, EVP_sha256(), nullptr);
    std::string field = "bodySHA256=";
    for (unsigned int i = 0; i < length; ++i) {
        field += kHex[digest[i] >> 4];
        field += kHex[digest[i] & 15];
    }
    return with_query(url, field);
}

}  // namespace parley::sim

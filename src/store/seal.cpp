#include "parley/store/seal.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "seal_codec.hpp"

namespace parley::store {

namespace {

constexpr std::size_t kKeyBytes = 32, kNonceBytes = 12, kTagBytes = 16, kIdDigits = 8;
constexpr std::size_t kWrapped = kNonceBytes + kKeyBytes + kTagBytes;

class Category final : public boost::system::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "parley.seal"; }
    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<SealErrc>(value)) {
            case SealErrc::no_key:
                return "there is no key to seal with (store.seal_keys)";
            case SealErrc::bad_key:
                return "a seal key must be 32 bytes in base64 or hexadecimal";
            case SealErrc::malformed:
                return "this is not a sealed value";
            case SealErrc::unknown_key:
                return "sealed under a key that is not among store.seal_keys";
            case SealErrc::damaged:
                return "a sealed value was changed or belongs to another place";
        }
        return "unknown";
    }
};

[[noreturn]] void no_cipher() {
    throw std::runtime_error("AES-256-GCM is not available in this OpenSSL");
}

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text, std::size_t at) {
    return reinterpret_cast<unsigned char*>(text.data()) + at;
}

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

void random(std::string& into, std::size_t at, std::size_t count) {
    if (RAND_bytes(bytes(into, at), static_cast<int>(count)) != 1) throw std::runtime_error("the system gives no randomness");
}

// nonce, ciphertext, tag. A new nonce each time: 2^32 values under one key are far away, and a data key seals one value only.
std::string encrypt(std::string_view key, std::string_view plain, std::string_view bound_to) {
    std::string out(kNonceBytes + plain.size() + kTagBytes, '\0');
    random(out, 0, kNonceBytes);
    const Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    int done = 0;
    const bool good = cipher != nullptr && EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes(key), bytes(out)) == 1 &&
                      EVP_EncryptUpdate(cipher.get(), nullptr, &done, bytes(bound_to), static_cast<int>(bound_to.size())) == 1 &&
                      (plain.empty() || EVP_EncryptUpdate(cipher.get(), bytes(out, kNonceBytes), &done, bytes(plain), static_cast<int>(plain.size())) == 1) &&
                      EVP_EncryptFinal_ex(cipher.get(), bytes(out, kNonceBytes + plain.size()), &done) == 1 &&
                      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTagBytes), bytes(out, kNonceBytes + plain.size())) == 1;
    if (!good) no_cipher();
    return out;
}

std::optional<Secret> decrypt(std::string_view key, std::string_view box, std::string_view bound_to) {
    if (box.size() < kNonceBytes + kTagBytes) return std::nullopt;
    const auto size = box.size() - kNonceBytes - kTagBytes;
    std::string tag(box.substr(kNonceBytes + size)), plain(size, '\0');
    const Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    int done = 0;
    const bool good = cipher != nullptr && EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes(key), bytes(box)) == 1 &&
                      EVP_DecryptUpdate(cipher.get(), nullptr, &done, bytes(bound_to), static_cast<int>(bound_to.size())) == 1 &&
                      (size == 0 || EVP_DecryptUpdate(cipher.get(), bytes(plain, 0), &done, bytes(box.substr(kNonceBytes)), static_cast<int>(size)) == 1) &&
                      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(kTagBytes), tag.data()) == 1 &&
                      EVP_DecryptFinal_ex(cipher.get(), bytes(tag, 0), &done) == 1;
    if (good) return Secret(std::move(plain));
    OPENSSL_cleanse(plain.data(), plain.size());
    return std::nullopt;
}

// The two layers are bound to different texts, so that neither passes for the other; lengths stand before what varies.
std::string bound(std::string_view layer, std::string_view key_id, std::string_view context) {
    std::string out("parley sealed v1 ");
    return out.append(layer).append(" ").append(key_id).append(" ").append(std::to_string(context.size())).append(" ").append(context);
}

}  // namespace

error_code make_error_code(SealErrc code) {
    static const Category category;
    return {static_cast<int>(code), category};
}

Secret parse_seal_key(std::string_view text) {
    std::optional<std::string> key;
    if (text.size() == 2 * kKeyBytes)
        key = unhex(text);
    else if (text.size() == 43 || (text.size() == 44 && text.back() == '=')) {
        std::string plain(text.substr(0, 43));
        for (char& c : plain) c = c == '+' ? '-' : c == '/' ? '_' : c;
        key = unbase64url(plain);
        OPENSSL_cleanse(plain.data(), plain.size());
    }
    if (!key || key->size() != kKeyBytes) throw SealError(SealErrc::bad_key, make_error_code(SealErrc::bad_key).message());
    return Secret(std::move(*key));
}

std::string seal_key_id(const Secret& key) {
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned int size = 0;
    if (EVP_Digest(key.reveal().data(), key.reveal().size(), bytes(digest, 0), &size, EVP_sha256(), nullptr) != 1) no_cipher();
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string id;
    for (std::size_t i = 0; i < kIdDigits / 2; ++i) {
        const auto byte = static_cast<std::uint8_t>(digest[i]);
        id.push_back(kHex[byte >> 4U]);
        id.push_back(kHex[byte & 15U]);
    }
    return id;
}

Secret make_seal_key() {
    std::string key(kKeyBytes, '\0');
    random(key, 0, kKeyBytes);
    std::string padded(45, '\0');  // EVP_EncodeBlock writes a terminator
    EVP_EncodeBlock(bytes(padded, 0), bytes(key), static_cast<int>(kKeyBytes));
    std::string text = padded.substr(0, 44);
    OPENSSL_cleanse(key.data(), key.size());
    OPENSSL_cleanse(padded.data(), padded.size());
    return Secret(std::move(text));
}

Sealer::Sealer(const std::vector<Secret>& keys) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
        try {
            auto key = parse_seal_key(keys[i].reveal());
            auto id = seal_key_id(key);
            if (find(id) == nullptr) keys_.push_back({std::move(id), std::move(key)});
        } catch (const SealError& e) {
            throw SealError(e.code(), "key " + std::to_string(i + 1) + " of store.seal_keys: " + e.what());
        }
    }
}

std::vector<std::string> Sealer::key_ids() const {
    std::vector<std::string> ids;
    for (const auto& key : keys_) ids.push_back(key.id);
    return ids;
}

const Sealer::Key* Sealer::find(std::string_view id) const {
    const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const Key& key) { return key.id == id; });
    return found == keys_.end() ? nullptr : &*found;
}

std::string Sealer::seal(std::string_view plain, std::string_view context) const {
    if (keys_.empty()) throw SealError(SealErrc::no_key, make_error_code(SealErrc::no_key).message());
    if (plain.size() > kSealedMost) throw SealError(SealErrc::malformed, "a value is too long to be sealed");
    const auto& key = keys_.front();
    std::string fresh(kKeyBytes, '\0');
    random(fresh, 0, kKeyBytes);
    const Secret data_key(std::move(fresh));
    const auto box =
        encrypt(key.bytes.reveal(), data_key.reveal(), bound("key", key.id, context)) + encrypt(data_key.reveal(), plain, bound("value", key.id, context));
    return std::string(kSealedPrefix) + key.id + ":" + base64url(box);
}

Result<Secret> Sealer::open(std::string_view sealed, std::string_view context) const {
    if (!is_sealed(sealed)) return make_error_code(SealErrc::malformed);
    const auto rest = sealed.substr(kSealedPrefix.size());
    if (rest.size() < kIdDigits + 1 || rest[kIdDigits] != ':' || rest.size() > kSealedMost * 2) return make_error_code(SealErrc::malformed);
    const auto id = rest.substr(0, kIdDigits);
    if (id.find_first_not_of("0123456789abcdef") != std::string_view::npos) return make_error_code(SealErrc::malformed);
    const auto box = unbase64url(rest.substr(kIdDigits + 1));
    if (!box || box->size() < kWrapped + kNonceBytes + kTagBytes) return make_error_code(SealErrc::malformed);
    const auto* key = find(id);
    if (key == nullptr) return make_error_code(SealErrc::unknown_key);
    const std::string_view whole(*box);
    const auto data_key = decrypt(key->bytes.reveal(), whole.substr(0, kWrapped), bound("key", id, context));
    if (!data_key) return make_error_code(SealErrc::damaged);
    auto plain = decrypt(data_key->reveal(), whole.substr(kWrapped), bound("value", id, context));
    if (!plain) return make_error_code(SealErrc::damaged);
    return std::move(*plain);
}

bool Sealer::current(std::string_view sealed) const {
    return ready() && is_sealed(sealed) && sealed.substr(kSealedPrefix.size()).starts_with(key_id() + ":");
}

Result<std::string> Sealer::reseal(std::string_view sealed, std::string_view context) const {
    if (current(sealed)) return std::string(sealed);
    if (!ready()) return make_error_code(SealErrc::no_key);
    const auto plain = open(sealed, context);
    if (!plain) return plain.error();
    return seal(plain->reveal(), context);
}

}  // namespace parley::store

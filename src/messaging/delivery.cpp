#include "parley/messaging/delivery.hpp"

#include <openssl/evp.h>

#include <array>

#include "parley/rest/error_table.hpp"

namespace parley::messaging {

using rest::MessageStatus;

int rank(MessageStatus status) {
    switch (status) {
        case MessageStatus::other:
            return -1;
        case MessageStatus::accepted:
        case MessageStatus::scheduled:
        case MessageStatus::receiving:
        case MessageStatus::queued:
            return 0;
        case MessageStatus::sending:
            return 1;
        case MessageStatus::sent:
            return 2;
        case MessageStatus::received:
        case MessageStatus::delivered:
        case MessageStatus::partially_delivered:
        case MessageStatus::undelivered:
        case MessageStatus::failed:
        case MessageStatus::canceled:
            return 3;
        case MessageStatus::read:
            return 4;
    }
    return -1;
}

bool final_state(MessageStatus status) {
    return rank(status) >= 3;
}

bool advances(MessageStatus now, MessageStatus next) {
    if (next == MessageStatus::read)
        return now != MessageStatus::read && now != MessageStatus::failed && now != MessageStatus::undelivered && now != MessageStatus::canceled;
    return rank(next) > rank(now);
}

std::string sentence_of(int code, std::string_view twilios_words) {
    if (const auto* advice = rest::advice_for(code)) return std::string(advice->sentence) + (advice->remedy.empty() ? "" : " " + std::string(advice->remedy));
    std::string text = code == 0 ? std::string("The message could not be sent") : "Error " + std::to_string(code);
    if (!twilios_words.empty()) text += ": " + std::string(twilios_words.substr(0, 200));
    return text + ".";
}

std::string conversation_id(std::string_view ours, std::string_view theirs) {
    const std::string both = std::string(ours) + "\n" + std::string(theirs);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(both.data(), both.size(), digest.data(), &size, EVP_sha256(), nullptr);
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string id = "SMS";
    for (std::size_t i = 0; i < 16; ++i) {
        id += kHex[digest[i] >> 4U];
        id += kHex[digest[i] & 0xFU];
    }
    return id;
}

}  // namespace parley::messaging

#include "parley/store/media.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace parley::store {

namespace {

constexpr std::size_t kDigits = 64;

MediaInfo info_of(const Row& row) {
    return {row.text(0), row.text(1), static_cast<std::uint64_t>(row.integer(2)), row.integer(3), row.integer(4)};
}

}  // namespace

std::string media_id(const std::vector<std::uint8_t>& mulaw) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (EVP_Digest(mulaw.data(), mulaw.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 is not available in this OpenSSL");
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string id(kMediaPrefix);
    for (unsigned int i = 0; i < size; ++i) {
        id.push_back(kHex[digest[i] >> 4U]);
        id.push_back(kHex[digest[i] & 15U]);
    }
    return id;
}

bool is_media_id(std::string_view text) {
    return text.starts_with(kMediaPrefix) && text.size() == kMediaPrefix.size() + kDigits &&
           text.substr(kMediaPrefix.size()).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

MediaInfo put_media(Session& session, Media media) {
    media.info.id = media_id(media.mulaw);
    session.run("INSERT INTO media(id, type, bytes, duration_ms, mulaw, created_ms) VALUES($1, $2, $3, $4, $5, $6) ON CONFLICT(id) DO NOTHING",
                {media.info.id, media.info.type, static_cast<std::int64_t>(media.info.bytes), media.info.duration_ms, std::move(media.mulaw), now_ms()});
    return media_info(session, media.info.id).value_or(media.info);
}

std::optional<MediaInfo> media_info(Session& session, std::string_view id) {
    const auto rows = session.run("SELECT id, type, bytes, duration_ms, created_ms FROM media WHERE id = $1", {std::string(id)});
    if (rows.empty()) return std::nullopt;
    return info_of(rows.front());
}

std::optional<Media> load_media(Session& session, std::string_view id) {
    const auto rows = session.run("SELECT id, type, bytes, duration_ms, created_ms, mulaw FROM media WHERE id = $1", {std::string(id)});
    if (rows.empty()) return std::nullopt;
    Media media{info_of(rows.front()), rows.front().blob(5)};
    if (media_id(media.mulaw) != media.info.id) return std::nullopt;
    return media;
}

std::size_t sweep_media(Session& session, std::int64_t created_before_ms) {
    session.run("DELETE FROM media WHERE created_ms < $1 AND NOT EXISTS (SELECT 1 FROM agent_media WHERE agent_media.media = media.id)", {created_before_ms});
    return static_cast<std::size_t>(session.changed());
}

}  // namespace parley::store

#pragma once
// Sound uploaded for agents, decoded once (hold/media_decode.hpp) and kept under the digest of its bytes, so that every instance plays the same and two
// agents share it. Inside a transaction of the caller's.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/store/database.hpp"

namespace parley::store {

inline constexpr std::string_view kMediaPrefix = "media:";

struct MediaInfo {
    std::string id{};         // "media:<64 hexadecimal digits>": SHA-256 of the mu-law bytes
    std::string type{};       // as it was uploaded: "audio/wav", "audio/mpeg"
    std::uint64_t bytes = 0;  // of the upload
    std::int64_t duration_ms = 0;
    std::int64_t created_ms = 0;
};
struct Media {
    MediaInfo info;
    std::vector<std::uint8_t> mulaw;  // 8000 Hz
};

// "media:<hash>" of these.
[[nodiscard]] std::string media_id(const std::vector<std::uint8_t>& mulaw);
[[nodiscard]] bool is_media_id(std::string_view text);

// The one that is there already stays. Answers what is there.
MediaInfo put_media(Session& session, Media media);
[[nodiscard]] std::optional<MediaInfo> media_info(Session& session, std::string_view id);
// Nothing: not there, or its bytes are not those of its id.
[[nodiscard]] std::optional<Media> load_media(Session& session, std::string_view id);
// Those no credential names any more. How many.
std::size_t sweep_media(Session& session, std::int64_t created_before_ms);

}  // namespace parley::store

#include "parley/twilio/bot_codec.hpp"

#include "json_document.hpp"
#include "media_scan.hpp"
#include "parley/audio/base64.hpp"

namespace parley::twilio {
namespace {

Result<BotMessage> media_message(std::string_view expected_sid, std::string_view sid, std::string_view payload, bool valid, bool superfluous) {
    if (sid != expected_sid) return make_error_code(errc::stream_sid);
    if (!valid) return make_error_code(errc::base64);
    return BotMessage(BotMedia{payload, superfluous});
}

}  // namespace

struct BotScanner::Slow {
    nlohmann::json document;
};

BotScanner::BotScanner(std::string stream_sid) : stream_sid_(std::move(stream_sid)) {}
BotScanner::BotScanner(BotScanner&&) noexcept = default;
BotScanner& BotScanner::operator=(BotScanner&&) noexcept = default;
BotScanner::~BotScanner() = default;

Result<BotMessage> BotScanner::scan(std::string_view text) {
    if (text.size() > kMaxBotMessageBytes) return make_error_code(errc::too_big);
    if (const auto media = scan_media(text)) {
        if (!media->has_stream_sid || !media->has_payload) return make_error_code(errc::schema);
        const bool superfluous = media->has_sequence || media->has_track || media->has_chunk || media->has_timestamp;
        return media_message(stream_sid_, media->stream_sid, media->payload, media->payload_valid, superfluous);
    }
    return parse(text);
}

Result<BotMessage> BotScanner::parse(std::string_view text) {
    if (text.size() > kMaxBotMessageBytes) return make_error_code(errc::too_big);
    if (!slow_) slow_ = std::make_unique<Slow>();
    auto parsed = parse_json(text);
    if (!parsed) return parsed.error();
    nlohmann::json& document = slow_->document = std::move(*parsed);
    if (!document.is_object()) return make_error_code(errc::schema);
    const auto event = string_member(document, "event");
    if (!event) return make_error_code(errc::schema);
    const bool known = *event == "media" || *event == "mark" || *event == "clear";
    if (!known) return BotMessage(UnknownMessage{event->substr(0, 64)});

    const auto sid = string_member(document, "streamSid");
    if (!sid) return make_error_code(errc::schema);
    if (*event == "clear") {
        if (*sid != stream_sid_) return make_error_code(errc::stream_sid);
        return BotMessage(BotClear{document.size() > 2});
    }
    const nlohmann::json* body = object_member(document, *event == "media" ? "media" : "mark");
    if (body == nullptr) return make_error_code(errc::schema);
    const bool superfluous = document.size() > 3 || body->size() > 1;
    if (*event == "media") {
        const auto payload = string_member(*body, "payload");
        if (!payload) return make_error_code(errc::schema);
        return media_message(stream_sid_, *sid, *payload, audio::base64_valid(*payload).has_value(), superfluous);
    }
    const auto name = string_member(*body, "name");
    if (!name || name->size() > kMaxMarkNameBytes) return make_error_code(errc::schema);
    if (*sid != stream_sid_) return make_error_code(errc::stream_sid);
    return BotMessage(BotMark{*name, superfluous});
}

}  // namespace parley::twilio

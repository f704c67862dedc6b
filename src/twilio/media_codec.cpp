#include "parley/twilio/media_codec.hpp"

#include <vector>

#include "json_document.hpp"
#include "media_scan.hpp"
#include "parley/audio/base64.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::twilio {
namespace {

using Json = nlohmann::json;

std::optional<Track> track_of(std::string_view word) {
    if (word == "inbound" || word == "inbound_track") return Track::inbound;
    if (word == "outbound" || word == "outbound_track") return Track::outbound;
    return std::nullopt;
}

Result<StreamMessage> media_message(const ScannedMedia& in) {
    const auto track = track_of(in.track);
    if (!in.has_sequence || !in.has_stream_sid || !in.has_track || !in.has_chunk || !in.has_timestamp || !in.has_payload || !track ||
        !is_wire_id(in.stream_sid)) {
        return make_error_code(errc::schema);
    }
    if (!in.payload_valid) return make_error_code(errc::base64);
    return StreamMessage(MediaMessage{in.sequence, in.chunk, in.timestamp, *track, in.stream_sid, in.payload});
}

}  // namespace

struct MediaScanner::Slow {
    Json document;
    std::vector<CustomParameter> parameters;

    Result<StreamMessage> read(std::string_view text);
    Result<StreamMessage> media() const;
    Result<StreamMessage> connected() const;
    Result<StreamMessage> start();
    Result<StreamMessage> dtmf() const;
    Result<StreamMessage> mark() const;
    Result<StreamMessage> stop() const;
};

Result<StreamMessage> MediaScanner::Slow::read(std::string_view text) {
    auto parsed = parse_json(text);
    if (!parsed) return parsed.error();
    document = std::move(*parsed);
    if (!document.is_object()) return make_error_code(errc::schema);
    const auto event = string_member(document, "event");
    if (!event) return make_error_code(errc::schema);
    if (*event == "media") return media();
    if (*event == "mark") return mark();
    if (*event == "dtmf") return dtmf();
    if (*event == "connected") return connected();
    if (*event == "start") return start();
    if (*event == "stop") return stop();
    return StreamMessage(UnknownMessage{event->substr(0, 64)});
}

Result<StreamMessage> MediaScanner::Slow::media() const {
    const Json* body = object_member(document, "media");
    const auto sequence = decimal_member(document, "sequenceNumber");
    const auto sid = string_member(document, "streamSid");
    if (body == nullptr || !sequence || !sid) return make_error_code(errc::schema);
    const auto track = string_member(*body, "track");
    const auto chunk = decimal_member(*body, "chunk");
    const auto timestamp = decimal_member(*body, "timestamp");
    const auto payload = string_member(*body, "payload");
    if (!track || !chunk || !timestamp || !payload) return make_error_code(errc::schema);
    ScannedMedia read;
    read.has_sequence = read.has_stream_sid = read.has_track = read.has_chunk = read.has_timestamp = read.has_payload = true;
    read.payload_valid = audio::base64_valid(*payload).has_value();
    read.sequence = *sequence;
    read.chunk = *chunk;
    read.timestamp = *timestamp;
    read.stream_sid = *sid;
    read.track = *track;
    read.payload = *payload;
    return media_message(read);
}

Result<StreamMessage> MediaScanner::Slow::connected() const {
    ConnectedMessage message;
    for (const auto& [key, out] : {std::pair{"protocol", &message.protocol}, std::pair{"version", &message.version}}) {
        if (!document.contains(key)) continue;
        const auto value = string_member(document, key);
        if (!value || value->size() > 64) return make_error_code(errc::schema);
        *out = *value;
    }
    return StreamMessage(message);
}

Result<StreamMessage> MediaScanner::Slow::start() {
    const Json* body = object_member(document, "start");
    const auto sequence = decimal_member(document, "sequenceNumber");
    const auto sid = string_member(document, "streamSid");
    if (body == nullptr || !sequence || !sid || !is_wire_id(*sid)) return make_error_code(errc::schema);
    const auto account = string_member(*body, "accountSid");
    const auto call = string_member(*body, "callSid");
    const Json* format = object_member(*body, "mediaFormat");
    if (!account || !call || !is_wire_id(*account) || !is_wire_id(*call) || format == nullptr) {
        return make_error_code(errc::schema);
    }
    if (body->contains("streamSid") && string_member(*body, "streamSid") != sid) return make_error_code(errc::schema);

    StartMessage message;
    message.sequence = *sequence;
    message.stream_sid = *sid;
    message.account_sid = *account;
    message.call_sid = *call;
    const auto encoding = string_member(*format, "encoding");
    const auto rate = decimal_member(*format, "sampleRate");
    const auto channels = decimal_member(*format, "channels");
    if (!encoding || encoding->size() > 64 || !rate || !channels) return make_error_code(errc::schema);
    message.encoding = *encoding;
    message.sample_rate = *rate;
    message.channels = *channels;

    const auto tracks = body->find("tracks");
    if (tracks == body->end() || !tracks->is_array() || tracks->size() > 8) return make_error_code(errc::schema);
    for (const Json& word : *tracks) {
        const auto track = word.is_string() ? track_of(word.get_ref<const std::string&>()) : std::nullopt;
        if (!track) return make_error_code(errc::schema);
        (*track == Track::inbound ? message.inbound_track : message.outbound_track) = true;
    }

    parameters.clear();
    if (const auto custom = body->find("customParameters"); custom != body->end()) {
        if (!custom->is_object() || custom->size() > kMaxCustomParameters) return make_error_code(errc::schema);
        for (auto it = custom->begin(); it != custom->end(); ++it) {
            if (!it->is_string()) return make_error_code(errc::schema);
            parameters.push_back({it.key(), it->get_ref<const std::string&>()});
        }
    }
    message.parameters = parameters;
    return StreamMessage(message);
}

Result<StreamMessage> MediaScanner::Slow::dtmf() const {
    const Json* body = object_member(document, "dtmf");
    const auto sequence = decimal_member(document, "sequenceNumber");
    const auto sid = string_member(document, "streamSid");
    if (body == nullptr || !sequence || !sid || !is_wire_id(*sid)) return make_error_code(errc::schema);
    const auto digit = string_member(*body, "digit");
    if (!digit || digit->size() > 16) return make_error_code(errc::schema);
    return StreamMessage(DtmfMessage{*sequence, *sid, *digit});
}

Result<StreamMessage> MediaScanner::Slow::mark() const {
    const Json* body = object_member(document, "mark");
    const auto sequence = decimal_member(document, "sequenceNumber");
    const auto sid = string_member(document, "streamSid");
    if (body == nullptr || !sequence || !sid || !is_wire_id(*sid)) return make_error_code(errc::schema);
    const auto name = string_member(*body, "name");
    if (!name || name->size() > kMaxMarkNameBytes) return make_error_code(errc::schema);
    return StreamMessage(MarkMessage{*sequence, *sid, *name});
}

// The end is believed whatever else is missing: refusing it would keep a finished call alive.
Result<StreamMessage> MediaScanner::Slow::stop() const {
    StopMessage message;
    message.sequence = decimal_member(document, "sequenceNumber").value_or(Decimal{});
    const auto id = [](const Json& object, const char* key) {
        const auto value = string_member(object, key);
        return value && is_wire_id(*value) ? *value : std::string_view();
    };
    message.stream_sid = id(document, "streamSid");
    if (const Json* body = object_member(document, "stop")) {
        message.account_sid = id(*body, "accountSid");
        message.call_sid = id(*body, "callSid");
    }
    return StreamMessage(message);
}

std::string_view StartMessage::parameter(std::string_view name) const {
    for (const CustomParameter& parameter : parameters) {
        if (parameter.name == name) return parameter.value;
    }
    return {};
}

bool StartMessage::is_mulaw_8k_mono() const {
    return encoding == "audio/x-mulaw" && sample_rate == Decimal{8000, true} && channels == Decimal{1, true};
}

MediaScanner::MediaScanner() = default;
MediaScanner::MediaScanner(MediaScanner&&) noexcept = default;
MediaScanner& MediaScanner::operator=(MediaScanner&&) noexcept = default;
MediaScanner::~MediaScanner() = default;

Result<StreamMessage> MediaScanner::scan(std::string_view text) {
    if (text.size() > kMaxStreamMessageBytes) return make_error_code(errc::too_big);
    if (const auto media = scan_media(text)) return media_message(*media);
    return parse(text);
}

Result<StreamMessage> MediaScanner::parse(std::string_view text) {
    if (text.size() > kMaxStreamMessageBytes) return make_error_code(errc::too_big);
    if (!slow_) slow_ = std::make_unique<Slow>();
    return slow_->read(text);
}

}  // namespace parley::twilio

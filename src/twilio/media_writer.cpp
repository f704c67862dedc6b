#include "parley/twilio/media_writer.hpp"

#include "parley/audio/base64.hpp"
#include "parley/twilio/media_codec.hpp"
#include "parley/twilio/sid.hpp"
#include "text_sink.hpp"
#include "utf8.hpp"

namespace parley::twilio {

Result<MediaWriter> MediaWriter::create(std::string_view stream_sid) {
    MediaWriter writer;
    if (!is_wire_id(stream_sid)) return make_error_code(errc::stream_sid);
    std::copy(stream_sid.begin(), stream_sid.end(), writer.stream_sid_.begin());
    writer.stream_sid_size_ = stream_sid.size();
    TextSink sink(writer.prefix_);
    sink.text(R"({"event":"media","streamSid":")").text(stream_sid).text(R"(","media":{"payload":")");
    writer.prefix_size_ = sink.done().size();
    return writer;
}

std::string_view MediaWriter::media(std::span<const std::uint8_t> mulaw, std::span<char> out) const {
    if (mulaw.empty()) return {};
    TextSink sink(out);
    sink.text({prefix_.data(), prefix_size_});
    const std::span<char> payload = sink.room(base64_size(mulaw.size()));
    if (!payload.empty()) audio::base64_encode(mulaw, payload);
    return sink.text(kSuffix).done();
}

std::string_view MediaWriter::media_base64(std::string_view payload, std::span<char> out) const {
    if (payload.empty()) return {};
    TextSink sink(out);
    return sink.text({prefix_.data(), prefix_size_}).text(payload).text(kSuffix).done();
}

std::string_view MediaWriter::mark(std::string_view name, std::span<char> out) const {
    if (name.size() > kMaxMarkNameBytes || !is_utf8(name)) return {};
    TextSink sink(out);
    sink.text(R"({"event":"mark","streamSid":")").text(stream_sid()).text(R"(","mark":{"name":")").json(name);
    return sink.text("\"}}").done();
}

std::string_view MediaWriter::clear(std::span<char> out) const {
    TextSink sink(out);
    return sink.text(R"({"event":"clear","streamSid":")").text(stream_sid()).text("\"}").done();
}

}  // namespace parley::twilio

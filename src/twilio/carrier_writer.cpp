#include <algorithm>
#include <vector>

#include "parley/audio/base64.hpp"
#include "parley/twilio/bot_codec.hpp"
#include "parley/twilio/sid.hpp"
#include "text_sink.hpp"
#include "utf8.hpp"

namespace parley::twilio {

Result<CarrierWriter> CarrierWriter::create(std::string_view account_sid, std::string_view call_sid, std::string_view stream_sid) {
    if (!is_wire_id(account_sid) || !is_wire_id(call_sid) || !is_wire_id(stream_sid)) return make_error_code(errc::stream_sid);
    CarrierWriter writer;
    writer.account_sid_ = account_sid;
    writer.call_sid_ = call_sid;
    writer.stream_sid_ = stream_sid;
    return writer;
}

std::string CarrierWriter::connected() const {
    return R"({"event":"connected","protocol":"Call","version":"1.0.0"})";
}

std::string CarrierWriter::start(std::span<const CustomParameter> parameters) {
    std::size_t size = 1024;
    for (const CustomParameter& p : parameters) size += 6 * (p.name.size() + p.value.size()) + 8;
    std::string out(size, '\0');
    TextSink sink(out);
    sink.text(R"({"event":"start","sequenceNumber":")").number(sequence_).text(R"(","start":{"accountSid":")").text(account_sid_);
    sink.text(R"(","streamSid":")").text(stream_sid_).text(R"(","callSid":")").text(call_sid_);
    sink.text(R"(","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{)");
    std::vector<std::string_view> names;
    for (const CustomParameter& p : parameters) {
        const bool twice = std::find(names.begin(), names.end(), p.name) != names.end();
        if (twice || names.size() == kMaxCustomParameters || !is_utf8(p.name) || !is_utf8(p.value)) continue;
        sink.text(names.empty() ? "\"" : ",\"").json(p.name).text("\":\"").json(p.value).text("\"");
        names.push_back(p.name);
    }
    sink.text(R"(}},"streamSid":")").text(stream_sid_).text("\"}");
    out.resize(sink.done().size());
    ++sequence_;
    return out;
}

std::string_view CarrierWriter::media(std::span<const std::uint8_t> mulaw, std::uint64_t timestamp_ms, std::span<char> out) {
    TextSink sink(out);
    sink.text(R"({"event":"media","sequenceNumber":")").number(sequence_).text(R"(","media":{"track":"inbound","chunk":")");
    sink.number(chunk_).text(R"(","timestamp":")").number(timestamp_ms).text(R"(","payload":")");
    if (const auto payload = sink.room(audio::base64_encoded_size(mulaw.size())); !payload.empty()) audio::base64_encode(mulaw, payload);
    sink.text(R"("},"streamSid":")").text(stream_sid_).text("\"}");
    if (sink.done().empty()) return {};
    ++sequence_;
    ++chunk_;
    return sink.done();
}

std::string_view CarrierWriter::media_base64(std::string_view payload, std::uint64_t timestamp_ms, std::span<char> out) {
    TextSink sink(out);
    sink.text(R"({"event":"media","sequenceNumber":")").number(sequence_).text(R"(","media":{"track":"inbound","chunk":")");
    sink.number(chunk_).text(R"(","timestamp":")").number(timestamp_ms).text(R"(","payload":")").text(payload);
    sink.text(R"("},"streamSid":")").text(stream_sid_).text("\"}");
    if (sink.done().empty()) return {};
    ++sequence_;
    ++chunk_;
    return sink.done();
}

std::string_view CarrierWriter::dtmf(char digit, std::span<char> out) {
    TextSink sink(out);
    sink.text(R"({"event":"dtmf","streamSid":")").text(stream_sid_).text(R"(","sequenceNumber":")").number(sequence_);
    sink.text(R"(","dtmf":{"track":"inbound_track","digit":")").json({&digit, 1}).text("\"}}");
    if (!sink.done().empty()) ++sequence_;
    return sink.done();
}

std::string_view CarrierWriter::mark(std::string_view name, std::span<char> out) {
    if (name.size() > kMaxMarkNameBytes || !is_utf8(name)) return {};
    TextSink sink(out);
    sink.text(R"({"event":"mark","sequenceNumber":")").number(sequence_).text(R"(","streamSid":")").text(stream_sid_);
    sink.text(R"(","mark":{"name":")").json(name).text("\"}}");
    if (!sink.done().empty()) ++sequence_;
    return sink.done();
}

std::string CarrierWriter::stop() {
    std::string out(512, '\0');
    TextSink sink(out);
    sink.text(R"({"event":"stop","sequenceNumber":")").number(sequence_).text(R"(","stop":{"accountSid":")").text(account_sid_);
    sink.text(R"(","callSid":")").text(call_sid_).text(R"("},"streamSid":")").text(stream_sid_).text("\"}");
    out.resize(sink.done().size());
    ++sequence_;
    return out;
}

}  // namespace parley::twilio

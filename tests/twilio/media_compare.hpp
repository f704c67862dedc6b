#pragma once
// Turns a product message into the reference's form and says where the two differ.

#include <string>
#include <variant>

#include "media_reference.hpp"
#include "parley/twilio/media_codec.hpp"

namespace parley::twilio::reference {

inline Reading reading_of(const Result<StreamMessage>& result) {
    if (!result) return bad(std::string(error_kind(result.error())));
    Reading r{.verdict = "ok"};
    const auto number = [&](const char* key, const Decimal& d) { r.numbers[key] = {d.valid, d.value}; };
    const auto text = [&](const char* key, std::string_view value) { r.texts[key] = std::string(value); };
    const auto text_if = [&](const char* key, std::string_view value) {
        if (!value.empty()) text(key, value);
    };
    if (const auto* m = std::get_if<MediaMessage>(&*result)) {
        r.event = "media";
        number("sequenceNumber", m->sequence), number("chunk", m->chunk), number("timestamp", m->timestamp_ms);
        text("streamSid", m->stream_sid), text("payload", m->payload);
        (m->track == Track::inbound ? r.inbound : r.outbound) = true;
    } else if (const auto* k = std::get_if<MarkMessage>(&*result)) {
        r.event = "mark";
        number("sequenceNumber", k->sequence), text("streamSid", k->stream_sid), text("name", k->name);
    } else if (const auto* d = std::get_if<DtmfMessage>(&*result)) {
        r.event = "dtmf";
        number("sequenceNumber", d->sequence), text("streamSid", d->stream_sid), text("digit", d->digit);
    } else if (const auto* c = std::get_if<ConnectedMessage>(&*result)) {
        r.event = "connected";
        text_if("protocol", c->protocol), text_if("version", c->version);
    } else if (const auto* s = std::get_if<StartMessage>(&*result)) {
        r.event = "start";
        number("sequenceNumber", s->sequence), number("sampleRate", s->sample_rate), number("channels", s->channels);
        text("streamSid", s->stream_sid), text("accountSid", s->account_sid), text("callSid", s->call_sid), text("encoding", s->encoding);
        r.inbound = s->inbound_track, r.outbound = s->outbound_track;
        for (const CustomParameter& p : s->parameters) r.parameters.emplace_back(p.name, p.value);
    } else if (const auto* e = std::get_if<StopMessage>(&*result)) {
        r.event = "stop";
        number("sequenceNumber", e->sequence);
        text_if("streamSid", e->stream_sid), text_if("accountSid", e->account_sid), text_if("callSid", e->call_sid);
    } else if (const auto* u = std::get_if<UnknownMessage>(&*result)) {
        r.event = "unknown:" + std::string(u->event);
    }
    return r;
}

inline std::string show(const Reading& r) {
    std::string out = r.verdict + " " + r.event + (r.inbound ? " in" : "") + (r.outbound ? " out" : "");
    for (const auto& [k, v] : r.texts) {
        if (!v.empty() || r.event != "connected") out += " " + k + "='" + v + "'";
    }
    for (const auto& [k, v] : r.numbers) out += " " + k + "=" + (v.valid ? std::to_string(v.value) : "invalid");
    for (const auto& [k, v] : r.parameters) out += " [" + k + "]='" + v + "'";
    return out;
}

}  // namespace parley::twilio::reference

#include "media_stream_leg.hpp"

#include <boost/asio/steady_timer.hpp>

#include "parley/audio/base64.hpp"
#include "parley/audio/g711.hpp"

namespace parley::call {

namespace {

constexpr auto kMediaTimeout = std::chrono::seconds(5);   // Twilio sends 50 frames a second, also in silence
constexpr std::uint32_t kBeatsASecond = 50;
constexpr std::size_t kDecodeChars = 320;                 // 240 bytes at a time, whatever the message's length
constexpr std::size_t kMaxSendFrame = 1024;

}  // namespace

MediaStreamLeg::MediaStreamLeg(std::unique_ptr<net::WebSocket> socket, CallWorker& worker, Metrics& metrics)
    : socket_(std::move(socket)), worker_(worker), metrics_(metrics), closing_(worker.loop.executor()) {
    metrics_.streams_active.at().add(1);
}

MediaStreamLeg::~MediaStreamLeg() { metrics_.streams_active.at().add(-1); }

void MediaStreamLeg::protocol_error(std::string_view kind) { metrics_.stream_protocol_errors.at(kind).add(); }

net::Task<bool> MediaStreamLeg::accept(Duration within) {
    net::asio::steady_timer deadline(worker_.loop.executor(), within);
    bool late = false;
    deadline.async_wait([&](const error_code& ec) {
        if (ec) return;
        late = true;
        socket_->abort();
    });
    while (!started_ && !refused_) {
        const auto ec = co_await socket_->fill();
        if (ec) break;
        while (!started_ && !refused_) {
            const auto message = socket_->next();
            if (!message) break;
            if (message->opcode == net::WsOpcode::binary) {
                protocol_error("binary");
                refused_ = true;
                break;
            }
            take({message->payload.data(), message->payload.size()});
        }
    }
    deadline.cancel();
    if (started_) co_return true;
    metrics_.stream_rejected.at(late ? "no_start" : refused_ ? "media_format" : "closed").add();
    if (refused_) co_await socket_->close(1003, "");
    co_return false;
}

net::Task<> MediaStreamLeg::refuse(std::string_view reason) {
    metrics_.stream_rejected.at(reason).add();
    co_await socket_->close(1008, "");
}

void MediaStreamLeg::accept_start(const twilio::StartMessage& message) {
    auto writer = twilio::MediaWriter::create(message.stream_sid);
    if (!writer || !message.is_mulaw_8k_mono()) {
        refused_ = true;
        return;
    }
    writer_ = *writer;
    start_.account_sid = message.account_sid;
    start_.call_sid = message.call_sid;
    start_.stream_sid = message.stream_sid;
    for (const auto& parameter : message.parameters) start_.parameters.insert_or_assign(std::string(parameter.name), std::string(parameter.value));
    started_ = true;
}

void MediaStreamLeg::take(std::string_view text) {
    const auto message = scanner_.scan(text);
    if (!message) return protocol_error(twilio::error_kind(message.error()));
    take(*message, text);
}

void MediaStreamLeg::take(const twilio::StreamMessage& message, std::string_view text) {
    if (const auto* m = std::get_if<twilio::MediaMessage>(&message)) return media(*m, text);
    if (const auto* m = std::get_if<twilio::StartMessage>(&message)) {
        if (!started_) return accept_start(*m);
        protocol_error("order");
        begin_close(1008, "");
        return;
    }
    if (sink_ == nullptr) return;
    if (const auto* m = std::get_if<twilio::MarkMessage>(&message)) sink_->on_mark(m->name);
    else if (const auto* d = std::get_if<twilio::DtmfMessage>(&message)) {
        if (d->digit.size() == 1) sink_->on_dtmf(d->digit[0]);
    } else if (std::holds_alternative<twilio::StopMessage>(message)) {
        stopped_ = true;
        begin_close(1000, "");
    } else if (std::holds_alternative<twilio::UnknownMessage>(message)) {
        protocol_error("unknown_event");
    }
}

void MediaStreamLeg::media(const twilio::MediaMessage& message, std::string_view text) {
    if (sink_ == nullptr || stopped_ || message.track != twilio::Track::inbound) return;
    if (message.stream_sid != start_.stream_sid) return protocol_error("stream_sid");
    last_media_ = Clock::now();
    worker_.cells.frames_in.add();
    worker_.cells.bytes_in.add(twilio::payload_samples(message.payload));
    if (sink_->takes_messages()) return sink_->on_media_message(text, message.payload);
    std::array<std::uint8_t, kDecodeChars / 4 * 3> mulaw{};
    for (auto rest = message.payload; !rest.empty();) {
        const auto piece = rest.substr(0, kDecodeChars);
        rest.remove_prefix(piece.size());
        if (const auto size = audio::base64_decode(piece, mulaw)) sink_->on_media(std::span(mulaw).first(*size));
    }
}

net::Task<LegEnd> MediaStreamLeg::run(CarrierSink& sink) {
    sink_ = &sink;
    last_media_ = Clock::now();
    auto beat_ticket = worker_.ticks.subscribe([this](const net::Tick&) { beat(); });
    for (;;) {
        while (auto message = socket_->next()) {
            if (message->opcode == net::WsOpcode::binary) {
                protocol_error("binary");
                begin_close(1003, "");
                continue;
            }
            take({message->payload.data(), message->payload.size()});
        }
        const auto ec = co_await socket_->fill();
        if (ec) break;
    }
    sink_ = nullptr;
    beat_ticket.reset();
    co_await closing_.join();
    const auto& closed = socket_->closed();
    metrics_.stream_closed.at(closed.by_us ? "us" : "peer", closed.code == 1000 ? "normal" : "abnormal").add();
    co_return how_it_ended();
}

LegEnd MediaStreamLeg::how_it_ended() const {
    if (stopped_) return LegEnd::stopped;
    if (timed_out_) return LegEnd::media_timeout;
    if (ours_) return LegEnd::ours;
    switch (socket_->closed().fault) {
        case net::WsFault::none:
        case net::WsFault::closed_by_peer: return LegEnd::closed;
        case net::WsFault::connection_lost:
        case net::WsFault::idle:
        case net::WsFault::send_blocked: return LegEnd::lost;
        default: return LegEnd::protocol;
    }
}

void MediaStreamLeg::beat() {
    if (++beats_ % kBeatsASecond != 0 || Clock::now() - last_media_ < kMediaTimeout || ours_ || stopped_) return;
    timed_out_ = true;
    socket_->abort();
}

bool MediaStreamLeg::sent(bool taken, std::size_t samples) {
    if (!taken) return false;
    worker_.cells.frames_out.add();
    worker_.cells.bytes_out.add(samples);
    return true;
}

bool MediaStreamLeg::send_media(std::span<const std::uint8_t> mulaw) {
    std::array<char, kMaxSendFrame> buffer;
    const auto text = writer_->media(mulaw, buffer);
    return !text.empty() && sent(socket_->send(net::WsOpcode::text, text), mulaw.size());
}

bool MediaStreamLeg::send_media_base64(std::string_view payload) {
    std::array<char, kMaxSendFrame> buffer;
    const auto text = writer_->media_base64(payload, buffer);
    return !text.empty() && sent(socket_->send(net::WsOpcode::text, text), twilio::payload_samples(payload));
}

bool MediaStreamLeg::send_media_message(std::string_view message, std::size_t samples) { return sent(socket_->send(net::WsOpcode::text, message), samples); }

bool MediaStreamLeg::send_mark(std::string_view name) {
    std::array<char, twilio::kMaxControlMessageBytes> buffer;
    const auto text = writer_->mark(name, buffer);
    return !text.empty() && socket_->send(net::WsOpcode::text, text);
}

bool MediaStreamLeg::send_clear() {
    std::array<char, twilio::kMaxControlMessageBytes> buffer;
    const auto text = writer_->clear(buffer);
    return !text.empty() && socket_->send(net::WsOpcode::text, text);
}

void MediaStreamLeg::begin_close(std::uint16_t code, std::string_view) {
    if (ours_) return;
    ours_ = !stopped_;
    closing_.spawn(socket_->close(code, ""));
}

}  // namespace parley::call

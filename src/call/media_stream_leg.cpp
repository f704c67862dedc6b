#include "media_stream_leg.hpp"

#include <boost/asio/steady_timer.hpp>

#include "parley/audio/base64.hpp"
#include "parley/audio/g711.hpp"

namespace parley::call {

namespace {

constexpr auto kMediaTimeout = std::chrono::seconds(5);  // Twilio sends 50 frames a second, also in silence
constexpr std::uint32_t kBeatsASecond = 50;
constexpr std::size_t kDecodeChars = 320;  // 240 bytes at a time, whatever the message's length
constexpr std::size_t kMaxSendFrame = 1024;

twilio::StreamLimits limits_of(bool both_tracks) {
    twilio::StreamLimits limits;
    limits.both_tracks = both_tracks;
    return limits;
}

}  // namespace

conversation::EndReason reason_of(LegEnd end) {
    using conversation::EndReason;
    switch (end) {
        case LegEnd::stopped:
            return EndReason::caller_hung_up;
        case LegEnd::closed:
        case LegEnd::lost:
            return EndReason::carrier_lost;
        case LegEnd::protocol:
            return EndReason::protocol;
        case LegEnd::media_timeout:
            return EndReason::media_timeout;
        case LegEnd::ours:
            return EndReason::internal;
    }
    return EndReason::internal;
}

MediaStreamLeg::MediaStreamLeg(std::unique_ptr<net::WebSocket> socket, CallWorker& worker, Metrics& metrics, bool both_tracks)
    : socket_(std::move(socket)), worker_(worker), metrics_(metrics), protocol_(Instant{0}, limits_of(both_tracks)), closing_(worker.loop.executor()) {
    metrics_.streams_active.at().add(1);
}

MediaStreamLeg::~MediaStreamLeg() {
    metrics_.streams_active.at().add(-1);
}

net::Task<bool> MediaStreamLeg::accept(Duration within) {
    net::asio::steady_timer deadline(worker_.loop.executor(), within);
    const auto waits = std::make_shared<bool>(true);  // a timer that has just run out is not called back by cancel()
    deadline.async_wait([this, waits](const error_code& ec) {
        if (!ec && *waits) close(1008, "no_start");
    });
    while (!started_ && turned_away_.empty()) {
        const auto ec = co_await socket_->fill();
        if (ec) break;
        read_messages();
    }
    *waits = false;
    deadline.cancel();
    count_wire_fault();
    if (started_ && turned_away_.empty()) co_return true;
    metrics_.stream_rejected.at(turned_away_.empty() ? std::string_view("closed") : turned_away_).add();
    over_ = true;
    co_await closing_.join();
    co_return false;
}

net::Task<> MediaStreamLeg::refuse(std::string_view reason) {
    metrics_.stream_rejected.at(reason).add();
    co_await socket_->close(1008, "");
}

void MediaStreamLeg::accept_start(const twilio::StartMessage& message) {
    auto writer = twilio::MediaWriter::create(message.stream_sid);
    if (!writer) return close(1008, "schema");
    writer_ = *writer;
    start_.account_sid = message.account_sid;
    start_.call_sid = message.call_sid;
    start_.stream_sid = message.stream_sid;
    for (const auto& parameter : message.parameters) start_.parameters.insert_or_assign(std::string(parameter.name), std::string(parameter.value));
    started_ = true;
}

// Everything that is buffered; before `start` was accepted by the call only up to it, so that no audio is lost in between.
void MediaStreamLeg::read_messages() {
    while (started_ == (sink_ != nullptr)) {
        const auto message = socket_->next();
        if (!message) return;
        const std::string_view text(message->payload.data(), message->payload.size());
        if (message->opcode == net::WsOpcode::binary) {
            protocol_.on_binary(now(), actions_);
        } else if (const auto read = scanner_.scan(text)) {
            protocol_.on_message(*read, now(), actions_);
        } else {
            protocol_.on_bad_message(read.error(), now(), actions_);
        }
        perform(text);
    }
}

void MediaStreamLeg::perform(std::string_view text) {
    for (const auto& action : actions_) {
        if (const auto* audio = std::get_if<twilio::DeliverAudio>(&action))
            deliver(*audio, text);
        else if (const auto* other = std::get_if<twilio::OutboundAudio>(&action))
            deliver(*other);
        else if (const auto* fault = std::get_if<twilio::CountFault>(&action))
            metrics_.stream_protocol_errors.at(to_string(fault->fault)).add();
        else if (const auto* silence = std::get_if<twilio::FillSilence>(&action)) {
            worker_.cells.gap_in.add(std::chrono::duration_cast<Duration>(std::chrono::microseconds(silence->samples * 125)));
            if (sink_ != nullptr) sink_->on_gap(silence->samples);
        } else if (const auto* mark = std::get_if<twilio::MarkEchoed>(&action)) {
            if (sink_ != nullptr) sink_->on_mark(mark->name);
        } else if (const auto* digit = std::get_if<twilio::DigitPressed>(&action)) {
            if (sink_ != nullptr) sink_->on_dtmf(digit->digit);
        } else if (const auto* start = std::get_if<twilio::StreamStarted>(&action))
            accept_start(start->start);
        else if (std::holds_alternative<twilio::StreamStopped>(action))
            stopped_ = true;
        else if (const auto* end = std::get_if<twilio::CloseStream>(&action))
            close(end->code, end->reason);
    }
}

void MediaStreamLeg::deliver(const twilio::DeliverAudio& audio, std::string_view text) {
    last_media_ = Clock::now();
    worker_.cells.frames_in.add();
    worker_.cells.bytes_in.add(audio.samples);
    if (sink_ == nullptr) return;
    if (sink_->takes_messages()) return sink_->on_media_message(text, audio.payload);
    std::array<std::uint8_t, kDecodeChars / 4 * 3> mulaw{};
    for (auto rest = audio.payload; !rest.empty();) {
        const auto piece = rest.substr(0, kDecodeChars);
        rest.remove_prefix(piece.size());
        if (const auto size = audio::base64_decode(piece, mulaw)) sink_->on_media(std::span(mulaw).first(*size));
    }
}

void MediaStreamLeg::deliver(const twilio::OutboundAudio& audio) {
    if (audio.payload.empty()) return;
    last_media_ = Clock::now();
    worker_.cells.frames_in.add();
    worker_.cells.bytes_in.add(audio.samples);
    if (sink_ == nullptr) return;
    std::array<std::uint8_t, kDecodeChars / 4 * 3> mulaw{};
    for (auto rest = audio.payload; !rest.empty();) {
        const auto piece = rest.substr(0, kDecodeChars);
        rest.remove_prefix(piece.size());
        if (const auto size = audio::base64_decode(piece, mulaw)) sink_->on_outbound(std::span(mulaw).first(*size));
    }
}

net::Task<LegEnd> MediaStreamLeg::run(CarrierSink& sink) {
    sink_ = &sink;
    last_media_ = Clock::now();
    auto beat_ticket = worker_.ticks.subscribe([this](const net::Tick&) { beat(); });
    for (;;) {
        read_messages();
        const auto ec = co_await socket_->fill();
        if (ec) break;
    }
    sink_ = nullptr;
    beat_ticket.reset();
    // Whoever still wants to close it (a bot that hears of the end, an operator) comes too late: nobody would wait for that any more.
    over_ = true;
    co_await closing_.join();
    count_wire_fault();
    const auto& closed = socket_->closed();
    metrics_.stream_closed.at(closed.by_us ? "us" : "peer", closed.code == 1000 ? "normal" : "abnormal").add();
    co_return how_it_ended();
}

// What broke the rules below the messages, where StreamProtocol does not see it.
void MediaStreamLeg::count_wire_fault() {
    std::string_view kind;
    switch (socket_->closed().fault) {
        case net::WsFault::framing:
            kind = "framing";
            break;
        case net::WsFault::utf8:
            kind = "utf8";
            break;
        case net::WsFault::too_big:
            kind = "too_big";
            break;
        case net::WsFault::fragmentation:
            kind = "fragmentation";
            break;
        case net::WsFault::flood:
            kind = "flood";
            break;
        case net::WsFault::send_blocked:
            kind = "send_blocked";
            break;
        case net::WsFault::idle:
            kind = "idle";
            break;
        case net::WsFault::none:
        case net::WsFault::closed_by_peer:
        case net::WsFault::connection_lost:
            return;
    }
    metrics_.stream_protocol_errors.at(kind).add();
}

LegEnd MediaStreamLeg::how_it_ended() const {
    if (stopped_) return LegEnd::stopped;
    if (timed_out_) return LegEnd::media_timeout;
    if (!turned_away_.empty()) return LegEnd::protocol;
    if (ours_) return LegEnd::ours;
    switch (socket_->closed().fault) {
        case net::WsFault::none:
        case net::WsFault::closed_by_peer:
            return LegEnd::closed;
        case net::WsFault::connection_lost:
        case net::WsFault::idle:
        case net::WsFault::send_blocked:
            return LegEnd::lost;
        default:
            return LegEnd::protocol;
    }
}

void MediaStreamLeg::beat() {
    if (++beats_ % (kBeatsASecond / 2) != 0) return;
    if (const auto due = protocol_.deadline(); due && *due <= now()) {
        protocol_.on_timer(now(), actions_);
        perform({});
    }
    if (Clock::now() - last_media_ < kMediaTimeout || ours_ || stopped_) return;
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

bool MediaStreamLeg::send_media_message(std::string_view message, std::size_t samples) {
    return sent(socket_->send(net::WsOpcode::text, message), samples);
}

bool MediaStreamLeg::send_mark(std::string_view name) {
    std::array<char, twilio::kMaxControlMessageBytes> buffer;
    const auto text = writer_->mark(name, buffer);
    return !text.empty() && protocol_.mark_sent(name) && socket_->send(net::WsOpcode::text, text);
}

bool MediaStreamLeg::send_clear() {
    std::array<char, twilio::kMaxControlMessageBytes> buffer;
    const auto text = writer_->clear(buffer);
    return !text.empty() && socket_->send(net::WsOpcode::text, text);
}

void MediaStreamLeg::begin_close(std::uint16_t code, std::string_view) {
    if (ours_ || over_) return;
    ours_ = true;
    closing_.spawn(socket_->close(code, ""));
}

void MediaStreamLeg::close(std::uint16_t code, std::string_view reason) {
    if (code != 1000) {
        if (turned_away_.empty()) turned_away_ = reason;
        if (sink_ != nullptr) metrics_.stream_rejected.at(reason).add();
    }
    begin_close(code, reason);
}

}  // namespace parley::call

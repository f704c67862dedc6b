#pragma once

#include <array>
#include <memory>
#include <optional>

#include "parley/base/log.hpp"
#include "parley/call/call_worker.hpp"
#include "parley/call/carrier_leg.hpp"
#include "parley/net/nursery.hpp"
#include "parley/twilio/media_codec.hpp"
#include "parley/twilio/media_writer.hpp"
#include "parley/twilio/stream_protocol.hpp"

namespace parley::call {

// A media-stream socket of Twilio's, from the upgrade to the end.
class MediaStreamLeg final : public CarrierLeg {
public:
    // `both_tracks`: a stream that only brings audio, of both sides; nothing may be sent on it.
    MediaStreamLeg(std::unique_ptr<net::WebSocket> socket, CallWorker& worker, Metrics& metrics, bool both_tracks = false);
    ~MediaStreamLeg() override;

    // Reads up to and including `start`. False: the peer was turned away (counted, closed) or went.
    net::Task<bool> accept(Duration within);
    // Turns the peer away: 1008 and gone.
    net::Task<> refuse(std::string_view reason);

    [[nodiscard]] const StreamStart& start() const override { return start_; }
    net::Task<LegEnd> run(CarrierSink& sink) override;
    bool send_media(std::span<const std::uint8_t> mulaw) override;
    bool send_media_base64(std::string_view payload) override;
    bool send_media_message(std::string_view message, std::size_t samples) override;
    bool send_mark(std::string_view name) override;
    bool send_clear() override;
    void begin_close(std::uint16_t code, std::string_view reason) override;

private:
    void read_messages();
    void perform(std::string_view text);
    void deliver(const twilio::DeliverAudio& audio, std::string_view text);
    void deliver(const twilio::OutboundAudio& audio);
    void accept_start(const twilio::StartMessage& message);
    void close(std::uint16_t code, std::string_view reason);
    void beat();
    bool sent(bool taken, std::size_t samples);
    [[nodiscard]] Instant now() const { return std::chrono::duration_cast<Instant>(Clock::now() - opened_); }
    void count_wire_fault();
    [[nodiscard]] LegEnd how_it_ended() const;

    std::unique_ptr<net::WebSocket> socket_;
    CallWorker& worker_;
    Metrics& metrics_;
    TimePoint opened_ = Clock::now();
    twilio::MediaScanner scanner_;
    twilio::StreamProtocol protocol_;
    twilio::StreamActions actions_;
    std::optional<twilio::MediaWriter> writer_;
    StreamStart start_;
    net::Nursery closing_;
    CarrierSink* sink_ = nullptr;
    TimePoint last_media_{};
    std::string_view turned_away_;  // why; empty while all is well
    std::uint32_t beats_ = 0;
    bool started_ = false, stopped_ = false, timed_out_ = false, ours_ = false, over_ = false;
};

}  // namespace parley::call

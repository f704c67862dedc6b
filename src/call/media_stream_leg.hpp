#pragma once

#include <array>
#include <memory>
#include <optional>

#include <boost/asio/steady_timer.hpp>

#include "parley/base/log.hpp"
#include "parley/base/metrics.hpp"
#include "parley/call/carrier_leg.hpp"
#include "parley/net/nursery.hpp"
#include "parley/net/tick_wheel.hpp"
#include "parley/net/worker.hpp"
#include "parley/twilio/media_codec.hpp"
#include "parley/twilio/media_writer.hpp"
#include "parley/twilio/stream_protocol.hpp"

namespace parley::call {

// A media-stream socket of Twilio's, from the upgrade to the end.
class MediaStreamLeg final : public CarrierLeg {
public:
    MediaStreamLeg(std::unique_ptr<net::WebSocket> socket, net::Worker& worker, Metrics& metrics);
    ~MediaStreamLeg() override;

    // Reads up to and including `start`. Nothing: the peer was turned away (counted, closed) or went.
    net::Task<bool> accept(Duration within);
    // Turns the peer away: 1008 and gone.
    net::Task<> refuse(std::string_view reason);
    void set_log(CallLog log) { log_ = std::move(log); }

    [[nodiscard]] const StreamStart& start() const override { return start_; }
    net::Task<LegEnd> run(CarrierSink& sink) override;
    bool send_media(std::span<const std::uint8_t> mulaw) override;
    bool send_media_base64(std::string_view payload) override;
    bool send_media_message(std::string_view message, std::size_t samples) override;
    bool send_mark(std::string_view name) override;
    bool send_clear() override;
    void begin_close(std::uint16_t code, std::string_view reason) override;

private:
    bool take(std::string_view text, CarrierSink* sink);  // false: the stream is over
    void watch();
    bool sent(bool taken, std::size_t samples);

    std::unique_ptr<net::WebSocket> socket_;
    net::Worker& worker_;
    Metrics& metrics_;
    WorkerMetrics& cells_;
    CallLog log_;
    twilio::MediaScanner scanner_;
    std::optional<twilio::MediaWriter> writer_;
    twilio::StreamProtocol protocol_;
    StreamStart start_;
    net::Nursery closing_;
    TimePoint last_media_{};
    std::optional<LegEnd> end_;
    bool started_ = false;
};

}  // namespace parley::call

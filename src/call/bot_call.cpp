#include "parley/call/relay_call.hpp"

#include <algorithm>
#include <array>
#include <deque>

#include <boost/asio/steady_timer.hpp>

#include "parley/audio/base64.hpp"
#include "parley/audio/g711.hpp"
#include "parley/base/ids.hpp"
#include "parley/call/recorder.hpp"
#include "parley/conversation/ledger.hpp"
#include "parley/net/nursery.hpp"
#include "parley/net/ws_endpoint.hpp"
#include "parley/twilio/bot_codec.hpp"
#include "parley/twilio/stream_token.hpp"

namespace parley::call {

using conversation::EndReason;

namespace {

constexpr auto kConnectWithin = std::chrono::seconds(5);
constexpr std::size_t kEarlyFrames = 250;  // caller audio kept while the bot's socket opens: 5 s
constexpr std::size_t kMaxMarks = 256;
constexpr conversation::SegmentId kBotSpeech = 1;  // a bot's audio is one stretch: it has no text to cut
constexpr std::size_t kTokenParameter = twilio::kMaxTokenParts;

bool is_token_parameter(std::string_view name) {
    return name == "t" || (name.size() == 2 && name[0] == 't' && name[1] >= '2' && name[1] <= static_cast<char>('0' + kTokenParameter));
}

}  // namespace

class BotCall::Impl final : CarrierSink {
public:
    Impl(CallServices& services, CallWorker& worker, std::shared_ptr<const Agent> agent, CarrierLeg& leg, std::string from, std::string to)
        : services_(services),
          worker_(worker),
          agent_(std::move(agent)),
          leg_(leg),
          log_(services.log.call(
              {.call_sid = leg.start().call_sid, .stream_sid = leg.start().stream_sid, .agent = agent_->name, .dir = "in", .tenant = {}, .trace_id = {}})),
          from_(std::move(from)),
          to_(std::move(to)),
          scanner_(leg.start().stream_sid),
          children_(worker.loop.executor()) {
        ledger_.begin_segment(kBotSpeech, {});
        if (agent_->record && !services_.recordings.empty()) {
            recorder_ = std::make_unique<Recorder>(services_.disk,
                                                   services_.recordings + "/" + leg.start().call_sid + "-" + leg.start().stream_sid.substr(0, 10) + ".wav");
            summary_.recording = recorder_->path();
        }
    }

    net::Task<CallSummary> run(std::function<void(const CallSummary&)> over) {
        over_ = std::move(over);
        const auto beat = worker_.ticks.subscribe([this](const net::Tick& tick) {
            if (tick.due >= ends_at_) request_end(EndReason::max_duration);
        });
        children_.spawn(serve_bot());
        const LegEnd end = co_await leg_.run(*this);
        if (bot_ && bot_->open()) {
            if (writer_) (void)bot_->send(net::WsOpcode::text, writer_->stop());
            if (!closing_bot_) {
                closing_bot_ = true;
                children_.spawn(bot_->close(1000, ""));
            }
        }
        connecting_cancelled_ = true;
        if (!bot_) children_.cancel();
        co_await children_.join();
        if (recorder_) recorder_->finish();
        summary_.reason = asked_ ? *asked_ : reason_of(end);
        summary_.duration = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began_);
        const auto at = now();
        log_.info("bot.heard", "What of the bot's audio the caller heard.",
                  {{"handed_ms", ledger_.handed_samples() / 8}, {"heard_ms", ledger_.heard_samples(at) / 8}, {"cleared_ms", ledger_.cleared_samples() / 8}});
        co_return summary_;
    }

    void request_end(EndReason reason, std::string target = {}) {
        if (asked_) return;
        asked_ = reason;
        summary_.reason = reason;
        summary_.target = std::move(target);
        summary_.duration = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began_);
        // The carrier asks what to do next within a millisecond of the socket's end.
        if (over_) std::exchange(over_, nullptr)(summary_);
        leg_.begin_close(1000, "");
    }
    void limit(std::chrono::milliseconds left) { ends_at_ = std::min<TimePoint>(ends_at_, Clock::now() + left); }

private:
    [[nodiscard]] Instant now() const { return std::chrono::duration_cast<Instant>(Clock::now() - began_); }

    // --- the bot's socket ----------------------------------------------------------------------------------------------

    net::Task<> serve_bot() {
        net::ConnectOptions options(agent_->bot_url);
        options.deadline = kConnectWithin;
        for (const auto& [name, value] : agent_->bot_headers) options.headers.add(name, value);
        net::WsLimits limits;
        limits.message = twilio::kMaxBotMessageBytes;
        const auto asked_at = Clock::now();
        auto connected = co_await net::ws_connect(std::move(options), limits);
        services_.metrics.provider_requests.at("bot", "bot", connected ? "ok" : "server_error").add();
        if (!connected) {
            if (!connecting_cancelled_) {
                log_.warn("provider.unreachable", "The bot could not be reached.", {{"role", "bot"}, {"reason", connected.error().message()}});
                request_end(EndReason::brain_failed);
            }
            co_return;
        }
        services_.metrics.provider_first_byte.at("bot", "bot").observe(Clock::now() - asked_at);
        bot_ = std::move(*connected);
        if (!greet()) co_return request_end(EndReason::brain_failed);
        for (;;) {
            while (auto message = bot_->next()) from_bot(*message);
            const auto ec = co_await bot_->fill();
            if (ec) break;
        }
        const auto& closed = bot_->closed();
        log_.info("provider.closed", "The bot's socket is closed.", {{"role", "bot"}, {"code", static_cast<unsigned>(closed.code)}});
        // A bot that closes normally has finished the call; anything else is a failure the tail makes up for.
        if (!asked_ && !closed.by_us) request_end(closed.code == 1000 || closed.code == 1005 ? EndReason::agent_completed : EndReason::brain_failed);
    }

    bool greet() {
        const auto& start = leg_.start();
        auto writer = twilio::CarrierWriter::create(start.account_sid, start.call_sid, start.stream_sid);
        if (!writer) return false;
        writer_.emplace(std::move(*writer));
        std::vector<twilio::CustomParameter> parameters;
        for (const auto& [name, value] : start.parameters)
            if (!is_token_parameter(name)) parameters.push_back({name, value});
        parameters.push_back({"from", from_});
        parameters.push_back({"to", to_});
        parameters.push_back({"agent", agent_->name});
        if (!bot_->send(net::WsOpcode::text, writer_->connected()) || !bot_->send(net::WsOpcode::text, writer_->start(parameters))) return false;
        for (const auto& payload : early_) forward_media(payload);
        early_.clear();
        early_.shrink_to_fit();
        return true;
    }

    void from_bot(const net::WsMessage& message) {
        const std::string_view text(message.payload.data(), message.payload.size());
        if (message.opcode == net::WsOpcode::binary) return bot_fault("binary");
        const auto read = scanner_.scan(text);
        if (!read) return bot_fault(twilio::error_kind(read.error()));
        if (const auto* media = std::get_if<twilio::BotMedia>(&*read)) {
            if (!media->payload.empty()) bot_media(*media, text);
        } else if (const auto* mark = std::get_if<twilio::BotMark>(&*read)) {
            if (marks_.size() < kMaxMarks && leg_.send_mark(mark->name)) {
                marks_.emplace_back(++mark_number_, std::string(mark->name));
                ledger_.mark_sent(mark_number_, now());
            }
        } else if (std::holds_alternative<twilio::BotClear>(*read)) {
            leg_.send_clear();
            ledger_.cleared(now());
            plays_until_ = now();
            if (recorder_) recorder_->cleared(now());
        } else {
            bot_fault("unknown_event");
        }
    }

    void bot_media(const twilio::BotMedia& media, std::string_view text) {
        const auto samples = twilio::payload_samples(media.payload);
        // A message with exactly Twilio's fields goes on as it is; one with more is written anew, since Twilio warns of those (31951).
        const bool sent = media.superfluous ? leg_.send_media_base64(media.payload) : leg_.send_media_message(text, samples);
        if (!sent) return;
        const auto at = now();
        ledger_.handed_over(kBotSpeech, static_cast<std::uint32_t>(samples), at);
        if (recorder_) record_bot(media.payload, at);
    }

    void record_bot(std::string_view payload, Instant at) {
        std::array<std::uint8_t, 240> mulaw{};
        std::array<std::int16_t, 240> pcm{};
        plays_until_ = std::max(plays_until_, at);
        while (!payload.empty()) {
            const auto piece = payload.substr(0, 320);
            payload.remove_prefix(piece.size());
            const auto size = audio::base64_decode(piece, mulaw);
            if (!size) return;
            audio::mulaw_decode(std::span(mulaw).first(*size), std::span(pcm).first(*size));
            recorder_->agent(std::span(pcm).first(*size), plays_until_);
            plays_until_ += std::chrono::microseconds(*size * 125);
        }
    }

    void bot_fault(std::string_view kind) {
        services_.metrics.provider_requests.at("bot", "bot", "protocol").add();
        log_.warn("provider.protocol", "The bot sent something a media stream does not carry.", {{"role", "bot"}, {"reason", kind}});
    }

    // --- the carrier's side --------------------------------------------------------------------------------------------

    [[nodiscard]] bool takes_messages() const override { return true; }
    void on_media_message(std::string_view, std::string_view payload_base64) override {
        if (recorder_) record_caller(payload_base64);
        if (writer_) return forward_media(payload_base64);
        if (early_.size() < kEarlyFrames) early_.emplace_back(payload_base64);
    }
    void on_media(std::span<const std::uint8_t>) override {}
    void on_gap(std::uint32_t samples) override { caller_samples_ += samples; }
    void on_dtmf(char digit) override {
        std::array<char, 512> buffer;
        if (writer_) (void)bot_->send(net::WsOpcode::text, writer_->dtmf(digit, buffer));
    }
    void on_mark(std::string_view name) override {
        const auto found = std::ranges::find(marks_, name, &std::pair<std::uint32_t, std::string>::second);
        if (found != marks_.end()) {
            ledger_.mark_echoed(found->first, now());
            marks_.erase(found);
        }
        std::array<char, 2048> buffer;
        if (writer_) (void)bot_->send(net::WsOpcode::text, writer_->mark(name, buffer));
    }

    void forward_media(std::string_view payload) {
        std::array<char, 1024> buffer;
        const auto timestamp = caller_samples_ / 8;
        caller_samples_ += twilio::payload_samples(payload);
        if (twilio::CarrierWriter::frame_size(payload.size()) <= buffer.size()) {
            (void)bot_->send(net::WsOpcode::text, writer_->media_base64(payload, timestamp, buffer));
            return;
        }
        std::string large(twilio::CarrierWriter::frame_size(payload.size()), '\0');
        (void)bot_->send(net::WsOpcode::text, writer_->media_base64(payload, timestamp, large));
    }

    void record_caller(std::string_view payload) {
        std::array<std::uint8_t, 240> mulaw{};
        std::array<std::int16_t, 240> pcm{};
        while (!payload.empty()) {
            const auto piece = payload.substr(0, 320);
            payload.remove_prefix(piece.size());
            const auto size = audio::base64_decode(piece, mulaw);
            if (!size) return;
            audio::mulaw_decode(std::span(mulaw).first(*size), std::span(pcm).first(*size));
            recorder_->caller(std::span(pcm).first(*size), now());
        }
    }

    CallServices& services_;
    CallWorker& worker_;
    std::shared_ptr<const Agent> agent_;
    CarrierLeg& leg_;
    CallLog log_;
    std::string from_, to_;
    TimePoint began_ = Clock::now();
    TimePoint ends_at_ = began_ + agent_->max_duration;
    twilio::BotScanner scanner_;
    net::Nursery children_;
    std::unique_ptr<net::WebSocket> bot_;
    std::optional<twilio::CarrierWriter> writer_;  // set once the bot has its `start`
    std::vector<std::string> early_;
    conversation::Ledger ledger_;
    std::deque<std::pair<std::uint32_t, std::string>> marks_;
    std::uint32_t mark_number_ = 0;
    std::uint64_t caller_samples_ = 0;
    Instant plays_until_{0};
    std::unique_ptr<Recorder> recorder_;
    std::optional<EndReason> asked_;
    bool closing_bot_ = false, connecting_cancelled_ = false;
    CallSummary summary_;
    std::function<void(const CallSummary&)> over_;
};

BotCall::BotCall(CallServices& services, CallWorker& worker, std::shared_ptr<const Agent> agent, CarrierLeg& leg, std::string from, std::string to)
    : impl_(std::make_unique<Impl>(services, worker, std::move(agent), leg, std::move(from), std::move(to))) {}
BotCall::~BotCall() = default;
net::Task<CallSummary> BotCall::run(std::function<void(const CallSummary&)> over) {
    return impl_->run(std::move(over));
}
void BotCall::command(const OperatorCommand& wanted) {
    if (const auto* end = std::get_if<EndNow>(&wanted)) impl_->request_end(end->reason, end->target);
    if (const auto* limit = std::get_if<LimitNow>(&wanted)) impl_->limit(limit->left);
}

}  // namespace parley::call

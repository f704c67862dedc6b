#include "parley/vendors/stt_socket.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "parley/audio/g711.hpp"
#include "parley/vendors/socket.hpp"

namespace parley::vendors {

using net::Task;

namespace {

constexpr std::size_t kBytesPerSecond = 8000;
constexpr std::size_t kMostKept = 5 * kBytesPerSecond;
constexpr std::size_t kFirstBurst = kBytesPerSecond;

class SttSocket final : public SttStream, private VendorSocket::Handler {
public:
    SttSocket(std::unique_ptr<SttProtocol> protocol, std::chrono::milliseconds connect_within, const Link& link, SttSink& sink)
        : protocol_(std::move(protocol)),
          shape_(protocol_->shape()),
          connect_within_(connect_within),
          sink_(sink),
          socket_(link, *this),
          nursery_(link.executor),
          timer_(link.executor) {}

    void open() override {
        accept_by_ = Clock::now() + connect_within_;
        SocketPlan plan(shape_.url);
        plan.headers = std::move(shape_.headers);
        plan.connect_within = connect_within_;
        plan.keep_alive = shape_.keep_alive;
        plan.keep_alive_every = shape_.keep_alive_every;
        socket_.open(std::move(plan));
        nursery_.spawn(watch());
    }

    void audio(const CallerFrame& frame) override {
        if (over_ || too_much_) return;
        if (!accepted_ && kept_.size() + frame.mulaw.size() > kMostKept) {
            too_much_ = true;
            timer_.cancel();
            return;
        }
        kept_.insert(kept_.end(), frame.mulaw.begin(), frame.mulaw.end());
        allowance_ += 2 * frame.mulaw.size();
        if (accepted_) pour();
    }

    void finalize() override {
        if (over_ || finalizing_) return;
        finalizing_ = true;
        if (accepted_) pour();
    }

    void hint(std::string_view phrases) override {
        if (over_) return;
        hint_ = std::string(phrases);
        if (accepted_) say_hint();
    }

    [[nodiscard]] bool open_now() const override { return accepted_ && !over_; }

    Task<> close() override {
        const bool spoken = accepted_ && !over_;
        over_ = true;
        told_ = true;
        timer_.cancel();
        nursery_.cancel();
        co_await nursery_.join();
        const std::string last = spoken ? shape_.goodbye : std::string{};
        co_await socket_.close(last);
    }

private:
    void on_socket_open() override {
        SttProtocol::Out out;
        protocol_->connected(out);
        send(out);
        if (shape_.accepted_by_upgrade) accept(socket_.request_id());
    }

    void on_socket_text(std::string_view text) override {
        SttProtocol::News news;
        SttProtocol::Out out;
        protocol_->read(text, news, out);
        send(out);
        tell(news);
    }

    void on_socket_binary(std::string_view) override {}  // no recogniser speaks in bytes; what is unknown is ignored

    void on_socket_lost(const Failure& failure) override {
        over_ = true;
        timer_.cancel();
        if (told_) return;
        told_ = true;
        Failure why = failure;
        if (!announced_) protocol_->refine(why);
        if (why.request_id.empty()) why.request_id = request_id_;
        sink_.on_stt_failed(why);
    }

    void accept(std::string_view request_id) {
        if (accepted_) return;
        accepted_ = true;
        request_id_ = plain(request_id, 128);
        timer_.cancel();
        allowance_ = kFirstBurst;
        if (hint_) say_hint();
        pour();
        sink_.on_stt_open(request_id_);
    }

    // The sink may end this stream from within any call-back.
    void tell(SttProtocol::News& news) {
        for (auto& item : news) {
            if (over_) return;
            switch (item.what) {
                case SttNews::What::opened:
                    accept(item.text);
                    break;
                case SttNews::What::speech_started:
                    sink_.on_speech_started();
                    break;
                case SttNews::What::piece:
                    sink_.on_piece(item.text, item.confidence);
                    break;
                case SttNews::What::interim:
                    sink_.on_interim(item.text);
                    break;
                case SttNews::What::end_of_turn:
                    sink_.on_end_of_turn(item.confidence, item.eager);
                    break;
                case SttNews::What::turn_resumed:
                    sink_.on_turn_resumed();
                    break;
                case SttNews::What::finalized:
                    if (!answer_by_) break;
                    finalizing_ = false;
                    answer_by_.reset();
                    timer_.cancel();
                    sink_.on_finalized();
                    break;
                case SttNews::What::failed:
                    announced_ = true;
                    socket_.fail(std::move(item.failure));
                    return;
            }
        }
    }

    void send(const SttProtocol::Out& out) {
        for (const auto& message : out) send(message);
    }
    void send(const SttProtocol::Outgoing& message) {
        if (message.binary)
            (void)socket_.send_binary(message.bytes);
        else
            (void)socket_.send_text(message.bytes);
    }

    void send_chunk(std::span<const std::uint8_t> bytes) {
        SttProtocol::Outgoing message;
        protocol_->audio(bytes, message);
        send(message);
    }

    // Sends what is kept in whole chunks as far as the pace allows; a finalize waits for the last of it.
    void pour() {
        std::size_t sent = 0;
        while (kept_.size() - sent >= shape_.chunk_bytes && (allowance_ >= shape_.chunk_bytes || finalizing_)) {
            send_chunk(std::span(kept_).subspan(sent, shape_.chunk_bytes));
            sent += shape_.chunk_bytes;
            allowance_ -= std::min(allowance_, shape_.chunk_bytes);
        }
        kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(sent));
        if (kept_.size() < shape_.chunk_bytes) allowance_ = std::min(allowance_, kFirstBurst);
        if (!finalizing_ || answer_by_) return;
        if (!kept_.empty()) {
            if (kept_.size() < shape_.least_bytes) kept_.resize(shape_.least_bytes, audio::kMulawSilence);
            send_chunk(kept_);
            kept_.clear();
        }
        SttProtocol::Out out;
        protocol_->finalize(out);
        send(out);
        answer_by_ = Clock::now() + shape_.finalize_wait;
        timer_.cancel();
    }

    void say_hint() {
        SttProtocol::Out out;
        protocol_->hint(*hint_, out);
        hint_.reset();
        send(out);
    }

    // The three limits in time; a change of one of them wakes it.
    Task<> watch() {
        while (!over_) {
            if (too_much_) {
                fail_in_time("first_byte", "5 s of audio were kept and the vendor had not accepted the stream");
                co_return;
            }
            const auto now = Clock::now();
            if (!accepted_ && now >= accept_by_) {
                fail_in_time("first_byte", "the vendor did not accept the stream in time");
                co_return;
            }
            if (answer_by_ && now >= *answer_by_) {
                SttProtocol::News news;
                protocol_->finalize_unanswered(news);
                news.emplace_back(SttNews::What::finalized);
                tell(news);
                continue;
            }
            TimePoint next = accepted_ ? TimePoint::max() : accept_by_;
            if (answer_by_) next = std::min(next, *answer_by_);
            timer_.expires_at(next);
            co_await timer_.async_wait(net::nothrow);
        }
    }

    void fail_in_time(std::string_view phase, std::string_view sentence) {
        Failure failure;
        failure.kind = FailureKind::timeout;
        failure.phase = std::string(phase);
        failure.reason = std::string(sentence);
        announced_ = true;
        socket_.fail(std::move(failure));
    }

    std::unique_ptr<SttProtocol> protocol_;
    SttProtocol::Shape shape_;
    std::chrono::milliseconds connect_within_;
    SttSink& sink_;
    VendorSocket socket_;
    net::Nursery nursery_;
    net::asio::steady_timer timer_;
    std::vector<std::uint8_t> kept_;  // µ-law not sent yet
    std::size_t allowance_ = 0;       // bytes that may leave now
    std::optional<std::string> hint_;
    std::string request_id_;
    TimePoint accept_by_ = TimePoint::max();
    std::optional<TimePoint> answer_by_;  // a finalize has been sent
    bool finalizing_ = false, accepted_ = false, too_much_ = false;
    bool over_ = false;       // lost or closed
    bool told_ = false;       // the sink knows, or does not want to
    bool announced_ = false;  // the failure in hand is a message's, not a status or close code
};

}  // namespace

std::unique_ptr<SttStream> make_stt_stream(std::unique_ptr<SttProtocol> protocol, std::chrono::milliseconds connect_within, const Link& link, SttSink& sink) {
    return std::make_unique<SttSocket>(std::move(protocol), connect_within, link, sink);
}

}  // namespace parley::vendors

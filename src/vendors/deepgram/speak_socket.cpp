#include <boost/asio/post.hpp>

#include "../context_speech.hpp"
#include "parley/vendors/deepgram/speak.hpp"
#include "parley/vendors/socket.hpp"
#include "parley/vendors/speech_line.hpp"

namespace parley::vendors::deepgram {

namespace {

namespace asio = boost::asio;

class SpeakSocket final : public TtsStream {
public:
    SpeakSocket(const Endpoint& endpoint, const Link& link, TtsSink& sink)
        : endpoint_(endpoint), link_(link), sink_(sink), line_(sink, SpeechFormat{}), tasks_(link.executor) {}

    void open() override { lane_ = connect(); }

    void speak(SpeechTag tag, std::string_view text) override {
        if (over_ || closing_) return;
        line_.add(tag, text);
        ask();
    }

    void cancel_all() override {
        line_.drop_all();
        if (over_ || closing_ || !lane_ || lane_->asked.empty()) return;
        lane_->asked.clear();
        ++lane_->clearing;
        send(kClear);
    }

    [[nodiscard]] bool open_now() const override { return lane_ && lane_->socket.open_now(); }

    net::Task<> close() override {
        closing_ = true;
        line_.drop_all();
        if (lane_) retire(std::move(lane_));
        if (next_) retire(std::move(next_));
        co_await tasks_.join();
    }

private:
    // One socket and what it still owes. Normally there is one; a second takes over before the first has used up its
    // flushes.
    struct Lane final : VendorSocket::Handler {
        explicit Lane(SpeakSocket& client) : owner(client), socket(client.link_, *this) {}
        void on_socket_open() override {}
        void on_socket_text(std::string_view text) override { owner.on_text(*this, text); }
        void on_socket_binary(std::string_view bytes) override { owner.on_audio(*this, bytes); }
        void on_socket_lost(const Failure& failure) override { owner.on_lost(*this, failure); }

        SpeakSocket& owner;
        VendorSocket socket;
        std::deque<SpeechTag> asked;  // whose Flushed is still to come
        int clearing = 0;             // Clear messages not yet answered: what comes until then is of texts that were cancelled
        std::deque<TimePoint> flushes;
        bool told_open = false;
    };

    std::unique_ptr<Lane> connect() {
        auto lane = std::make_unique<Lane>(*this);
        SocketPlan plan(speak_url(endpoint_));
        plan.headers = speak_headers(endpoint_);
        plan.connect_within = endpoint_.connect_within;
        lane->socket.open(std::move(plan));
        return lane;
    }

    void retire(std::unique_ptr<Lane> lane) { tasks_.spawn(end(std::move(lane))); }
    static net::Task<> end(std::unique_ptr<Lane> lane) { co_await lane->socket.close(kClose); }

    void send(std::string_view message) {
        if (lane_->socket.send_text(message) || over_) return;
        tasks_.spawn(give_up());  // never the sink from within its owner's call
    }
    net::Task<> give_up() {
        co_await asio::post(link_.executor, asio::use_awaitable);
        Failure failure;
        failure.kind = FailureKind::timeout;
        failure.phase = "connect";
        failure.reason = "the socket does not take what is to be spoken";
        if (lane_ && !closing_) lane_->socket.fail(std::move(failure));
    }

    void ask() {
        while (lane_ && !over_ && !closing_) {
            const auto wanted = line_.next(kFlushesBeforeNewSocket);
            if (!wanted || !room_to_flush()) return;
            line_.asked(wanted->tag);
            lane_->asked.push_back(wanted->tag);
            for (const auto& message : speak_messages(escape_speak(wanted->text))) send(message);
        }
    }

    // Texts are spoken in order: the next socket connects while the old one still speaks, and takes over when that one
    // owes nothing.
    bool room_to_flush() {
        const auto now = Clock::now();
        auto& flushes = lane_->flushes;
        while (!flushes.empty() && now - flushes.front() >= kFlushWindow) flushes.pop_front();
        if (flushes.size() >= kFlushesBeforeNewSocket) {
            if (!next_) next_ = connect();
            if (!lane_->asked.empty()) return false;
            retire(std::exchange(lane_, std::move(next_)));
        }
        lane_->flushes.push_back(now);
        return true;
    }

    void tell_open(Lane& lane, std::string_view request_id) {
        if (std::exchange(lane.told_open, true) || std::exchange(told_open_, true)) return;
        sink_.on_tts_open(request_id);
    }

    void on_audio(Lane& lane, std::string_view bytes) {
        tell_open(lane, {});
        if (lane.clearing > 0 || lane.asked.empty() || closing_) return;
        line_.bytes(lane.asked.front(), {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    }

    void on_text(Lane& lane, std::string_view text) {
        const auto event = parse_speak(text);
        if (const auto* metadata = std::get_if<SpeakMetadata>(&event))
            tell_open(lane, metadata->request_id);
        else if (std::holds_alternative<SpeakCleared>(event))
            lane.clearing = std::max(0, lane.clearing - 1);
        else if (std::holds_alternative<SpeakFlushed>(event))
            on_flushed(lane);
        else if (const auto* warning = std::get_if<SpeakWarning>(&event))
            on_warning(lane, *warning);
        else if (std::holds_alternative<SpeakMalformed>(event))
            lane.socket.fail(malformed_message());
    }

    void on_flushed(Lane& lane) {
        if (lane.clearing > 0 || lane.asked.empty()) return;
        const auto tag = lane.asked.front();
        lane.asked.pop_front();
        line_.ended(tag);
        ask();
    }

    // A Flush beyond the limit is ignored: there would be no audio, and the text would be spoken with the next one. So
    // nothing stays behind.
    void on_warning(Lane& lane, const SpeakWarning& warning) {
        if (!speak_warning_is_limit(warning) || lane.asked.empty() || lane.clearing > 0 || &lane != lane_.get()) return;
        Failure failure;
        failure.kind = FailureKind::rate_limited;
        failure.phase = "stream";
        failure.reason = plain("warning " + warning.code + ": " + warning.description);
        const auto tags = std::exchange(lane.asked, {});
        ++lane.clearing;
        send(kClear);
        for (const auto tag : tags) line_.failed(tag, failure);
    }

    void on_lost(Lane& lane, const Failure& failure) {
        if (over_ || closing_) return;
        if (&lane == next_.get()) {  // its turn has not come: tried again when it does
            retire(std::move(next_));
            if (!lane_->asked.empty()) return;
        }
        over_ = true;
        const bool owed_nothing = line_.empty();
        line_.drop_all();
        sink_.on_tts_failed(0, idle_end(speak_lost(failure), owed_nothing));
    }

    Endpoint endpoint_;
    Link link_;
    TtsSink& sink_;
    SpeechLine line_;
    net::Nursery tasks_;
    std::unique_ptr<Lane> lane_, next_;
    bool over_ = false, closing_ = false, told_open_ = false;
};

}  // namespace

std::unique_ptr<TtsStream> make_speak(const Endpoint& endpoint, const Link& link, TtsSink& sink) {
    if (endpoint.option("transport") == "rest") return make_speak_rest(endpoint, link, sink);
    return std::make_unique<SpeakSocket>(endpoint, link, sink);
}

}  // namespace parley::vendors::deepgram

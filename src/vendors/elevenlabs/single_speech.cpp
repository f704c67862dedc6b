#include "single_speech.hpp"

#include <boost/asio/post.hpp>
#include <deque>

#include "../context_speech.hpp"

namespace parley::vendors::elevenlabs {

namespace {

namespace asio = boost::asio;

class SingleSpeech final : public TtsStream {
public:
    SingleSpeech(const Endpoint& endpoint, const Link& link, TtsSink& sink)
        : endpoint_(endpoint), link_(link), sink_(sink), line_(sink, SpeechFormat{}), tasks_(link.executor) {}

    void open() override { spare_ = connect(); }

    void speak(SpeechTag tag, std::string_view text) override {
        if (over_ || closing_) return;
        line_.add(tag, text);
        ask();
    }

    // There is no message for it: the sockets of what is spoken are closed, the spare one stays.
    void cancel_all() override {
        line_.drop_all();
        while (!speaking_.empty()) {
            retire(std::move(speaking_.front()));
            speaking_.pop_front();
        }
    }

    [[nodiscard]] bool open_now() const override { return spare_ && spare_->socket.open_now(); }

    net::Task<> close() override {
        closing_ = true;
        cancel_all();
        if (spare_) retire(std::move(spare_));
        co_await tasks_.join();
    }

private:
    struct Lane final : VendorSocket::Handler {
        explicit Lane(SingleSpeech& client) : owner(client), socket(client.link_, *this) {}
        void on_socket_open() override { owner.on_open(); }
        void on_socket_text(std::string_view text) override { owner.on_text(*this, text); }
        void on_socket_binary(std::string_view) override { socket.fail(malformed_message()); }
        void on_socket_lost(const Failure& failure) override { owner.on_lost(*this, failure); }

        SingleSpeech& owner;
        VendorSocket socket;
        SpeechTag tag = 0;  // 0: spare
    };

    std::unique_ptr<Lane> connect() {
        auto lane = std::make_unique<Lane>(*this);
        SocketPlan plan(speech_url(endpoint_));
        plan.headers = speech_headers(endpoint_);
        plan.connect_within = endpoint_.connect_within;
        plan.keep_alive = kSingleKeepAlive;
        plan.keep_alive_every = kSpeechKeepAlive;
        lane->socket.open(std::move(plan));
        (void)lane->socket.send_text(single_init(endpoint_));
        return lane;
    }

    void retire(std::unique_ptr<Lane> lane) { tasks_.spawn(end(std::move(lane))); }
    static net::Task<> end(std::unique_ptr<Lane> lane) { co_await lane->socket.close(); }

    void ask() {
        while (!over_ && !closing_) {
            const auto wanted = line_.next(kContextsAhead);
            if (!wanted) return;
            line_.asked(wanted->tag);
            auto lane = spare_ ? std::move(spare_) : connect();
            lane->tag = wanted->tag;
            bool taken = true;
            for (const auto& message : single_messages(escape_speech(endpoint_, wanted->text))) taken = lane->socket.send_text(message) && taken;
            if (!taken) tasks_.spawn(give_up(wanted->tag));
            speaking_.push_back(std::move(lane));
            spare_ = connect();
        }
    }

    // Never the sink from within its owner's call.
    net::Task<> give_up(SpeechTag tag) {
        co_await asio::post(link_.executor, asio::use_awaitable);
        Failure failure;
        failure.kind = FailureKind::closed;
        failure.phase = "connect";
        failure.reason = "the socket does not take what is to be spoken";
        for (const auto& lane : speaking_)
            if (lane->tag == tag && !closing_) co_return lane->socket.fail(std::move(failure));
    }

    void on_open() {
        if (!std::exchange(told_open_, true)) sink_.on_tts_open({});
    }

    void on_text(Lane& lane, std::string_view text) {
        if (over_ || closing_) return;
        const auto& message = decoder_.decode(text);
        if (message.malformed) return lane.socket.fail(malformed_message());
        if (message.error) return lane.socket.fail(*message.error);
        const auto tag = lane.tag;
        const auto before = line_.samples(tag);
        line_.bytes(tag, message.audio);
        for (const auto& character : message.characters) {
            const auto end_ms = std::clamp(character.start_ms + character.duration_ms, 0.0, 3.6e6);
            line_.character(tag, character.utf8, before + static_cast<std::uint64_t>(end_ms * 8));
        }
        if (message.is_final && tag != 0) over(lane, nullptr);
    }

    // One text is over, and with it its socket.
    void over(Lane& lane, const Failure* failure) {
        const auto tag = lane.tag;
        for (auto at = speaking_.begin(); at != speaking_.end(); ++at) {
            if (at->get() != &lane) continue;
            retire(std::move(*at));
            speaking_.erase(at);
            break;
        }
        if (failure != nullptr)
            line_.failed(tag, *failure);
        else
            line_.ended(tag);
        ask();
    }

    void on_lost(Lane& lane, const Failure& failure) {
        if (over_ || closing_) return;
        const auto why = idle_end(speech_lost(failure), lane.tag == 0);
        if (lane.tag != 0) return over(lane, &why);
        retire(std::move(spare_));
        if (told_open_ && (why.kind == FailureKind::session_limit || !speaking_.empty())) return;  // the next text makes another
        over_ = true;
        line_.drop_all();
        sink_.on_tts_failed(0, why);
    }

    Endpoint endpoint_;
    Link link_;
    TtsSink& sink_;
    SpeechLine line_;
    net::Nursery tasks_;
    SpeechDecoder decoder_;
    std::deque<std::unique_ptr<Lane>> speaking_;
    std::unique_ptr<Lane> spare_;
    bool over_ = false, closing_ = false, told_open_ = false;
};

}  // namespace

std::unique_ptr<TtsStream> make_single_speech(const Endpoint& endpoint, const Link& link, TtsSink& sink) {
    return std::make_unique<SingleSpeech>(endpoint, link, sink);
}

}  // namespace parley::vendors::elevenlabs

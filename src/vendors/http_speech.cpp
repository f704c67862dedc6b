#include "http_speech.hpp"

#include <boost/asio/post.hpp>

#include "parley/net/http_stream.hpp"
#include "parley/net/nursery.hpp"
#include "speech_request.hpp"

namespace parley::vendors {

namespace {

namespace asio = boost::asio;
using net::Task;

// The caller watches for stalls by what it is owed; this only keeps a forgotten request from living for ever.
constexpr std::chrono::seconds kMostWait{15};
constexpr std::chrono::seconds kStaysWarm{25};  // the client keeps an idle connection for thirty
constexpr std::size_t kMostBody = std::size_t{16} << 20;
constexpr std::size_t kMostErrorBody = 16 * 1024;

class HttpSpeech final : public TtsStream {
public:
    HttpSpeech(HttpSpeechPlan plan, const Link& link, TtsSink& sink)
        : plan_(std::move(plan)), link_(link), sink_(sink), line_(sink, plan_.format), tasks_(link.executor), wake_(link.executor) {}

    void open() override { tasks_.spawn(serve()); }

    void speak(SpeechTag tag, std::string_view text) override {
        if (over_ || closing_) return;
        line_.add(tag, text);
        wake_.cancel();
    }

    void cancel_all() override {
        line_.drop_all();
        abort_.emit(asio::cancellation_type::terminal);
    }

    [[nodiscard]] bool open_now() const override { return Clock::now() < warm_until_ && !over_ && !closing_; }

    Task<> close() override {
        closing_ = true;
        cancel_all();
        tasks_.cancel();
        wake_.cancel();
        co_await tasks_.join();
    }

private:
    Task<> serve() {
        co_await asio::post(link_.executor, asio::use_awaitable);
        const auto refused = co_await link_.http->connect_ahead(plan_.url, Clock::now() + plan_.connect_within);
        if (closing_) co_return;
        if (refused) {
            over_ = true;
            line_.drop_all();
            sink_.on_tts_failed(0, from_error(refused, "connect"));
            co_return;
        }
        warm_until_ = Clock::now() + kStaysWarm;
        sink_.on_tts_open({});
        while (!closing_) {
            const auto wanted = line_.next(1);
            if (!wanted) {
                wake_.expires_at(TimePoint::max());
                co_await wake_.async_wait(net::nothrow);
                continue;
            }
            const auto tag = wanted->tag;
            line_.asked(tag);
            if (code_points(wanted->text) > plan_.most_characters) {
                fail(tag, FailureKind::refused, "the text is longer than the vendor takes");
                continue;
            }
            // A coroutine of its own, so that cancel_all() ends this request and nothing else.
            auto body = plan_.body(wanted->text);
            auto request = fetch(tag, std::move(body));
            auto token = asio::bind_cancellation_slot(abort_.slot(), net::nothrow);
            co_await asio::co_spawn(link_.executor, std::move(request), std::move(token));
            warm_until_ = Clock::now() + kStaysWarm;
            if (!closing_ && line_.knows(tag)) fail(tag, FailureKind::server, "the request broke off");
        }
    }

    void fail(SpeechTag tag, FailureKind kind, std::string_view reason) {
        Failure failure;
        failure.kind = kind;
        failure.phase = "first_byte";
        failure.reason = plain(reason);
        line_.failed(tag, std::move(failure));
    }

    Task<> fetch(SpeechTag tag, std::string body) {
        net::HttpCall call("POST", plan_.url, kMostWait);
        call.headers = plan_.headers;
        call.body = std::move(body);
        call.body_limit = kMostBody;
        auto opened = co_await link_.http->open(std::move(call));
        if (!line_.knows(tag)) co_return;
        if (!opened) {
            line_.failed(tag, from_error(opened.error(), "first_byte"));
            co_return;
        }
        auto& reply = **opened;
        if (reply.status() / 100 != 2) {
            std::string said;
            while (said.size() < kMostErrorBody) {
                auto more = co_await reply.read(Clock::now() + std::chrono::seconds(1));
                if (!more) break;
                said += *more;
            }
            line_.failed(tag, from_http_status(reply.status(), said, reply.headers().get("retry-after"), reply.headers().get(plan_.request_id)));
            co_return;
        }
        if (const auto wrong = plan_.wrong_type(reply.headers().get("content-type")); !wrong.empty()) {
            fail(tag, FailureKind::bad_audio, wrong);
            co_return;
        }
        while (line_.knows(tag)) {
            auto more = co_await reply.read(Clock::now() + kMostWait);
            if (!more && more.error() != net::Errc::end_of_stream) {
                line_.failed(tag, from_error(more.error(), "stream"));
            } else if (!more) {
                line_.ended(tag);
            } else {
                line_.bytes(tag, {reinterpret_cast<const std::uint8_t*>(more->data()), more->size()});
            }
        }
    }

    HttpSpeechPlan plan_;
    Link link_;
    TtsSink& sink_;
    SpeechLine line_;
    net::Nursery tasks_;
    asio::steady_timer wake_;
    asio::cancellation_signal abort_;
    TimePoint warm_until_{};
    bool over_ = false, closing_ = false;
};

}  // namespace

std::unique_ptr<TtsStream> make_http_speech(HttpSpeechPlan plan, const Link& link, TtsSink& sink) {
    return std::make_unique<HttpSpeech>(std::move(plan), link, sink);
}

}  // namespace parley::vendors

#include "context_speech.hpp"

#include <boost/asio/post.hpp>
#include <charconv>

namespace parley::vendors {

namespace asio = boost::asio;

namespace {

std::string context_of(SpeechTag tag) {
    return "t" + std::to_string(tag);
}

}  // namespace

Failure malformed_message() {
    Failure failure;
    failure.kind = FailureKind::protocol;
    failure.phase = "stream";
    failure.reason = "a message that cannot be read";
    return failure;
}

Failure idle_end(Failure failure, bool owed_nothing) {
    if (owed_nothing && (failure.status == 1000 || failure.status == 1001)) failure.kind = FailureKind::session_limit;
    return failure;
}

ContextSpeech::ContextSpeech(const Link& link, TtsSink& sink, std::size_t ahead, std::size_t places)
    : executor_(link.executor), sink_(sink), line_(sink, SpeechFormat{}), socket_(link, *this), tasks_(link.executor), ahead_(ahead), places_(places) {}

void ContextSpeech::open() {
    socket_.open(plan());
}

void ContextSpeech::speak(SpeechTag tag, std::string_view text) {
    if (over_ || closing_) return;
    line_.add(tag, text);
    ask();
}

void ContextSpeech::cancel_all() {
    const auto contexts = open_contexts_;
    for (const auto tag : contexts) {
        if (!line_.knows(tag) || over_ || closing_) continue;
        const auto message = cancel_message(context_of(tag));
        if (message.empty()) continue;  // it is open until its end has come
        send(message);
        open_contexts_.erase(tag);
    }
    line_.drop_all();
}

net::Task<> ContextSpeech::close() {
    closing_ = true;
    line_.drop_all();
    tasks_.cancel();
    co_await tasks_.join();
    co_await socket_.close(last_message());
}

void ContextSpeech::ask() {
    while (!over_ && !closing_ && open_contexts_.size() < places_) {
        const auto wanted = line_.next(ahead_);
        if (!wanted) return;
        line_.asked(wanted->tag);
        open_contexts_.insert(wanted->tag);
        for (const auto& message : messages(context_of(wanted->tag), wanted->text)) send(message);
    }
}

void ContextSpeech::send(std::string_view message) {
    if (!socket_.send_text(message) && !over_) tasks_.spawn(give_up());
}

// Never the sink from within its owner's call.
net::Task<> ContextSpeech::give_up() {
    co_await asio::post(executor_, asio::use_awaitable);
    Failure failure;
    failure.kind = FailureKind::timeout;
    failure.phase = "connect";
    failure.reason = "the socket does not take what is to be spoken";
    if (!closing_) socket_.fail(std::move(failure));
}

SpeechTag ContextSpeech::tag_of(std::string_view context) {
    SpeechTag tag = 0;
    if (!context.starts_with('t')) return 0;
    const auto* const end = context.data() + context.size();
    const auto [stop, ec] = std::from_chars(context.data() + 1, end, tag);
    return ec == std::errc{} && stop == end ? tag : 0;
}

void ContextSpeech::context_over(SpeechTag tag, const Failure* failure) {
    open_contexts_.erase(tag);
    if (failure != nullptr)
        line_.failed(tag, *failure);
    else
        line_.ended(tag);
    ask();
}

void ContextSpeech::fail_malformed() {
    socket_.fail(malformed_message());
}

void ContextSpeech::on_socket_open() {
    sink_.on_tts_open({});
}

void ContextSpeech::on_socket_text(std::string_view text) {
    if (!over_ && !closing_) on_message(text);
}

void ContextSpeech::on_socket_lost(const Failure& failure) {
    if (over_ || closing_) return;
    over_ = true;
    const bool owed_nothing = line_.empty();
    line_.drop_all();
    sink_.on_tts_failed(0, idle_end(lost(failure), owed_nothing));
}

}  // namespace parley::vendors

#include "stream_session.hpp"

#include <boost/asio/co_spawn.hpp>

#include "parley/sim/identifiers.hpp"

namespace parley::sim {

StreamSession::StreamSession(CarrierCall& call, StreamSetup setup, std::string url, std::string callback_url, std::string callback_method)
    : call_(call), setup_(std::move(setup)), callback_url_(std::move(callback_url)), callback_method_(std::move(callback_method)), wake_(call.executor()) {
    truth_.sid = setup_.stream_sid;
    truth_.name = setup_.name;
    truth_.url = std::move(url);
    truth_.bidirectional = setup_.bidirectional;
}

void StreamSession::tell(const std::string& event, const std::string& error) {
    if (callback_url_.empty()) return;
    Form form{{"AccountSid", setup_.account_sid}, {"CallSid", setup_.call_sid}, {"StreamSid", setup_.stream_sid},
              {"StreamName", setup_.name},        {"StreamEvent", event},       {"Timestamp", iso8601(std::chrono::system_clock::now())}};
    if (!error.empty()) form.emplace_back("StreamError", error);
    call_.callback("stream", callback_url_, callback_method_, std::move(form));
}

void StreamSession::take_notices() {
    for (auto& notice : machine_->take_notices()) {
        const bool warning = notice.code == 31930 || notice.code == 31931 || notice.code == 31950 || notice.code == 31951;
        call_.notify(notice.code, std::move(notice.text), truth_.url, warning);
    }
}

void StreamSession::on_frame(Track track, std::span<const std::uint8_t> codes, Sample line_start) {
    if (!open()) return;
    machine_->on_frame(track, codes, line_start);
    take_notices();
    wake_.notify();
}

void StreamSession::on_marks(const std::vector<PlayBuffer::MarkReturn>& returned, Sample line_now) {
    if (!open() || !setup_.bidirectional) return;
    machine_->on_marks(returned, line_now);
    wake_.notify();
}

void StreamSession::on_key(char key, Sample line_now) {
    if (!open()) return;
    machine_->on_dtmf(key, line_now);
    wake_.notify();
}

void StreamSession::stop(HangupStep::How how) {
    if (stopping_ || ended_) return;
    stopping_ = true;
    how_ = how;
    if (machine_ != nullptr && how == HangupStep::How::stop) machine_->stop(call_.line_now());
    if (socket_ != nullptr && how != HangupStep::How::stop) socket_->abort(how == HangupStep::How::reset);
    wake_.notify();
}

Task<> StreamSession::reader() {
    StreamMessage message;
    while (co_await socket_->read(message)) {
        call_.advance();
        if (message.text) {
            machine_->on_text(message.payload, call_.speaker(), call_.line_now());
        } else {
            machine_->on_binary(message.payload.size());
        }
        take_notices();
        wake_.notify();
    }
    peer_gone_ = true;
    reader_done_ = true;
    wake_.notify();
    call_.changed().notify();
}

Task<> StreamSession::writer() {
    std::string message;
    for (;;) {
        if (peer_gone_ || (stopping_ && how_ != HangupStep::How::stop)) break;
        call_.advance();
        const auto now = call_.line_now();
        if (machine_->take(stopping_ ? CarrierCall::kForever : now, message)) {
            if (!co_await socket_->write(std::move(message))) break;
            continue;
        }
        if (stopping_) break;  // everything is out, the stop message last
        auto due = machine_->next_due();
        if (setup_.bidirectional) {
            if (const auto mark = call_.speaker().next_mark_at()) {
                const auto at = call_.line_of(*mark) + 1;
                due = std::min(due.value_or(at), at);
            }
        }
        const auto deadline = due ? std::max(call_.time_of(*due), Clock::now() + std::chrono::microseconds(200)) : TimePoint::max();
        co_await wake_.wait(deadline);
    }
    if (stopping_ && how_ == HangupStep::How::stop && !peer_gone_) {
        co_await socket_->close();
    } else {
        socket_->abort(stopping_ && how_ == HangupStep::How::reset);
    }
}

void StreamSession::close_books() {
    if (machine_ == nullptr) return;
    call_.advance();
    auto& speaker = call_.speaker();
    if (setup_.bidirectional) {
        speaker.drop_all();  // the buffer belonged to this stream
        truth_.appended = speaker.appended() - machine_->first_offset();
        truth_.played = speaker.played() - played_before_;
        truth_.discarded = speaker.discarded() - discarded_before_;
        for (auto segment : speaker.segments()) {
            if (segment.offset + segment.length <= machine_->first_offset()) continue;
            segment.offset -= machine_->first_offset();
            truth_.heard.push_back(segment);
        }
    }
    truth_.marks.assign(machine_->marks().begin(), machine_->marks().end());
    truth_.clears = machine_->clears();
    truth_.frames_sent = machine_->frames_sent();
    truth_.frames_lost = machine_->frames_lost();
    truth_.media_received = machine_->media_received();
    truth_.invalid_messages = machine_->invalid_messages();
    truth_.overflow_samples = machine_->overflow_samples();
}

Task<> StreamSession::run() {
    const auto& options = call_.deps().options;
    StreamHandshake handshake;
    handshake.url = truth_.url;
    handshake.signature = call_.deps().stream_signer.signature(truth_.url, {});
    handshake.timeout = options.stream_timeout;
    handshake.plain_allowed = options.plain_streams;
    auto opened = co_await sim::open_stream(std::move(handshake), call_.deps().webhooks.http().tls(), call_.deps().webhooks.http().balancer());
    truth_.error = opened.end.error;
    truth_.error_text = opened.end.text;
    if (opened.socket != nullptr && stopping_) {
        opened.socket->abort(false);
    } else if (opened.socket != nullptr) {
        socket_ = std::move(opened.socket);
        truth_.opened_ms = call_.ms_now();
        call_.advance();
        auto& speaker = call_.speaker();
        played_before_ = speaker.played();
        discarded_before_ = speaker.discarded();
        machine_ = std::make_unique<MediaMachine>(setup_, call_.scenario().line, call_.line_now(), speaker);
        tell("stream-started");
        reader_done_ = false;
        call_.spawn(reader());
        co_await writer();
        while (!reader_done_) co_await wake_.wait();
        truth_.error = socket_->end().error;
        truth_.error_text = socket_->end().text;
        truth_.close_code = socket_->end().close_code;
        close_books();
        socket_.reset();
    }
    truth_.ended_ms = call_.ms_now();
    ended_ = true;
    if (truth_.error != 0 && !(stopping_ && truth_.opened_ms > 0)) {
        call_.notify(truth_.error, truth_.error_text, truth_.url);
        tell("stream-error", std::to_string(truth_.error) + " " + truth_.error_text);
    } else if (truth_.opened_ms > 0) {
        tell("stream-stopped");
    }
    call_.changed().notify();
}

}  // namespace parley::sim

#include "session_base.hpp"

#include <algorithm>
#include <utility>

namespace parley::vendors::s2s {

namespace {
constexpr std::size_t kWishes = 8;
constexpr std::size_t kMostTranscript = 4096;
}  // namespace

void SessionBase::audio(const CallerFrame& frame) {
    if (over()) return;
    if (ready_) {
        send_audio(frame.mulaw);
        return;
    }
    // The newest of the caller counts: what was said while the session was being opened for seconds is stale.
    if (early_.size() + frame.mulaw.size() > kEarlyBytes) {
        const auto surplus = std::min(early_.size(), early_.size() + frame.mulaw.size() - kEarlyBytes);
        early_.erase(early_.begin(), early_.begin() + static_cast<std::ptrdiff_t>(surplus));
    }
    early_.insert(early_.end(), frame.mulaw.begin(), frame.mulaw.end());
}

void SessionBase::became_ready(std::string_view request_id, std::chrono::seconds lifetime) {
    if (ready_ || over()) return;
    ready_ = true;
    request_id_ = plain(request_id, 128);
    if (!early_.empty()) send_audio(early_);
    early_ = {};
    tell(&S2sSink::on_s2s_open, std::string_view(request_id_), lifetime);
    const auto wishes = std::exchange(wishes_, {});
    for (const auto& wish : wishes)
        if (!over()) wish();
}

void SessionBase::tell_caller_text(std::string_view text) {
    const std::string clean = plain(text, kMostTranscript);
    if (!clean.empty()) tell(&S2sSink::on_caller_text, std::string_view(clean));
}

void SessionBase::tell_interim(std::string_view text) {
    const std::string clean = plain(text, kMostTranscript);
    if (!clean.empty()) tell(&S2sSink::on_caller_interim, std::string_view(clean));
}

bool SessionBase::later(std::function<void()> wish) {
    if (ready_ || over()) return false;
    if (wishes_.size() < kWishes) wishes_.push_back(std::move(wish));
    return true;
}

void SessionBase::fail(Failure failure) {
    socket_.fail(std::move(failure));
}

void SessionBase::fail(FailureKind kind, std::string_view reason) {
    Failure failure;
    failure.kind = kind;
    failure.phase = ready_ ? "stream" : "first_byte";
    failure.reason = plain(reason);
    fail(std::move(failure));
}

void SessionBase::on_socket_lost(const Failure& failure) {
    if (over()) return;
    Failure read = read_loss(failure);
    if (read.request_id.empty()) read.request_id = request_id_;
    failed_ = true;
    sink_->on_s2s_failed(read);
}

net::Task<> SessionBase::close() {
    sink_ = nullptr;
    co_await socket_.close();
}

}  // namespace parley::vendors::s2s

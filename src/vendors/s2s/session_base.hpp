#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/s2s.hpp"
#include "parley/vendors/socket.hpp"

namespace parley::vendors::s2s {

// What every speech-to-speech client does alike: one socket, the caller's audio kept until the vendor is configured,
// the sink told once of the end and never after close().
class SessionBase : public S2sSession, protected VendorSocket::Handler {
public:
    SessionBase(const Endpoint& endpoint, const Link& link, S2sSetup setup, S2sSink& sink)
        : endpoint_(endpoint), link_(link), setup_(std::move(setup)), socket_(link, *this), sink_(&sink) {}

    void audio(const CallerFrame& frame) final;
    [[nodiscard]] bool open_now() const final { return ready_ && !failed_; }
    [[nodiscard]] std::uint64_t late_dropped() const final { return late_; }
    net::Task<> close() override;

protected:
    static constexpr std::size_t kEarlyBytes = 5 * 8000;  // 5 s of the caller before the vendor is configured

    virtual void send_audio(std::span<const std::uint8_t> mulaw) = 0;     // only once ready
    virtual Failure read_loss(Failure failure) const { return failure; }  // the vendor's own way of using close codes

    void became_ready(std::string_view request_id,
                      std::chrono::seconds lifetime);  // tells the sink and sends the early audio
    void fail(Failure failure);
    void fail(FailureKind kind, std::string_view reason);
    void say(std::string_view text) { (void)socket_.send_text(text); }
    void count_late() { ++late_; }
    // What the caller said, bounded and printable; nothing is told of a turn without words.
    void tell_caller_text(std::string_view text);
    void tell_interim(std::string_view text);
    // True: not ready yet; `wish` is done once it is, after the early audio (a few are kept). False: over, or to be
    // done now.
    bool later(std::function<void()> wish);
    [[nodiscard]] bool over() const { return failed_ || sink_ == nullptr; }
    // Tells the sink, unless it must not be told any more.
    template <class Method, class... Arguments>
    void tell(Method method, const Arguments&... arguments) {
        if (!over()) (sink_->*method)(arguments...);
    }

    Endpoint endpoint_;
    Link link_;
    S2sSetup setup_;
    VendorSocket socket_;
    std::string request_id_;

private:
    void on_socket_lost(const Failure& failure) final;

    S2sSink* sink_;  // null: closed
    std::vector<std::uint8_t> early_;
    std::vector<std::function<void()>> wishes_;
    std::uint64_t late_ = 0;
    bool ready_ = false, failed_ = false;
};

}  // namespace parley::vendors::s2s

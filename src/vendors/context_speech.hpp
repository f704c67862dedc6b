#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "parley/net/nursery.hpp"
#include "parley/vendors/socket.hpp"
#include "parley/vendors/speech_line.hpp"

namespace parley::vendors {

// A client of a vendor that speaks many contexts on one socket: one context a text, its name made from the tag, so that
// whatever comes for a text that was cancelled or is over is known by its name and dropped.
class ContextSpeech : public TtsStream, private VendorSocket::Handler {
public:
    void open() override;
    void speak(SpeechTag tag, std::string_view text) override;
    void cancel_all() override;
    [[nodiscard]] bool open_now() const override { return socket_.open_now(); }
    net::Task<> close() override;

protected:
    // `ahead`: texts asked for at a time; `places`: contexts the vendor has open at most, cancelled ones included until
    // they are over.
    ContextSpeech(const Link& link, TtsSink& sink, std::size_t ahead, std::size_t places);

    [[nodiscard]] virtual SocketPlan plan() const = 0;
    [[nodiscard]] virtual std::vector<std::string> messages(std::string_view context, std::string_view text) const = 0;
    [[nodiscard]] virtual std::string cancel_message(std::string_view context) const = 0;  // empty: none
    [[nodiscard]] virtual std::string_view last_message() const { return {}; }
    virtual void on_message(std::string_view text) = 0;
    [[nodiscard]] virtual Failure lost(Failure failure) const { return failure; }

    SpeechLine& line() { return line_; }
    // 0: not a name of ours.
    [[nodiscard]] static SpeechTag tag_of(std::string_view context);
    // All audio of it has come, or (with a failure) none will.
    void context_over(SpeechTag tag, const Failure* failure = nullptr);
    void fail(Failure failure) { socket_.fail(std::move(failure)); }
    void fail_malformed();

private:
    void on_socket_open() override;
    void on_socket_text(std::string_view text) override;
    void on_socket_binary(std::string_view) override { fail_malformed(); }
    void on_socket_lost(const Failure& failure) override;
    void ask();
    void send(std::string_view message);
    net::Task<> give_up();

    net::asio::any_io_executor executor_;
    TtsSink& sink_;
    SpeechLine line_;
    VendorSocket socket_;
    net::Nursery tasks_;
    std::size_t ahead_, places_;
    std::set<SpeechTag> open_contexts_;  // the vendor holds these for open, cancelled ones among them
    bool over_ = false, closing_ = false;
};

[[nodiscard]] Failure malformed_message();
// An orderly end of a socket that owed nothing is the vendor's way, not its fault.
[[nodiscard]] Failure idle_end(Failure failure, bool owed_nothing);

}  // namespace parley::vendors

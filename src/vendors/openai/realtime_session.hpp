#pragma once

#include <deque>
#include <set>

#include "../s2s/session_base.hpp"
#include "../s2s/turn_gate.hpp"
#include "parley/vendors/openai/realtime.hpp"
#include "parley/vendors/openai/realtime_codec.hpp"

namespace parley::vendors {

class OpenaiRealtime final : public s2s::SessionBase {
public:
    OpenaiRealtime(const Endpoint& endpoint, const Link& link, S2sSetup setup, S2sSink& sink)
        : SessionBase(endpoint, link, std::move(setup), sink), settings_(openai_realtime::settings_of(endpoint)) {}

    void open() override;
    [[nodiscard]] bool decides_turns() const override { return !settings_.manual; }
    void caller_turn_began() override;
    void caller_turn_ended() override;
    void respond(std::string_view instructions) override;
    void caller_text(std::string_view text) override;
    void note(std::string_view text) override;
    void truncate(VendorReply reply, std::chrono::milliseconds heard) override;
    void tool_result(const ToolCall& call, std::string_view result_json) override;

private:
    using Event = openai_realtime::Event;
    struct Item {
        std::string id;
        std::uint64_t samples = 0;  // of its audio that came
    };
    struct Reply {
        VendorReply number = 0;
        std::string id;               // the vendor's response
        std::vector<Item> items;      // spoken ones, in playing order
        std::set<std::string> owed;   // calls without a result yet
        std::set<std::string> given;  // calls the sink was told of
        bool running = true;          // no response.done yet
        bool cut = false;             // truncated: nothing of it is told any more
    };

    void on_socket_open() override;
    void on_socket_text(std::string_view text) override;
    void on_socket_binary(std::string_view) override { fail(FailureKind::protocol, "a binary message"); }
    void send_audio(std::span<const std::uint8_t> mulaw) override;
    [[nodiscard]] Failure read_loss(Failure failure) const override { return openai_realtime::read_close(std::move(failure)); }

    void configured();
    void take_audio(const Event& event);
    void take_words(const Event& event);
    void take_calls(Reply& reply, const Event& event);
    void take_done(const Event& event);
    void take_error(const Event& event);
    void take_caller_text(const Event& event);
    Reply* find(std::string_view response);
    [[nodiscard]] bool running() const;
    void want_response(std::string instructions);
    void send_wanted();
    std::string next_id(char kind) { return kind + std::to_string(++sent_events_); }

    openai_realtime::Settings settings_;
    s2s::TurnGate gate_{settings_.manual};
    openai_realtime::Reader reader_;
    std::deque<Reply> replies_;  // the newest ones
    VendorReply last_number_ = 0;
    std::uint64_t sent_events_ = 0;
    std::int64_t expires_at_ = 0;
    std::string session_id_, configuring_, last_create_;
    bool opened_ = false;

    std::string caller_item_, caller_said_;  // interim transcript of one item
    bool answer_coming_ = false;             // the vendor will create a response by itself: its VAD hears the caller
    bool wanted_ = false;                    // a response of ours waits for the running one to end
    std::string wanted_instructions_;
    std::string message_;
    std::vector<std::int16_t> pcm_;
};

}  // namespace parley::vendors

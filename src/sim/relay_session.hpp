#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "carrier_call.hpp"
#include "relay_order.hpp"
#include "relay_settings.hpp"
#include "relay_speech.hpp"
#include "stream_socket.hpp"

namespace parley::sim {

// <Connect><ConversationRelay>: talks to the application until one side ends it. Answers the parameters of the action request.
Task<Form> converse_by_relay(CarrierCall& call, const TwimlElement& noun);

// One session. Four coroutines of one call: run() looks at the line every 20 ms and turns what the caller does into messages; the reader obeys the
// application; the writer sends in order and closes; the speaker turns sentences into sound ahead of their time.
class RelaySession {
public:
    RelaySession(CarrierCall& call, RelaySettings settings);
    Task<> run();
    [[nodiscard]] const RelayTruth& truth() const { return truth_; }
    [[nodiscard]] Form action_parameters() const;

private:
    struct Talking {  // what the caller is saying, from the first sound to the silence that ends the turn
        std::string text;
        Sample from = 0, to = 0;
        Sample spoken_over = 0;  // with the agent: voiced samples so far
        std::size_t partial_words = 0;
        bool muted = false, decided = false;
    };

    Task<> reader();
    Task<> writer();
    Task<> speaker();
    Task<Pcm8k> sound_of(RelaySpeech::Sentence item);
    [[nodiscard]] std::string setup_message() const;
    void obey(const std::string& message);
    void perform(RelayOrder order);
    void malformed(const std::string& message, const std::string& why);
    void look();
    void look_at_keys(Sample play);
    void look_at_speech(Sample now, Sample play);
    void begin_talking(Sample now);
    void decide_over_agent(Sample play);
    void report_playing(Sample play);
    void interrupt(Sample play, bool by_key);
    void prompt(const std::string& text, bool last);
    void send(const std::string& message) { outbox_.push_back(message); }
    void info(const std::string& name, const std::string& value);
    void finish(std::string status, int error = 0, std::string text = {});
    [[nodiscard]] Sample play_now();

    CarrierCall& call_;
    RelaySettings settings_;
    RelayTruth truth_;
    RelaySpeech speech_;
    std::unique_ptr<StreamSocket> socket_;
    std::deque<std::string> outbox_;
    std::optional<Talking> talking_;
    std::size_t next_utterance_ = 0, next_key_ = 0;
    std::string language_;
    Sample began_ = 0, tick_ = 0;
    std::optional<TimePoint> prompted_;
    int bad_in_a_row_ = 0;
    std::uint16_t close_code_ = 1000;
    std::string close_reason_ = "Closing websocket session";
    bool agent_speaking_ = false, client_speaking_ = false;
    bool cut_ = false;  // an interruption whose prompt has not come
    bool finished_ = false, dropped_ = false;
    bool reader_done_ = true, writer_done_ = true, speaker_done_ = true;
};

}  // namespace parley::sim

#pragma once
// What all emulated speech-to-speech vendors share: sound streams in, utterances are cut out of it and recognised, the
// mind answers, the answer is spoken in pieces with its words beside them, and all that can be broken off by the caller
// or by the client.

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "parley/sim/vendor_emulator.hpp"

namespace parley::sim {

struct AgentSettings {
    WireFormat in, out;
    std::chrono::milliseconds endpointing{300};
    bool cuts = true;            // it finds the caller's turns itself; else commit() ends them
    bool answers = true;         // a turn it found is answered at once
    bool interrupts = true;      // the caller's voice breaks a running answer off
    bool answers_noise = false;  // a turn without a word it knows is answered too
    bool announces = false;      // the answer begins before the caller's words are told
};

struct AgentAnswer {
    int number = 0;  // from 1
    std::string text, tool, arguments;
    std::string why;       // cancelled: by what; empty: it ran to its end
    std::size_t sent = 0;  // bytes of sound
    [[nodiscard]] bool cancelled() const { return !why.empty(); }
};

// What a vendor says about it. Of one connection. False: the connection is over.
class AgentTeller {
public:
    virtual ~AgentTeller() = default;
    virtual Task<bool> started(std::chrono::milliseconds at) = 0;
    virtual Task<bool> stopped(std::chrono::milliseconds at) = 0;  // the turn is over, not recognised yet
    virtual Task<bool> said(std::string text) = 0;                 // what was recognised; empty: nothing known
    virtual Task<bool> began(const AgentAnswer& answer) = 0;       // it is being thought of
    virtual Task<bool> speaks(const AgentAnswer& answer) = 0;      // its text is there, its sound comes now
    virtual Task<bool> words(const AgentAnswer& answer, std::string delta) = 0;
    virtual Task<bool> sound(const AgentAnswer& answer, std::string bytes, std::chrono::milliseconds lasts) = 0;
    virtual Task<bool> spoke(const AgentAnswer& answer) = 0;   // all of its sound has been sent, or it was broken off while speaking
    virtual Task<bool> called(const AgentAnswer& answer) = 0;  // its tool
    virtual Task<bool> ended(const AgentAnswer& answer) = 0;
};

class SpeakingAgent {
public:
    SpeakingAgent(EmulatorSocket& socket, std::shared_ptr<EmulatorWorld> world, AgentSettings settings, Fault fault, std::shared_ptr<AgentTeller> teller,
                  asio::any_io_executor executor);
    ~SpeakingAgent();
    SpeakingAgent(const SpeakingAgent&) = delete;
    SpeakingAgent& operator=(const SpeakingAgent&) = delete;

    void change(AgentSettings settings);  // formats too; the running turn is forgotten when the input's changes
    // The caller's sound. False: the connection is over.
    Task<bool> hear(std::string bytes);
    // Ends the running turn, where it does not find turns itself: what came since the last. False: it is shorter than
    // 100 ms.
    bool commit();
    void forget();                                             // what came since the last turn
    [[nodiscard]] std::chrono::milliseconds position() const;  // of all sound so far

    // Answers what was said last: the caller's words, `text` in his place, or a tool's result.
    void answer();
    void answer_text(std::string text);
    void answer_tool(std::string tool);
    // Obeys: says what stands in quotes, or what the mind makes of the instruction; empty: as answer().
    void answer_instruction(std::string instruction);
    void speak(std::string text);         // that, word for word
    void take_as_said(std::string text);  // without an answer

    [[nodiscard]] bool busy() const;  // an answer is running or waits to
    // Breaks the running answer off and forgets those that wait. False: there was none.
    bool cancel(std::string why);

private:
    struct Desk;
    void push(int kind, std::string text, Pcm8k sound, bool answers);
    static Task<> work(std::shared_ptr<Desk> desk);
    static Task<bool> recognise(std::shared_ptr<Desk> desk, Pcm8k sound, bool answers, std::uint64_t epoch);
    static Task<bool> produce(std::shared_ptr<Desk> desk, std::string text, int kind, bool begun, std::uint64_t epoch);
    static Task<bool> utter(std::shared_ptr<Desk> desk, AgentAnswer& answer, std::uint64_t epoch);

    std::shared_ptr<Desk> desk_;
    std::unique_ptr<WireDecoder> decoder_;
    std::unique_ptr<UtteranceCutter> cutter_;
    Pcm8k collected_;  // where it does not find turns itself
    std::size_t samples_ = 0;
};

}  // namespace parley::sim

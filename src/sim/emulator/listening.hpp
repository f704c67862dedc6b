#pragma once
// What all emulated recognisers share: sound comes in as it streams, utterances are cut out of it, recognised, and told
// in order.

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/steady_timer.hpp>

#include "parley/sim/vendor_emulator.hpp"

namespace parley::sim {

struct Utterance {
    int number = 0;                            // from 0; what ended without being over has the number of what it goes on as
    std::chrono::milliseconds from{0}, to{0};  // of the sound that came in
    std::string text;                          // empty: nothing that is known
    double confidence = 0;
    bool forced = false;  // the client ended it, not the pause
};

// What a vendor says about it. Of one connection; `started` and `stopped` come as it happens, the rest in order and
// with the world's delays. False: the connection is over.
class SttTeller {
public:
    virtual ~SttTeller() = default;
    virtual Task<bool> started(std::chrono::milliseconds at);
    virtual Task<bool> stopped(Utterance utterance);  // without text yet
    virtual Task<bool> interim(Utterance utterance);  // its first words, then all of them
    virtual Task<bool> eager(Utterance utterance);    // probably over
    virtual Task<bool> resumed(Utterance utterance);  // it was not
    virtual Task<bool> final(Utterance utterance) = 0;
    virtual Task<bool> noted(std::string what);  // everything before note(what) has been told
};

struct ListeningSettings {
    WireFormat format;
    std::chrono::milliseconds endpointing{300};
    std::optional<std::chrono::milliseconds> eager;  // a pause that makes it probably over; shorter than `endpointing`
    bool interims = true;
};

// "mulaw", "pcm_s16le", "audio/pcmu", "pcm_16000" … as the vendors spell them; `rate` 0: the word has it.
[[nodiscard]] std::optional<WireFormat> wire_format(std::string_view encoding, int rate);

class Listening {
public:
    Listening(EmulatorSocket& socket, std::shared_ptr<EmulatorWorld> world, ListeningSettings settings, Fault fault, std::shared_ptr<SttTeller> teller,
              asio::any_io_executor executor);
    ~Listening();  // what is being told is told
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;

    // False: the connection is over.
    Task<bool> sound(std::string bytes);
    // Ends the utterance that is running. False: none was.
    Task<bool> commit();
    void note(std::string what);
    [[nodiscard]] bool speaking() const;
    [[nodiscard]] std::chrono::milliseconds position() const;     // of all sound so far
    [[nodiscard]] std::chrono::milliseconds last_end() const;     // of the last utterance's voice; 0: there was none
    void set_endpointing(std::chrono::milliseconds endpointing);  // from the next utterance on

private:
    struct Job {
        enum class Kind : std::uint8_t { eager, resumed, final, note } kind = Kind::final;
        Utterance utterance;
        Pcm8k sound;
        std::string what;
        TimePoint due;
        std::chrono::milliseconds recognition{0};
    };
    struct Desk {  // shared with the coroutine that tells
        std::deque<Job> jobs;
        asio::steady_timer wake;
        bool ended = false;
        std::shared_ptr<EmulatorWorld> world;
        std::shared_ptr<SttTeller> teller;
        EmulatorSocket* socket;
        Fault fault;
        bool interims = true;
        Utterance guessed;  // what the last eager end said
        bool guess_stands = false;
        explicit Desk(asio::any_io_executor executor) : wake(std::move(executor), TimePoint::max()) {}
    };
    static Task<> tell(std::shared_ptr<Desk> desk);
    static Task<bool> tell_one(std::shared_ptr<Desk> desk, Job job);
    static Task<bool> tell_interims(std::shared_ptr<Desk> desk, Utterance utterance, TimePoint due, std::chrono::milliseconds recognition);
    void push(Job job);
    Job job(Job::Kind kind, const UtteranceCutter::Event& event, bool forced);
    Task<bool> handle(UtteranceCutter::Event event, bool forced);

    ListeningSettings settings_;
    std::shared_ptr<Desk> desk_;
    WireDecoder decoder_;
    std::unique_ptr<UtteranceCutter> cutter_, quick_;
    std::chrono::milliseconds before_{0};  // sound before the present cutter began
    std::optional<std::chrono::milliseconds> next_endpointing_;
    std::chrono::milliseconds last_end_{0};
    int number_ = 0;
    bool guessed_ = false;  // the running utterance was told to be probably over
};

// The text's words (500 at most) with times spread over the utterance.
struct TimedWord {
    std::string word;
    double start = 0, end = 0;  // seconds
};
[[nodiscard]] std::vector<TimedWord> timed_words(const Utterance& utterance);

}  // namespace parley::sim

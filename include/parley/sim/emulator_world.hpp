#pragma once
// What all emulated vendors share: an ear, a mouth, a mind, a key and how long things take.

#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "parley/net/task.hpp"
#include "parley/sim/emulator_audio.hpp"
#include "parley/sim/fault_script.hpp"
#include "parley/sim/speech_ports.hpp"

namespace parley::sim {

namespace asio = boost::asio;
using net::Task;

// One rule of the mind; the first that fits answers.
struct MindRule {
    bool greeting = false;           // nobody has said anything yet
    std::vector<std::string> words;  // all of them occur, as whole words, case apart
    std::string regex;               // ECMAScript, case apart, anywhere in the text
    std::string tool_result;         // the last thing was this tool's result
    std::string say;
    std::string tool;              // call this tool as well
    std::string arguments = "{}";  // of it, a JSON object
};

struct MindAnswer {
    std::string say;
    std::string tool, arguments;  // tool empty: none
};

struct WorldSettings {
    std::string key = "sim-key";       // accepted from everybody
    std::vector<std::string> phrases;  // what callers may say
    std::vector<MindRule> rules;
    std::string fallback = "I am sorry, I did not understand that.";

    // What agents say beside the rules (their fillers, their greeting): only tones need to know.
    std::vector<std::string> vocabulary;
    bool tones = false;  // ear and mouth are tone_alphabet(); else the embedded engines
    std::string voice = "slt";
    double speed = 1.0;

    std::chrono::milliseconds endpointing{300};  // silence that ends an utterance
    std::chrono::milliseconds recognition{250};  // from there to the final text
    std::chrono::milliseconds first_token{300};  // from the request to the first delta
    std::chrono::milliseconds token{10};         // between deltas
    std::chrono::milliseconds first_audio{120};  // from the text to the first sound
    std::chrono::milliseconds chunk{100};        // of sound in one item
    double pace = 4;                             // times real time at which sound is sent; 0: at once
};

// Thread-safe: one for any number of hosts and connections. Engines run on threads of its own.
class EmulatorWorld {
public:
    explicit EmulatorWorld(WorldSettings settings);  // throws when an engine is missing or a rule is not usable
    EmulatorWorld(WorldSettings settings, std::shared_ptr<CallerVoice> mouth, std::shared_ptr<CallerEar> ear);
    ~EmulatorWorld();

    [[nodiscard]] const WorldSettings& settings() const { return settings_; }

    // What is said in a stretch of sound at 8 kHz, phrases joined by blanks; confidence 0..1, empty text: nothing that
    // is known. Takes what the engine takes, in addition to it the caller waits `recognition` by himself.
    Task<Recognised> hear(Pcm8k sound);

    // The whole text spoken, as bytes of the wire, with what `fault` does to audio (empty, zeros, header, odd, wrong
    // rate). Kept: the second time is free.
    Task<std::string> speak(std::string text, WireFormat format, Fault fault);

    // What the mind answers to the last thing the caller said (empty: he said nothing yet). `tool_result`: the name of
    // the tool whose result came last.
    [[nodiscard]] MindAnswer answer(const std::string& said, const std::string& tool_result = {}) const;

private:
    void prepare();
    Task<std::string> speak_on_pool(std::string text, WireFormat format, Fault fault);
    Pcm8k spoken(const std::string& text);

    WorldSettings settings_;
    std::shared_ptr<CallerVoice> mouth_;
    std::shared_ptr<CallerEar> ear_;
    std::vector<std::optional<std::regex>> patterns_;
    std::mutex mutex_;
    std::map<std::string, Pcm8k> spoken_;
    asio::thread_pool pool_;
};

class ToneAlphabet;
// The words of everything these settings know, one code word each: for both ends of a conversation in tones.
[[nodiscard]] std::shared_ptr<ToneAlphabet> tone_alphabet(const WorldSettings& settings);

// YAML; see config/emulators/receptionist.yaml. Throws ScenarioError naming the place.
[[nodiscard]] WorldSettings parse_emulator_world(const std::string& yaml, const std::string& file);
[[nodiscard]] WorldSettings load_emulator_world(const std::filesystem::path& path);

// Text as a language model would stream it: pieces of a word with the blank before it; together they are the text.
[[nodiscard]] std::vector<std::string> text_deltas(const std::string& text);

// The ear's sense of when somebody speaks, over a stream of samples.
class UtteranceCutter {
public:
    explicit UtteranceCutter(std::chrono::milliseconds endpointing);
    ~UtteranceCutter();

    struct Event {
        enum class Kind : std::uint8_t { started, ended } kind = Kind::started;
        std::chrono::milliseconds from{0}, to{0};  // since the first sample; `started`: to is meaningless
        Pcm8k sound;                               // `ended`: the utterance with a little around it
    };
    // Everything that happened within these samples, in order.
    [[nodiscard]] std::vector<Event> feed(std::span<const std::int16_t> samples);
    // Ends the running utterance, if there is one: a vendor was told to commit.
    [[nodiscard]] std::optional<Event> commit();
    [[nodiscard]] bool speaking() const;
    // The running utterance so far.
    [[nodiscard]] Pcm8k sofar() const;
    [[nodiscard]] std::chrono::milliseconds position() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace parley::sim

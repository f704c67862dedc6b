#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/result.hpp"
#include "parley/speech/cancel.hpp"
#include "parley/speech/recognizer.hpp"
#include "parley/speech/voice.hpp"

namespace parley::speech {

struct PoolSettings {
    unsigned threads = 0;                         // 0: one a core
    std::size_t queue = 64;                       // jobs waiting; one more is refused with errc::busy
    std::chrono::milliseconds deadline{5000};     // of a job, from submission: then errc::deadline, a late result is dropped
    std::chrono::milliseconds stall_grace{1000};  // a thread still in a job so long after its deadline is given up and replaced
    std::chrono::milliseconds backoff_first{50};  // before a dead thread is replaced; doubles with each death in a row
    std::chrono::milliseconds backoff_max{5000};
    std::chrono::milliseconds stop_wait{5000};  // the destructor waits so long for threads to come back
    RecognizerSettings recognizer;
};

// Deliberate damage, for tests and drills.
enum class Fault : std::uint8_t {
    crash,      // every thread dies at its next checkpoint, in the middle of its job
    stall,      // every thread stops making progress in its present or next job
    no_engine,  // crash, and the next three attempts to replace a thread fail as well
};
[[nodiscard]] std::optional<Fault> fault_named(std::string_view name);  // "crash", "stall", "no-engine"

struct PoolCounters {
    std::uint64_t submitted = 0, done = 0, failed = 0, cancelled = 0, expired = 0, refused = 0, displaced = 0;
    std::uint64_t deaths = 0, respawns = 0, abandoned = 0;  // threads
    std::size_t waiting = 0, running = 0, threads = 0;      // now
};

// Threads that run the embedded engines, each with a recogniser and voices of its own, made when first needed. No call
// here blocks (but make and the destructor). Results arrive through the `post` given with the job, so on the caller's
// worker; `post` is called from pool threads and must stay callable until the pool is destroyed. Any thread may submit.
//
// Every accepted job answers exactly once: with its result, or errc::{cancelled, deadline, engine_failed, stopped,
// ...}; also when the thread that worked on it dies. Audio pieces never come after the answer.
class EnginePool {
public:
    using Post = std::function<void(std::function<void()>)>;

    // Reads the dictionary; blocking, at start-up.
    static Result<std::unique_ptr<EnginePool>> make(PoolSettings settings);
    ~EnginePool();
    EnginePool(const EnginePool&) = delete;
    EnginePool& operator=(const EnginePool&) = delete;

    struct Decode {
        std::vector<std::int16_t> pcm8k;
        std::shared_ptr<const Grammar> grammar;
        Recognizer::Mode mode = Recognizer::Mode::whole;
        bool optional = false;  // a partial: gives way (errc::busy, counted displaced) whenever others wait
    };
    using DecodeDone = std::function<void(Result<Transcript>)>;
    Result<CancelToken> decode(Decode job, Post post, DecodeDone done);

    struct Speak {
        std::string text;
        VoiceSettings voice;
    };
    using SpeakAudio = std::function<void(std::vector<std::int16_t>)>;  // 20 ms or more each, the last may be shorter
    using SpeakDone = std::function<void(Result<>)>;
    Result<CancelToken> speak(Speak job, Post post, SpeakAudio audio, SpeakDone done);

    // Every thread makes its recogniser, compiles these grammars and makes these voices as soon as it is idle, and
    // again after it was replaced.
    void prewarm(std::vector<std::shared_ptr<const Grammar>> grammars, std::vector<VoiceSettings> voices);

    void fault(Fault kind);

    [[nodiscard]] PoolCounters counters() const;
    [[nodiscard]] const std::shared_ptr<const Lexicon>& lexicon() const;

private:
    struct Core;
    explicit EnginePool(std::shared_ptr<Core> core);
    std::shared_ptr<Core> core_;
};

}  // namespace parley::speech

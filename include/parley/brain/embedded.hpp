#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "parley/brain/ports.hpp"
#include "parley/brain/script.hpp"
#include "parley/speech/engine_pool.hpp"
#include "parley/speech/phrase_cache.hpp"

namespace parley::brain {

struct EmbeddedSettings {
    speech::VoiceSettings voice;
    std::chrono::milliseconds pre_roll{300};       // of caller audio put before the moment the utterance began
    std::chrono::seconds max_utterance{20};        // what is said beyond is not recognised
    std::chrono::milliseconds partial_every{800};  // 0: none but the one at a pause
    std::size_t cache_bytes = std::size_t{16} << 20U;
    std::vector<std::string> fixed_phrases;  // fillers, apologies, idle prompts: synthesised at start, spoken without any engine
};

// The brain that needs no key: an embedded recogniser, a scripted dialogue, an embedded voice.
//
// Recognition: the utterance is buffered and decoded as a whole at finish(), with the grammar of the dialogue's state;
// while it runs, partials are decoded if engines are idle. An utterance that does not fit the grammar gives a final
// with an empty text. A job that fails because its engine died is tried once more. Dialogue: parley/brain/dialogue.hpp;
// replies come sentence by sentence. Voice: segments of a call are synthesised one after another and streamed in pieces
// of 20 ms and more.
class EmbeddedFactory final : public PipelineFactory {
public:
    // Synthesises the fixed phrases and the script's greeting: blocking, at start-up. Throws std::runtime_error when
    // the voice does not exist or a phrase cannot be spoken.
    EmbeddedFactory(std::shared_ptr<const Script> script, std::shared_ptr<speech::EnginePool> pool, EmbeddedSettings settings);
    ~EmbeddedFactory() override;

    std::unique_ptr<Brain> open(const CallFacts& facts, const CallPorts& ports) override;
    std::unique_ptr<TextBrain> open_text(const CallFacts& facts, const TextPorts& ports) override;
    std::unique_ptr<Ear> open_ear(const CallFacts& facts, const EarPorts& ports) override;

    // The parts, for whoever wants one of them. `post` runs a function on the call's worker; from any thread.
    using Post = std::function<void(std::function<void()>)>;
    std::unique_ptr<SttSession> stt(SttSink& sink, Post post);
    std::unique_ptr<LmSession> lm(std::uint64_t seed, LmSink& sink, Post post);
    std::unique_ptr<TtsSession> tts(TtsSink& sink, Post post);

    [[nodiscard]] const speech::PhraseCache& cache() const { return *cache_; }

private:
    std::shared_ptr<const Script> script_;
    std::shared_ptr<speech::EnginePool> pool_;
    EmbeddedSettings settings_;
    std::shared_ptr<speech::PhraseCache> cache_;
};

}  // namespace parley::brain

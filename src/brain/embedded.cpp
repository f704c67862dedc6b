#include "parley/brain/embedded.hpp"

#include <stdexcept>
#include <utility>

#include "embedded_sessions.hpp"
#include "sentences.hpp"

namespace parley::brain {

EmbeddedFactory::EmbeddedFactory(std::shared_ptr<const Script> script, std::shared_ptr<speech::EnginePool> pool,
                                 EmbeddedSettings settings)
    : script_(std::move(script)),
      pool_(std::move(pool)),
      settings_(std::move(settings)),
      cache_(std::make_shared<speech::PhraseCache>(settings_.cache_bytes)) {
    std::vector<std::string> phrases = settings_.fixed_phrases;
    for (const auto& greeting : script_->greeting) {
        for (auto& sentence : sentences_of(greeting)) phrases.push_back(std::move(sentence));
    }
    if (auto loaded = cache_->load(settings_.voice, phrases); !loaded) {
        throw std::runtime_error("voice '" + settings_.voice.name + "': " + loaded.error().message());
    }
    pool_->prewarm(script_->grammars(), {settings_.voice});
}

EmbeddedFactory::~EmbeddedFactory() = default;

std::unique_ptr<SttSession> EmbeddedFactory::stt(const CallFacts&, SttSink& sink, Post post) {
    return make_embedded_stt(script_, pool_, settings_, sink, std::move(post));
}

std::unique_ptr<LmSession> EmbeddedFactory::lm(const CallFacts& facts, LmSink& sink, Post post) {
    return make_script_lm(script_, facts.seed, sink, std::move(post));
}

std::unique_ptr<TtsSession> EmbeddedFactory::tts(const CallFacts&, TtsSink& sink, Post post) {
    return make_embedded_tts(pool_, cache_, settings_.voice, sink, std::move(post));
}

}  // namespace parley::brain

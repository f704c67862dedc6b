#include "parley/brain/embedded.hpp"

#include <stdexcept>
#include <utility>

#include "embedded_sessions.hpp"
#include "sentences.hpp"

namespace parley::brain {

EmbeddedFactory::EmbeddedFactory(std::shared_ptr<const Script> script, std::shared_ptr<speech::EnginePool> pool, EmbeddedSettings settings)
    : script_(std::move(script)), pool_(std::move(pool)), settings_(std::move(settings)), cache_(std::make_shared<speech::PhraseCache>(settings_.cache_bytes)) {
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

namespace {

class EmbeddedBrain final : public Brain {
public:
    EmbeddedBrain(std::unique_ptr<SttSession> stt, std::unique_ptr<LmSession> lm, std::unique_ptr<TtsSession> tts)
        : stt_(std::move(stt)), lm_(std::move(lm)), tts_(std::move(tts)) {}
    SttSession& stt() override { return *stt_; }
    LmSession& lm() override { return *lm_; }
    TtsSession& tts() override { return *tts_; }
    // The engines' answers are held weakly: with the sessions gone, what comes late finds nobody.
    net::Task<> close() override {
        stt_.reset();
        lm_.reset();
        tts_.reset();
        co_return;
    }

private:
    std::unique_ptr<SttSession> stt_;
    std::unique_ptr<LmSession> lm_;
    std::unique_ptr<TtsSession> tts_;
};

class ScriptTextBrain final : public TextBrain {
public:
    explicit ScriptTextBrain(std::unique_ptr<LmSession> lm) : lm_(std::move(lm)) {}
    LmSession& lm() override { return *lm_; }
    net::Task<> close() override {
        lm_.reset();
        co_return;
    }

private:
    std::unique_ptr<LmSession> lm_;
};

class EmbeddedEar final : public Ear {
public:
    explicit EmbeddedEar(std::unique_ptr<SttSession> stt) : stt_(std::move(stt)) {}
    SttSession& stt() override { return *stt_; }
    net::Task<> close() override {
        stt_.reset();
        co_return;
    }

private:
    std::unique_ptr<SttSession> stt_;
};

}  // namespace

std::unique_ptr<Ear> EmbeddedFactory::open_ear(const CallFacts&, const EarPorts& ports) {
    return std::make_unique<EmbeddedEar>(stt(ports.stt, ports.post));
}

std::unique_ptr<Brain> EmbeddedFactory::open(const CallFacts& facts, const CallPorts& ports) {
    return std::make_unique<EmbeddedBrain>(stt(ports.stt, ports.post), make_script_lm(script_, facts, ports.lm, ports.post, ports.actions),
                                           tts(ports.tts, ports.post));
}

std::unique_ptr<TextBrain> EmbeddedFactory::open_text(const CallFacts& facts, const TextPorts& ports) {
    return std::make_unique<ScriptTextBrain>(make_script_lm(script_, facts, ports.lm, ports.post, ports.actions));
}

std::unique_ptr<SttSession> EmbeddedFactory::stt(SttSink& sink, Post post) {
    return make_embedded_stt(script_, pool_, settings_, sink, std::move(post));
}

std::unique_ptr<LmSession> EmbeddedFactory::lm(std::uint64_t seed, LmSink& sink, Post post) {
    CallFacts facts;
    facts.seed = seed;
    return make_script_lm(script_, facts, sink, std::move(post), nullptr);
}

std::unique_ptr<TtsSession> EmbeddedFactory::tts(TtsSink& sink, Post post) {
    return make_embedded_tts(pool_, cache_, settings_.voice, sink, std::move(post));
}

}  // namespace parley::brain

#pragma once
// One call's sessions of the embedded brain. Each keeps its state in an object of its own that pool callbacks hold
// weakly: when the session is gone, what comes late finds nobody. Both happen on the call's worker, so there is no race
// between them.

#include <memory>

#include "parley/brain/embedded.hpp"

namespace parley::brain {

std::unique_ptr<SttSession> make_embedded_stt(std::shared_ptr<const Script> script, std::shared_ptr<speech::EnginePool> pool, const EmbeddedSettings& settings,
                                              SttSink& sink, EmbeddedFactory::Post post);
std::unique_ptr<LmSession> make_script_lm(std::shared_ptr<const Script> script, const CallFacts& facts, LmSink& sink, EmbeddedFactory::Post post,
                                          Actions* actions);
std::unique_ptr<TtsSession> make_embedded_tts(std::shared_ptr<speech::EnginePool> pool, std::shared_ptr<speech::PhraseCache> cache,
                                              const speech::VoiceSettings& voice, TtsSink& sink, EmbeddedFactory::Post post);

}  // namespace parley::brain

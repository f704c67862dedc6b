#pragma once

#include <memory>

#include "parley/speech/engine_pool.hpp"
#include "parley/speech/phrase_cache.hpp"
#include "parley/vendors/link.hpp"
#include "parley/vendors/tts.hpp"

namespace parley::brain {

// The embedded voice in the place of a vendor: the backup that needs no network.
[[nodiscard]] std::unique_ptr<vendors::TtsStream> make_embedded_voice(std::shared_ptr<speech::EnginePool> pool, std::shared_ptr<speech::PhraseCache> cache,
                                                                      const speech::VoiceSettings& voice, const vendors::Link& link, vendors::TtsSink& sink);

}  // namespace parley::brain

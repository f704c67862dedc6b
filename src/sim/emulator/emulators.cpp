#include "parley/sim/emulators.hpp"

#include "assemblyai.hpp"
#include "cartesia.hpp"
#include "deepgram.hpp"
#include "elevenlabs.hpp"
#include "gemini.hpp"
#include "model_surfaces.hpp"
#include "openai.hpp"

namespace parley::sim {

// Each vendor's emulator has its own header and one line here.
const std::vector<EmulatorEntry>& vendor_emulators() {
    static const std::vector<EmulatorEntry> entries{
        {"anthropic", "Anthropic: messages", make_anthropic_emulator},
        {"assemblyai", "AssemblyAI: streaming recognition v3", make_assemblyai_emulator},
        {"cartesia", "Cartesia: speech, recognition with turns and by hand", make_cartesia_emulator},
        {"deepgram", "Deepgram: speech, live recognition, Flux and Voice Agent", make_deepgram_emulator},
        {"elevenlabs", "ElevenLabs: speech, Scribe realtime recognition, Agents", make_elevenlabs_emulator},
        {"gemini", "Gemini: generateContent, Live speech to speech", make_gemini_emulator},
        {"langflow", "Langflow: runs of a flow", make_langflow_emulator},
        {"openai", "OpenAI: chat completions, responses, speech, realtime transcription, Realtime", make_openai_emulator},
    };
    return entries;
}

}  // namespace parley::sim

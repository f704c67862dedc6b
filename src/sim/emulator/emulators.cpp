#include "parley/sim/emulators.hpp"

#include "cartesia.hpp"
#include "deepgram.hpp"
#include "elevenlabs.hpp"
#include "openai.hpp"

namespace parley::sim {

// Each vendor's emulator has its own header and one line here.
const std::vector<EmulatorEntry>& vendor_emulators() {
    static const std::vector<EmulatorEntry> entries{
        {"cartesia", "Cartesia's interfaces", make_cartesia_emulator},
        {"deepgram", "Deepgram's interfaces", make_deepgram_emulator},
        {"elevenlabs", "ElevenLabs' interfaces", make_elevenlabs_emulator},
        {"openai", "OpenAI's interfaces", make_openai_emulator},
    };
    return entries;
}

}  // namespace parley::sim

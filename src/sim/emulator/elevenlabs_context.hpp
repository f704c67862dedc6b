#pragma once
// One context of ElevenLabs' speaking sockets (the single endpoint has one without a name).

#include <deque>
#include <memory>
#include <string>

#include "parley/sim/vendor_emulator.hpp"

namespace parley::sim {

struct ElevenContextSettings {
    WireFormat format;
    bool single = false;
};

struct ElevenContext {
    ElevenContext(std::string name, ElevenContextSettings how) : id(std::move(name)), settings(how) {}
    void flush() {
        if (!buffered.empty()) waiting.push_back(std::exchange(buffered, {}));
    }

    std::string id;
    ElevenContextSettings settings;
    std::string buffered;             // text that waits for a flush
    std::deque<std::string> waiting;  // flushed, not yet spoken
    bool speaking = false;            // a coroutine is at it
    bool closing = false;             // the client has said all
    bool over = false;                // its isFinal has been sent
};

// Speaks what is flushed, and the end when the client has closed the context. Closing stops nothing: what was flushed
// still comes.
Task<> speak_context(EmulatorWorld& world, EmulatorSocket& socket, std::shared_ptr<ElevenContext> context, Fault fault);

}  // namespace parley::sim

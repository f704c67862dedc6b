#pragma once
// The vendors' speaking surfaces, one source file each; the vendors' own dispatchers route to them by path.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/sim/vendor_emulator.hpp"

namespace parley::sim {

// Deepgram /v1/speak: POST, and the socket.
Task<> deepgram_speak_http(EmulatorWorld& world, EmulatorRequest request, HttpAnswer& out, Fault fault);
Task<> deepgram_speak_socket(EmulatorWorld& world, EmulatorRequest request, EmulatorSocket& socket, Fault fault);

// ElevenLabs below /v1/text-to-speech/{voice}: "", /stream, /stream/with-timestamps by POST; stream-input and multi-stream-input as sockets.
[[nodiscard]] bool elevenlabs_speech_path(std::string_view path);
Task<> elevenlabs_speech_http(EmulatorWorld& world, EmulatorRequest request, HttpAnswer& out, Fault fault);
Task<> elevenlabs_speech_socket(EmulatorWorld& world, EmulatorRequest request, EmulatorSocket& socket, Fault fault);

// Cartesia /tts/bytes and /tts/sse by POST, /tts/websocket.
[[nodiscard]] bool cartesia_sonic_path(std::string_view path);
Task<> cartesia_sonic_http(EmulatorWorld& world, EmulatorRequest request, HttpAnswer& out, Fault fault);
Task<> cartesia_sonic_socket(EmulatorWorld& world, EmulatorRequest request, EmulatorSocket& socket, Fault fault);

// OpenAI POST /v1/audio/speech.
Task<> openai_speech_http(EmulatorWorld& world, EmulatorRequest request, HttpAnswer& out, Fault fault);

// ---- what they share

// Pieces that last the world's chunk each; together they are the sound.
[[nodiscard]] std::vector<std::string> sound_chunks(const EmulatorWorld& world, const std::string& sound, const WireFormat& format);

struct SpokenPart {
    std::string text;
    double from_ms = 0, to_ms = 0;
};
// The characters (UTF-8), or the words, of a text dealt out over a length of sound by their lengths.
[[nodiscard]] std::vector<SpokenPart> spoken_characters(std::string_view text, double length_ms);
[[nodiscard]] std::vector<SpokenPart> spoken_words(std::string_view text, double length_ms);
[[nodiscard]] std::size_t characters_in(std::string_view utf8);

}  // namespace parley::sim

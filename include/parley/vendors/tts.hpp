#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "parley/net/task.hpp"
#include "parley/vendors/failure.hpp"

namespace parley::vendors {

using SpeechTag = std::uint32_t;  // which text a byte of audio belongs to; the caller's own numbering, never 0, never repeated

class TtsSink {
public:
    virtual ~TtsSink() = default;
    virtual void on_tts_open(std::string_view request_id) = 0;
    // 8 kHz mono, any number of samples; of a µ-law vendor exactly its bytes decoded (encoding again gives the same bytes, ITU-T G.711).
    virtual void on_tts_audio(SpeechTag tag, std::span<const std::int16_t> pcm8k) = 0;
    // When `samples` (8 kHz) of the tag's audio have played, the first `characters` bytes of its text are spoken. Rising.
    virtual void on_tts_word(SpeechTag tag, std::uint32_t samples, std::uint32_t characters) = 0;
    virtual void on_tts_done(SpeechTag tag) = 0;  // all its audio has been given
    // Tag 0: the stream is over, whatever was asked for and is not done has failed. Otherwise that tag alone.
    virtual void on_tts_failed(SpeechTag tag, const Failure& failure) = 0;
};

// One voice at one vendor for the length of a call. Texts are spoken in the order given. Never blocks; never calls the sink from within a
// call of these methods. No audio of a cancelled text is ever given, however late the vendor sends it.
class TtsStream {
public:
    virtual ~TtsStream() = default;                                // only after close() has returned
    virtual void open() = 0;                                       // once; connects ahead of the first text where the vendor has sockets
    virtual void speak(SpeechTag tag, std::string_view text) = 0;  // a sentence or clause, complete: the vendor is told to flush
    virtual void cancel_all() = 0;
    [[nodiscard]] virtual bool open_now() const = 0;  // could speak without connecting first
    virtual net::Task<> close() = 0;                  // at most 1 s; no call-back after the call
};

}  // namespace parley::vendors

#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "parley/net/task.hpp"
#include "parley/vendors/failure.hpp"

namespace parley::vendors {

// 20 ms of the caller in both forms, so that who takes µ-law gets the carrier's own bytes: 160 bytes G.711 µ-law, 160 samples 8 kHz.
struct CallerFrame {
    std::span<const std::uint8_t> mulaw;
    std::span<const std::int16_t> pcm8k;
};

// What a recogniser understands. All on the worker's thread; after on_stt_failed, or once close() was called, nothing more comes.
class SttSink {
public:
    virtual ~SttSink() = default;
    virtual void on_stt_open(std::string_view request_id) = 0;  // connected and accepted; audio given before was not lost
    virtual void on_speech_started() = 0;                       // the vendor's own voice activity, where it tells
    // A settled piece: never repeated or changed. Pieces of one turn are joined with a space. Confidence 0..1; 1 where the vendor gives none.
    virtual void on_piece(std::string_view text, double confidence) = 0;
    // What is understood behind the last settled piece and may still change; replaces the interim before it.
    virtual void on_interim(std::string_view text) = 0;
    // The vendor holds the turn for over. `eager`: likely over (start thinking, on_turn_resumed may follow).
    virtual void on_end_of_turn(double confidence, bool eager) = 0;
    virtual void on_turn_resumed() = 0;
    // Everything given before the last finalize() has been answered.
    virtual void on_finalized() = 0;
    virtual void on_stt_failed(const Failure& failure) = 0;  // the stream is over; exactly once, not after close()
};

// One recognition stream: one socket, open for as long as the call likes. Audio flows in all the time, silence too (frames given while
// connecting are kept, 5 s at most, then it has failed). Never blocks; never calls the sink from within a call of these methods.
class SttStream {
public:
    virtual ~SttStream() = default;  // only after close() has returned
    virtual void open() = 0;         // once
    virtual void audio(const CallerFrame& frame) = 0;
    // The caller has stopped: settle what was given so far, then on_finalized. Repeated calls are one while the first is unanswered.
    virtual void finalize() = 0;
    virtual void hint(std::string_view phrases) { (void)phrases; }  // comma-separated words to expect, where the vendor can take them mid-stream
    [[nodiscard]] virtual bool open_now() const = 0;
    // Ends the stream in the vendor's way (CloseStream, Terminate, …), at most 1 s, then the socket is closed. No call-back after the call.
    virtual net::Task<> close() = 0;
};

}  // namespace parley::vendors

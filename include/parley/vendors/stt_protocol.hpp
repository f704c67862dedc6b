#pragma once
// What differs from one recognition vendor to the next: the words on the socket. Pure: no socket, no clock, no thread.
// stt_socket.hpp drives it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/net/http_message.hpp"
#include "parley/vendors/failure.hpp"

namespace parley::vendors {

// One thing learned from the vendor, in the meaning of SttSink's call-backs.
struct SttNews {
    enum class What : std::uint8_t { opened, speech_started, piece, interim, end_of_turn, turn_resumed, finalized, failed };
    What what = What::interim;
    std::string text;       // opened: the request id; piece and interim: cleaned, at most kTranscriptBytes
    double confidence = 1;  // piece, end_of_turn: 0..1
    bool eager = false;     // end_of_turn
    Failure failure;        // failed

    static constexpr std::size_t kTranscriptBytes = 4096;

    explicit SttNews(What kind) : what(kind) {}
    static SttNews opened(std::string_view request_id);
    static SttNews piece(std::string_view text, double confidence);
    static SttNews interim(std::string_view text);
    static SttNews end_of_turn(double confidence, bool eager);
    static SttNews failed(Failure failure);
    // The vendor's message makes no sense: Failure protocol, with a sentence about it.
    static SttNews nonsense(std::string_view sentence);
};

class SttProtocol {
public:
    struct Outgoing {
        bool binary = false;
        std::string bytes;
    };
    using Out = std::vector<Outgoing>;
    using News = std::vector<SttNews>;

    struct Shape {
        std::string url;
        net::HttpHeaders headers;
        std::size_t chunk_bytes = 160;  // of µ-law in one message
        std::size_t least_bytes = 1;    // a shorter rest before a finalize is filled up with silence
        std::string keep_alive;         // text sent when nothing else was for `keep_alive_every`; empty: none
        std::chrono::milliseconds keep_alive_every{0};
        std::chrono::milliseconds finalize_wait{800};  // then a finalize nobody answered counts as answered
        bool accepted_by_upgrade = false;              // else by a message that `read` reports as opened
        std::string goodbye;                           // text sent before the socket is closed; empty: none
    };

    virtual ~SttProtocol() = default;
    [[nodiscard]] virtual Shape shape() const = 0;
    virtual void connected(Out& out) { (void)out; }                                  // the socket is open: what to say first
    virtual void audio(std::span<const std::uint8_t> mulaw, Outgoing& message) = 0;  // one chunk, never empty
    virtual void finalize(Out& out) = 0;
    // No answer within finalize_wait: reports what can be settled. The driver adds `finalized`.
    virtual void finalize_unanswered(News& news) { (void)news; }
    virtual void hint(std::string_view phrases, Out& out) {
        (void)phrases;
        (void)out;
    }
    // One text message of the vendor. Never throws, whatever it holds. After `failed` nothing else is read.
    virtual void read(std::string_view text, News& news, Out& out) = 0;
    // The socket was lost: makes of the general reading of a status or close code the vendor's own.
    virtual void refine(Failure& failure) const { (void)failure; }
};

}  // namespace parley::vendors

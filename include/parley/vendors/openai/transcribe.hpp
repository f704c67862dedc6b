#pragma once
// OpenAI realtime transcription, wss://api.openai.com/v1/realtime?intent=transcription. Default model
// gpt-realtime-whisper. µ-law 8 kHz goes as it is (audio/pcmu), in base64 in JSON.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "parley/vendors/link.hpp"
#include "parley/vendors/stt.hpp"
#include "parley/vendors/stt_protocol.hpp"

namespace parley::vendors::openai {

// Settings: turn_detection ("none", "server_vad", "semantic_vad"; gpt-realtime-whisper and gpt-live-transcribe take
// none only, which is the default for all), threshold (0-1), prefix_padding_ms, silence_duration_ms (with server_vad),
// eagerness (low medium high auto; with semantic_vad), noise_reduction (near_field, far_field, off; near_field), prompt
// (not gpt-realtime-whisper), keywords (comma-separated), delay (minimal low medium high xhigh; gpt-realtime-whisper
// only), chunk_ms (100; 20-1000).
//
// finalize() commits what the vendor's buffer holds: one item, whose deltas are the interim and whose `completed` is a
// piece. Items are reported in the order of their commits, whatever order they are completed in. With server_vad or
// semantic_vad the vendor commits as well, and then its item's end is an end of turn. An empty buffer's complaint is an
// answer to finalize. Confidence is always 1. The session ends after 60 minutes: Failure session_limit.
class TranscribeProtocol final : public SttProtocol {
public:
    explicit TranscribeProtocol(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}
    [[nodiscard]] Shape shape() const override;
    void connected(Out& out) override;
    void audio(std::span<const std::uint8_t> mulaw, Outgoing& message) override;
    void finalize(Out& out) override;
    void finalize_unanswered(News& news) override;
    void read(std::string_view text, News& news, Out& out) override;
    void refine(Failure& failure) const override;

    static constexpr std::size_t kMostItems = 64;  // committed and not completed; more is nonsense

private:
    struct Item {
        std::string id;
        std::string text;        // deltas so far, then the transcript
        bool committed = false;  // else only deltas have come
        bool complete = false;
        bool by_vendor = false;  // its own voice activity committed it
    };
    Item& item(std::string_view id);
    void settle(News& news);
    void show(News& news);
    void complaint(std::string_view code, std::string_view kind, std::string_view said, News& news);

    Endpoint endpoint_;
    std::deque<Item> items_;
    std::deque<std::string> settled_;  // ids of the last items that were reported; what comes of them again is read over
    std::string session_, shown_;
    bool open_ = false;
    bool finalizing_ = false;  // a commit of ours is not settled yet
    bool committed_ = false;   // … but the vendor has taken it
    bool heard_stop_ = false;  // the next commit is the vendor's
};

[[nodiscard]] std::unique_ptr<SttStream> make_transcribe(const Endpoint& endpoint, const Link& link, SttSink& sink);
// Empty, or one plain sentence about what is wrong with it.
[[nodiscard]] std::string check_transcribe(const Endpoint& endpoint);

}  // namespace parley::vendors::openai

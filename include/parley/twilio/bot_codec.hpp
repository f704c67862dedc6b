#pragma once
// Media Streams with us in Twilio's place: what the bot bridge says to somebody's media-stream bot, and what the bot
// says back. Same wire as media_codec.hpp, other direction.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "parley/twilio/media_codec.hpp"

namespace parley::twilio {

// One per bot socket. Counts sequenceNumber (from 1 with `start`) and chunk itself. The frame functions write into the
// caller's buffer without allocation and return the written part, or an empty view when it does not fit (and then count
// nothing).
class CarrierWriter {
public:
    // errc::stream_sid unless all three are wire ids (sid.hpp).
    [[nodiscard]] static Result<CarrierWriter> create(std::string_view account_sid, std::string_view call_sid, std::string_view stream_sid);

    [[nodiscard]] std::string connected() const;
    // µ-law 8 kHz mono, inbound track. Names and values must be UTF-8; others are left out, as are more than
    // kMaxCustomParameters.
    [[nodiscard]] std::string start(std::span<const CustomParameter> parameters);
    [[nodiscard]] std::string_view media(std::span<const std::uint8_t> mulaw, std::uint64_t timestamp_ms, std::span<char> out);
    [[nodiscard]] std::string_view media_base64(std::string_view payload, std::uint64_t timestamp_ms, std::span<char> out);
    [[nodiscard]] std::string_view dtmf(char digit, std::span<char> out);
    [[nodiscard]] std::string_view mark(std::string_view name, std::span<char> out);
    [[nodiscard]] std::string stop();

    [[nodiscard]] static constexpr std::size_t frame_size(std::size_t base64_chars) { return 320 + base64_chars; }  // an upper bound

private:
    CarrierWriter() = default;
    std::string account_sid_, call_sid_, stream_sid_;
    std::uint64_t sequence_ = 1;  // of the next message
    std::uint64_t chunk_ = 1;
};

// A bot may send a whole utterance at once.
inline constexpr std::size_t kMaxBotMessageBytes = 1024 * 1024;

// `superfluous`: fields beyond Twilio's, which Twilio calls 31951 but lets pass in practice; so do we, and say so.
struct BotMedia {
    std::string_view payload{};  // base64, may be empty
    bool superfluous = false;
};
struct BotMark {
    std::string_view name{};
    bool superfluous = false;
};
struct BotClear {
    bool superfluous = false;
};
using BotMessage = std::variant<BotMedia, BotMark, BotClear, UnknownMessage>;

// One per bot socket. Views live until the scanned text goes or the next scan.
class BotScanner {
public:
    explicit BotScanner(std::string stream_sid);
    BotScanner(BotScanner&&) noexcept;
    BotScanner& operator=(BotScanner&&) noexcept;
    ~BotScanner();

    // Errors: json, schema (also: no streamSid), stream_sid (another stream's), base64, too_big.
    [[nodiscard]] Result<BotMessage> scan(std::string_view text);
    [[nodiscard]] Result<BotMessage> parse(std::string_view text);  // always the real parser; for tests

private:
    struct Slow;
    std::string stream_sid_;
    std::unique_ptr<Slow> slow_;
};

}  // namespace parley::twilio

#pragma once
// The framing of RFC 6455, pure: bytes in, steps out; no socket, no clock. Also the writer of frames.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/net/utf8.hpp"
#include "parley/net/websocket.hpp"

namespace parley::net {

enum class WsRole : std::uint8_t { server, client };

namespace ws_code {
inline constexpr std::uint16_t kNormal = 1000, kGoingAway = 1001, kProtocol = 1002, kUnacceptable = 1003, kNoCode = 1005, kNoClose = 1006, kBadText = 1007,
                               kPolicy = 1008, kTooBig = 1009;
}

// May this code stand in a close frame (RFC 6455 7.4 and the IANA registry)?
[[nodiscard]] bool ws_close_code_valid(std::uint16_t code);

struct WsStep {
    enum class Kind : std::uint8_t { need_more, message, ping, pong, close, fault };
    Kind kind = Kind::need_more;
    WsOpcode opcode = WsOpcode::text;  // of a message
    std::size_t consumed = 0;          // bytes of the input that are done with (a payload within them stays readable)
    std::span<char> payload;           // message, ping, pong; for close the reason
    std::uint16_t code = 0;            // close: received code (1005 = none); fault: what to answer
    WsFault fault = WsFault::none;
};

class WsFrameReader {
public:
    WsFrameReader(WsRole role, std::size_t max_message) : role_(role), max_message_(max_message) {}

    // `input`: every byte not consumed yet, contiguous, beginning at the end of what the last step consumed. Payload is
    // unmasked in place, so bytes seen once must come back as this reader left them (they may have moved), with more
    // behind them after need_more. A message of one frame lies inside the input; a reassembled one lies in the reader
    // until the next step. After a fault nothing more is understood: every further step repeats it.
    [[nodiscard]] WsStep step(std::span<char> input);

    // A message has begun and is not complete.
    [[nodiscard]] bool in_message() const { return fragmented_ || (in_frame_ && !control_); }
    // The reassembled message of the last step outlives the next one in the caller's hands.
    [[nodiscard]] std::vector<char> take_delivered() {
        if (!std::exchange(delivered_, false)) return {};
        return std::exchange(assembly_, {});
    }
    [[nodiscard]] std::size_t assembly_capacity() const { return assembly_.capacity(); }

private:
    enum class Head : std::uint8_t { partial, done, bad };
    Head parse_head(std::span<const char> input);
    WsStep fail(std::uint16_t code, WsFault fault, std::size_t consumed);
    WsStep finish_control(std::span<char> payload, std::size_t consumed);

    WsRole role_;
    bool in_frame_ = false;  // the head of the current frame is parsed
    bool final_ = false, control_ = false, fragmented_ = false, text_ = false, delivered_ = false;
    std::uint8_t opcode_ = 0, head_length_ = 0;
    std::array<char, 4> mask_{};
    std::size_t max_message_;
    std::size_t length_ = 0;  // payload bytes of the current frame
    std::size_t done_ = 0;    // of these, unmasked and checked
    std::uint16_t fault_code_ = 0;
    WsFault fault_ = WsFault::none;
    Utf8Checker utf8_;
    std::vector<char> assembly_;
};

// Exclusive-or with the mask, which begins at `phase` (payload offset of data[0]) modulo 4.
void ws_mask(std::span<char> data, const std::array<char, 4>& mask, std::size_t phase = 0);
void ws_mask_copy(char* to, std::string_view from, const std::array<char, 4>& mask);

inline constexpr std::size_t kWsMaxHead = 14;
[[nodiscard]] std::size_t ws_head_length(std::size_t payload, bool masked);
// Writes a frame head to `out` (room for kWsMaxHead) and returns its length. `first` is the first byte: FIN, RSV and
// opcode.
std::size_t ws_write_head(char* out, std::uint8_t first, std::size_t payload, const std::array<char, 4>* mask);

}  // namespace parley::net

#pragma once
// Sound on an emulated vendor's wire: encodings and rates, by arithmetic of the simulator's own.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/sim/sound.hpp"

namespace parley::sim {

struct WireFormat {
    enum class Encoding : std::uint8_t { mulaw, linear16, alaw, float32 };
    Encoding encoding = Encoding::mulaw;
    int rate = 8000;

    [[nodiscard]] std::size_t sample_bytes() const { return encoding == Encoding::linear16 ? 2 : (encoding == Encoding::float32 ? 4 : 1); }
    [[nodiscard]] std::chrono::milliseconds duration(std::size_t bytes) const {
        return std::chrono::milliseconds(static_cast<long>(bytes * 1000 / sample_bytes() / static_cast<std::size_t>(rate)));
    }
    // A multiple of the sample size.
    [[nodiscard]] std::size_t bytes(std::chrono::milliseconds length) const {
        return static_cast<std::size_t>(length.count()) * static_cast<std::size_t>(rate) / 1000 * sample_bytes();
    }
    bool operator==(const WireFormat&) const = default;
};

// Windowed-sinc conversion of a whole recording between any two rates from 4000 to 192000.
[[nodiscard]] std::vector<std::int16_t> resampled(std::span<const std::int16_t> pcm, int from, int to);

// Little-endian bytes of sound at 8 kHz.
[[nodiscard]] std::string to_wire(std::span<const std::int16_t> pcm8k, const WireFormat& format);
// A RIFF header for `bytes` of such audio, followed by nothing.
[[nodiscard]] std::string wav_header(const WireFormat& format, std::size_t bytes);

// The other way, as it streams in: pieces of any size (odd ones too) become samples at 8 kHz.
class WireDecoder {
public:
    explicit WireDecoder(const WireFormat& format);  // std::invalid_argument for a rate outside 4000..192000
    ~WireDecoder();
    WireDecoder(WireDecoder&&) noexcept;
    WireDecoder& operator=(WireDecoder&&) noexcept;

    [[nodiscard]] Pcm8k feed(std::string_view bytes);
    [[nodiscard]] const WireFormat& format() const { return format_; }

private:
    struct State;
    WireFormat format_;
    std::unique_ptr<State> state_;
};

}  // namespace parley::sim

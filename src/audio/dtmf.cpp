#include "parley/audio/dtmf.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace parley::audio {

namespace {

constexpr std::string_view kKeys = "123A456B789C*0#D";
constexpr std::array<double, 4> kRows{697, 770, 852, 941}, kColumns{1209, 1336, 1477, 1633};  // Hz, ITU-T Q.23
constexpr double kAmplitude = 32767 * 0.178;                                                  // each; the sum peaks 9 dB below full scale
constexpr std::size_t kEdge = 40;                                                             // samples
constexpr std::size_t kMostKeys = 64;

}  // namespace

std::vector<std::int16_t> dtmf_tones(std::string_view keys, std::chrono::milliseconds on, std::chrono::milliseconds off) {
    std::vector<std::int16_t> pcm;
    const auto length = static_cast<std::size_t>(on.count()) * 8;
    const auto gap = static_cast<std::size_t>(off.count()) * 8;
    for (const char key : keys.substr(0, kMostKeys)) {
        if (key == 'w' || key == 'W') {
            pcm.resize(pcm.size() + (key == 'w' ? 4000U : 8000U), 0);
            continue;
        }
        const auto at = kKeys.find(key);
        if (at == std::string_view::npos) continue;
        const double low = kRows[at / 4] * 2 * std::numbers::pi / 8000, high = kColumns[at % 4] * 2 * std::numbers::pi / 8000;
        for (std::size_t i = 0; i < length; ++i) {
            const auto edge = std::min({i + 1, length - i, kEdge});
            const double level = kAmplitude * static_cast<double>(edge) / static_cast<double>(kEdge);
            const double value = level * (std::sin(low * static_cast<double>(i)) + std::sin(high * static_cast<double>(i)));
            pcm.push_back(static_cast<std::int16_t>(std::lround(value)));
        }
        pcm.resize(pcm.size() + gap, 0);
    }
    return pcm;
}

}  // namespace parley::audio

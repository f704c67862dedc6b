#pragma once
// Sounds that prove where they came from: a noise no two callers share, and pure tones that can be looked for one by
// one.

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "parley/sim/report.hpp"
#include "parley/sim/scenario.hpp"
#include "parley/sim/speech_ports.hpp"

namespace parley::scenarios {

// "noise SEED MILLISECONDS" or "tone HERTZ MILLISECONDS"; everything else as the simulator's own tones.
class SoundVoice final : public sim::CallerVoice {
public:
    [[nodiscard]] sim::Pcm8k speak(const std::string& text, const sim::VoiceStyle& style) override {
        std::istringstream in(text);
        std::string kind;
        unsigned value = 0, ms = 0;
        if (!(in >> kind >> value >> ms)) return tones_.speak(text, style);
        sim::Pcm8k out(ms * 8);
        std::mt19937 random(value);
        for (std::size_t i = 0; i < out.size(); ++i) {
            // Noise of µ-law codes, so that nothing is lost when it is coded again.
            if (kind == "noise")
                out[i] = sim::mulaw_to_linear(static_cast<std::uint8_t>(0x10 + random() % 0x60 + (random() % 2) * 0x80));
            else
                out[i] = static_cast<std::int16_t>(8000 * std::sin(2 * std::numbers::pi * value * static_cast<double>(i) / sim::kSampleRate));
        }
        return out;
    }

private:
    sim::ToneVoice tones_;
};

// Power of one frequency in a piece of sound, relative to a full-scale sine, in dB.
[[nodiscard]] inline double tone_db(std::span<const std::int16_t> pcm, double hertz) {
    const double w = 2 * std::numbers::pi * hertz / sim::kSampleRate, c = 2 * std::cos(w);
    double s1 = 0, s2 = 0;
    for (const auto sample : pcm) {
        const double s = sample / 32768.0 + c * s1 - s2;
        s2 = s1;
        s1 = s;
    }
    const double n = static_cast<double>(std::max<std::size_t>(1, pcm.size()));
    const double power = (s1 * s1 + s2 * s2 - c * s1 * s2) / (n * n / 4);
    return 10 * std::log10(std::max(power, 1e-12));
}

// What was played of a stream, in the order it was sent, wherever in time it was heard.
[[nodiscard]] inline sim::Mulaw played_of(const sim::CallReport& report, const sim::StreamTruth& stream) {
    sim::Mulaw out;
    for (const auto& piece : stream.heard) {
        const auto from = std::max<std::int64_t>(0, piece.at),
                   to = std::min<std::int64_t>(piece.at + piece.length, static_cast<std::int64_t>(report.heard.size()));
        if (from < to) out.insert(out.end(), report.heard.begin() + from, report.heard.begin() + to);
    }
    return out;
}

[[nodiscard]] inline std::pair<std::size_t, std::size_t> voiced_range(const sim::Mulaw& sound) {
    const auto voiced = [](std::uint8_t code) { return std::abs(sim::mulaw_to_linear(code)) > 200; };
    const auto first = std::find_if(sound.begin(), sound.end(), voiced);
    const auto last = std::find_if(sound.rbegin(), sound.rend(), voiced);
    if (first == sound.end()) return {0, 0};
    return {static_cast<std::size_t>(first - sound.begin()), sound.size() - static_cast<std::size_t>(last - sound.rbegin())};
}

// The longest stretch of silence between the first and the last voiced sample, in milliseconds.
[[nodiscard]] inline double longest_gap_ms(const sim::Mulaw& sound) {
    const auto [from, to] = voiced_range(sound);
    std::size_t longest = 0, run = 0;
    for (auto i = from; i < to; ++i) {
        run = std::abs(sim::mulaw_to_linear(sound[i])) > 200 ? 0 : run + 1;
        longest = std::max(longest, run);
    }
    return static_cast<double>(longest) / 8;
}

[[nodiscard]] inline std::shared_ptr<sim::Scenario> steps(std::vector<sim::StepAction> actions) {
    auto scenario = std::make_shared<sim::Scenario>();
    for (auto& action : actions) scenario->steps.push_back({std::move(action), {}});
    return scenario;
}
[[nodiscard]] inline sim::StepAction say(std::string text) {
    return sim::SayStep{.text = std::move(text), .style = {}};
}
[[nodiscard]] inline sim::StepAction pause(unsigned ms) {
    return sim::PauseStep{sim::milliseconds(ms)};
}
[[nodiscard]] inline sim::StepAction hang_up(sim::HangupStep::How how = sim::HangupStep::How::stop) {
    return sim::HangupStep{how};
}
[[nodiscard]] inline sim::StepAction until_hangup(unsigned seconds = 20) {
    sim::WaitStep wait;
    wait.what = sim::WaitStep::For::hangup;
    wait.within = std::chrono::seconds(seconds);
    return wait;
}

}  // namespace parley::scenarios

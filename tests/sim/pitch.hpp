#pragma once
// People who speak in pure tones, so that a test can tell who was heard by whom, for how long, and at the same time as whom.

#include <cmath>
#include <cstdlib>
#include <numbers>

#include "app_server.hpp"
#include "parley/sim/carrier.hpp"

namespace parley::sim::test {

// "700 600": 700 Hz for 600 ms. Anything else: 100 ms of silence.
class PitchVoice final : public CallerVoice {
public:
    [[nodiscard]] Pcm8k speak(const std::string& text, const VoiceStyle&) override {
        char* rest = nullptr;
        const auto hz = std::strtod(text.c_str(), &rest);
        const auto ms = std::strtod(rest, nullptr);
        if (hz < 100 || ms < 20) return Pcm8k(800, 0);
        Pcm8k out(static_cast<std::size_t>(ms * 8));
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = static_cast<std::int16_t>(3000 * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / kSampleRate));
        return out;
    }
};

// Milliseconds during which this tone was there, whatever else was. Tones a test tells apart lie 100 Hz and more from each other.
inline int heard_ms(std::span<const std::int16_t> pcm, double hz, double amplitude = 1200) {
    int frames = 0;
    for (std::size_t at = 0; at + 160 <= pcm.size(); at += 160) {
        double re = 0, im = 0;
        for (std::size_t i = 0; i < 160; ++i) {
            const auto phase = 2 * std::numbers::pi * hz * static_cast<double>(i) / kSampleRate;
            re += pcm[at + i] * std::cos(phase);
            im += pcm[at + i] * std::sin(phase);
        }
        if (std::hypot(re, im) / 80 >= amplitude) ++frames;
    }
    return frames * 20;
}
inline int heard_ms(const Mulaw& codes, double hz) {
    return heard_ms(from_mulaw(codes), hz);
}
inline int heard_ms(const CallReport& report, double hz) {
    return heard_ms(report.heard, hz);
}

inline Step say(int hz, int ms) {
    return {SayStep{std::to_string(hz) + " " + std::to_string(ms), {}}, {}};
}
inline Step pause(int ms) {
    return {PauseStep{milliseconds(ms)}, {}};
}
inline Step keys(std::string which) {
    return {DtmfStep{std::move(which)}, {}};
}
inline Step until_hangup() {
    return {WaitStep{WaitStep::For::hangup, milliseconds(0), {}, milliseconds(60000)}, {}};
}
inline std::shared_ptr<const Scenario> person(std::vector<Step> steps, std::string name = "person") {
    auto scenario = std::make_shared<Scenario>();
    scenario->name = std::move(name);
    scenario->steps = std::move(steps);
    return scenario;
}
inline DialTarget answers(std::vector<Step> steps, int after_ms = 200) {
    DialTarget target;
    target.after = milliseconds(after_ms);
    target.person = person(std::move(steps));
    return target;
}

inline CarrierOptions exchange(double speed = 4) {
    CarrierOptions options;
    options.speed = speed;
    options.threads = 2;
    options.voice = std::make_shared<PitchVoice>();
    return options;
}

// Polls; the bound is against hanging only.
template <class Done>
bool eventually(Done done, std::chrono::seconds within = std::chrono::seconds(60)) {
    const auto until = std::chrono::steady_clock::now() + within;
    while (!done()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

inline std::string field(const Seen& seen, std::string_view name) {
    return std::string(value_of(seen.form, name));
}
inline std::vector<std::string> fields(const std::vector<Seen>& all, std::string_view name) {
    std::vector<std::string> out;
    for (const auto& one : all) out.push_back(field(one, name));
    return out;
}
// The requests to a path with this value in this field, in order of arrival.
inline std::vector<Seen> requests_with(const AppServer& app, const std::string& path, std::string_view name, std::string_view value) {
    auto all = app.requests(path);
    std::erase_if(all, [&](const Seen& one) { return field(one, name) != value; });
    return all;
}

}  // namespace parley::sim::test

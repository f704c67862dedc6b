#include <algorithm>
#include <cmath>

#include "parley/sim/emulator_world.hpp"

namespace parley::sim {
namespace {

constexpr std::size_t kFrame = kFrameSamples;
constexpr double kVoice = -45;            // dBFS
constexpr int kOnset = 2;                 // voiced frames in a row that begin an utterance
constexpr std::size_t kMargin = 200 * 8;  // kept before it and after it
constexpr std::size_t kLongest = 60 * kSampleRate;

std::chrono::milliseconds ms(std::size_t samples) {
    return std::chrono::milliseconds(samples / 8);
}

}  // namespace

struct UtteranceCutter::State {
    std::size_t endpoint = 0;  // samples of silence
    Pcm8k pending, sound;      // less than a frame; before an utterance the last `kMargin`, within it all of it
    std::size_t position = 0;  // of the end of `sound`
    std::size_t start = 0, last_voice = 0;
    int run = 0;
    bool speaking = false;

    [[nodiscard]] Event end() {
        Event event;
        event.kind = Event::Kind::ended;
        event.from = ms(start);
        event.to = ms(last_voice);
        const auto beyond = position - std::min(position, last_voice + kMargin);
        sound.resize(sound.size() - std::min(sound.size(), beyond));
        event.sound = std::exchange(sound, {});
        speaking = false;
        run = 0;
        return event;
    }
};

UtteranceCutter::UtteranceCutter(std::chrono::milliseconds endpointing) : state_(std::make_unique<State>()) {
    state_->endpoint = static_cast<std::size_t>(endpointing.count()) * 8;
}
UtteranceCutter::~UtteranceCutter() = default;

std::vector<UtteranceCutter::Event> UtteranceCutter::feed(std::span<const std::int16_t> samples) {
    std::vector<Event> events;
    auto& s = *state_;
    s.pending.insert(s.pending.end(), samples.begin(), samples.end());
    std::size_t used = 0;
    for (; s.pending.size() - used >= kFrame; used += kFrame) {
        const std::span<const std::int16_t> frame(s.pending.data() + used, kFrame);
        const bool voice = level_dbfs(frame) > kVoice;
        s.sound.insert(s.sound.end(), frame.begin(), frame.end());
        s.position += kFrame;
        s.run = voice ? s.run + 1 : 0;
        if (voice) s.last_voice = s.position;
        if (!s.speaking) {
            if (s.run >= kOnset) {
                s.speaking = true;
                s.start = s.position - kOnset * kFrame;
                Event event;
                event.from = ms(s.start);
                events.push_back(std::move(event));
            } else if (s.sound.size() > kMargin + kOnset * kFrame) {
                s.sound.erase(s.sound.begin(), s.sound.end() - static_cast<std::ptrdiff_t>(kMargin + kOnset * kFrame));
            }
        } else if (s.position - s.last_voice >= s.endpoint || s.sound.size() > kLongest) {
            events.push_back(s.end());
        }
    }
    s.pending.erase(s.pending.begin(), s.pending.begin() + static_cast<std::ptrdiff_t>(used));
    return events;
}

std::optional<UtteranceCutter::Event> UtteranceCutter::commit() {
    if (!state_->speaking) return std::nullopt;
    return state_->end();
}

bool UtteranceCutter::speaking() const {
    return state_->speaking;
}
Pcm8k UtteranceCutter::sofar() const {
    return state_->speaking ? state_->sound : Pcm8k{};
}
std::chrono::milliseconds UtteranceCutter::position() const {
    return ms(state_->position);
}

}  // namespace parley::sim

#include "mixer.hpp"

#include <algorithm>

namespace parley::sim {
namespace {

constexpr std::size_t kCushion = 480;  // 60 ms of line time between a mouth and an ear, at least
constexpr double kCushionTrueMs = 30;  // and so much true time, which is what late threads need
constexpr std::size_t kMost = 4;       // times the cushion; beyond, silence is left out until the delay is back
constexpr std::size_t kOverflow = 10 * kSampleRate;

std::int16_t sum(int a, int b) {
    return static_cast<std::int16_t>(std::clamp(a + b, -32768, 32767));
}

bool silent(std::span<const std::int16_t> pcm) {
    return std::all_of(pcm.begin(), pcm.end(), [](std::int16_t s) { return s > -64 && s < 64; });
}

}  // namespace

Mixer::Mixer(double speed) : cushion_(std::max(kCushion, static_cast<std::size_t>(kCushionTrueMs * 8 * speed))), most_(kMost * cushion_) {}

bool Mixer::hears(Port ear, const Place& listener, Port mouth, const Place& speaker) const {
    if (ear == mouth || speaker.flags.muted || speaker.flags.apart || speaker.flags.listener || listener.flags.apart) return false;
    return !speaker.flags.coaching || speaker.flags.coached == ear;
}

Mixer::Port Mixer::join(Flags flags, std::function<void(char)> on_key) {
    const std::lock_guard lock(mutex_);
    const auto port = next_++;
    auto& place = places_[port];
    place.flags = flags;
    place.on_key = std::move(on_key);
    return port;
}

void Mixer::leave(Port port) {
    const std::lock_guard lock(mutex_);
    places_.erase(port);
    for (auto& [other, place] : places_) place.from.erase(port);
}

void Mixer::set(Port port, Flags flags) {
    const std::lock_guard lock(mutex_);
    const auto at = places_.find(port);
    if (at == places_.end()) return;
    at->second.flags = flags;
    // What was said before under other rules must not come out afterwards.
    for (auto& [other, place] : places_) {
        std::erase_if(place.from, [&, ear = other, &listener = place](const auto& entry) {
            const auto speaker = places_.find(entry.first);
            return speaker == places_.end() || !hears(ear, listener, entry.first, speaker->second);
        });
    }
    if (flags.apart) at->second.carrier = {};
}

void Mixer::push(Port port, std::span<const std::int16_t> said) {
    std::optional<bool> turned;
    {
        const std::lock_guard lock(mutex_);
        const auto at = places_.find(port);
        if (at == places_.end()) return;
        for (auto& [ear, place] : places_) {
            if (!hears(ear, place, port, at->second)) continue;
            auto& queue = place.from[port];
            // Before the first pull of an ear nothing of use can wait for it longer than the cushion.
            if (!queue.primed && queue.size() >= cushion_ && silent(said)) continue;
            if (queue.size() + said.size() > kOverflow) queue.used += said.size();
            queue.samples.insert(queue.samples.end(), said.begin(), said.end());
        }
        if (told_ && !at->second.flags.muted && !at->second.flags.apart) {
            const auto codes = to_mulaw(said);
            (void)at->second.activity.feed(codes);
            if (at->second.activity.speaking() != at->second.speaking) turned = at->second.speaking = at->second.activity.speaking();
        }
    }
    if (turned) told_(port, *turned);
}

bool Mixer::take(Queue& queue, std::span<std::int16_t> heard) {
    const auto n = std::min(queue.size(), heard.size());
    bool any = false;
    for (std::size_t i = 0; i < n; ++i) {
        const auto sample = queue.samples[queue.used + i];
        any = any || sample != 0;
        heard[i] = sum(heard[i], sample);
    }
    queue.used += n;
    if (queue.used >= 16000) {
        queue.samples.erase(queue.samples.begin(), queue.samples.begin() + static_cast<std::ptrdiff_t>(queue.used));
        queue.used = 0;
    }
    return any;
}

bool Mixer::pull(Port port, std::span<std::int16_t> heard) {
    const std::lock_guard lock(mutex_);
    const auto at = places_.find(port);
    if (at == places_.end()) return false;
    bool any = false;
    for (auto& [mouth, queue] : at->second.from) {  // none while the port is apart
        if (!queue.primed && queue.size() < cushion_ + heard.size()) continue;
        queue.primed = true;
        // The delay grew because a thread was late: give it back where nobody notices.
        while (queue.size() > most_ + heard.size() && silent({queue.samples.data() + queue.used, kFrameSamples})) queue.used += kFrameSamples;
        if (queue.size() < heard.size()) queue.primed = false;
        any = take(queue, heard) || any;
    }
    any = take(at->second.carrier, heard) || any;
    return any;
}

void Mixer::key(Port port, char key) {
    std::vector<std::function<void(char)>> others;
    {
        const std::lock_guard lock(mutex_);
        const auto at = places_.find(port);
        if (at == places_.end()) return;
        for (auto& [ear, place] : places_) {
            if (place.on_key && hears(ear, place, port, at->second)) others.push_back(place.on_key);
        }
    }
    for (auto& tell : others) tell(key);
}

void Mixer::play(std::span<const std::int16_t> sound, Port only) {
    const std::lock_guard lock(mutex_);
    for (auto& [port, place] : places_) {
        if (only == kNobody ? place.flags.apart : port != only) continue;
        place.carrier.samples.insert(place.carrier.samples.end(), sound.begin(), sound.end());
    }
}

std::size_t Mixer::playing() const {
    const std::lock_guard lock(mutex_);
    std::size_t longest = 0;
    for (const auto& [port, place] : places_) longest = std::max(longest, place.carrier.size());
    return longest;
}

}  // namespace parley::sim

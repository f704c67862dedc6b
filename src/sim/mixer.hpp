#pragma once
// Where legs hear each other: a bridge of two, or a conference. Each leg pushes what its mouth says and pulls what its ear is to hear, both
// on its own clock and its own worker; between two legs lies a queue of samples that takes up their unevenness. Thread-safe.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "parley/sim/voice_activity.hpp"

namespace parley::sim {

class Mixer {
public:
    using Port = int;
    static constexpr Port kNobody = -1;
    struct Flags {
        bool muted = false;     // heard by nobody
        bool apart = false;     // neither hears nor is heard: on hold, or the conference has not begun
        bool listener = false;  // hears all and says nothing: a recorder
        bool coaching = false;  // heard by `coached` alone
        Port coached = kNobody;
    };

    explicit Mixer(double speed);

    // `on_key` is called on the worker of the leg that presses; it must only pass the key on.
    Port join(Flags flags, std::function<void(char)> on_key = {});
    void leave(Port port);
    void set(Port port, Flags flags);
    // Told on the speaker's worker, outside the lock, when a port begins and ends to speak. Set before the first join.
    void on_speech(std::function<void(Port, bool)> told) { told_ = std::move(told); }

    void push(Port port, std::span<const std::int16_t> said);
    // Adds what the port hears to `heard`. False: nothing to hear, and `heard` is as it was.
    bool pull(Port port, std::span<std::int16_t> heard);
    void key(Port port, char key);
    // A sound of the carrier's own, from now on: to one port, or to every one that is not apart.
    void play(std::span<const std::int16_t> sound, Port only = kNobody);
    // Samples of the longest such sound that are still to be heard by anyone.
    [[nodiscard]] std::size_t playing() const;

private:
    struct Queue {
        std::vector<std::int16_t> samples;
        std::size_t used = 0;
        bool primed = false;
        [[nodiscard]] std::size_t size() const { return samples.size() - used; }
    };
    struct Place {
        Flags flags;
        std::function<void(char)> on_key;
        std::map<Port, Queue> from;
        Queue carrier;
        VoiceActivity activity;
        bool speaking = false;
    };
    [[nodiscard]] bool hears(Port ear, const Place& listener, Port mouth, const Place& speaker) const;
    static bool take(Queue& queue, std::span<std::int16_t> heard);

    std::size_t cushion_, most_;
    mutable std::mutex mutex_;
    std::map<Port, Place> places_;
    Port next_ = 0;
    std::function<void(Port, bool)> told_;
};

}  // namespace parley::sim

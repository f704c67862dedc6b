#include "trunk.hpp"

#include <array>

namespace parley::sim {

struct TrunkEnd::Wire {
    explicit Wire(double speed) : sound(speed) { ports = {sound.join({}), sound.join({})}; }
    struct End {
        std::function<void()> wake;
        std::function<void(char)> on_key;
        bool answered = false;
        std::optional<std::string> closed;
    };
    mutable std::mutex mutex;
    std::array<End, 2> ends;
    Mixer sound;
    std::array<Mixer::Port, 2> ports{};
};

std::pair<std::shared_ptr<TrunkEnd>, std::shared_ptr<TrunkEnd>> TrunkEnd::make(double speed) {
    auto wire = std::make_shared<Wire>(speed);
    return {std::shared_ptr<TrunkEnd>(new TrunkEnd(wire, 0)), std::shared_ptr<TrunkEnd>(new TrunkEnd(wire, 1))};
}

void TrunkEnd::attach(std::function<void()> wake, std::function<void(char)> on_key) {
    const std::lock_guard lock(wire_->mutex);
    auto& end = wire_->ends[static_cast<std::size_t>(side_)];
    end.wake = std::move(wake);
    end.on_key = std::move(on_key);
}

void TrunkEnd::push(std::span<const std::int16_t> heard) {
    wire_->sound.push(wire_->ports[static_cast<std::size_t>(side_)], heard);
}

void TrunkEnd::pull(std::span<std::int16_t> said) {
    (void)wire_->sound.pull(wire_->ports[static_cast<std::size_t>(side_)], said);
}

void TrunkEnd::key(char key) {
    std::function<void(char)> tell;
    {
        const std::lock_guard lock(wire_->mutex);
        tell = wire_->ends[static_cast<std::size_t>(1 - side_)].on_key;
    }
    if (tell) tell(key);
}

void TrunkEnd::answered() {
    std::function<void()> wake;
    {
        const std::lock_guard lock(wire_->mutex);
        wire_->ends[static_cast<std::size_t>(side_)].answered = true;
        wake = wire_->ends[static_cast<std::size_t>(1 - side_)].wake;
    }
    if (wake) wake();
}

void TrunkEnd::closed(std::string status) {
    std::function<void()> wake;
    {
        const std::lock_guard lock(wire_->mutex);
        auto& end = wire_->ends[static_cast<std::size_t>(side_)];
        if (end.closed) return;
        end.closed = std::move(status);
        wake = wire_->ends[static_cast<std::size_t>(1 - side_)].wake;
    }
    if (wake) wake();
}

bool TrunkEnd::other_answered() const {
    const std::lock_guard lock(wire_->mutex);
    return wire_->ends[static_cast<std::size_t>(1 - side_)].answered;
}

std::optional<std::string> TrunkEnd::other_closed() const {
    const std::lock_guard lock(wire_->mutex);
    return wire_->ends[static_cast<std::size_t>(1 - side_)].closed;
}

}  // namespace parley::sim

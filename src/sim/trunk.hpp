#pragma once
// The wire between a leg and the incoming call it causes at an application's own number: what one hears the other says. Two ends, each on
// its call's worker. Thread-safe.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "mixer.hpp"

namespace parley::sim {

class TrunkEnd {
public:
    // first: the dialled leg; second: the incoming call.
    static std::pair<std::shared_ptr<TrunkEnd>, std::shared_ptr<TrunkEnd>> make(double speed);
    TrunkEnd(const TrunkEnd&) = delete;
    TrunkEnd& operator=(const TrunkEnd&) = delete;

    // `wake` posts to the end's own worker; so does `on_key`.
    void attach(std::function<void()> wake, std::function<void(char)> on_key);
    void push(std::span<const std::int16_t> heard);
    void pull(std::span<std::int16_t> said);
    void key(char key);
    void answered();
    void closed(std::string status);  // this end is over
    [[nodiscard]] bool other_answered() const;
    [[nodiscard]] std::optional<std::string> other_closed() const;

private:
    struct Wire;
    TrunkEnd(std::shared_ptr<Wire> wire, int side) : wire_(std::move(wire)), side_(side) {}
    std::shared_ptr<Wire> wire_;
    int side_;
};

}  // namespace parley::sim

#pragma once

#include <random>
#include <vector>

#include "parley/sim/carrier.hpp"

namespace parley::sim {

// Decides what becomes of each callback. Pure, seeded.
class CallbackPlanner {
public:
    CallbackPlanner(const CallbackWeather& weather, std::uint64_t seed) : weather_(weather), random_(seed ^ weather.seed) {}

    // How long each copy of the next callback waits; empty: it is lost.
    [[nodiscard]] std::vector<milliseconds> next() {
        const auto chance = [&](double probability) { return probability > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < probability; };
        std::vector<milliseconds> copies;
        if (chance(weather_.dropped)) return copies;
        const int count = chance(weather_.duplicated) ? 2 : 1;
        for (int i = 0; i < count; ++i) {
            auto delay = weather_.delay;
            if (weather_.order == CallbackWeather::Order::shuffled && weather_.shuffle_window.count() > 0) {
                delay += milliseconds(std::uniform_int_distribution<std::int64_t>(0, weather_.shuffle_window.count())(random_));
            }
            copies.push_back(delay);
        }
        return copies;
    }
    [[nodiscard]] bool holds_all() const { return weather_.order == CallbackWeather::Order::reversed; }

private:
    CallbackWeather weather_;
    std::mt19937_64 random_;
};

}  // namespace parley::sim

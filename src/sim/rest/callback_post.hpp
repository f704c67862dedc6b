#pragma once
// Notifications that belong to no call: sent by the weather that is set, on the server's thread.

#include <random>

#include "../callback_planner.hpp"
#include "world.hpp"

namespace parley::sim {

class CallbackPost {
public:
    explicit CallbackPost(RestWorld& world) : world_(world), planner_(world.options.carrier.callbacks, 1) {}
    // From now on.
    void set_weather(const CallbackWeather& weather) { planner_ = CallbackPlanner(weather, ++generation_); }
    // `last`: nothing follows for this subject; with reversed order everything held for it leaves now, backwards.
    void send(const std::string& subject, std::string url, std::string method, Form form, bool last);

private:
    struct Letter {
        std::string url, method;
        Form form;
    };
    [[nodiscard]] Task<> deliver(Letter letter, milliseconds delay);

    RestWorld& world_;
    CallbackPlanner planner_;
    std::uint64_t generation_ = 1;
    std::map<std::string, std::vector<Letter>> held_;
};

}  // namespace parley::sim

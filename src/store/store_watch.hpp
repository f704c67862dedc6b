#pragma once
// What the store's work looks like from outside: metrics, and log lines when something stands in its way.

#include <atomic>
#include <string>
#include <string_view>

#include "parley/store/database.hpp"

namespace parley::store {

// Thread-safe. `log` and `metrics` outlive it.
class StoreWatch {
public:
    StoreWatch(Log log, Metrics* metrics) : log_(std::move(log)), metrics_(metrics) {}

    void succeeded(std::string_view op, Duration took);
    // `what`: without values and secrets.
    void failed(std::string_view op, StoreErrc code, std::string_view what, Duration took);
    void waiting(Duration so_far);  // locked by somebody else
    [[nodiscard]] bool available() const { return available_; }
    void lost(std::string_view what);  // no connection
    void found();

private:
    void count(std::string_view op, std::string_view outcome, Duration took);

    Log log_;
    Metrics* metrics_;
    std::atomic<bool> available_{true};
};

}  // namespace parley::store

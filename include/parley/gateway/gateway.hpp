#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "parley/base/log.hpp"
#include "parley/gateway/config.hpp"

namespace parley::gateway {

// The process: listeners, workers, calls, admin surface, drain and reload. Everything is owned here and built in its constructor,
// which throws std::runtime_error (one sentence) for what cannot be had: address, certificate, script, engine.
class Gateway {
public:
    Gateway(Config config, Log log);
    ~Gateway();
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    // Serves on the calling thread until SIGTERM or SIGINT (or stop()) and the drain that follows; a second signal ends the calls that
    // are left at once. SIGHUP reloads configuration, secrets, scripts and certificates; what is bad changes nothing. Answers 0.
    int run();
    void stop();  // as one signal; any thread

    // Deliberate damage, for tests and drills: "engine.crash", "engine.stall", "engine.no-engine". False: nothing here can fail so. Any thread.
    bool drill(std::string_view what);

    [[nodiscard]] std::uint16_t public_port() const;  // 0: no plain listener
    [[nodiscard]] std::uint16_t tls_port() const;
    [[nodiscard]] std::uint16_t admin_port() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley::gateway

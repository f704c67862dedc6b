#pragma once
// A gate between a client and a server, in user space: listens on loopback, passes TCP on, and does to it what networks
// do. It knows nothing of what passes through, so it stands in front of anything that may be reached without TLS of its
// own (see fault_proxy.hpp for what may not).

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace parley::sim {

struct GateFault {
    enum class Direction : std::uint8_t { to_client, to_target };

    std::size_t bytes_per_second = 0;      // each direction; 0: no limit
    std::chrono::milliseconds latency{0};  // each direction, on top of what there is
    std::chrono::milliseconds jitter{0};   // latency varies by so much either way; order is kept
    bool swallow = false;                  // connects nowhere: reads everything and answers nothing
    bool stop_reading = false;             // reads nothing from the client, so that its writes get stuck; the other way goes on

    // After exactly so many bytes have been passed on in `counted`:
    Direction counted = Direction::to_client;
    std::optional<std::size_t> half_open_after;  // nothing is passed on any more, either way; both connections stay and are read
    std::optional<std::size_t> reset_after;      // RST to both
    std::optional<std::size_t> end_after;        // FIN to both
};

struct GateOptions {
    std::string target_host = "127.0.0.1";
    std::uint16_t target_port = 0;
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  // 0: any
    std::uint64_t seed = 1;  // of the jitter
};

// Runs on a thread of its own; every member may be called from any thread.
class TcpGate {
public:
    explicit TcpGate(GateOptions options);  // binds; throws when the address is taken
    ~TcpGate();
    TcpGate(const TcpGate&) = delete;
    TcpGate& operator=(const TcpGate&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    // For connections that are opened from now on: the `from`th to the `to`th of them (counted from 1); the others pass
    // freely.
    void set(GateFault fault, int from = 1, int to = 1 << 30);
    // For those that are open as well, at once: its counts begin now.
    void strike(GateFault fault);

    struct Counts {
        std::uint64_t connections = 0;  // accepted
        int open = 0;
        std::uint64_t to_client = 0, to_target = 0;  // bytes passed on
        std::uint64_t faults = 0;                    // resets, ends and half-openings done
    };
    [[nodiscard]] Counts counts() const;
    void stop();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley::sim

#pragma once
// Both ends of many calls in one thread with one clock: the carrier towards the gateway, and the bot the gateway bridges to. Each
// sends a stamped 20 ms frame every 20 ms and checks every frame it gets for loss, order, change and crossing.

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "socket.hpp"
#include "stamp.hpp"

namespace parley::load {

struct Target {
    std::uint16_t port = 0;   // gateway (or floor relay)
    std::string public_base;  // what is signed, e.g. http://127.0.0.1:8080
    std::string voice_path = "/webhooks/twilio/voice";
    std::string stream_path = "/media";  // used without webhook
    std::string auth_token, account_sid, to_number;
    bool webhook = true;  // false: the bare stream, for a floor
    bool echo = false;    // no bot: what the caller sends comes back
};

struct Direction {
    std::uint64_t sent = 0, received = 0, lost = 0, duplicated = 0, reordered = 0;
    std::vector<std::uint32_t> delay_ns;  // of the measured seconds
};

struct LevelResult {
    std::uint32_t calls = 0, failed_calls = 0, ended_calls = 0;
    std::uint64_t altered = 0, crossed = 0;
    std::array<Direction, 2> direction;            // 0 caller to bot, 1 bot to caller
    std::vector<std::uint32_t> interval_error_ns;  // arrival spacing against 20 ms at the caller's side
    std::vector<std::uint32_t> webhook_ns;         // request sent to answer read, calls set up since the level before
    [[nodiscard]] bool clean() const;
};

class Generator {
public:
    Generator(Target target, std::uint32_t max_calls);
    ~Generator();
    [[nodiscard]] std::uint16_t bot_port() const { return bot_port_; }
    void set_target(Target target) { target_ = std::move(target); }

    // Sets up calls until `calls` stand, at most `per_second` new ones a second. False: fewer stand after `within`.
    bool raise_to(std::uint32_t calls, double per_second, std::chrono::milliseconds within);
    void run(std::chrono::milliseconds duration);
    // Runs, and answers what that stretch showed. Frames in flight at its ends are not counted as lost.
    LevelResult measure(std::chrono::milliseconds duration);
    void hang_up_all();  // `stop`, then close

private:
    enum class Stage : std::uint8_t { webhook, handshake, streaming, done, failed };
    struct Flow {  // one direction as its receiver sees it
        std::uint32_t next_send = 0, next_expected = 0;
        std::uint64_t sent = 0, received = 0, lost = 0, duplicated = 0, reordered = 0;
    };
    struct Call;
    struct Bot;
    struct Endpoint;

    void add_call();
    void pump(std::uint64_t until_ns);
    void on_caller(Call& call);
    void on_bot(Bot& bot);
    void accept_bots();
    void caller_http(Call& call, std::string_view head, std::string_view body);
    void send_start(Call& call);
    void send_media(Call& call, std::uint64_t now);
    void send_media(Bot& bot, std::uint64_t now);
    void check(std::string_view message, std::uint32_t call, std::uint32_t direction, std::uint64_t now);
    void fail(Call& call);
    void watch(int fd, Endpoint* endpoint, bool writable);

    Target target_;
    int epoll_ = -1;
    Socket listener_;
    std::uint16_t bot_port_ = 0;
    std::vector<std::unique_ptr<Call>> calls_;
    std::vector<std::unique_ptr<Bot>> bots_;
    std::array<std::vector<Call*>, 20> call_slots_;
    std::array<std::vector<Bot*>, 20> bot_slots_;
    std::uint64_t next_tick_ns_ = 0;
    std::uint64_t tick_ = 0;
    std::uint32_t streaming_ = 0;
    std::string scratch_;
    bool measuring_ = false;
    LevelResult level_;
    std::unique_ptr<Endpoint> listener_endpoint_;
};

}  // namespace parley::load

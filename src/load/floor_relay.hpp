#pragma once

#include <cstdint>

namespace parley::load {

// The floor of the comparison: a bare epoll relay without signature, token, ledger, limits or logs. Accepts carrier streams on `port`, opens
// one socket each to `bot_port`, forwards every text frame at once. Never returns; run it in a child process.
[[noreturn]] void run_floor_relay(int listen_fd, std::uint16_t bot_port);

}  // namespace parley::load

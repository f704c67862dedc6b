#include "parley/vendors/link.hpp"

#include "parley/base/ids.hpp"
#include "parley/net/deadline.hpp"

namespace parley::vendors {

net::Task<ConnectGate::Pass> ConnectGate::wait_turn(TimePoint deadline) {
    while (true) {
        if (Pass pass = enter()) co_return std::move(pass);
        const auto now = Clock::now();
        if (now >= deadline) co_return Pass{};
        const auto pause = std::chrono::milliseconds(20 + static_cast<int>(random_u64() % 41));
        const bool slept = co_await net::sleep_until(std::min(deadline, now + pause));
        if (!slept) co_return Pass{};
    }
}

}  // namespace parley::vendors

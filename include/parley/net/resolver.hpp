#pragma once
// Names into addresses for every connection the process opens. Answers are kept a while; when the name service fails,
// the last good answer goes on being used. A look-up runs on a thread of its own, so it may take as long as it likes
// without holding up a worker; those who ask wait as long as they said. Look-ups of one name at one time are one.

#include <array>
#include <atomic>
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parley/net/error.hpp"
#include "parley/net/task.hpp"

namespace parley::net {

// What came of one question. `timed_out` and `failed`: no address, the connection is not made.
enum class DnsOutcome : std::uint8_t { cached, resolved, last_good, failed, timed_out };
inline constexpr std::array<std::string_view, 5> kDnsOutcomes{"cached", "resolved", "last_good", "failed", "timed_out"};

struct ResolverSettings {
    using Addresses = std::vector<asio::ip::address>;  // in the order they are to be tried

    Duration fresh = std::chrono::seconds(60);           // an answer is used without asking; refreshed in the last quarter
    Duration last_good = std::chrono::minutes(10);       // an answer is used when asking fails
    Duration failure = std::chrono::seconds(1);          // after a failure nobody asks again for so long
    Duration patience = std::chrono::milliseconds(500);  // waiting for an answer while a last good one is at hand
    Duration longest = std::chrono::seconds(5);          // waiting for an answer at all
    std::size_t max_names = 1024;                        // the longest unused leaves
    std::size_t max_threads = 8;

    // Blocking; called on the resolver's threads. Empty: the system's (getaddrinfo: hosts file, then the name service).
    std::function<Result<Addresses>(const std::string& host)> lookup;
    std::function<TimePoint()> now;           // ages of answers; empty: Clock::now
    std::function<void(DnsOutcome)> observe;  // parley_dns_lookups_total{outcome}; any thread, must not block
};

class Resolver {
public:
    using Addresses = ResolverSettings::Addresses;

    explicit Resolver(ResolverSettings settings = {});
    ~Resolver();  // leaves look-ups under way to themselves
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    // The one all outgoing connections use. Lives as long as the process.
    [[nodiscard]] static Resolver& process();

    // At least one address, or Errc::resolve_failed, timed_out, cancelled. The name is no address literal. Any worker.
    [[nodiscard]] Task<Result<Addresses>> resolve(std::string host, TimePoint deadline);

    // Nobody answered at the addresses known: the next question asks the name service again, whatever their age.
    void doubt(const std::string& host);

    // Replaces the settings and forgets all answers (start-up, tests). Any thread.
    void configure(ResolverSettings settings);

    [[nodiscard]] std::uint64_t count(DnsOutcome outcome) const;

private:
    struct Core;
    struct Place;
    static Task<Result<Addresses>> ask(std::shared_ptr<Core> core, std::string host, TimePoint deadline);
    std::shared_ptr<Core> core_;
};

}  // namespace parley::net

#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace parley::load {

struct BenchOptions {
    std::string binary;  // this program, started again as the gateway
    std::vector<std::uint32_t> levels{50, 100, 200, 400, 800};
    std::uint32_t seconds = 10;  // measured at each level
    bool echo = false;           // false: bridge to a bot
    bool floor = true;           // also measure the bare relay in the same run
    int gateway_cpu = 0, load_cpu = 1;
    double new_calls_per_second = 200;
    double p99_limit_ms = 20;  // the first level beyond it, or not clean, is the last
    std::string max_batch;     // server.max_batch of the gateway; empty = its default
    std::string work_dir;      // made if missing; configuration and logs of the run
    std::string json_path;     // results for machines; empty = none
};

// Cumulative levels of simulated calls through the real sockets: webhook with signature, token, stream, bridge. Answers 0 when every level up
// to the last one tried before the limit was clean.
int run_bench(const BenchOptions& options, std::ostream& out);

}  // namespace parley::load

#include <iostream>
#include <memory>

#include "commands.hpp"
#include "parley/load/bench.hpp"

namespace parley::cli {

void add_bench(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<load::BenchOptions>();
    options->work_dir = "var/bench";
    auto* command = app.add_subcommand("bench", "Measure the gateway with simulated calls through real sockets, beside a bare relay in the same run.");
    command->add_option("--levels", options->levels, "calls at once, rising")->delimiter(',')->capture_default_str();
    command->add_option("--seconds", options->seconds, "measured at each level")->capture_default_str()->check(CLI::Range(1, 3600));
    command->add_flag("--echo", options->echo, "the echo brain instead of the bridge to a bot");
    command->add_flag("!--no-floor", options->floor, "leave the bare relay out");
    command->add_option("--gateway-cpu", options->gateway_cpu, "-1: any")->capture_default_str();
    command->add_option("--load-cpu", options->load_cpu, "-1: any")->capture_default_str();
    command->add_option("--new-calls", options->new_calls_per_second, "new calls a second")->capture_default_str()->check(CLI::PositiveNumber);
    command->add_option("--p99-limit", options->p99_limit_ms, "ms; the level beyond it is the last")->capture_default_str();
    command->add_option("--max-batch", options->max_batch, "server.max_batch of the gateway");
    command->add_option("--work-dir", options->work_dir, "configuration and logs of the run")->capture_default_str();
    command->add_option("--json", options->json_path, "write the figures there");
    command->callback([&chosen, options] {
        chosen.run = [&chosen, options] {
            options->binary = chosen.binary;
            return load::run_bench(*options, std::cout);
        };
    });
}

}  // namespace parley::cli

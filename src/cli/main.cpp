#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>

#include "commands.hpp"
#include "parley/gateway/config.hpp"

int main(int argc, char** argv) {
    using namespace parley::cli;
    CLI::App app("Parley, a voice-AI media gateway. Every command has --help.", "parley");
    app.require_subcommand(1);
    app.set_version_flag("--version", PARLEY_VERSION);
    Chosen chosen;
    std::error_code ec;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", ec);
    chosen.binary = ec ? argv[0] : self.string();
    for (const auto add : {add_serve, add_check, add_seal, add_health, add_replay, add_call, add_dial, add_sim, add_demo, add_bench, add_turn_bench, add_chaos,
                           add_numbers, add_doctor, add_agents, add_token, add_person, add_calls, add_store})
        add(app, chosen);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : kUsage;
    }
    try {
        return chosen.run();
    } catch (const parley::gateway::ConfigError& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return kConfiguration;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "parley: %s\n", e.what());
        return 1;
    }
}

#include <cstdio>
#include <memory>

#include "commands.hpp"
#include "online_check.hpp"
#include "parley/gateway/config.hpp"
#include "parley/vendors/catalogue.hpp"

namespace parley::cli {

void add_check(CLI::App& app, Chosen& chosen) {
    struct Options {
        std::string config;
        bool print = false, reference = false, allow_unknown = false, online = false, vendors = false;
    };
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("check", "Check a configuration; without --online no socket is opened.");
    command->add_option("-c,--config", options->config, "the YAML file; without it PARLEY_CONFIG_TEXT is read");
    command->add_flag("--print", options->print, "print the effective configuration, where each value comes from, secrets as ***");
    command->add_flag("--allow-unknown", options->allow_unknown, "unknown keys are warnings");
    command->add_flag("--online", options->online, "ask every configured vendor for one word, and print the time of each stage");
    command->add_flag("--vendors", options->vendors, "list the vendors that can be configured, by role");
    command->add_flag("--reference", options->reference, "print docs/configuration.md and nothing else");
    command->callback([&chosen, options] {
        chosen.run = [options] {
            if (options->reference) {
                std::fputs(gateway::configuration_reference().c_str(), stdout);
                return 0;
            }
            if (options->vendors) {
                for (const auto& offer : vendors::offers())
                    std::printf("%-4s %-12s api: %s\n", std::string(vendors::name(offer.role)).c_str(), std::string(offer.vendor).c_str(),
                                std::string(offer.api).c_str());
                return 0;
            }
            gateway::LoadOptions load;
            load.allow_unknown = options->allow_unknown;
            const auto config = gateway::load_config(options->config, gateway::process_environment(), load);
            for (const auto& warning : config.warnings) std::fprintf(stderr, "warning: %s: %s\n", warning.place.text().c_str(), warning.message.c_str());
            if (const auto short_of = gateway::ensure_descriptors(config)) {
                std::fprintf(stderr, "%s\n", short_of->c_str());
                return kConfiguration;
            }
            if (options->online) return check_online(config);
            if (options->print)
                std::fputs(gateway::print_config(config).c_str(), stdout);
            else
                std::printf("The configuration is good: %zu agent%s, %zu warning%s.\n", config.agents.size(), config.agents.size() == 1 ? "" : "s",
                            config.warnings.size(), config.warnings.size() == 1 ? "" : "s");
            return 0;
        };
    });
}

}  // namespace parley::cli

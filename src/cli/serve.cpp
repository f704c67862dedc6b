#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <system_error>

#include "commands.hpp"
#include "parley/gateway/config.hpp"
#include "parley/gateway/gateway.hpp"
#include "parley/store/database.hpp"

namespace parley::cli {

namespace {

// Both: a limit of nothing does not stop a kernel that pipes cores to a program, and what is not dumpable stops that as well.
void forbid_core_dumps(const Log& log) {
    const rlimit nothing{0, 0};
    if (::setrlimit(RLIMIT_CORE, &nothing) != 0 || ::prctl(PR_SET_DUMPABLE, 0) != 0)
        log.warn("startup.degraded", "Core files could not be forbidden: a crash may leave secrets on the disk.");
}

}  // namespace

void add_serve(CLI::App& app, Chosen& chosen) {
    struct Options {
        std::string config;
        bool allow_unknown = false;
    };
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("serve", "Run the gateway. SIGTERM drains, a second one ends now; SIGHUP reloads.");
    command->add_option("-c,--config", options->config, "the YAML file; without it PARLEY_CONFIG_TEXT is read");
    command->add_flag("--allow-unknown", options->allow_unknown, "unknown keys are warnings: for going back to an older version");
    command->callback([&chosen, options] {
        chosen.run = [options] {
            gateway::LoadOptions load;
            load.allow_unknown = options->allow_unknown;
            auto config = gateway::load_config(options->config, gateway::process_environment(), load);
            LogSettings settings;
            settings.level = config.log.level;
            settings.format = config.log.format;
            settings.content = config.log.content;
            settings.version = PARLEY_VERSION;
            settings.instance = config.log.instance;
            if (settings.instance.empty()) {
                char name[256] = {};
                if (::gethostname(name, sizeof name - 1) == 0) settings.instance = name;
            }
            const auto log = Log::open(settings, STDOUT_FILENO);
            if (!config.server.core_dumps) forbid_core_dumps(log);
            for (const auto& warning : config.warnings) log.warn("config.warning", warning.message, {{"where", warning.place.text()}});
            if (const auto short_of = gateway::ensure_descriptors(config)) {
                log.error("startup.failed", *short_of);
                return 1;
            }
            try {
                gateway::Gateway gateway(std::move(config), log);
                return gateway.run();
            } catch (const std::system_error& e) {
                log.error("startup.failed", "The gateway cannot listen.", {{"error.type", std::string_view(e.what())}, {"errno", e.code().value()}});
                return kBind;
            } catch (const store::StoreError& e) {
                const bool corrupt = e.code() == store::StoreErrc::corrupt;
                log.error("startup.failed", corrupt ? "The store is damaged; it was left as it is." : "The store cannot be used.",
                          {{"reason", corrupt                              ? "store_corrupt"
                                      : e.code() == store::StoreErrc::busy ? "store_busy"
                                                                           : "store"},
                           {"error.type", std::string_view(e.what())}});
                return kStore;
            } catch (const std::exception& e) {
                log.error("startup.failed", "The gateway cannot start.", {{"error.type", std::string_view(e.what())}});
                return 1;
            }
        };
    });
}

}  // namespace parley::cli

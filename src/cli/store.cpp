#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "commands.hpp"
#include "parley/gateway/config.hpp"
#include "parley/store/database.hpp"

namespace parley::cli {
namespace {

struct Options {
    std::string config, to;
};

store::DatabaseSettings settings_of(const Options& options) {
    const auto config = gateway::load_config(options.config, gateway::process_environment(), {});
    store::DatabaseSettings settings;
    settings.url = config.store.url;
    settings.data_dir = config.server.data_dir;
    settings.connections = 1;
    settings.read_only = true;
    return settings;
}

int check(const Options& options) {
    Log log;
    try {
        const auto wrong = store::open_database(settings_of(options), log, nullptr)->check();
        if (wrong.empty()) {
            std::printf("the store is sound\n");
            return 0;
        }
        std::fprintf(stderr, "store: %s\n", wrong.c_str());
    } catch (const store::StoreError& e) {
        std::fprintf(stderr, "store: %s\n", e.what());
    }
    return kStore;
}

int backup(const Options& options) {
    Log log;
    try {
        if (std::filesystem::exists(options.to)) {
            std::fprintf(stderr, "store: %s is there already\n", options.to.c_str());
            return kUsage;
        }
        store::open_database(settings_of(options), log, nullptr)->backup(options.to);
        std::printf("%s\n", options.to.c_str());
        return 0;
    } catch (const store::StoreError& e) {
        std::fprintf(stderr, "store: %s\n", e.what());
        return kStore;
    }
}

}  // namespace

void add_store(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("store", "Looks after the store, also while a gateway serves from it.");
    command->require_subcommand(1);
    const auto common = [&](CLI::App* one) { one->add_option("-c,--config", options->config, "the YAML file; without it PARLEY_CONFIG_TEXT is read"); };
    auto* look = command->add_subcommand("check", "Whether it is sound.");
    common(look);
    look->callback([&chosen, options] { chosen.run = [options] { return check(*options); }; });
    auto* copy = command->add_subcommand("backup", "A copy of the SQLite file, as it is at one moment. PostgreSQL has pg_dump.");
    common(copy);
    copy->add_option("file", options->to, "where to; must not be there yet")->required();
    copy->callback([&chosen, options] { chosen.run = [options] { return backup(*options); }; });
}

}  // namespace parley::cli

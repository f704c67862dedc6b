#include <cstdio>
#include <memory>

#include "commands.hpp"
#include "parley/gateway/store_access.hpp"
#include "parley/store/seal_rotation.hpp"

namespace parley::cli {

namespace {

int print_counts(const std::vector<store::SealCount>& counts, bool rotated) {
    std::uint64_t shut = 0;
    for (const auto& count : counts) {
        shut += count.shut;
        std::printf("%-20s %8llu sealed, %8llu %s, %llu do not open\n", count.name.c_str(), static_cast<unsigned long long>(count.seen),
                    static_cast<unsigned long long>(rotated ? count.changed : count.old), rotated ? "sealed anew" : "under an older key",
                    static_cast<unsigned long long>(count.shut));
        for (const auto& context : count.shut_contexts) std::fprintf(stderr, "%s\n", context.c_str());
    }
    return shut == 0 ? 0 : 1;
}

int run_on_store(const std::string& file, bool rotate) {
    const auto config = gateway::load_config(file, gateway::process_environment());
    Log silent;
    const auto database = gateway::open_store(config, silent, !rotate);
    const auto sealer = gateway::store_sealer(config, database->dialect());
    if (!sealer.ready()) {
        std::fputs("There is no key: set store.seal_keys (parley seal keygen makes one).\n", stderr);
        return kConfiguration;
    }
    std::printf("The first key is %s; %zu key%s open.\n", sealer.key_id().c_str(), sealer.key_ids().size(), sealer.key_ids().size() == 1 ? "" : "s");
    return print_counts(rotate ? store::rotate_seals(*database, sealer) : store::check_seals(*database, sealer), rotate);
}

}  // namespace

void add_seal(CLI::App& app, Chosen& chosen) {
    auto* command = app.add_subcommand("seal", "Keys that secrets in the store are sealed under.");
    command->require_subcommand(1);
    auto* keygen = command->add_subcommand("keygen", "Print a new key, for store.seal_keys.");
    keygen->callback([&chosen] {
        chosen.run = [] {
            const auto key = store::make_seal_key();
            const auto text = key.reveal();
            std::printf("%.*s\n", static_cast<int>(text.size()), text.data());
            return 0;
        };
    });
    const auto add = [&](const char* name, const char* help, bool rotate) {
        auto file = std::make_shared<std::string>();
        auto* sub = command->add_subcommand(name, help);
        sub->add_option("-c,--config", *file, "the YAML file; without it PARLEY_CONFIG_TEXT is read");
        sub->callback([&chosen, file, rotate] { chosen.run = [file, rotate] { return run_on_store(*file, rotate); }; });
    };
    add("check", "Open everything that is sealed: what is under an older key, and what does not open (exit status 1).", false);
    add("rotate", "Seal everything anew under the first of store.seal_keys; gateways that have both keys may run meanwhile.", true);
}

}  // namespace parley::cli

// parley erase, parley export: one person's data.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include "commands.hpp"
#include "admin_client.hpp"
#include "parley/gateway/config.hpp"

namespace parley::cli {

namespace {

namespace fs = std::filesystem;

struct Options {
    AdminOptions admin;
    std::string caller, call, out;
};

int erase(const Options& options) {
    const AdminRun gateway(options.admin);
    nlohmann::json wish = nlohmann::json::object();
    if (!options.caller.empty()) wish["caller"] = options.caller;
    if (!options.call.empty()) wish["call_sid"] = options.call;
    const auto answer = gateway.ask("POST", "/v1/erasures", wish);
    if (answer.status != 200 && !(answer.status == 409 && answer.body.contains("id"))) return gateway.complain(answer);
    std::printf("%s\n", answer.body.dump(2).c_str());
    if (answer.status == 200) return 0;
    std::fprintf(stderr, "A call is still running: its data was not erased. Ask again when it is over.\n");
    return 1;
}

// The document, and the files it names as far as they are on this machine.
int write_down(const nlohmann::json& document, const Options& options) {
    std::error_code ec;
    fs::create_directories(options.out, ec);
    const auto to = fs::path(options.out) / "export.json";
    std::ofstream file(to, std::ios::trunc);
    file << document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    file.flush();
    if (!file) {
        std::fprintf(stderr, "%s could not be written.\n", to.c_str());
        return 1;
    }
    gateway::LoadOptions load;
    load.allow_unknown = true;
    load.check_files = false;
    const auto config = gateway::load_config(options.admin.config, gateway::process_environment(), load);
    std::size_t copied = 0, missing = 0;
    for (const auto& name : document.value("files", nlohmann::json::array())) {
        if (!name.is_string()) continue;
        const auto from = config.server.data_dir / name.get<std::string>();
        fs::copy_file(from, fs::path(options.out) / from.filename(), fs::copy_options::overwrite_existing, ec);
        ++(ec ? missing : copied);
    }
    std::printf("%zu calls and %zu files are in %s.\n", document.value("calls", nlohmann::json::array()).size(), copied, options.out.c_str());
    if (missing > 0) std::fprintf(stderr, "%zu files are not on this machine; export.json names them.\n", missing);
    return 0;
}

int take_out(const Options& options) {
    const AdminRun gateway(options.admin);
    const auto answer = gateway.ask("GET", "/v1/exports/" + escaped_segment(options.caller));
    if (answer.status != 200) return gateway.complain(answer);
    return write_down(answer.body, options);
}

}  // namespace

void add_person(CLI::App& app, Chosen& chosen) {
    auto erased = std::make_shared<Options>();
    auto* erase_command = app.add_subcommand("erase", "Have a running gateway erase all it keeps of one person, or of one call; prints the receipt.");
    add_admin_options(*erase_command, erased->admin);
    auto* caller = erase_command->add_option("--caller", erased->caller, "their number (+4930123456) or identity");
    auto* call = erase_command->add_option("--call", erased->call, "CA…");
    caller->excludes(call);
    erase_command->callback([&chosen, erased] {
        chosen.run = [erased] {
            if (erased->caller.empty() && erased->call.empty()) {
                std::fprintf(stderr, "It takes --caller or --call.\n");
                return kUsage;
            }
            return erase(*erased);
        };
    });
    auto exported = std::make_shared<Options>();
    auto* export_command = app.add_subcommand("export", "Write down everything a running gateway keeps of one person.");
    add_admin_options(*export_command, exported->admin);
    export_command->add_option("--caller", exported->caller, "their number (+4930123456) or identity")->required();
    export_command->add_option("--out", exported->out, "directory")->required();
    export_command->callback([&chosen, exported] { chosen.run = [exported] { return take_out(*exported); }; });
}

}  // namespace parley::cli

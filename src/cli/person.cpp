// parley erase, parley export: one person's data.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include "commands.hpp"
#include "gateway_client.hpp"
#include "parley/gateway/config.hpp"

namespace parley::cli {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct Options {
    std::string config, url, caller, call, out;
};

std::string in_a_path(const std::string& text) {
    std::string out;
    for (const unsigned char c : text) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
        constexpr std::string_view kDigits = "0123456789ABCDEF";
        if (plain) out += static_cast<char>(c);
        else {
            out += '%';
            out += kDigits[c >> 4U];
            out += kDigits[c & 15U];
        }
    }
    return out;
}

net::Task<int> erase(GatewayClient& gateway, const Options& options) {
    Json wish = Json::object();
    if (!options.caller.empty()) wish["caller"] = options.caller;
    if (!options.call.empty()) wish["call_sid"] = options.call;
    const auto answer = co_await gateway.ask("POST", "/v1/erasures", wish.dump());
    if (answer.status != 200 && !(answer.status == 409 && answer.body.contains("id"))) co_return gateway.complain(answer);
    std::printf("%s\n", answer.body.dump(2).c_str());
    if (answer.status == 200) co_return 0;
    std::fprintf(stderr, "A call is still running: its data was not erased. Ask again when it is over.\n");
    co_return 1;
}

// The document, and the files it names as far as they are on this machine.
int write_down(const Json& document, const Options& options) {
    std::error_code ec;
    fs::create_directories(options.out, ec);
    const auto to = fs::path(options.out) / "export.json";
    std::ofstream file(to, std::ios::trunc);
    file << document.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
    file.flush();
    if (!file) {
        std::fprintf(stderr, "%s could not be written.\n", to.c_str());
        return 1;
    }
    gateway::LoadOptions load;
    load.allow_unknown = true;
    load.check_files = false;
    const auto config = gateway::load_config(options.config, gateway::process_environment(), load);
    std::size_t copied = 0, missing = 0;
    for (const auto& name : document.value("files", Json::array())) {
        if (!name.is_string()) continue;
        const auto from = config.server.data_dir / name.get<std::string>();
        fs::copy_file(from, fs::path(options.out) / from.filename(), fs::copy_options::overwrite_existing, ec);
        ++(ec ? missing : copied);
    }
    std::printf("%zu calls and %zu files are in %s.\n", document.value("calls", Json::array()).size(), copied, options.out.c_str());
    if (missing > 0) std::fprintf(stderr, "%zu files are not on this machine; export.json names them.\n", missing);
    return 0;
}

net::Task<int> take_out(GatewayClient& gateway, const Options& options) {
    const auto answer = co_await gateway.ask("GET", "/v1/exports/" + in_a_path(options.caller), {});
    if (answer.status != 200) co_return gateway.complain(answer);
    co_return write_down(answer.body, options);
}

void common(CLI::App& command, Options& options) {
    command.add_option("-c,--config", options.config, "the running gateway's YAML file: its admin address and token are in it; without it PARLEY_CONFIG is read");
    command.add_option("--url", options.url, "the admin listener, when it is reached otherwise (http://127.0.0.1:9090)");
}

}  // namespace

void add_person(CLI::App& app, Chosen& chosen) {
    auto erased = std::make_shared<Options>();
    auto* erase_command = app.add_subcommand("erase", "Have a running gateway erase all it keeps of one person, or of one call; prints the receipt.");
    common(*erase_command, *erased);
    auto* caller = erase_command->add_option("--caller", erased->caller, "their number (+4930123456) or identity");
    auto* call = erase_command->add_option("--call", erased->call, "CA…");
    caller->excludes(call);
    erase_command->callback([&chosen, erased] {
        chosen.run = [erased] {
            if (erased->caller.empty() && erased->call.empty()) {
                std::fprintf(stderr, "It takes --caller or --call.\n");
                return kUsage;
            }
            return with_gateway(erased->config, erased->url, [erased](GatewayClient& gateway) { return erase(gateway, *erased); });
        };
    });
    auto exported = std::make_shared<Options>();
    auto* export_command = app.add_subcommand("export", "Write down everything a running gateway keeps of one person.");
    common(*export_command, *exported);
    export_command->add_option("--caller", exported->caller, "their number (+4930123456) or identity")->required();
    export_command->add_option("--out", exported->out, "directory")->required();
    export_command->callback([&chosen, exported] {
        chosen.run = [exported] { return with_gateway(exported->config, exported->url, [exported](GatewayClient& gateway) { return take_out(gateway, *exported); }); };
    });
}

}  // namespace parley::cli

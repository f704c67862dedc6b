#include "doctor.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "commands.hpp"

namespace parley::cli {

std::string_view name(Verdict verdict) {
    switch (verdict) {
        case Verdict::ok:
            return "ok";
        case Verdict::warn:
            return "warn";
        case Verdict::fail:
            return "fail";
        case Verdict::skipped:
            return "skipped";
    }
    return "ok";
}

bool Diagnosis::good() const {
    return std::none_of(findings.begin(), findings.end(), [](const Finding& one) { return one.verdict == Verdict::fail; });
}

std::string Diagnosis::text() const {
    std::string out;
    std::size_t failed = 0, warned = 0;
    for (const auto& one : findings) {
        failed += one.verdict == Verdict::fail ? 1U : 0U;
        warned += one.verdict == Verdict::warn ? 1U : 0U;
        std::string line(name(one.verdict));
        line.resize(9, ' ');
        line += one.check;
        line.resize(std::max<std::size_t>(line.size() + 1, 32), ' ');
        out += line + one.sentence + "\n";
        if (!one.remedy.empty() && one.verdict != Verdict::ok) out += std::string(32, ' ') + one.remedy + (one.mendable ? " (--fix does it)" : "") + "\n";
    }
    out += std::to_string(findings.size()) + " checks, " + std::to_string(failed) + " failed, " + std::to_string(warned) +
           (warned == 1 ? " warning.\n" : " warnings.\n");
    return out;
}

std::string Diagnosis::json() const {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const auto& one : findings)
        list.push_back({{"check", one.check}, {"verdict", name(one.verdict)}, {"sentence", one.sentence}, {"remedy", one.remedy}, {"mendable", one.mendable}});
    return nlohmann::ordered_json{{"good", good()}, {"findings", std::move(list)}}.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::optional<gateway::Config> check_configuration(const DoctorOptions& options, Findings& found) {
    try {
        auto config = gateway::load_config(options.config, options.environment);
        found.push_back({"config",
                         Verdict::ok,
                         "The configuration loads: " + std::to_string(config.agents.size()) + (config.agents.size() == 1 ? " agent." : " agents."),
                         {},
                         false});
        for (const auto& warning : config.warnings)
            found.push_back({"config", Verdict::warn, warning.place.text() + ": " + warning.message, "See docs/configuration.md.", false});
        return config;
    } catch (const gateway::ConfigError& error) {
        for (const auto& problem : error.problems().list()) {
            const bool number = problem.message.find("E.164") != std::string::npos;
            found.push_back({number ? "number.form" : "config", Verdict::fail, problem.place.text() + ": " + problem.message,
                             number ? "Write the number with + and country code, without spaces, in quotes: \"+14155550100\"."
                                    : "Correct the file; docs/configuration.md has every key.",
                             false});
        }
        if (found.empty()) found.push_back({"config", Verdict::fail, error.what(), "Correct the file; docs/configuration.md has every key.", false});
    }
    return {};
}

Diagnosis examine(const DoctorOptions& options) {
    ::signal(SIGPIPE, SIG_IGN);  // a server that hangs up in the middle is a finding
    Diagnosis diagnosis;
    Findings& found = diagnosis.findings;
    const auto config = check_configuration(options, found);
    if (!config) return diagnosis;
    check_machine(*config, found);
    std::optional<RestRun> rest;
    if (gateway::rest_account(*config)) rest.emplace(*config);
    if (check_account(*config, rest ? &*rest : nullptr, found)) check_numbers(*config, *rest, options.fix, found);
    check_address(*config, options, found);
    check_vendors(*config, options.online, found);
    return diagnosis;
}

void add_doctor(CLI::App& app, Chosen& chosen) {
    struct Options {
        DoctorOptions doctor;
        bool json = false, deep = false;
        long idle = 0;
    };
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("doctor", "Examine what a wrong set-up gets wrong, and say how to mend it.");
    command->add_option("-c,--config", options->doctor.config, "the YAML file; without it PARLEY_CONFIG_TEXT is read");
    command->add_option("--ca", options->doctor.ca_file, "PEM file of the authorities the public address is judged by; default: the system's");
    command->add_flag("--online", options->doctor.online, "ask every vendor for one word");
    command->add_option("--idle-seconds", options->idle, "hold an idle connection so long, to find a proxy's idle time-out")->check(CLI::Range(0, 600));
    command->add_flag("--deep", options->deep, "--online, and an idle connection for 30 s");
    command->add_flag("--fix", options->doctor.fix, "mend what may be mended: wire the agents' numbers; nothing that costs money");
    command->add_flag("--json", options->json, "print JSON");
    command->callback([&chosen, options] {
        chosen.run = [options] {
            options->doctor.environment = gateway::process_environment();
            options->doctor.online = options->doctor.online || options->deep;
            options->doctor.idle = std::chrono::seconds(options->idle != 0 ? options->idle : options->deep ? 30 : 0);
            const auto diagnosis = examine(options->doctor);
            std::fputs((options->json ? diagnosis.json() : diagnosis.text()).c_str(), stdout);
            return diagnosis.good() ? 0 : 1;
        };
    });
}

}  // namespace parley::cli

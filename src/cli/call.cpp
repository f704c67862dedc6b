#include <cstdio>
#include <memory>
#include <stdexcept>

#include "caller_setup.hpp"
#include "commands.hpp"
#include "parley/sim/run_caller.hpp"

namespace parley::cli {

void add_call(CLI::App& app, Chosen& chosen) {
    struct Options {
        std::string url, scenario, wav, directory = "var/calls", voice, balancer, ca_file, from, to, status_callback;
        bool insecure = false;
    };
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("call", "Place one simulated call to a voice URL and judge it at the caller's ear. TWILIO_AUTH_TOKEN signs it.");
    command->add_option("url", options->url, "the voice URL, e.g. https://voice.example.com/webhooks/twilio/voice")->required();
    auto* scenario = command->add_option("--scenario", options->scenario, "what the caller does (YAML)");
    command->add_option("--wav", options->wav, "the caller plays this file after the greeting, listens, hangs up")->excludes(scenario);
    command->add_option("--voice", options->voice, "the caller's voice: rms, awb, kal16, slt");
    command->add_option("--from", options->from, "calling number");
    command->add_option("--to", options->to, "called number");
    command->add_option("--status-callback", options->status_callback, "where the carrier reports the call's end");
    command->add_option("--balancer", options->balancer, "PUBLIC_HOST=ADDRESS:PORT: connect there in plain for that host, as a TLS-terminating balancer would");
    command->add_option("--ca-file", options->ca_file, "authorities to believe (PEM)");
    command->add_flag("--insecure", options->insecure, "believe any certificate");
    command->add_option("--out", options->directory, "truth and sound go there")->capture_default_str();
    command->callback([&chosen, options] {
        chosen.run = [options] {
            sim::CallerOptions caller;
            caller.carrier = carrier_from_environment();
            if (!options->balancer.empty()) caller.carrier.balancer = parse_balancer(options->balancer);
            caller.carrier.tls.ca_file = options->ca_file;
            caller.carrier.tls.insecure = options->insecure;
            give_speech(caller.carrier, options->voice);
            caller.plan.voice_url = options->url;
            caller.plan.from = options->from;
            caller.plan.to = options->to;
            caller.plan.status_callback = options->status_callback;
            if (!options->wav.empty())
                caller.plan.scenario = sim::wav_scenario(options->wav);
            else if (!options->scenario.empty())
                caller.plan.scenario = sim::load_scenario(options->scenario);
            caller.plan.on_line = [](const sim::TranscriptLine& line) {
                std::printf("%s\n", sim::format_line(line).c_str());
                std::fflush(stdout);
            };
            caller.directory = options->directory;
            const auto report = sim::run_caller(std::move(caller));
            for (const auto& failure : report.call.failures) std::printf("unmet: %s\n", failure.c_str());
            std::printf("call %s %s, ended by %s\n", report.call.call_sid.c_str(), report.call.status.c_str(), report.call.ended_by.c_str());
            if (report.files)
                std::printf("truth: %s\nsound: %s\n", report.files->truth.c_str(), report.files->stereo.c_str());
            else if (!report.files_error.empty())
                std::fprintf(stderr, "%s\n", report.files_error.c_str());
            return report.exit_status;
        };
    });
}

}  // namespace parley::cli

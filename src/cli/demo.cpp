#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "caller_setup.hpp"
#include "commands.hpp"
#include "demo_stack.hpp"
#include "parley/base/ids.hpp"
#include "parley/call/waterfall.hpp"
#include "parley/load/process.hpp"
#include "parley/sim/run_caller.hpp"

namespace parley::cli {

namespace {

constexpr const char* kPublicHost = "demo.parley.invalid";  // nobody's: the demo's own balancer takes it to loopback
volatile std::sig_atomic_t stop_asked = 0;

struct Options {
    std::string wav, script, scenario, stack, directory = "var/demo", voice;
    std::uint16_t port = 0;
    bool serve = false;
};

// What the repository ships, found from the working directory upwards and beside the program: a clone, a package, a container.
std::filesystem::path shipped(const std::string& name, const std::string& binary) {
    for (const auto& start : {std::filesystem::current_path(), std::filesystem::path(binary).parent_path()})
        for (auto at = start;; at = at.parent_path()) {
            for (const auto& candidate : {at / "config" / name, at / "share/parley" / name})
                if (std::filesystem::exists(candidate)) return candidate;
            if (at == at.parent_path()) break;
        }
    throw std::runtime_error("config/" + name + " was not found; run the demo from the clone, or name the file");
}

std::string demo_config(const Options& options, const std::filesystem::path& script, const DemoStack* stack, std::uint16_t port, std::uint16_t admin) {
    std::ostringstream out;
    out << "version: 1\nserver:\n  listen: \"127.0.0.1:" << port << "\"\n  public_url: \"https://" << kPublicHost << "\"\n  admin_listen: \"127.0.0.1:" << admin
        << "\"\n  data_dir: \"" << std::filesystem::absolute(options.directory).string() << "\"\n  drain_accept_grace: 0s\n";
    if (options.serve) out << "  talk_page: receptionist\n";
    out << "recording: {enabled: true, directory: recordings, retain_days: 1}\ncall_files: {enabled: true, retain_days: 1, directory: calls, frames: full}\n"
        << (stack != nullptr ? stack->vendors_yaml() : "") << "agents:\n  receptionist:\n    default: true\n";
    if (stack != nullptr)
        out << stack->agent_yaml();
    else
        out << "    brain: embedded\n    script: \"" << std::filesystem::absolute(script).string() << "\"\n";
    if (!options.voice.empty()) out << "    voice: " << options.voice << "\n";
    // Somebody who tries this out listens more closely than a caller on a bad line: a little faster speech, a little less patience.
    out << "    speed: 1.15\n    conversation: {endpoint_silence: 450ms, endpoint_silence_short: 300ms}\n";
    return out.str();
}

}  // namespace

void add_demo(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<Options>();
    auto* command =
        app.add_subcommand("demo", "Answer a phone call with no key: gateway, simulated carrier, a caller who speaks, a judge at the caller's ear.");
    auto* scenario = command->add_option("--scenario", options->scenario, "what the caller does (YAML); default config/scenarios/receptionist-brisk.yaml");
    command->add_option("--wav", options->wav, "the caller plays this recording instead")->excludes(scenario);
    command->add_option("--script", options->script, "the agent's dialogue (YAML); default config/scripts/receptionist.yaml");
    command->add_option("--stack", options->stack,
                        "vendors instead of the embedded engines: deepgram+openai+elevenlabs, or one speech-to-speech vendor; emulated where there is no key");
    command->add_option("--voice", options->voice, "the agent's voice: slt, rms, awb, kal16");
    command->add_option("--data-dir", options->directory, "recording, call file, truth and logs go there")->capture_default_str();
    command->add_option("--port", options->port, "of the gateway; 0: any free one");
    command->add_flag("--serve", options->serve, "stay up, with a page to talk to the agent by microphone");
    command->callback([&chosen, options] {
        chosen.run = [&chosen, options] {
            const auto script = options->script.empty() ? shipped("scripts/receptionist.yaml", chosen.binary) : std::filesystem::path(options->script);
            std::filesystem::create_directories(options->directory);
            const auto port = options->port != 0 ? options->port : load::free_loopback_port();
            const auto admin = load::free_loopback_port();
            const auto config = std::filesystem::path(options->directory) / "parley.yaml";
            std::optional<DemoStack> stack;
            if (!options->stack.empty()) {
                stack.emplace(options->stack, gateway::process_environment());
                stack->start(chosen.binary, shipped("emulators/receptionist.yaml", chosen.binary), options->directory);
                for (const auto& note : stack->notes()) std::printf("%s\n", note.c_str());
                std::fflush(stdout);
            }
            std::ofstream(config) << demo_config(*options, script, stack ? &*stack : nullptr, port, admin);
            const auto token = random_hex(16);  // of an account that exists for this run only
            const auto log = (std::filesystem::path(options->directory) / "gateway.log").string();
            std::vector<std::string> gateway_environment{"TWILIO_AUTH_TOKEN=" + token};
            if (stack)
                for (auto& variable : stack->environment()) gateway_environment.push_back(std::move(variable));
            auto gateway = load::Child::spawn({chosen.binary, "serve", "--config", config.string()}, gateway_environment, -1, log);
            if (!load::wait_ready(admin, gateway, std::chrono::seconds(20))) {
                std::fprintf(stderr, "the gateway did not start; the end of its log (%s):\n", log.c_str());
                std::ifstream in(log);
                for (std::string line; std::getline(in, line);) std::fprintf(stderr, "  %s\n", line.c_str());
                return 1;
            }
            if (options->serve) {
                std::printf("Talk to the agent: http://127.0.0.1:%u/\nMetrics: http://127.0.0.1:%u/metrics   Log: %s\nCtrl-C ends it.\n", port, admin,
                            log.c_str());
                std::fflush(stdout);
                std::signal(SIGINT, [](int) { stop_asked = 1; });
                std::signal(SIGTERM, [](int) { stop_asked = 1; });
                while (stop_asked == 0 && gateway.alive()) std::this_thread::sleep_for(std::chrono::milliseconds(100));
                return stop_asked != 0 ? std::max(0, gateway.end()) : 1;
            }

            sim::CallerOptions caller;
            caller.carrier.auth_token = Secret(token);
            caller.carrier.balancer = {kPublicHost, "127.0.0.1", port};
            give_speech(caller.carrier, {});
            caller.plan.voice_url = std::string("https://") + kPublicHost + "/webhooks/twilio/voice";
            caller.plan.status_callback = std::string("https://") + kPublicHost + "/webhooks/twilio/status";
            if (!options->wav.empty())
                caller.plan.scenario = sim::wav_scenario(options->wav);
            else
                caller.plan.scenario = sim::load_scenario(options->scenario.empty() ? shipped("scenarios/receptionist-brisk.yaml", chosen.binary)
                                                                                    : std::filesystem::path(options->scenario));
            caller.plan.on_line = [](const sim::TranscriptLine& line) {
                std::printf("%s\n", sim::format_line(line).c_str());
                std::fflush(stdout);
            };
            caller.directory = options->directory;
            caller.stem = "caller";
            const auto report = sim::run_caller(std::move(caller));
            const int gateway_status = gateway.end();

            const auto& call = report.call;
            std::string stem = call.call_sid;
            for (const auto& stream : call.streams) stem = call.call_sid + "-" + stream.sid.substr(0, 10);
            const auto call_file = std::filesystem::path(options->directory) / "calls" / (stem + ".jsonl");
            const auto recording = std::filesystem::path(options->directory) / "recordings" / (stem + ".wav");
            std::printf("\n");
            std::ifstream in(call_file);
            call::print_waterfall(call::read_call_times(in), std::cout);
            std::cout.flush();
            for (const auto& turn : call.turns)
                if (turn.interruption && turn.stopped_after_ms)
                    std::printf("at the caller's ear: the agent fell silent %.0f ms after the interruption began\n", *turn.stopped_after_ms);
            std::printf("recording: %s\ncall file: %s\n", recording.c_str(), call_file.c_str());
            if (report.files) std::printf("caller's own truth: %s, %s\n", report.files->truth.c_str(), report.files->stereo.c_str());
            for (const auto& failure : call.failures) std::printf("unmet: %s\n", failure.c_str());
            std::size_t heard = 0;
            for (const auto& expectation : call.expectations) heard += expectation.passed ? 1U : 0U;
            if (report.exit_status == 0 && gateway_status == 0)
                std::printf("The caller heard what was expected (%zu of %zu).\n", heard, call.expectations.size());
            else
                std::printf("The call did not go as expected: %zu of %zu heard, gateway status %d.\n", heard, call.expectations.size(), gateway_status);
            return report.exit_status != 0 ? report.exit_status : gateway_status;
        };
    });
}

}  // namespace parley::cli

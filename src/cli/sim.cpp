#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cctype>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>

#include "caller_setup.hpp"
#include "commands.hpp"
#include "parley/gateway/config.hpp"
#include "parley/sim/emulators.hpp"
#include "parley/sim/fake_twilio.hpp"

namespace parley::cli {
namespace {

void wait_for_signal() {
    boost::asio::io_context context;
    boost::asio::signal_set signals(context, SIGTERM, SIGINT);
    signals.async_wait([](const boost::system::error_code&, int) {});
    context.run();
}

std::string text_of_file(const std::string& name) {
    std::ifstream file(name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string key_variable(std::string_view vendor) {
    std::string name;
    for (const char c : vendor) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : '_';
    return name + "_API_KEY";
}

void add_emulator(CLI::App& sim, Chosen& chosen, const sim::EmulatorEntry& entry) {
    struct Options {
        std::string address = "127.0.0.1", key, world, script, voice;
        std::uint16_t port = 0;
        int threads = 1;
        bool tones = false;
    };
    auto options = std::make_shared<Options>();
    auto* command = sim.add_subcommand(std::string(entry.name), std::string(entry.summary));
    command->add_option("--address", options->address, "where it listens")->capture_default_str();
    command->add_option("--port", options->port, "0: any; the one line it prints says which")->capture_default_str();
    command->add_option("--key", options->key, "the key it accepts; otherwise " + key_variable(entry.name) + " from the environment, otherwise sim-key");
    command->add_option("--world", options->world, "what it understands, answers and how long it takes, e.g. config/emulators/receptionist.yaml");
    command->add_option("--script", options->script, "what it does wrong, and when; PUT /sim/script replaces it");
    command->add_option("--voice", options->voice, "an embedded voice, instead of the world's");
    command->add_option("--threads", options->threads, "for its connections")->capture_default_str()->check(CLI::Range(1, 64));
    command->add_flag("--tones", options->tones, "ear and mouth of tones instead of speech: exact, and free of computing time");
    command->callback([&chosen, options, make = entry.make, name = entry.name] {
        chosen.run = [options, make, name] {
            sim::WorldSettings settings;
            if (!options->world.empty()) settings = sim::load_emulator_world(options->world);
            if (!options->voice.empty()) settings.voice = options->voice;
            settings.tones = settings.tones || options->tones;
            const auto environment = gateway::process_environment();
            const auto variable = environment.find(key_variable(name));
            if (variable != environment.end() && !variable->second.empty()) settings.key = variable->second;
            if (!options->key.empty()) settings.key = options->key;
            auto world = std::make_shared<sim::EmulatorWorld>(std::move(settings));
            sim::VendorHostOptions host;
            host.address = options->address;
            host.port = options->port;
            host.threads = options->threads;
            if (!options->script.empty()) host.script = sim::load_fault_rules(options->script);
            sim::VendorHost server(make(world), world, std::move(host));
            std::printf("%u\n", static_cast<unsigned>(server.port()));
            std::fflush(stdout);
            wait_for_signal();
            server.stop();
            return 0;
        };
    });
}

}  // namespace

void add_sim(CLI::App& app, Chosen& chosen) {
    struct Options {
        std::string address = "127.0.0.1", directory, scenarios, balancer, ca_file, voice, callee, config, faults;
        std::vector<std::string> numbers;
        std::uint16_t port = 8900;
        int threads = 2;
        double speed = 0;
        bool insecure = false, tones = false;
    };
    auto options = std::make_shared<Options>();
    auto* sim = app.add_subcommand("sim", "Simulated services, to develop and test against.");
    sim->require_subcommand(1);
    auto* command = sim->add_subcommand(
        "twilio",
        "A carrier: REST, webhooks, TwiML, media streams. TWILIO_AUTH_TOKEN signs and is its password; TWILIO_API_KEY with TWILIO_API_SECRET is another.");
    command->add_option("--address", options->address, "where it listens")->capture_default_str();
    command->add_option("--port", options->port, "0: any")->capture_default_str();
    command->add_option("--number", options->numbers, "+E164=VOICE_URL, repeated: what an incoming call does")->take_all();
    command->add_option("--config", options->config, "YAML file: account, numbers, phones, people, faults, speed (docs/simulated-twilio.md)")
        ->check(CLI::ExistingFile);
    command->add_option("--faults", options->faults, "JSON file with what it does wrong; PUT /sim/faults replaces it")->check(CLI::ExistingFile);
    command->add_option("--speed", options->speed, "of the telephone lines against true time; above 1 for calls without streams only")
        ->check(CLI::Range(0.1, 100.0));
    command->add_flag("--tones", options->tones, "mouth of tones instead of speech, and no ear");
    command->add_option("--scenarios", options->scenarios, "directory of callers that POST /sim/calls may name");
    command->add_option("--callee", options->callee, "scenario of whoever answers calls made over REST");
    command->add_option("--out", options->directory, "the truth of each call goes there");
    command->add_option("--threads", options->threads, "for its calls")->capture_default_str()->check(CLI::Range(1, 64));
    command->add_option("--voice", options->voice, "the callers' voice");
    command->add_option("--balancer", options->balancer, "PUBLIC_HOST=ADDRESS:PORT: connect there in plain for that host");
    command->add_option("--ca-file", options->ca_file, "authorities to believe (PEM)");
    command->add_flag("--insecure", options->insecure, "believe any certificate");
    command->callback([&chosen, options] {
        chosen.run = [options] {
            sim::FakeTwilioOptions twilio;
            twilio.carrier = carrier_from_environment();
            twilio.carrier.threads = options->threads;
            if (!options->balancer.empty()) twilio.carrier.balancer = parse_balancer(options->balancer);
            twilio.carrier.tls.ca_file = options->ca_file;
            twilio.carrier.tls.insecure = options->insecure;
            if (!options->tones) give_speech(twilio.carrier, options->voice);
            if (!options->config.empty()) sim::load_twilio_settings(options->config, twilio);
            if (options->speed > 0) twilio.carrier.speed = options->speed;
            if (!options->faults.empty()) twilio.faults = text_of_file(options->faults);
            const auto environment = gateway::process_environment();
            const auto key = environment.find("TWILIO_API_KEY"), secret = environment.find("TWILIO_API_SECRET");
            if (key != environment.end() && secret != environment.end()) {
                twilio.api_key = key->second;
                twilio.api_secret = secret->second;
            }
            twilio.address = options->address;
            twilio.port = options->port;
            twilio.scenario_directory = options->scenarios;
            twilio.report_directory = options->directory;
            if (!options->callee.empty()) twilio.callee = sim::load_scenario(options->callee);
            for (const auto& text : options->numbers) {
                const auto equals = text.find('=');
                if (equals == std::string::npos) throw std::runtime_error("--number: expected +E164=VOICE_URL, got '" + text + "'");
                sim::NumberEntry entry;
                entry.voice_url = text.substr(equals + 1);
                twilio.numbers[text.substr(0, equals)] = std::move(entry);
            }
            sim::FakeTwilio server(std::move(twilio));
            std::printf("the simulated carrier listens on %s:%u; POST /sim/calls places an incoming call\n", options->address.c_str(),
                        static_cast<unsigned>(server.port()));
            std::fflush(stdout);
            wait_for_signal();
            server.stop();
            return 0;
        };
    });
    for (const auto& entry : sim::vendor_emulators()) add_emulator(*sim, chosen, entry);
}

}  // namespace parley::cli

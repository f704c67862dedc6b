#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <memory>

#include "caller_setup.hpp"
#include "commands.hpp"
#include "parley/sim/fake_twilio.hpp"

namespace parley::cli {

void add_sim(CLI::App& app, Chosen& chosen) {
    struct Options {
        std::string address = "127.0.0.1", directory, scenarios, balancer, ca_file, voice, callee;
        std::vector<std::string> numbers;
        std::uint16_t port = 8900;
        int threads = 2;
        bool insecure = false;
    };
    auto options = std::make_shared<Options>();
    auto* sim = app.add_subcommand("sim", "Simulated services, to develop and test against.");
    sim->require_subcommand(1);
    auto* command = sim->add_subcommand("twilio", "A carrier: REST, webhooks, TwiML, media streams. TWILIO_AUTH_TOKEN signs and is its password.");
    command->add_option("--address", options->address, "where it listens")->capture_default_str();
    command->add_option("--port", options->port, "0: any")->capture_default_str();
    command->add_option("--number", options->numbers, "+E164=VOICE_URL, repeated: what an incoming call does")->take_all();
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
            give_speech(twilio.carrier, options->voice);
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
                twilio.numbers.emplace(text.substr(0, equals), std::move(entry));
            }
            sim::FakeTwilio server(std::move(twilio));
            std::printf("the simulated carrier listens on %s:%u; POST /sim/calls places an incoming call\n", options->address.c_str(), static_cast<unsigned>(server.port()));
            std::fflush(stdout);
            boost::asio::io_context context;
            boost::asio::signal_set signals(context, SIGTERM, SIGINT);
            signals.async_wait([](const boost::system::error_code&, int) {});
            context.run();
            server.stop();
            return 0;
        };
    });
}

}  // namespace parley::cli

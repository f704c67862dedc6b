// What a turn costs beyond what the vendors take: real calls through a gateway of its own, emulated vendors at fixed delays, sound that needs no
// speech engine, so that all the processor time left is the gateway's.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "commands.hpp"
#include "parley/base/ids.hpp"
#include "parley/call/waterfall.hpp"
#include "parley/load/process.hpp"
#include "parley/sim/carrier.hpp"
#include "parley/sim/emulators.hpp"
#include "parley/sim/tone_alphabet.hpp"

namespace parley::cli {

namespace {

using namespace std::chrono_literals;

constexpr const char* kHost = "bench.parley.invalid";  // nobody's: the balancer of the simulated carrier takes it to loopback
constexpr const char* kQuestion = "what are your opening hours";
constexpr const char* kAnswer = "from nine until five";
constexpr const char* kGreeting = "good day";
constexpr auto kEndpointing = 600ms;
constexpr auto kRecognition = 250ms;
constexpr auto kFirstToken = 300ms;
constexpr auto kFirstAudio = 120ms;

struct Options {
    int turns = 1000, calls = 10, turns_a_call = 25;
    std::string directory = "var/bench-turns", json;
};

std::string configuration(const Options& options, std::uint16_t port, std::uint16_t admin, const std::vector<std::pair<std::string, std::string>>& vendors) {
    std::ostringstream out;
    out << "version: 1\nserver:\n  listen: \"127.0.0.1:" << port << "\"\n  public_url: \"https://" << kHost << "\"\n  admin_listen: \"127.0.0.1:" << admin
        << "\"\n  data_dir: \"" << std::filesystem::absolute(options.directory).string()
        << "\"\n  drain_accept_grace: 0s\nlimits: {max_calls: 200}\nlog: {level: warn}\n"
        << "call_files: {enabled: true, retain_days: 1, directory: calls, frames: digest}\nvendors:\n";
    for (const auto& [name, url] : vendors)
        out << "  " << name << ": {vendor: " << name << ", base_url: \"" << url << "\", key: \"env:EMULATED_VENDOR_KEY\""
            << (name == "openai"       ? ", model: m"
                : name == "elevenlabs" ? ", voice: v"
                                       : ", options: {endpointing: 'false'}")
            << "}\n";
    out << "agents:\n  front:\n    default: true\n    brain: vendors\n    stt: [deepgram]\n    lm: [openai]\n    tts: [elevenlabs]\n    greeting: \""
        << kGreeting << "\"\n    latency: {speculate: false}\n    conversation: {endpoint_silence: " << kEndpointing.count()
        << "ms, endpoint_silence_short: " << kEndpointing.count() << "ms, idle_after: 60s, context_lines: 8}\n";
    return out.str();
}

std::shared_ptr<const sim::Scenario> caller(int turns) {
    auto scenario = std::make_shared<sim::Scenario>();
    scenario->name = "turns";
    const auto add = [&](auto action) {
        sim::Step step;
        step.action = std::move(action);
        scenario->steps.push_back(std::move(step));
    };
    add(sim::PauseStep{2000ms});  // over the greeting
    for (int i = 0; i < turns; ++i) {
        sim::SayStep say;
        say.text = kQuestion;
        add(say);
        sim::WaitStep wait;
        wait.what = sim::WaitStep::For::agent_silence;
        wait.silence = 400ms;
        wait.within = 10000ms;
        add(wait);
        add(sim::PauseStep{300ms});
    }
    add(sim::HangupStep{});
    return scenario;
}

double at(const std::vector<double>& sorted, double share) {
    return sorted.empty() ? 0 : sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
}

int run(const Options& options, const std::string& binary) {
    std::filesystem::remove_all(options.directory);
    std::filesystem::create_directories(options.directory);
    const std::vector<std::string> phrases{kQuestion, kAnswer, kGreeting};
    auto alphabet = std::make_shared<sim::ToneAlphabet>(phrases);
    sim::WorldSettings settings;
    settings.phrases = {kQuestion};
    sim::MindRule rule;
    rule.words = {"hours"};
    rule.say = kAnswer;
    settings.rules = {rule};
    settings.tones = true;
    settings.endpointing = 10s;  // only our own end of turn counts
    settings.recognition = kRecognition;
    settings.first_token = kFirstToken;
    settings.token = 0ms;
    settings.first_audio = kFirstAudio;
    settings.chunk = 100ms;
    settings.pace = 4;
    auto world = std::make_shared<sim::EmulatorWorld>(settings, alphabet, alphabet);
    std::vector<std::unique_ptr<sim::VendorHost>> hosts;
    std::vector<std::pair<std::string, std::string>> addresses;
    for (const auto& entry : sim::vendor_emulators()) {
        if (entry.name != "deepgram" && entry.name != "openai" && entry.name != "elevenlabs") continue;
        hosts.push_back(std::make_unique<sim::VendorHost>(entry.make(world), world));
        addresses.emplace_back(std::string(entry.name), hosts.back()->url());
    }

    const auto port = load::free_loopback_port(), admin = load::free_loopback_port();
    const auto config = (std::filesystem::path(options.directory) / "parley.yaml").string();
    std::ofstream(config) << configuration(options, port, admin, addresses);
    const auto token = random_hex(16);
    const auto log = (std::filesystem::path(options.directory) / "gateway.log").string();
    auto gateway = load::Child::spawn({binary, "serve", "--config", config}, {"TWILIO_AUTH_TOKEN=" + token, "EMULATED_VENDOR_KEY=" + settings.key}, -1, log);
    if (!load::wait_ready(admin, gateway, 20s)) throw std::runtime_error("the gateway did not start; see " + log);

    sim::CarrierOptions carrier;
    carrier.auth_token = Secret(token);
    carrier.balancer = {kHost, "127.0.0.1", port};
    carrier.voice = alphabet;
    carrier.ear = alphabet;
    carrier.threads = 1;
    sim::SimCarrier line(std::move(carrier));
    const auto cpu_before = load::cpu_ns(gateway.pid());
    const auto began = std::chrono::steady_clock::now();
    for (int done = 0; done < options.turns;) {
        std::vector<sim::SimCarrier::Placed> placed;
        for (int i = 0; i < options.calls && done < options.turns; ++i) {
            const int turns = std::min(options.turns_a_call, options.turns - done);
            done += turns;
            sim::CallPlan plan;
            plan.voice_url = std::string("https://") + kHost + "/webhooks/twilio/voice";
            plan.scenario = caller(turns);
            placed.push_back(line.place_call(std::move(plan)));
        }
        for (auto& one : placed) (void)one.report.get();
        std::fprintf(stderr, "%d of %d turns\n", done, options.turns);
    }
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    const double cpu = static_cast<double>(load::cpu_ns(gateway.pid()) - cpu_before) / 1e9;
    (void)gateway.end();

    std::vector<double> share, ear;
    std::size_t turns = 0;
    const double vendors_ms = std::chrono::duration<double, std::milli>(kEndpointing + kRecognition + kFirstToken + kFirstAudio).count();
    for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(options.directory) / "calls")) {
        std::ifstream in(file.path());
        for (const auto& turn : call::read_call_times(in).turns) {
            if (turn.speech_end.count() < 0) continue;  // the greeting
            ++turns;
            if (turn.first_frame.count() < 0 || turn.heard.count() < 0) continue;
            share.push_back(std::chrono::duration<double, std::milli>(turn.first_frame - turn.speech_end).count() - vendors_ms);
            ear.push_back(std::chrono::duration<double, std::milli>(turn.heard - turn.speech_end).count() - vendors_ms);
        }
    }
    std::sort(share.begin(), share.end());
    std::sort(ear.begin(), ear.end());
    std::printf("turns: %zu asked, %zu answered, %d calls at once, %.0f s, gateway's processor time %.2f s\n", turns, share.size(), options.calls, took, cpu);
    std::printf("vendors and endpointing: %.0f ms (endpointing %lld, recognition %lld, first token %lld, first audio %lld)\n", vendors_ms,
                static_cast<long long>(kEndpointing.count()), static_cast<long long>(kRecognition.count()), static_cast<long long>(kFirstToken.count()),
                static_cast<long long>(kFirstAudio.count()));
    std::printf("gateway's own share, to the first frame on the carrier's socket: p50 %.1f ms, p90 %.1f, p99 %.1f, most %.1f\n", at(share, .5), at(share, .9),
                at(share, .99), share.empty() ? 0 : share.back());
    std::printf("the same to the caller's ear (with the carrier's 60 ms):          p50 %.1f ms, p90 %.1f, p99 %.1f, most %.1f\n", at(ear, .5), at(ear, .9),
                at(ear, .99), ear.empty() ? 0 : ear.back());
    if (!options.json.empty())
        std::ofstream(options.json) << "{\"turns\":" << share.size() << ",\"asked\":" << turns << ",\"share_ms\":{\"p50\":" << at(share, .5)
                                    << ",\"p99\":" << at(share, .99) << "},\"ear_ms\":{\"p50\":" << at(ear, .5) << ",\"p99\":" << at(ear, .99)
                                    << "},\"cpu_s\":" << cpu << "}\n";
    return share.size() == turns && turns >= static_cast<std::size_t>(options.turns) ? 0 : 1;
}

}  // namespace

void add_turn_bench(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("bench-turns", "Measure what the gateway itself adds to a turn, with emulated vendors at fixed delays.");
    command->add_option("--turns", options->turns, "in all")->capture_default_str()->check(CLI::Range(1, 1'000'000));
    command->add_option("--calls", options->calls, "at once")->capture_default_str()->check(CLI::Range(1, 100));
    command->add_option("--turns-a-call", options->turns_a_call, "turns of one call")->capture_default_str()->check(CLI::Range(1, 100));
    command->add_option("--work-dir", options->directory, "configuration, log and call files of the run")->capture_default_str();
    command->add_option("--json", options->json, "write the figures there");
    command->callback([&chosen, options] { chosen.run = [&chosen, options] { return run(*options, chosen.binary); }; });
}

}  // namespace parley::cli

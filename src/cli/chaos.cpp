#include <atomic>
#include <cstdio>
#include <fstream>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "chaos_row.hpp"
#include "commands.hpp"
#include "parley/sim/embedded_speech.hpp"
#include "parley/sim/emulator_world.hpp"

namespace parley::cli {
namespace {

struct Options {
    std::string config, agent, faults, roles, scenario, tones, directory = "var/chaos", json;
    int neighbours = 5, jobs = 1;
    bool list = false;
};

// Distractors of a scenario need not be sayable: nobody says them.
class ToneEar final : public sim::CallerEar {
public:
    explicit ToneEar(std::shared_ptr<sim::ToneAlphabet> tones) : tones_(std::move(tones)) {}
    std::vector<sim::Recognised> recognise(std::span<const std::int16_t> pcm, const std::vector<std::string>& phrases) override {
        return tones_->recognise(pcm, phrases);
    }

private:
    std::shared_ptr<sim::ToneAlphabet> tones_;
};

std::string chosen_agent(const gateway::Config& config, const std::string& wanted) {
    if (!wanted.empty()) {
        if (config.agent(wanted) == nullptr) throw std::runtime_error("there is no agent '" + wanted + "'");
        return wanted;
    }
    for (const auto& agent : config.agents) {
        if (agent.brain == gateway::Brain::vendors) return agent.name;
    }
    throw std::runtime_error("no agent of this configuration has `brain: vendors`: there is no vendor to disturb");
}

// The row without a fault comes first: what the others are worth depends on it.
std::vector<ChaosTask> tasks_for(const std::vector<sim::ChaosRole>& roles, const std::string& faults, const std::string& wanted) {
    std::vector<ChaosTask> tasks;
    ChaosTask calm;
    calm.fault.id = "none";
    calm.fault.what = "as it is";
    calm.role = roles.front();
    tasks.push_back(calm);
    for (const auto role : roles) {
        if (!wanted.empty() && ("," + wanted + ",").find("," + std::string(to_string(role)) + ",") == std::string::npos) continue;
        for (const auto& fault : sim::select_faults(faults)) {
            if (fault.is_for(role)) tasks.push_back({fault, role});
        }
    }
    return tasks;
}

std::vector<sim::ChaosRow> left_out(const std::string& faults) {
    std::vector<sim::ChaosRow> rows;
    for (const auto& fault : sim::select_faults(faults)) {
        if (fault.not_run.empty()) continue;
        sim::ChaosRow row;
        row.fault = fault.id;
        row.what = fault.what;
        row.run = false;
        row.why = fault.not_run;
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<sim::ChaosRow> run_all(const ChaosPlan& plan, const std::vector<ChaosTask>& tasks, int jobs) {
    std::vector<sim::ChaosRow> rows(tasks.size());
    std::atomic<std::size_t> next = 0;
    std::mutex printing;
    const auto work = [&] {
        for (;;) {
            const auto i = next++;
            if (i >= tasks.size()) return;
            rows[i] = run_chaos_row(plan, tasks[i]);
            const std::lock_guard lock(printing);
            std::fprintf(stderr, "%zu of %zu: %s at %s: %s\n", i + 1, tasks.size(), rows[i].fault.c_str(), rows[i].role.c_str(),
                         rows[i].passed ? "good" : ("BAD: " + rows[i].why).c_str());
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < jobs; ++i) threads.emplace_back(work);
    for (auto& thread : threads) thread.join();
    return rows;
}

void list_faults() {
    for (const auto& fault : sim::chaos_faults()) {
        std::string roles;
        for (const auto role : fault.roles) roles += (roles.empty() ? "" : ", ") + std::string(to_string(role));
        std::printf("%-10s %s%s\n", fault.id.c_str(), fault.what.c_str(),
                    fault.not_run.empty() ? ("  (" + roles + ")").c_str() : ("  (not run: " + fault.not_run + ")").c_str());
    }
}

}  // namespace

void add_chaos(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("chaos", "Do to each configured vendor what vendors and networks do, and listen to what the caller hears of it.");
    command->add_option("-c,--config", options->config, "the YAML file; each row runs a gateway of its own with it, on loopback");
    command->add_option("--agent", options->agent, "whose vendors; default the first agent with `brain: vendors`");
    command->add_option("--faults", options->faults, "e.g. P5,N4 or P17/1011; default all (see --list)");
    command->add_option("--roles", options->roles, "of stt,lm,tts,s2s,carrier; default all that are configured");
    command->add_option("--scenario", options->scenario,
                        "what the caller does, and must hear for a turn to be completed; default "
                        "config/scenarios/chaos.yaml, for the receptionist");
    command->add_option("--tones", options->tones,
                        "the world of emulated vendors that were started with --tones: the caller speaks and hears the "
                        "same, exactly and at no cost");
    command->add_option("--neighbours", options->neighbours, "quiet calls beside each faulty one")->capture_default_str()->check(CLI::Range(0, 500));
    command->add_option("--jobs", options->jobs, "rows at a time")->capture_default_str()->check(CLI::Range(1, 64));
    command->add_option("--out", options->directory, "logs, call files and the caller's truth, a directory a row")->capture_default_str();
    command->add_option("--json", options->json, "the table again, for machines");
    command->add_flag("--list", options->list, "print the faults and nothing else");
    command->callback([&chosen, options] {
        chosen.run = [options] {
            if (options->list) {
                list_faults();
                return 0;
            }
            if (options->scenario.empty()) options->scenario = "config/scenarios/chaos.yaml";
            ChaosPlan plan;
            plan.config = gateway::load_config(options->config, gateway::process_environment());
            plan.agent = chosen_agent(plan.config, options->agent);
            plan.scenario = sim::load_scenario(options->scenario);
            if (options->tones.empty()) {
                plan.voice = sim::make_embedded_voice();
                plan.ear = sim::make_embedded_ear();
            } else {
                plan.tones = sim::tone_alphabet(sim::load_emulator_world(options->tones));
                plan.voice = plan.tones;
                plan.ear = std::make_shared<ToneEar>(plan.tones);
            }
            plan.directory = std::filesystem::absolute(options->directory);
            plan.neighbours = options->neighbours;
            auto rows = run_all(plan, tasks_for(roles_of(plan.config, plan.agent), options->faults, options->roles), options->jobs);
            for (auto& row : left_out(options->faults)) rows.push_back(std::move(row));
            std::fputs(sim::chaos_table(rows).c_str(), stdout);
            if (!options->json.empty()) std::ofstream(options->json) << sim::chaos_json(rows);
            std::size_t bad = 0, run = 0;
            for (const auto& row : rows) {
                run += row.run ? 1U : 0U;
                bad += row.run && !row.passed ? 1U : 0U;
            }
            std::printf("%zu rows were run, %zu are bad, %zu were not run.\n", run, bad, rows.size() - run);
            return bad == 0 ? 0 : 1;
        };
    });
}

}  // namespace parley::cli

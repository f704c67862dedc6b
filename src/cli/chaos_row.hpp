#pragma once
// One row of the chaos table: a gateway of its own, gates and proxies before its vendors, one call through the fault
// and quiet ones beside it.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "parley/gateway/config.hpp"
#include "parley/sim/chaos.hpp"
#include "parley/sim/scenario.hpp"
#include "parley/sim/speech_ports.hpp"
#include "parley/sim/tone_alphabet.hpp"

namespace parley::cli {

struct ChaosTask {
    sim::ChaosFault fault;  // without rules and gate: the row that shows how it is without one
    sim::ChaosRole role = sim::ChaosRole::lm;
};

struct ChaosPlan {
    gateway::Config config;  // the user's
    std::string agent;
    std::shared_ptr<const sim::Scenario> scenario;
    std::shared_ptr<sim::CallerVoice> voice;
    std::shared_ptr<sim::CallerEar> ear;
    std::shared_ptr<sim::ToneAlphabet> tones;  // voice and ear, if they are tones: what was heard is then known word by word
    std::filesystem::path directory;           // a directory a row below it: log, call file, caller's truth
    int neighbours = 5;
};

// The roles this agent's configuration fills with vendors, and `carrier`.
[[nodiscard]] std::vector<sim::ChaosRole> roles_of(const gateway::Config& config, const std::string& agent);

// Blocks for as long as the call lasts. A row that could not be set up is not passed and says why.
[[nodiscard]] sim::ChaosRow run_chaos_row(const ChaosPlan& plan, const ChaosTask& task);

}  // namespace parley::cli

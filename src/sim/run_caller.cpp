#include "parley/sim/run_caller.hpp"

#include <array>
#include <cstdio>

namespace parley::sim {

CallerReport run_caller(CallerOptions options) {
    CallerReport out;
    if (options.carrier.ear != nullptr && options.plan.scenario != nullptr) {
        const auto complaint = options.carrier.ear->unusable(options.plan.scenario->all_phrases());
        if (!complaint.empty()) throw ScenarioError(options.plan.scenario->name + ": " + complaint);
    }
    SimCarrier carrier(std::move(options.carrier));
    auto placed = carrier.place_call(std::move(options.plan));
    out.call = placed.report.get();
    if (!options.directory.empty()) {
        auto files = write_report(out.call, options.directory, options.stem.empty() ? out.call.scenario : options.stem);
        if (files) {
            out.files = *files;
        } else {
            out.files_error = files.error().message();
        }
    }
    if (!out.call.answered_ms || out.call.ended_by == "error") {
        out.exit_status = kExitNoCall;
    } else if (!out.call.passed() || !out.files_error.empty()) {
        out.exit_status = kExitUnmet;
    }
    return out;
}

std::string format_line(const TranscriptLine& line) {
    static constexpr std::array<const char*, 3> kWho{"caller ", "agent  ", "carrier"};
    std::array<char, 32> time{};
    std::snprintf(time.data(), time.size(), "%8.2f s  ", line.from_ms / 1000);
    std::string out = time.data();
    out += kWho[static_cast<std::size_t>(line.who)];
    out += "  ";
    if (!line.recognised) return out + line.text;
    if (line.text.empty()) return out + "(speech, not recognised)";
    std::array<char, 48> confidence{};
    std::snprintf(confidence.data(), confidence.size(), "  (recognised from the sound, %.0f %%)", 100 * line.confidence);
    return out + "~ " + line.text + confidence.data();
}

}  // namespace parley::sim

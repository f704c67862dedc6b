#include "parley/call/waterfall.hpp"

#include <array>
#include <iomanip>
#include <sstream>
#include <istream>
#include <ostream>

#include <nlohmann/json.hpp>

#include "parley/conversation/serialise.hpp"

namespace parley::call {

namespace {

constexpr std::size_t kMaxLine = 1 << 20;

double milliseconds(Instant value) {
    return std::chrono::duration<double, std::milli>(value).count();
}

}  // namespace

CallTimes read_call_times(std::istream& file) {
    CallTimes times;
    std::uint64_t number = 0;
    for (std::string line; std::getline(file, line);) {
        ++number;
        if (line.size() > kMaxLine) {
            times.error = "line " + std::to_string(number) + " is too long";
            break;
        }
        if (line.find("\"out\"") == std::string::npos) {
            times.complete = times.complete || line.starts_with("{\"end\"");
            continue;
        }
        const auto json = nlohmann::json::parse(line, nullptr, false);
        if (!json.is_object() || !json.contains("out")) {
            times.error = "line " + std::to_string(number) + " is not a call file's";
            break;
        }
        const auto command = conversation::command_from_json(json["out"].dump());
        if (!command) continue;
        if (const auto* turn = std::get_if<conversation::TurnTimes>(&*command)) times.turns.push_back(*turn);
        if (const auto* barge = std::get_if<conversation::BargedIn>(&*command)) times.interruptions.push_back(*barge);
    }
    return times;
}

std::string waterfall_fact(const conversation::TurnTimes& turn) {
    const bool spoken = turn.speech_end.count() >= 0;
    const auto whole = [](Instant value) { return std::chrono::duration_cast<std::chrono::milliseconds>(value).count(); };
    nlohmann::ordered_json fact{{"turn", turn.turn}};
    // Nobody spoke before an agent's own words: there is only when they began.
    if (spoken || turn.first_frame.count() >= 0) fact["at_ms"] = whole(spoken ? turn.speech_end : turn.first_frame);
    const auto stage = [&](const char* name, Instant at) {
        if (spoken && at.count() >= 0) fact[name] = whole(at - turn.speech_end);
    };
    stage("endpoint_ms", turn.endpoint);
    stage("final_text_ms", turn.final_text);
    stage("first_text_ms", turn.first_text);
    stage("first_audio_ms", turn.first_audio);
    stage("first_frame_ms", turn.first_frame);
    stage("heard_ms", turn.heard);
    return fact.dump();
}

void print_waterfall(const CallTimes& times, std::ostream& out) {
    out << "latency waterfall, ms since the caller stopped speaking (and the stage's own length)\n"
        << " turn   endpoint       final text     first text     first audio    first frame    heard\n";
    for (const auto& turn : times.turns) {
        const std::array stages{turn.endpoint, turn.final_text, turn.first_text, turn.first_audio, turn.first_frame, turn.heard};
        out << std::setw(5) << turn.turn << "  ";
        const bool spoken = turn.speech_end.count() >= 0;
        Instant before = turn.speech_end;
        for (const auto stage : stages) {
            if (!spoken || stage.count() < 0) {
                out << std::left << std::setw(15) << "   -" << std::right;
                continue;
            }
            std::ostringstream cell;
            cell << std::fixed << std::setprecision(0) << std::setw(5) << milliseconds(stage - turn.speech_end) << " (+" << milliseconds(stage - before) << ")";
            out << std::left << std::setw(15) << cell.str() << std::right;
            before = stage;
        }
        out << "\n";
    }
    for (const auto& barge : times.interruptions)
        out << "barge-in: playback stopped " << std::fixed << std::setprecision(0) << milliseconds(barge.stopped - barge.speech_started)
            << " ms after the caller began to speak; heard until then: \"" << barge.heard << "\"\n";
}

}  // namespace parley::call

#include "parley/sim/report.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace parley::sim {
namespace {

using json = nlohmann::ordered_json;

json fields(const Form& form) {
    auto out = json::array();
    for (const auto& [name, value] : form) out.push_back(json::array({name, value}));
    return out;
}

double rounded(double ms) {
    return std::round(ms * 1000) / 1000;
}

json stream_json(const StreamTruth& stream) {
    json out{{"sid", stream.sid},
             {"name", stream.name},
             {"url", stream.url},
             {"bidirectional", stream.bidirectional},
             {"opened_ms", rounded(stream.opened_ms)},
             {"ended_ms", rounded(stream.ended_ms)},
             {"error", stream.error},
             {"error_text", stream.error_text},
             {"close_code", stream.close_code},
             {"samples_received", stream.appended},
             {"samples_heard", stream.played},
             {"samples_discarded", stream.discarded},
             {"frames_sent", stream.frames_sent},
             {"frames_lost", stream.frames_lost},
             {"media_received", stream.media_received},
             {"invalid_messages", stream.invalid_messages},
             {"overflow_samples", stream.overflow_samples}};
    auto marks = json::array();
    for (const auto& mark : stream.marks) {
        json one{{"name", mark.name}, {"received_at", mark.received_at}, {"offset", mark.offset}, {"cleared", mark.cleared}, {"sent", mark.sent}};
        one["returned_at"] = mark.returned_at ? json(*mark.returned_at) : json(nullptr);
        marks.push_back(std::move(one));
    }
    out["marks"] = std::move(marks);
    auto clears = json::array();
    for (const auto& clear : stream.clears) {
        clears.push_back({{"at", clear.at}, {"dropped", clear.dropped}, {"received", clear.appended}, {"heard", clear.heard}});
    }
    out["clears"] = std::move(clears);
    auto heard = json::array();
    for (const auto& segment : stream.heard) heard.push_back({{"at", segment.at}, {"offset", segment.offset}, {"length", segment.length}});
    out["heard"] = std::move(heard);
    return out;
}

json relay_json(const RelayTruth& relay) {
    json out{{"session_id", relay.session_id},
             {"url", relay.url},
             {"opened_ms", rounded(relay.opened_ms)},
             {"ended_ms", rounded(relay.ended_ms)},
             {"status", relay.status},
             {"error", relay.error},
             {"error_text", relay.error_text},
             {"close_code", relay.close_code},
             {"prompts", relay.prompts},
             {"languages", relay.languages},
             {"plays", relay.plays},
             {"digits_sent", relay.digits_sent},
             {"text_messages", relay.text_messages},
             {"partial_prompts", relay.partial_prompts},
             {"keys", relay.keys},
             {"invalid_messages", relay.invalid_messages},
             {"empty_cycles", relay.empty_cycles},
             {"tokens_after_interrupt", relay.tokens_after_interrupt},
             {"unheard_prompts", relay.unheard_prompts}};
    out["handoff"] = relay.has_handoff ? json(relay.handoff) : json(nullptr);
    auto cycles = json::array();
    for (const auto& cycle : relay.cycles)
        cycles.push_back({{"text", cycle.text},
                          {"heard", cycle.heard},
                          {"language", cycle.language},
                          {"closed", cycle.closed},
                          {"interrupted", cycle.interrupted},
                          {"greeting", cycle.greeting}});
    out["cycles"] = std::move(cycles);
    auto interruptions = json::array();
    for (const auto& one : relay.interruptions)
        interruptions.push_back({{"heard", one.heard}, {"after_ms", one.after.count()}, {"at_ms", rounded(one.at_ms)}, {"by_key", one.by_key}});
    out["interruptions"] = std::move(interruptions);
    return out;
}

}  // namespace

bool CallReport::has_notification(int code) const {
    return std::any_of(notifications.begin(), notifications.end(), [&](const auto& one) { return one.code == code; });
}

std::string to_json(const CallReport& report) {
    json out{{"call_sid", report.call_sid},
             {"scenario", report.scenario},
             {"from", report.from},
             {"to", report.to},
             {"status", report.status},
             {"ended_by", report.ended_by},
             {"started_at", report.started_at},
             {"ended_ms", rounded(report.ended_ms)},
             {"clock", report.clock},
             {"sample_rate", kSampleRate},
             {"direction", report.direction},
             {"passed", report.passed()}};
    out["parent_sid"] = report.parent_sid.empty() ? json(nullptr) : json(report.parent_sid);
    out["answered_by"] = report.answered_by.empty() ? json(nullptr) : json(report.answered_by);
    if (!report.answered_by.empty()) out["detection_ms"] = rounded(report.detection_ms);
    if (report.message) out["message"] = json::array({report.message->from, report.message->to});
    out["answered_ms"] = report.answered_ms ? json(rounded(*report.answered_ms)) : json(nullptr);
    out["failures"] = report.failures;
    auto transcript = json::array();
    for (const auto& line : report.transcript) {
        static constexpr const char* kWho[] = {"caller", "agent", "carrier"};
        transcript.push_back({{"who", kWho[static_cast<int>(line.who)]},
                              {"from_ms", rounded(line.from_ms)},
                              {"to_ms", rounded(line.to_ms)},
                              {"text", line.text},
                              {"recognised", line.recognised},
                              {"confidence", line.confidence}});
    }
    out["transcript"] = std::move(transcript);
    auto turns = json::array();
    for (const auto& turn : report.turns) {
        json one{{"caller_text", turn.caller_text},
                 {"caller_from_ms", rounded(turn.caller_from_ms)},
                 {"caller_to_ms", rounded(turn.caller_to_ms)},
                 {"interruption", turn.interruption}};
        one["stopped_after_ms"] = turn.stopped_after_ms ? json(rounded(*turn.stopped_after_ms)) : json(nullptr);
        one["answered_after_ms"] = turn.answered_after_ms ? json(rounded(*turn.answered_after_ms)) : json(nullptr);
        turns.push_back(std::move(one));
    }
    out["turns"] = std::move(turns);
    auto expectations = json::array();
    for (const auto& one : report.expectations) {
        expectations.push_back({{"where", one.where},
                                {"any", one.wanted_any},
                                {"all", one.wanted_all},
                                {"none", one.wanted_none},
                                {"heard", one.heard},
                                {"from_ms", rounded(one.from_ms)},
                                {"to_ms", rounded(one.to_ms)},
                                {"passed", one.passed}});
    }
    out["expectations"] = std::move(expectations);
    auto speech = json::array();
    for (const auto& interval : report.agent_speech) speech.push_back(json::array({interval.from, interval.to}));
    out["agent_speech"] = std::move(speech);
    auto streams = json::array();
    for (const auto& stream : report.streams) streams.push_back(stream_json(stream));
    out["streams"] = std::move(streams);
    if (!report.relays.empty()) {
        out["relays"] = json::array();
        for (const auto& relay : report.relays) out["relays"].push_back(relay_json(relay));
    }
    auto webhooks = json::array();
    for (const auto& one : report.webhooks) {
        webhooks.push_back({{"method", one.method},
                            {"url", one.url},
                            {"at_ms", rounded(one.at_ms)},
                            {"took_ms", rounded(one.took_ms)},
                            {"status", one.status},
                            {"failure", one.failure},
                            {"attempts", one.attempts},
                            {"form", fields(one.form)},
                            {"document", one.document}});
    }
    out["webhooks"] = std::move(webhooks);
    auto callbacks = json::array();
    for (const auto& one : report.callbacks) {
        callbacks.push_back({{"kind", one.kind},
                             {"url", one.url},
                             {"made_ms", rounded(one.made_ms)},
                             {"sent_ms", rounded(one.sent_ms)},
                             {"copy", one.copy},
                             {"dropped", one.dropped},
                             {"status", one.status},
                             {"form", fields(one.form)}});
    }
    out["callbacks"] = std::move(callbacks);
    auto notifications = json::array();
    for (const auto& one : report.notifications) {
        notifications.push_back({{"code", one.code}, {"warning", one.warning}, {"text", one.text}, {"url", one.url}, {"at_ms", rounded(one.at_ms)}});
    }
    out["notifications"] = std::move(notifications);
    return out.dump(2, ' ', false, json::error_handler_t::replace);
}

Result<ReportFiles> write_report(const CallReport& report, const std::string& directory, const std::string& stem) {
    namespace fs = std::filesystem;
    std::error_code ec;
    fs::create_directories(directory, ec);
    if (ec) return error_code(ec.value(), boost::system::generic_category());
    const auto base = fs::path(directory) / stem;
    const ReportFiles files{base.string() + ".json", base.string() + "-heard.wav", base.string() + ".wav"};
    std::ofstream truth(files.truth, std::ios::trunc);
    truth << to_json(report) << "\n";
    truth.close();
    if (!truth) return make_error_code(boost::system::errc::io_error);
    const auto heard = from_mulaw(report.heard);
    if (const auto failed = write_wav(files.heard, heard)) return failed;
    // The two clocks may differ; in the stereo file the heard side is laid over the caller's by dropping or repeating
    // samples.
    Pcm8k aligned;
    const auto length = static_cast<std::size_t>(static_cast<double>(heard.size()) / report.clock);
    aligned.reserve(length);
    for (std::size_t i = 0; i < length; ++i) {
        aligned.push_back(heard[std::min(heard.size() - 1, static_cast<std::size_t>(static_cast<double>(i) * report.clock))]);
    }
    if (const auto failed = write_wav(files.stereo, from_mulaw(report.said), aligned)) return failed;
    return files;
}

}  // namespace parley::sim

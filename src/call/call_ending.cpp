#include "parley/call/call_ending.hpp"

#include <nlohmann/json.hpp>

#include "parley/call/kept_memory.hpp"
#include "parley/conversation/serialise.hpp"

namespace parley::call {

using conversation::EndReason;

bool planned(EndReason reason) {
    switch (reason) {
        case EndReason::agent_completed:
        case EndReason::transferred:
        case EndReason::max_duration:
        case EndReason::silence:
        case EndReason::brain_failed:
        case EndReason::operator_hangup:
        case EndReason::caller_hung_up:
            return true;
        default:
            return false;
    }
}

std::string_view result_of(EndReason reason) {
    switch (reason) {
        case EndReason::brain_failed:
            return "upstream_error";
        case EndReason::internal:
            return "server_error";
        case EndReason::protocol:
            return "client_error";
        case EndReason::carrier_lost:
        case EndReason::media_timeout:
            return "indeterminate";
        default:
            return "success";
    }
}

void call_over(CallServices& services, const CallLog& log, const std::string& call_sid, const Agent& agent, const CallSummary& done) {
    Outcome outcome;
    outcome.reason = done.reason;
    outcome.target = done.target;
    outcome.agent = agent.name;
    outcome.planned = planned(done.reason);
    outcome.memory = done.memory;
    services.registry.finished(call_sid, std::move(outcome), Clock::now(), as_kept(agent, done.memory));
    const auto result = result_of(done.reason);
    const auto reason = conversation::name_of(done.reason);
    services.metrics.calls_active.at("in").add(-1);
    services.metrics.calls_ended.at("in", result, reason).add();
    services.metrics.call_duration.at("in", result).observe(done.duration);
    log.info("call.ended", "A call is over.",
             {{"result", result},
              {"reason", reason},
              {"dur_ms", done.duration.count()},
              {"turns", done.turns},
              {"interruptions", done.interruptions},
              {"fillers", done.fillers},
              {"recording", done.recording},
              {"call_file", done.call_file}});
    if (services.records == nullptr) return;
    nlohmann::ordered_json fact{{"reason", reason},       {"result", result},
                                {"agent", agent.name},    {"duration_ms", done.duration.count()},
                                {"turns", done.turns},    {"interruptions", done.interruptions},
                                {"fillers", done.fillers}};
    if (!done.target.empty()) fact["target"] = done.target;
    if (!done.recording.empty()) fact["recording"] = done.recording;
    if (!done.call_file.empty()) fact["call_file"] = done.call_file;
    services.records->add(call_sid, store::Fact::end, fact.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace parley::call

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "parley/brain/handset.hpp"
#include "parley/call/agent.hpp"
#include "parley/call/carrier_leg.hpp"
#include "parley/call/disk_writer.hpp"
#include "parley/call/registry.hpp"
#include "parley/call/call_worker.hpp"
#include "parley/hold/hold_player.hpp"
#include "parley/store/call_records.hpp"

namespace parley::call {

// How a call begins whose conversation does not begin at once.
struct HoldOffer {
    hold::HoldSounds sounds;
    hold::HoldMix mix;
    bool prepare = false;  // there is something to find out
};

// What every call needs from the process around it; outlives all calls.
struct CallServices {
    Log& log;
    Metrics& metrics;
    Registry& registry;
    DiskWriter& disk;
    std::string recordings;                 // directory
    std::string call_files;                 // directory
    store::CallRecords* records = nullptr;  // none: nothing is kept of what was said
    // What this call's brain may do besides talking; null: nothing. The result lives on the call's worker. `handset`: null where there is none.
    std::function<std::unique_ptr<brain::Actions>(const Agent&, const brain::CallFacts&, CallWorker&, brain::Handset* handset)> actions{};
    // Other instances' knowledge of calls; null: each knows its own.
    SharedCalls* shared = nullptr;
    // What a new call's caller hears before the conversation; nothing: it begins at once. Any worker; cheap.
    std::function<std::optional<HoldOffer>(const Agent&, const brain::CallFacts&)> hold{};
    // What is found out about a call while its caller is on hold; null: nothing. Runs on the call's worker; has ended when `until` has come.
    std::function<net::Task<brain::Prepared>(std::shared_ptr<const Agent>, brain::CallFacts, brain::Actions*, CallWorker&, TimePoint until)> prepare{};
    // For whoever watches calls: "state" (the conversation's), "partial" (what is understood so far). On the call's worker; cheap when nobody does.
    std::function<void(std::string_view call_sid, std::string_view what, std::string_view text)> watched{};
    // What a call has used of a vendor, as it is used. On the call's worker.
    std::function<void(const Agent&, const std::string& call_sid, const brain::VendorRecord&)> used{};
};

struct CallSummary {
    conversation::EndReason reason = conversation::EndReason::internal;
    std::string target;
    std::chrono::milliseconds duration{0};
    std::uint32_t turns = 0, interruptions = 0, fillers = 0;
    std::string recording, call_file;
    brain::TalkMemory memory;  // for a return
};

// One call answered by recogniser, brain and voice: owns the conversation core, the playout, the ledger's feed, the recorder and the call file;
// lives on one worker. `run` returns when the call is over and everything it started has ended.
class PipelineCall {
public:
    PipelineCall(CallServices& services, CallWorker& worker, std::shared_ptr<const Agent> agent, CarrierLeg& leg, std::string from, std::string to,
                 brain::TalkMemory before = {});
    ~PipelineCall();
    PipelineCall(const PipelineCall&) = delete;
    PipelineCall& operator=(const PipelineCall&) = delete;

    // `over` is told as soon as the call is, before vendors' sockets are closed in their own time: the carrier asks at once what to do next.
    net::Task<CallSummary> run(std::function<void(const CallSummary&)> over = {});
    void command(const OperatorCommand& wanted);  // on the worker

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley::call

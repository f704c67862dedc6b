#pragma once

#include <memory>
#include <string>

#include "parley/call/agent.hpp"
#include "parley/call/carrier_leg.hpp"
#include "parley/call/pipeline_call.hpp"

namespace parley::call {

// A call answered by somebody else's Media Streams server: the gateway plays Twilio towards it (connected, start, media, dtmf, mark, stop) and
// passes its media, marks and clears on, audio untouched, while it keeps webhook, policy, ledger, limits and recording. When the bot closes,
// the call goes to its tail; when it cannot be reached or fails, so it does with EndReason::brain_failed.
class BotCall {
public:
    BotCall(CallServices& services, CallWorker& worker, std::shared_ptr<const Agent> agent, CarrierLeg& leg, std::string from, std::string to);
    ~BotCall();
    BotCall(const BotCall&) = delete;
    BotCall& operator=(const BotCall&) = delete;

    // `over` as PipelineCall::run; not called for an end that only the carrier made.
    net::Task<CallSummary> run(std::function<void(const CallSummary&)> over = {});
    void command(const OperatorCommand&
                     wanted);  // EndNow and LimitNow have a meaning; it has no voice of its own: whoever is asked for the call's tail says why it ended

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

// What the caller says comes straight back: a line check for operators and the smallest load for benchmarks.
class EchoCall {
public:
    EchoCall(CallServices& services, CallWorker& worker, std::shared_ptr<const Agent> agent, CarrierLeg& leg);
    ~EchoCall();
    EchoCall(const EchoCall&) = delete;
    EchoCall& operator=(const EchoCall&) = delete;

    // `over` as PipelineCall::run; not called for an end that only the carrier made.
    net::Task<CallSummary> run(std::function<void(const CallSummary&)> over = {});
    void command(const OperatorCommand&
                     wanted);  // EndNow and LimitNow have a meaning; it has no voice of its own: whoever is asked for the call's tail says why it ended

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley::call

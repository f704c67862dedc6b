#include "parley/call/relay_call.hpp"

namespace parley::call {

using conversation::EndReason;

class EchoCall::Impl final : CarrierSink {
public:
    Impl(CallWorker& worker, std::shared_ptr<const Agent> agent, CarrierLeg& leg) : worker_(worker), agent_(std::move(agent)), leg_(leg) {}

    net::Task<CallSummary> run(std::function<void(const CallSummary&)> over) {
        over_ = std::move(over);
        const auto began = Clock::now();
        const auto beat = worker_.ticks.subscribe([this, began](const net::Tick& tick) {
            if (tick.due - began >= agent_->max_duration) request_end(EndReason::max_duration);
        });
        const LegEnd end = co_await leg_.run(*this);
        if (!asked_) summary_.reason = reason_of(end);
        summary_.duration = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
        co_return summary_;
    }
    void request_end(EndReason reason, std::string target = {}) {
        if (asked_) return;
        asked_ = true;
        summary_.reason = reason;
        summary_.target = std::move(target);
        if (over_) std::exchange(over_, nullptr)(summary_);
        leg_.begin_close(1000, "");
    }

private:
    void on_media(std::span<const std::uint8_t>) override {}
    void on_gap(std::uint32_t) override {}
    void on_dtmf(char) override {}
    void on_mark(std::string_view) override {}
    [[nodiscard]] bool takes_messages() const override { return true; }
    void on_media_message(std::string_view, std::string_view payload_base64) override { leg_.send_media_base64(payload_base64); }

    CallWorker& worker_;
    std::shared_ptr<const Agent> agent_;
    CarrierLeg& leg_;
    bool asked_ = false;
    CallSummary summary_;
    std::function<void(const CallSummary&)> over_;
};

EchoCall::EchoCall(CallServices&, CallWorker& worker, std::shared_ptr<const Agent> agent, CarrierLeg& leg) : impl_(std::make_unique<Impl>(worker, std::move(agent), leg)) {}
EchoCall::~EchoCall() = default;
net::Task<CallSummary> EchoCall::run(std::function<void(const CallSummary&)> over) { return impl_->run(std::move(over)); }
void EchoCall::command(const OperatorCommand& wanted) {
    if (const auto* end = std::get_if<EndNow>(&wanted)) impl_->request_end(end->reason, end->target);
}

}  // namespace parley::call

#include "parley/call/relay_call.hpp"

namespace parley::call {

using conversation::EndReason;

class EchoCall::Impl final : CarrierSink {
public:
    Impl(CallWorker& worker, std::shared_ptr<const Agent> agent, CarrierLeg& leg) : worker_(worker), agent_(std::move(agent)), leg_(leg) {}

    net::Task<CallSummary> run(std::function<void(const CallSummary&)> over) {
        over_ = std::move(over);
        const auto beat = worker_.ticks.subscribe([this](const net::Tick& tick) {
            if (tick.due >= ends_at_) request_end(EndReason::max_duration);
        });
        const LegEnd end = co_await leg_.run(*this);
        if (!asked_) summary_.reason = reason_of(end);
        summary_.duration = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began_);
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
    void limit(std::chrono::milliseconds left) { ends_at_ = std::min<TimePoint>(ends_at_, Clock::now() + left); }

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
    TimePoint began_ = Clock::now();
    TimePoint ends_at_ = began_ + agent_->max_duration;
    bool asked_ = false;
    CallSummary summary_;
    std::function<void(const CallSummary&)> over_;
};

EchoCall::EchoCall(CallServices&, CallWorker& worker, std::shared_ptr<const Agent> agent, CarrierLeg& leg)
    : impl_(std::make_unique<Impl>(worker, std::move(agent), leg)) {}
EchoCall::~EchoCall() = default;
net::Task<CallSummary> EchoCall::run(std::function<void(const CallSummary&)> over) {
    return impl_->run(std::move(over));
}
void EchoCall::command(const OperatorCommand& wanted) {
    if (const auto* end = std::get_if<EndNow>(&wanted)) impl_->request_end(end->reason, end->target);
    if (const auto* limit = std::get_if<LimitNow>(&wanted)) impl_->limit(limit->left);
}

}  // namespace parley::call

#include "carrier_call.hpp"

#include <boost/asio/co_spawn.hpp>
#include <cmath>

#include "caller_script.hpp"
#include "parley/sim/identifiers.hpp"
#include "stream_session.hpp"
#include "twiml_interpreter.hpp"

namespace parley::sim {

CarrierCall::CarrierCall(CallDeps deps, CallPlan plan, std::shared_ptr<SharedCall> shared, std::uint64_t seed)
    : deps_(std::move(deps)),
      plan_(std::move(plan)),
      scenario_(plan_.scenario),
      shared_(std::move(shared)),
      executor_(shared_->executor),
      changed_(executor_),
      random_(seed ^ scenario_->line.seed),
      planner_(deps_.options.callbacks, seed),
      speaker_(deps_.options.play_buffer) {
    report_.call_sid = shared_->view.sid;
    report_.scenario = scenario_->name;
    report_.from = plan_.from;
    report_.to = plan_.to;
    report_.clock = scenario_->line.clock;
    report_.started_at = iso8601(placed_wall_);
    shared_->live = this;
}

CarrierCall::~CarrierCall() {
    shared_->live = nullptr;
}

double CarrierCall::ms_now() const {
    return std::chrono::duration<double, std::milli>(Clock::now() - placed_at_).count();
}

void CarrierCall::set_status(std::string status) {
    status_ = std::move(status);
    const std::lock_guard lock(shared_->mutex);
    shared_->view.status = status_;
    if (status_ == "in-progress") shared_->view.started = std::chrono::system_clock::now();
    if (over_) shared_->view.ended = std::chrono::system_clock::now();
}

void CarrierCall::answer() {
    if (answered() || over_) return;
    answered_at_ = Clock::now();
    report_.answered_ms = ms_now();
    set_status("in-progress");
    progress("answered");
    spawn(line());
    script_ = std::make_unique<CallerScript>(*this);
    spawn(script_->play());
    spawn(script_->listen());
    changed_.notify();
}

void CarrierCall::end(std::string by, std::string status, HangupStep::How how) {
    if (over_) return;
    advance();
    over_ = true;
    over_at_ = Clock::now();
    hangup_ = how;
    report_.ended_by = std::move(by);
    report_.ended_ms = ms_now();
    if (!answered() && status == "completed" && report_.ended_by != "document") status = "canceled";
    set_status(std::move(status));
    for (auto& stream : streams_) stream->stop(how);
    progress("completed");
    changed_.notify();
}

void CarrierCall::redirect(Target target) {
    update_ = std::move(target);
    for (auto& stream : streams_) {
        if (stream->setup().bidirectional) stream->stop(HangupStep::How::stop);
    }
    hush();
    changed_.notify();
}

bool CarrierCall::take_update(Target& target) {
    if (over_ || !update_) return false;
    target = std::move(*update_);
    update_.reset();
    return true;
}

int CarrierCall::forked_tracks() const {
    int tracks = 0;
    for (const auto& stream : streams_) {
        if (!stream->setup().bidirectional && !stream->ended())
            tracks += (stream->setup().inbound ? 1 : 0) + (stream->setup().outbound ? 1 : 0);
    }
    return tracks;
}

StreamSession& CarrierCall::open_stream(StreamSetup setup, std::string url, std::string callback_url,
                                        std::string callback_method) {
    streams_.push_back(std::make_unique<StreamSession>(*this, std::move(setup), std::move(url), std::move(callback_url),
                                                       std::move(callback_method)));
    auto& stream = *streams_.back();
    spawn(stream.run());
    return stream;
}

void CarrierCall::spawn(Task<> child) {
    ++children_;
    auto done = [this](std::exception_ptr failure) {
        --children_;
        if (failure) {
            try {
                std::rethrow_exception(failure);
            } catch (const std::exception& e) {
                report_.failures.push_back(std::string("simulator: ") + e.what());
            }
            end("error", "failed");
        }
        changed_.notify();
    };
    asio::co_spawn(executor_, std::move(child), std::move(done));
}

Task<> CarrierCall::ring() {
    const auto& numbers = deps_.options.numbers;
    auto found = numbers.find(plan_.to);
    if (found == numbers.end()) found = numbers.find("*");
    const auto target = found == numbers.end() ? DialTarget{} : found->second;
    set_status("ringing");
    progress("ringing");
    const bool rings_out = target.answer == DialTarget::Answer::no_answer || target.after > plan_.ring_timeout;
    const auto length = rings_out ? plan_.ring_timeout : target.after;
    const auto until = Clock::now() + std::chrono::duration_cast<Duration>(length / deps_.options.speed);
    while (!over_ && Clock::now() < until) co_await changed_.wait(until);
    if (over_) co_return;
    if (rings_out) {
        end("callee", "no-answer");
    } else if (target.answer == DialTarget::Answer::busy) {
        end("callee", "busy");
    } else if (target.answer == DialTarget::Answer::failed) {
        end("callee", "failed");
    } else {
        answer();
    }
}

Task<> CarrierCall::limit() {
    const auto scaled = [&](milliseconds ms) {
        return placed_at_ + std::chrono::duration_cast<Duration>(ms / deps_.options.speed);
    };
    const auto until = std::min(scaled(plan_.time_limit), scaled(scenario_->longest));
    while (!over_ && Clock::now() < until) co_await changed_.wait(until);
    if (over_) co_return;
    if (!scenario_->steps.empty()) report_.failures.push_back("the call took longer than allowed");
    end("limit");
}

Task<> CarrierCall::flow() {
    Target first{plan_.voice_url, plan_.voice_method, plan_.extra, plan_.twiml};
    TwimlInterpreter interpreter(*this);
    co_await interpreter.run(std::move(first));
    if (!over_) end("document");
}

Task<CallReport> CarrierCall::run() {
    spawn(limit());
    if (plan_.direction == "inbound") {
        set_status("ringing");
    } else {
        progress("initiated");
        co_await ring();
    }
    if (!over_) co_await flow();
    while (children_ > 0) co_await changed_.wait();
    // In the order `reversed` everything waited for this moment.
    for (auto at = held_callbacks_.rbegin(); at != held_callbacks_.rend(); ++at)
        co_await send_callback(*at, deps_.options.callbacks.delay);
    while (children_ > 0) co_await changed_.wait();
    finish_report();
    co_return std::move(report_);
}

}  // namespace parley::sim

#include "carrier_call.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <cmath>

#include "caller_script.hpp"
#include "parley/sim/identifiers.hpp"
#include "stream_session.hpp"
#include "transcription.hpp"
#include "switchboard.hpp"
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
      planner_(deps_.callbacks, seed),
      speaker_(deps_.options.play_buffer) {
    if (plan_.direction != "inbound") {
        target_ = deps_.board.target_of(plan_.to);
        if (target_.person != nullptr) scenario_ = target_.person;
    }
    attempt_ = plan_.attempt;
    trunk_ = plan_.trunk;
    report_.call_sid = shared_->view.sid;
    report_.parent_sid = plan_.parent_sid;
    report_.direction = plan_.direction;
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
    if (target_.machine != nullptr) {
        machine_ = std::make_unique<MachineAnswer>(*this, target_.machine);
        spawn(machine_->play());
    } else if (target_.fax) {
        spawn(fax());
    } else {
        spawn(script_->play());
    }
    spawn(script_->listen());
    if (trunk_ != nullptr) trunk_->answered();
    if (plan_.record) start_recording(plan_.recording, "OutboundAPI", own_recording_);
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
    close_transcriptions();
    progress("completed");
    for (const auto& recorder : recorders_) {
        if (!recorder->stopped) stop_recording(recorder->sid);
    }
    if (trunk_ != nullptr) trunk_->closed(status_);
    if (attempt_ != nullptr) attempt_->left(report_.call_sid, {status_, talked(), false});
    changed_.notify();
}

int CarrierCall::talked() const {
    if (!answered_at_) return 0;
    const std::chrono::duration<double> since = (over_ ? over_at_ : Clock::now()) - *answered_at_;
    return static_cast<int>(since.count() * deps_.options.speed);
}

std::function<void()> CarrierCall::waker() const {
    return [shared = shared_] {
        asio::post(shared->executor, [shared] {
            if (shared->live != nullptr) shared->live->changed_.notify();
        });
    };
}

std::function<void(char)> CarrierCall::key_taker() const {
    return [shared = shared_](char key) {
        asio::post(shared->executor, [shared, key] {
            if (shared->live != nullptr) shared->live->hear_key(key);
        });
    };
}

// A key of the other leg. A person hears its tones in the sound; an application at the other end of the trunk gets it as a key.
void CarrierCall::hear_key(char key) {
    if (trunk_ != nullptr && plan_.trunk == nullptr) trunk_->key(key);
}

void CarrierCall::leave_attempt() {
    if (attempt_ == nullptr) return;
    attempt_->left(report_.call_sid, {status_, talked(), true});
    attempt_.reset();
}

// Somebody else answered first, or the parent has gone on. A leg that was redirected in the same moment follows its new document.
void CarrierCall::on_attempt() {
    if (attempt_ != nullptr && !update_ && attempt_->dismissed(report_.call_sid)) end("dial", answered() ? "completed" : "canceled");
}

void CarrierCall::on_trunk() {
    changed_.notify();
    if (trunk_ == nullptr || over_) return;
    const auto closed = trunk_->other_closed();
    const bool incoming = plan_.trunk != nullptr;
    if (closed && (incoming || answered())) end(incoming ? "caller" : "callee", answered() ? "completed" : "canceled");
}

void CarrierCall::relimit(milliseconds longest) {
    plan_.time_limit = longest;
    relimited_ = true;
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
        if (!stream->setup().bidirectional && !stream->ended()) tracks += (stream->setup().inbound ? 1 : 0) + (stream->setup().outbound ? 1 : 0);
    }
    for (const auto& one : transcriptions_) tracks += one->ended() ? 0 : one->tracks();
    return tracks;
}

StreamSession& CarrierCall::open_stream(StreamSetup setup, std::string url, std::string callback_url, std::string callback_method) {
    streams_.push_back(std::make_unique<StreamSession>(*this, std::move(setup), std::move(url), std::move(callback_url), std::move(callback_method)));
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
    const auto& target = target_;
    set_status("ringing");
    progress("ringing");
    const bool rings_out = target.answer == DialTarget::Answer::no_answer || target.after > plan_.ring_timeout;
    const auto length = rings_out ? plan_.ring_timeout : target.after;
    const auto from = Clock::now();
    const auto until = from + std::chrono::duration_cast<Duration>(length / deps_.options.speed);
    while (!over_ && Clock::now() < until) co_await changed_.wait(until);
    if (over_) co_return;
    if (!target.voice_url.empty() && target.answer == DialTarget::Answer::answer && !rings_out) {
        co_await ring_application(from + std::chrono::duration_cast<Duration>(plan_.ring_timeout / deps_.options.speed));
        co_return;
    }
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
    const auto scaled = [&](milliseconds ms) { return placed_at_ + std::chrono::duration_cast<Duration>(ms / deps_.options.speed); };
    const auto until = [&] { return std::min(scaled(plan_.time_limit), scaled(scenario_->longest)); };
    while (!over_ && Clock::now() < until()) co_await changed_.wait(until());
    if (over_) co_return;
    // A limit that was asked for while the call ran does what it is for.
    const bool asked_for = relimited_ && plan_.time_limit <= scenario_->longest;
    if (!asked_for && !scenario_->steps.empty()) report_.failures.push_back("the call took longer than allowed");
    end("limit");
}

Task<> CarrierCall::flow() {
    TwimlInterpreter interpreter(*this);
    if (attempt_ != nullptr) {
        co_await interpreter.be_dialled(attempt_);
    } else if (plan_.conference != nullptr) {
        co_await interpreter.participate(*plan_.conference);
    } else {
        Target first{plan_.voice_url, plan_.voice_method, plan_.extra, plan_.twiml};
        if (!plan_.detection.async && !report_.answered_by.empty()) {
            first.extra.emplace_back("AnsweredBy", report_.answered_by);
            first.extra.emplace_back("MachineDetectionDuration", std::to_string(static_cast<std::int64_t>(report_.detection_ms)));
        }
        co_await interpreter.run(std::move(first));
    }
    if (!over_) end("document");
}

Task<CallReport> CarrierCall::run() {
    spawn(limit());
    const auto post = [this](void (CarrierCall::*what)()) {
        return [shared = shared_, what] {
            asio::post(shared->executor, [shared, what] {
                if (shared->live != nullptr) (shared->live->*what)();
            });
        };
    };
    if (attempt_ != nullptr) {
        attempt_->attach(report_.call_sid, post(&CarrierCall::on_attempt));
        on_attempt();
    }
    if (trunk_ != nullptr) {
        auto take_key = [shared = shared_](char key) {
            asio::post(shared->executor, [shared, key] {
                if (shared->live != nullptr) shared->live->press(key);
            });
        };
        trunk_->attach(post(&CarrierCall::on_trunk), take_key);
        on_trunk();
    }
    if (over_) {
        // The parent was faster.
    } else if (plan_.direction == "inbound") {
        set_status("ringing");
    } else {
        progress("initiated");
        co_await ring();
    }
    if (!over_ && plan_.direction != "inbound") co_await after_answer();
    if (!over_) co_await flow();
    if (plan_.conference != nullptr) {
        const auto conference = deps_.board.conferences.find(plan_.conference->name);
        if (conference != nullptr) conference->failed(report_.call_sid, status_);  // only when it never entered
    }
    while (children_ > 0) co_await changed_.wait();
    // In the order `reversed` everything waited for this moment.
    for (auto at = held_callbacks_.rbegin(); at != held_callbacks_.rend(); ++at) co_await send_callback(*at, deps_.callbacks.delay);
    while (children_ > 0) co_await changed_.wait();
    finish_report();
    co_return std::move(report_);
}

}  // namespace parley::sim

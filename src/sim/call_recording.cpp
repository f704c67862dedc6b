// Recordings of one call leg.

#include <boost/asio/steady_timer.hpp>

#include "carrier_call.hpp"
#include "parley/sim/identifiers.hpp"
#include "switchboard.hpp"

namespace parley::sim {

bool CarrierCall::start_recording(RecordingPlan plan, const std::string& source, std::string& recording_sid) {
    if (recording_sid.empty()) recording_sid = make_sid("RE");
    RecordingView view;
    view.sid = recording_sid;
    view.call_sid = report_.call_sid;
    view.status = "in-progress";
    view.channels = plan.dual ? 2 : 1;
    view.source = source;
    view.track = plan.track;
    view.created = view.updated = view.start_time = std::chrono::system_clock::now();
    // The REST side has opened its own before this worker heard of it.
    if (!deps_.board.recordings.view(recording_sid) && !deps_.board.recordings.open(std::move(view), true)) return false;
    advance();
    auto recorder = std::make_shared<SoundRecorder>(recording_sid, std::move(plan));
    recorder->source = source;
    recorders_.push_back(recorder);
    tell_recording(*recorder, "in-progress");
    if (over_) stop_recording(recording_sid);
    return true;
}

void CarrierCall::update_recording(const std::string& recording_sid, const std::string& status, bool skip) {
    advance();
    for (const auto& recorder : recorders_) {
        if (recorder->sid != recording_sid || recorder->stopped) continue;
        if (status == "paused") recorder->pause(skip);
        if (status == "in-progress") recorder->resume();
        if (status == "stopped") {
            stop_recording(recording_sid);
            return;
        }
    }
}

void CarrierCall::stop_recording(const std::string& recording_sid, bool discard) {
    advance();
    for (const auto& recorder : recorders_) {
        if (recorder->sid != recording_sid || recorder->stopped) continue;
        recorder->stopped = true;
        deps_.board.recordings.set_status(recording_sid, "processing");
        spawn(finish_recording(recorder, discard));
    }
}

Task<> CarrierCall::finish_recording(std::shared_ptr<SoundRecorder> recorder, bool discard) {
    asio::steady_timer timer(executor_, std::chrono::duration_cast<Duration>(deps_.options.recording_delay / deps_.options.speed));
    co_await timer.async_wait(net::nothrow);
    auto audio = recorder->take();
    if (discard) audio = {};
    deps_.board.recordings.complete(recorder->sid, std::move(audio));
    tell_recording(*recorder, "completed");
    tell_recording(*recorder, "absent");
}

void CarrierCall::tell_recording(const SoundRecorder& recorder, std::string_view event) {
    const auto& plan = recorder.plan();
    const auto view = deps_.board.recordings.view(recorder.sid);
    if (plan.callback.empty() || !view || view->status != event || !wants_event(plan.callback_events, event)) return;
    callback("recording", plan.callback, plan.callback_method, recording_form(*view, deps_.options.account_sid, deps_.board.recording_url(recorder.sid)));
}

}  // namespace parley::sim

// Dial of real parties: each noun becomes a call of its own; the first that answers is bridged with the caller.

#include <algorithm>

#include "dial_party.hpp"
#include "parley/sim/identifiers.hpp"
#include "switchboard.hpp"

namespace parley::sim {
namespace {

constexpr std::size_t kMaxParties = 10;

std::string trimmed(const std::string& text) {
    const auto from = text.find_first_not_of(" \t\r\n");
    if (from == std::string::npos) return {};
    return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

std::vector<std::string> words_of(const std::string& list) {
    std::vector<std::string> out;
    std::size_t at = 0;
    while (at < list.size()) {
        const auto end = std::min(list.find(' ', at), list.size());
        if (end > at) out.push_back(list.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

MachineDetection detection_of(const TwimlElement& noun, std::string callback) {
    MachineDetection out;
    const auto mode = noun.attribute("machineDetection");
    if (mode == "Enable") out.mode = MachineDetection::Mode::enable;
    if (mode == "DetectMessageEnd") out.mode = MachineDetection::Mode::detect_message_end;
    out.timeout = std::chrono::seconds(integer_of(noun, "machineDetectionTimeout", 30, 3, 59));
    out.speech = milliseconds(integer_of(noun, "machineDetectionSpeechThreshold", 2400, 1000, 6000));
    out.speech_end = milliseconds(integer_of(noun, "machineDetectionSpeechEndThreshold", 1200, 500, 5000));
    out.silence = milliseconds(integer_of(noun, "machineDetectionSilenceTimeout", 5000, 2000, 10000));
    out.async = true;
    out.callback = std::move(callback);
    out.callback_method = noun.attribute("amdStatusCallbackMethod", "POST");
    return out;
}

// A party without anybody to talk: silent, and gone after a while.
std::shared_ptr<const Scenario> silent_party(milliseconds talks) {
    auto scenario = std::make_shared<Scenario>();
    scenario->name = "dialled";
    scenario->steps.push_back({PauseStep{talks}, {}});
    scenario->steps.push_back({HangupStep{}, {}});
    return scenario;
}

}  // namespace

std::vector<TwimlInterpreter::Party> TwimlInterpreter::parties_of(const TwimlElement& element) {
    std::vector<Party> out;
    const auto add = [&](const TwimlElement* noun, const std::string& address) {
        if (out.size() < kMaxParties) out.push_back({noun, address, call_.deps().board.target_of(address)});
    };
    if (element.children.empty()) add(nullptr, trimmed(element.text));
    for (const auto& noun : element.children) {
        auto address = trimmed(noun.text);
        if (noun.name == "Sip" && noun.child("Uri") != nullptr) address = trimmed(noun.child("Uri")->text);
        if (noun.name == "Client") {
            if (const auto* identity = noun.child("Identity")) address = trimmed(identity->text);
            address = "client:" + address;
        }
        add(&noun, address);
    }
    return out;
}

RecordingPlan TwimlInterpreter::recording_plan(const TwimlElement& element, const Loaded& loaded, bool trims) {
    RecordingPlan plan;
    plan.dual = element.attribute("record").ends_with("-dual") || element.attribute("channels") == "dual";
    plan.track = element.has("recordingTrack") ? element.attribute("recordingTrack") : element.attribute("track", "both");
    plan.trim_silence = element.attribute("trim", trims ? "trim-silence" : "do-not-trim") == "trim-silence";
    plan.callback = url_of(element, "recordingStatusCallback", loaded);
    plan.callback_method = element.attribute("recordingStatusCallbackMethod", "POST");
    plan.callback_events = element.attribute("recordingStatusCallbackEvent", "completed");
    return plan;
}

void TwimlInterpreter::start_recording(const TwimlElement& element, const Loaded& loaded) {
    auto plan = recording_plan(element, loaded, false);
    const auto callback = element.attribute("recordingStatusCallback");
    if (!callback.empty() && callback.find("://") == std::string::npos) {
        call_.notify(11200, "Start Recording: recordingStatusCallback is not absolute", loaded.base);
        plan.callback.clear();
    }
    std::string sid;
    if (!call_.start_recording(std::move(plan), "StartCallRecordingTwiML", sid))
        call_.notify(16108, "Start Recording: one is running already", loaded.base, true);
}

std::string TwimlInterpreter::place_leg(const Party& party, const TwimlElement& element, const Loaded& loaded, const std::shared_ptr<DialAttempt>& attempt) {
    static const TwimlElement kPlain;
    const auto& noun = party.noun != nullptr ? *party.noun : kPlain;
    CallPlan plan;
    plan.direction = "outbound-dial";
    plan.from = element.attribute("callerId", call_.plan().from);
    plan.to = party.address;
    plan.parent_sid = call_.sid();
    plan.attempt = attempt;
    plan.ring_timeout = std::chrono::seconds(integer_of(element, "timeout", 30, 5, 600));
    plan.voice_url = url_of(noun, "url", loaded);
    plan.voice_method = noun.attribute("method", "POST") == "GET" ? "GET" : "POST";
    plan.status_callback = url_of(noun, "statusCallback", loaded);
    plan.status_callback_method = noun.attribute("statusCallbackMethod", "POST");
    plan.status_callback_events = words_of(noun.attribute("statusCallbackEvent", "completed"));
    plan.send_digits = noun.attribute("sendDigits");
    plan.detection = detection_of(noun, url_of(noun, "amdStatusCallback", loaded));
    if (!party.target.real()) plan.scenario = silent_party(party.target.talks);
    try {
        return call_.deps().board.place(std::move(plan)).call_sid;
    } catch (const std::exception&) {  // the carrier is going down
        const auto sid = make_sid("CA");
        attempt->left(sid, {"failed", 0, false});
        return sid;
    }
}

Task<> TwimlInterpreter::bridge(std::shared_ptr<DialAttempt> attempt, bool star, int seconds) {
    const auto port = attempt->mixer()->join({}, call_.key_taker());
    call_.plug(attempt->mixer(), port);
    const auto keys = call_.presses().size();
    const auto starred = [&] {
        const auto& presses = call_.presses();
        return star && std::any_of(presses.begin() + static_cast<std::ptrdiff_t>(keys), presses.end(), [](const KeyPress& press) { return press.key == '*'; });
    };
    const auto until = call_.line_now() + Sample{seconds} * kSampleRate;
    co_await call_.wait_until(until, [&] { return attempt->winner_left() || starred(); });
    call_.unplug();
    attempt->mixer()->leave(port);
    attempt->release();
    // The other leg's end takes a moment; its length belongs to the action.
    const auto patience = Clock::now() + std::chrono::seconds(2);
    while (!attempt->winner_left() && Clock::now() < patience) co_await call_.changed().wait(patience);
}

Task<TwimlInterpreter::Next> TwimlInterpreter::dial_parties(const TwimlElement& element, const Loaded& loaded) {
    const auto parties = parties_of(element);
    const bool sequential = element.attribute("sequential") == "true";
    const auto record = element.attribute("record");
    const bool recorded = record.starts_with("record-from") || record == "true";
    std::string recording, winner, last, status = "no-answer";
    std::optional<DialAttempt::Left> ended;
    const auto start_recorder = [&] {
        if (recorded && recording.empty()) (void)call_.start_recording(recording_plan(element, loaded, false), "DialVerb", recording);
    };
    if (record.starts_with("record-from-ringing") && call_.answered()) start_recorder();
    for (std::size_t i = 0; i < parties.size() && winner.empty() && !call_.interrupted();) {
        const auto group = sequential ? 1 : parties.size();
        auto attempt = std::make_shared<DialAttempt>(call_.deps().options.speed, call_.waker());
        attempt->expect(static_cast<int>(group));
        for (std::size_t leg = i; leg < i + group; ++leg) last = place_leg(parties[leg], element, loaded, attempt);
        i += group;
        while (!call_.interrupted() && attempt->winner().empty() && !attempt->all_left()) co_await call_.changed().wait();
        winner = attempt->winner();
        if (winner.empty() || call_.interrupted()) {
            attempt->release();
            ended = attempt->left_of(last);
            if (ended) status = ended->status;
            if (call_.over()) status = "canceled";
            continue;
        }
        call_.answer();
        start_recorder();
        co_await bridge(attempt, element.attribute("hangupOnStar") == "true", integer_of(element, "timeLimit", 14400, 1, 86400));
        ended = attempt->left_of(winner);
        status = "completed";
    }
    if (!recording.empty()) call_.stop_recording(recording);
    Form extra{{"DialCallStatus", status}, {"DialCallSid", winner.empty() ? last : winner}};
    if (!winner.empty() && ended && !ended->redirected) extra.emplace_back("DialCallDuration", std::to_string(ended->seconds));
    extra.emplace_back("DialBridged", status == "completed" && !winner.empty() ? "true" : "false");
    if (!recording.empty()) extra.emplace_back("RecordingUrl", call_.deps().board.recording_url(recording));
    auto action = action_of(element, loaded, false, std::move(extra));
    if (call_.over()) co_return co_await after_hangup(std::move(action));
    co_return Next{std::move(action), false};
}

Task<> TwimlInterpreter::be_dialled(std::shared_ptr<DialAttempt> attempt) {
    const auto& plan = call_.plan();
    if (!plan.voice_url.empty()) {
        mode_ = Mode::leg;
        Target whisper{plan.voice_url, plan.voice_method, {}, {}};
        co_await run(std::move(whisper));
        if (mode_ == Mode::own) co_return;  // it was redirected, and has done with that as well
    }
    if (call_.over()) co_return;
    if (!call_.interrupted()) {
        if (!attempt->win(call_.sid())) {
            call_.end("dial");
            co_return;
        }
        const auto port = attempt->mixer()->join({}, call_.key_taker());
        call_.plug(attempt->mixer(), port);
        co_await call_.wait_until(CarrierCall::kForever, [&] { return attempt->dismissed(call_.sid()); });
        call_.unplug();
        attempt->mixer()->leave(port);
    }
    mode_ = Mode::own;
    Target target;
    if (call_.take_update(target)) {
        call_.leave_attempt();
        co_await run(std::move(target));
    } else {
        call_.end("dial");
    }
}

}  // namespace parley::sim

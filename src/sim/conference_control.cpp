// What is done to a conference from outside: changes, announcements, recordings.

#include <boost/asio/post.hpp>

#include "conference.hpp"
#include "parley/sim/identifiers.hpp"
#include "switchboard.hpp"

namespace parley::sim {

ConferenceView Conference::view() const {
    const std::lock_guard lock(mutex_);
    auto view = view_;
    view.participants = seats_.size();
    return view;
}

std::vector<ParticipantView> Conference::participants() const {
    const std::lock_guard lock(mutex_);
    std::vector<ParticipantView> out;
    for (const auto* list : {&seats_, &expected_}) {
        for (const auto& seat : *list) {
            if (ended_) continue;
            ParticipantView view;
            view.call_sid = seat->call_sid;
            view.conference_sid = view_.sid;
            view.label = seat->entry.label;
            view.call_sid_to_coach = seat->entry.coach;
            view.coaching = !seat->entry.coach.empty();
            view.muted = seat->entry.muted;
            view.hold = seat->hold;
            view.start_on_enter = seat->entry.start_on_enter;
            view.end_on_exit = seat->entry.end_on_exit;
            view.status = seat->status;
            view.created = seat->created;
            view.updated = seat->updated;
            out.push_back(std::move(view));
        }
    }
    return out;
}

ConferenceOutcome Conference::end() {
    std::vector<std::function<void()>> wakes;
    {
        const std::lock_guard lock(mutex_);
        if (ended_) return ConferenceOutcome::ended;
        finish("conference-ended-via-api", "The conference was ended via the API.", nullptr);
        for (const auto& seat : seats_) wakes.push_back(seat->wake);
    }
    for (const auto& wake : wakes) wake();
    return ConferenceOutcome::done;
}

ConferenceOutcome Conference::announce(const std::string& participant, std::string url, std::string method) {
    const std::lock_guard lock(mutex_);
    if (ended_) return ConferenceOutcome::ended;
    auto port = Mixer::kNobody;
    if (!participant.empty()) {
        const auto seat = find(participant);
        if (seat == nullptr || seat->port == Mixer::kNobody) return ConferenceOutcome::no_such_participant;
        port = seat->port;
    }
    board_.spawn(play(std::move(url), std::move(method), port, participant));
    return ConferenceOutcome::done;
}

Task<> Conference::play(std::string url, std::string method, Mixer::Port port, std::string call_sid) {
    const auto self = shared_from_this();  // `this` lives until the sound has been played
    std::string why;
    Form form{{"AccountSid", board_.options().account_sid}, {"ConferenceSid", view_.sid}};
    if (!call_sid.empty()) form.emplace_back("CallSid", call_sid);
    const auto sound = co_await board_.render(url, method, std::move(form), why);
    if (!sound.empty()) {
        mixer_.play(sound, port);
        co_await board_.sleep(milliseconds(static_cast<std::int64_t>(sound.size()) / 8));
    }
    const std::lock_guard lock(mutex_);
    Form told{{"AnnounceUrl", url}};
    if (sound.empty()) told.emplace_back("ReasonAnnouncementFailed", why);
    tell("announcement", sound.empty() ? "announcement-fail" : "announcement-end", std::move(told));
}

ConferenceOutcome Conference::update(const std::string& participant, const ParticipantUpdate& update) {
    std::function<void()> wake;
    {
        const std::lock_guard lock(mutex_);
        if (ended_) return ConferenceOutcome::ended;
        const auto seat = find(participant);
        if (seat == nullptr) return ConferenceOutcome::no_such_participant;
        auto& entry = seat->entry;
        bool modified = false;
        if (update.muted && *update.muted != entry.muted) {
            entry.muted = *update.muted;
            tell("mute", entry.muted ? "participant-mute" : "participant-unmute", describe(*seat));
        }
        if (update.hold_url) {
            seat->hold_url = update.hold_url;
            seat->hold_method = update.hold_method;
        }
        if (update.hold && *update.hold != seat->hold) {
            seat->hold = *update.hold;
            tell("hold", seat->hold ? "participant-hold" : "participant-unhold", describe(*seat));
            if (!seat->hold) seat->hold_url.reset();
        }
        if (update.wait_url) {
            entry.wait_url = update.wait_url;
            entry.wait_method = update.wait_method;
        }
        if (update.end_on_exit && *update.end_on_exit != entry.end_on_exit) {
            entry.end_on_exit = *update.end_on_exit;
            modified = true;
        }
        if (update.beep_on_exit) {
            const bool enter = entry.beep == Beep::both || entry.beep == Beep::on_enter;
            entry.beep = *update.beep_on_exit ? (enter ? Beep::both : Beep::on_exit) : (enter ? Beep::on_enter : Beep::none);
            modified = true;
        }
        const auto coach = update.coaching == false ? std::string() : update.coach.value_or(entry.coach);
        if (coach != entry.coach) {
            entry.coach = coach;
            modified = true;
        }
        if (modified) tell("modify", "participant-modify", describe(*seat));
        seat->updated = std::chrono::system_clock::now();
        apply();
        wake = seat->wake;
    }
    wake();
    return update.announce_url.empty() ? ConferenceOutcome::done : announce(participant, update.announce_url, update.announce_method);
}

ConferenceOutcome Conference::remove(const std::string& participant) {
    std::function<void()> wake;
    {
        const std::lock_guard lock(mutex_);
        if (ended_) return ConferenceOutcome::ended;
        const auto seat = find(participant);
        if (seat == nullptr) return ConferenceOutcome::no_such_participant;
        seat->out = true;
        wake = seat->wake;
    }
    wake();
    return ConferenceOutcome::done;
}

RecordingOutcome Conference::start_recording(RecordingPlan plan, const std::string& source, std::string& sid) {
    auto recorder = std::make_shared<SoundRecorder>(make_sid("RE"), std::move(plan));
    {
        const std::lock_guard lock(mutex_);
        if (ended_ || !begun_) return RecordingOutcome::wrong_state;
        RecordingView view;
        view.sid = recorder->sid;
        view.conference_sid = view_.sid;
        view.status = "in-progress";
        view.source = recorder->source = source;
        view.created = view.updated = view.start_time = std::chrono::system_clock::now();
        if (!board_.recordings.open(std::move(view), true)) return RecordingOutcome::overlap;
        recorders_.push_back(recorder);
    }
    sid = recorder->sid;
    recording_event(*recorder, "in-progress");
    board_.spawn(record(recorder));
    return RecordingOutcome::done;
}

RecordingOutcome Conference::update_recording(const std::string& wanted, const std::string& status, bool skip) {
    const auto current = wanted == "Twilio.CURRENT" ? board_.recordings.current(view_.sid) : board_.recordings.view(wanted);
    if (!current || current->conference_sid != view_.sid) return RecordingOutcome::no_such_recording;
    if (!current->running()) return RecordingOutcome::wrong_state;
    std::shared_ptr<SoundRecorder> recorder;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& one : recorders_) {
            if (one->sid == current->sid) recorder = one;
        }
    }
    if (recorder == nullptr) return RecordingOutcome::no_such_recording;
    board_.recordings.set_status(recorder->sid, status == "stopped" ? "processing" : status);
    asio::post(board_.executor(), [recorder, status, skip] {
        if (status == "paused") recorder->pause(skip);
        if (status == "in-progress") recorder->resume();
        if (status == "stopped") recorder->stopped = true;
    });
    return RecordingOutcome::done;
}

void Conference::recording_event(const SoundRecorder& recorder, std::string_view event) {
    const auto view = board_.recordings.view(recorder.sid);
    if (!view || view->status != event || !wants_event(recorder.plan().callback_events, event)) return;
    board_.callback("recording", recorder.plan().callback, recorder.plan().callback_method,
                    recording_form(*view, board_.options().account_sid, board_.recording_url(recorder.sid)));
}

// Listens like a participant that says nothing, by the true time that has passed.
Task<> Conference::record(std::shared_ptr<SoundRecorder> recorder) {
    const auto self = shared_from_this();
    const auto port = mixer_.join({.listener = true});
    const auto from = std::chrono::steady_clock::now();
    Sample done = 0;
    while (!ended() && !recorder->stopped) {
        co_await board_.sleep(milliseconds(40));
        const std::chrono::duration<double> since = std::chrono::steady_clock::now() - from;
        const auto now = static_cast<Sample>(since.count() * kSampleRate * board_.options().speed);
        Pcm8k heard(static_cast<std::size_t>(now - done), 0);
        (void)mixer_.pull(port, heard);
        done = now;
        recorder->feed(heard, Pcm8k(heard.size(), 0));
    }
    mixer_.leave(port);
    board_.recordings.set_status(recorder->sid, "processing");
    co_await board_.sleep(board_.options().recording_delay);
    board_.recordings.complete(recorder->sid, recorder->take());
    recording_event(*recorder, "completed");
    recording_event(*recorder, "absent");
}

}  // namespace parley::sim

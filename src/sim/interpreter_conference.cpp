// Dial of a conference, from the inside of one participant.

#include <algorithm>

#include "switchboard.hpp"
#include "twiml_interpreter.hpp"

namespace parley::sim {
namespace {

Beep beep_of(const std::string& word) {
    if (word == "false") return Beep::none;
    if (word == "onEnter") return Beep::on_enter;
    return word == "onExit" ? Beep::on_exit : Beep::both;
}

}  // namespace

Task<> TwimlInterpreter::in_conference(ConferenceEntry entry, bool star, int seconds) {
    auto& table = call_.deps().board.conferences;
    std::shared_ptr<Conference> conference;
    std::shared_ptr<Conference::Seat> seat;
    auto outcome = ConferenceOutcome::ended;
    while (seat == nullptr && outcome == ConferenceOutcome::ended) {
        conference = table.open(entry);
        seat = conference->enter(call_.sid(), entry, call_.waker(), outcome);
    }
    if (seat == nullptr) {
        call_.notify(13240, "Dial: conference " + entry.name + " is full", {});
        co_return;
    }
    call_.plug(std::shared_ptr<Mixer>(conference, &conference->mixer()), seat->port);
    const auto keys = call_.presses().size();
    const auto starred = [&] {
        const auto& presses = call_.presses();
        return star && std::any_of(presses.begin() + static_cast<std::ptrdiff_t>(keys), presses.end(), [](const KeyPress& press) { return press.key == '*'; });
    };
    const auto until = call_.line_now() + Sample{seconds} * kSampleRate;
    using Music = Conference::Orders::Music;
    auto playing = Music::none;
    std::shared_ptr<Waiting> music;
    Conference::Orders orders;
    for (;;) {
        orders = conference->orders(seat);
        if (orders.out || call_.interrupted() || starred() || call_.line_now() >= until) break;
        const bool same = orders.music == playing && (music == nullptr || music->url == orders.url);
        if (!same) {
            if (music != nullptr) co_await end_waiting(std::exchange(music, nullptr));
            playing = orders.music;
            if (playing != Music::none) {
                music = std::make_shared<Waiting>();
                music->url = orders.url;
                music->method = orders.method;
                begin_waiting(music);
            }
            continue;
        }
        co_await call_.changed().wait(call_.time_of(until));
    }
    if (music != nullptr) co_await end_waiting(music);
    call_.unplug();
    auto how = Conference::Leaving::hung_up;
    if (orders.out) how = Conference::Leaving::kicked;
    if (!orders.out && !call_.over() && call_.interrupted()) how = Conference::Leaving::updated;
    conference->leave(seat, how, call_.status());
}

Task<> TwimlInterpreter::participate(ConferenceEntry entry) {
    co_await in_conference(std::move(entry), false, 24 * 3600);
    Target target;
    if (call_.take_update(target)) {
        co_await run(std::move(target));
    } else {
        call_.end("conference");
    }
}

Task<TwimlInterpreter::Next> TwimlInterpreter::dial_conference(const TwimlElement& element, const TwimlElement& noun, const Loaded& loaded) {
    call_.answer();
    ConferenceEntry entry;
    entry.name = noun.text;
    entry.label = noun.attribute("participantLabel");
    entry.muted = noun.attribute("muted") == "true";
    entry.start_on_enter = noun.attribute("startConferenceOnEnter", "true") != "false";
    entry.end_on_exit = noun.attribute("endConferenceOnExit") == "true";
    entry.beep = beep_of(noun.attribute("beep", "true"));
    entry.coach = noun.attribute("coach");
    if (noun.has("waitUrl")) entry.wait_url = url_of(noun, "waitUrl", loaded);
    entry.wait_method = noun.attribute("waitMethod", "POST");
    entry.max_participants = integer_of(noun, "maxParticipants", 250, 2, 250);
    entry.room_record = noun.attribute("record") == "record-from-start";
    entry.room_recording = recording_plan(noun, loaded, true);
    entry.room_callback = url_of(noun, "statusCallback", loaded);
    entry.room_callback_method = noun.attribute("statusCallbackMethod", "POST");
    entry.room_callback_events = noun.attribute("statusCallbackEvent");
    std::string recording;
    const auto record = element.attribute("record");
    if (record.starts_with("record-from") || record == "true") (void)call_.start_recording(recording_plan(element, loaded, false), "DialVerb", recording);
    co_await in_conference(std::move(entry), element.attribute("hangupOnStar") == "true", integer_of(element, "timeLimit", 14400, 1, 86400));
    Form extra{{"DialCallStatus", "answered"}};
    if (!recording.empty()) {
        call_.stop_recording(recording);
        extra.emplace_back("RecordingUrl", call_.deps().board.recording_url(recording));
    }
    auto action = action_of(element, loaded, false, std::move(extra));
    if (call_.over()) co_return co_await after_hangup(std::move(action));
    co_return Next{std::move(action), false};
}

}  // namespace parley::sim

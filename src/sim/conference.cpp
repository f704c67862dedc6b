#include "conference.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "parley/sim/identifiers.hpp"
#include "switchboard.hpp"

namespace parley::sim {
namespace {

constexpr double kBeepHz = 1400;
constexpr int kBeepMs = 200;

std::string word(bool value) {
    return value ? "true" : "false";
}

void tone(Pcm8k& out, double hz, int ms, double amplitude) {
    const auto length = static_cast<std::size_t>(ms) * 8;
    for (std::size_t i = 0; i < length; ++i)
        out.push_back(static_cast<std::int16_t>(amplitude * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / kSampleRate)));
}

}  // namespace

Pcm8k hold_tune(milliseconds length) {
    static constexpr double kNotes[] = {440, 550, 660};
    const auto samples = static_cast<std::size_t>(length.count() * 8);
    Pcm8k out;
    out.reserve(samples + 2400);
    for (std::size_t i = 0; out.size() < samples; ++i) {
        tone(out, kNotes[i % 3], 250, 3000);
        out.insert(out.end(), 400, 0);
    }
    out.resize(samples);
    return out;
}

Conference::Conference(Switchboard& board, const ConferenceEntry& first) : board_(board), mixer_(board.options().speed), room_(first) {
    view_.sid = make_sid("CF");
    view_.friendly_name = first.name;
    view_.status = "init";
    view_.created = view_.updated = std::chrono::system_clock::now();
    if (wants_event(room_.room_callback_events, "speaker")) mixer_.on_speech([this](Mixer::Port port, bool begins) { on_speech(port, begins); });
}

Form Conference::describe(const Seat& seat) {
    Form form{{"CallSid", seat.call_sid},
              {"ParticipantLabel", seat.entry.label},
              {"Muted", word(seat.entry.muted)},
              {"Hold", word(seat.hold)},
              {"Coaching", word(!seat.entry.coach.empty())},
              {"EndConferenceOnExit", word(seat.entry.end_on_exit)},
              {"StartConferenceOnEnter", word(seat.entry.start_on_enter)}};
    if (seat.entry.label.empty()) std::erase_if(form, [](const auto& field) { return field.first == "ParticipantLabel"; });
    if (!seat.entry.coach.empty()) form.emplace_back("CallSidToCoach", seat.entry.coach);
    return form;
}

void Conference::tell(std::string_view event_word, const std::string& event, Form extra) {
    view_.updated = std::chrono::system_clock::now();
    if (room_.room_callback.empty() || !wants_event(room_.room_callback_events, event_word)) return;
    Form form{{"ConferenceSid", view_.sid},
              {"FriendlyName", view_.friendly_name},
              {"AccountSid", board_.options().account_sid},
              {"SequenceNumber", std::to_string(++sequence_)},
              {"Timestamp", rfc2822(std::chrono::system_clock::now())},
              {"StatusCallbackEvent", event}};
    for (auto& field : extra) form.push_back(std::move(field));
    board_.callback("conference", room_.room_callback, room_.room_callback_method, std::move(form));
}

std::shared_ptr<Conference::Seat> Conference::find(const std::string& who) const {
    for (const auto* list : {&seats_, &expected_}) {
        const auto at = std::find_if(list->begin(), list->end(),
                                     [&](const auto& seat) { return seat->call_sid == who || (!seat->entry.label.empty() && seat->entry.label == who); });
        if (at != list->end()) return *at;
    }
    return nullptr;
}

bool Conference::ended() const {
    const std::lock_guard lock(mutex_);
    return ended_;
}

void Conference::apply() {
    for (const auto& seat : seats_) {
        Mixer::Flags flags;
        flags.muted = seat->entry.muted;
        flags.apart = !begun_ || seat->hold;
        flags.coaching = !seat->entry.coach.empty();
        for (const auto& other : seats_) {
            if (flags.coaching && other->call_sid == seat->entry.coach) flags.coached = other->port;
        }
        mixer_.set(seat->port, flags);
    }
}

void Conference::begin_when_ready() {
    if (begun_ || seats_.size() < 2) return;
    if (std::none_of(seats_.begin(), seats_.end(), [](const auto& seat) { return seat->entry.start_on_enter; })) return;
    begun_ = true;
    view_.status = "in-progress";
    tell("start", "conference-start", {});
}

void Conference::beep(bool entering, const Seat& seat) {
    const bool wanted = seat.entry.beep == Beep::both || seat.entry.beep == (entering ? Beep::on_enter : Beep::on_exit);
    if (!wanted || !begun_) return;
    Pcm8k sound;
    tone(sound, kBeepHz, kBeepMs, 4000);
    mixer_.play(sound);
}

std::shared_ptr<Conference::Seat> Conference::enter(const std::string& call_sid, ConferenceEntry entry, std::function<void()> wake,
                                                    ConferenceOutcome& outcome) {
    std::vector<std::function<void()>> wakes;
    std::shared_ptr<Seat> seat;
    bool record = false;
    {
        const std::lock_guard lock(mutex_);
        outcome = ended_ ? ConferenceOutcome::ended : ConferenceOutcome::done;
        if (ended_) return nullptr;
        const auto limit = static_cast<std::size_t>(std::min(room_.max_participants, entry.max_participants));
        if (seats_.size() >= limit) {
            outcome = ConferenceOutcome::full;
            return nullptr;
        }
        seat = find(call_sid);
        if (seat == nullptr) seat = std::make_shared<Seat>();
        expected_.remove(seat);
        seat->call_sid = call_sid;
        if (seat->entry.name.empty()) seat->entry = std::move(entry);
        seat->wake = std::move(wake);
        seat->status = "connected";
        seat->port = mixer_.join({.apart = true});
        seats_.push_back(seat);
        tell("join", "participant-join", describe(*seat));
        const bool before = begun_;
        begin_when_ready();
        record = begun_ && !before && room_.room_record;
        apply();
        beep(true, *seat);
        for (const auto& one : seats_) {
            if (one != seat) wakes.push_back(one->wake);
        }
    }
    for (const auto& wake_other : wakes) wake_other();
    std::string sid;
    if (record) (void)start_recording(room_.room_recording, "Conference", sid);
    return seat;
}

void Conference::expect(const std::string& call_sid, const ConferenceEntry& entry) {
    const std::lock_guard lock(mutex_);
    auto seat = std::make_shared<Seat>();
    seat->call_sid = call_sid;
    seat->entry = entry;
    seat->status = "queued";
    seat->wake = [] {};
    expected_.push_back(std::move(seat));
}

void Conference::failed(const std::string& call_sid, const std::string& call_status) {
    const std::lock_guard lock(mutex_);
    const auto seat = find(call_sid);
    if (seat == nullptr || std::find(expected_.begin(), expected_.end(), seat) == expected_.end()) return;
    expected_.remove(seat);
    auto form = describe(*seat);
    form.emplace_back("ParticipantCallStatus", call_status);
    form.emplace_back("ReasonParticipantLeft", "participant_add_failed");
    form.emplace_back("Reason", "Participant could not be added: the call was " + call_status + ".");
    tell("leave", "participant-leave", std::move(form));
    if (seats_.empty() && expected_.empty()) finish("last-participant-left", "The last participant left the conference.", seat.get());
}

void Conference::leave(const std::shared_ptr<Seat>& seat, Leaving how, const std::string& call_status) {
    std::vector<std::function<void()>> wakes;
    {
        const std::lock_guard lock(mutex_);
        if (std::find(seats_.begin(), seats_.end(), seat) == seats_.end()) return;
        seats_.remove(seat);
        seat->status = "complete";
        mixer_.leave(seat->port);
        auto form = describe(*seat);
        form.emplace_back("ParticipantCallStatus", call_status);
        // A seat that was ordered out by the end of the conference goes for its reason.
        if (ended_) how = Leaving::ended;
        const bool by_api = view_.reason_ended == "conference-ended-via-api";
        const char* reason = how == Leaving::hung_up ? "participant_hung_up" : "participant_updated_via_api";
        if (how == Leaving::ended) reason = by_api ? "conference_ended_via_api" : "moderator_ended_conference";
        form.emplace_back("ReasonParticipantLeft", reason);
        form.emplace_back("Reason", how == Leaving::hung_up ? "Participant hung up."
                                    : how == Leaving::ended ? "The conference ended."
                                                            : "Participant was updated via the API.");
        tell("leave", "participant-leave", std::move(form));
        const bool kicked = how == Leaving::kicked;
        if (!ended_ && seat->entry.end_on_exit) {
            finish(kicked ? "participant-with-end-conference-on-exit-kicked" : "participant-with-end-conference-on-exit-left",
                   "A participant with endConferenceOnExit left the conference.", seat.get());
        } else if (!ended_ && seats_.empty() && expected_.empty()) {
            finish(kicked ? "last-participant-kicked" : "last-participant-left", "The last participant left the conference.", seat.get());
        } else if (!ended_) {
            apply();
            beep(false, *seat);
        }
        for (const auto& one : seats_) wakes.push_back(one->wake);
    }
    for (const auto& wake : wakes) wake();
}

void Conference::finish(const std::string& reason, const std::string& sentence, const Seat* by) {
    ended_ = true;
    view_.status = "completed";
    view_.reason_ended = reason;
    if (by != nullptr) view_.call_sid_ending = by->call_sid;
    for (const auto& seat : seats_) seat->out = true;
    expected_.clear();
    Form form;
    if (by != nullptr) {
        form.emplace_back("CallSidEndingConference", by->call_sid);
        if (!by->entry.label.empty()) form.emplace_back("ParticipantLabelEndingConference", by->entry.label);
    }
    form.emplace_back("ReasonConferenceEnded", reason);
    form.emplace_back("Reason", sentence);
    tell("end", "conference-end", std::move(form));
}

Conference::Orders Conference::orders(const std::shared_ptr<Seat>& seat) const {
    const std::lock_guard lock(mutex_);
    Orders out;
    out.out = seat->out;
    if (seat->hold) {
        out.music = Orders::Music::hold;
        out.url = seat->hold_url;
        out.method = seat->hold_method;
    } else if (!begun_) {
        out.music = Orders::Music::wait;
        out.url = seat->entry.wait_url;
        out.method = seat->entry.wait_method;
    }
    return out;
}

void Conference::on_speech(Mixer::Port port, bool begins) {
    const std::lock_guard lock(mutex_);
    const auto at = std::find_if(seats_.begin(), seats_.end(), [&](const auto& seat) { return seat->port == port; });
    if (at == seats_.end()) return;
    tell("speaker", begins ? "participant-speech-start" : "participant-speech-stop", describe(**at));
}

std::shared_ptr<Conference> ConferenceTable::open(const ConferenceEntry& entry) {
    const std::lock_guard lock(mutex_);
    for (const auto& one : conferences_) {
        if ((one->name() == entry.name || one->sid() == entry.name) && !one->ended()) return one;
    }
    conferences_.push_back(std::make_shared<Conference>(board_, entry));
    return conferences_.back();
}

std::shared_ptr<Conference> ConferenceTable::find(const std::string& sid_or_name) const {
    const std::lock_guard lock(mutex_);
    for (const auto& one : conferences_) {
        if (one->sid() == sid_or_name || (one->name() == sid_or_name && !one->ended())) return one;
    }
    return nullptr;
}

std::vector<std::shared_ptr<Conference>> ConferenceTable::all() const {
    const std::lock_guard lock(mutex_);
    return conferences_;
}

}  // namespace parley::sim

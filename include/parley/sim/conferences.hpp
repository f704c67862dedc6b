#pragma once
// Conferences: how one enters, and how the REST side sees and changes them. All are copies.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parley/sim/recordings.hpp"
#include "parley/sim/scenario.hpp"

namespace parley::sim {

enum class Beep : std::uint8_t { both, none, on_enter, on_exit };

// What a participant brings along. Members named `room_` belong to the conference and count only from the participant that creates it.
struct ConferenceEntry {
    std::string name;
    std::string label = {};
    bool muted = false;
    bool start_on_enter = true;  // false: waits for one that has it
    bool end_on_exit = false;
    Beep beep = Beep::both;
    std::string coach = {};  // CallSid: heard by that participant only, and hears everybody
    // What is heard until the conference begins: TwiML of Say, Play, Pause and Redirect or a sound file, again and again. Nothing: the
    // carrier's tune (see hold_tune()); an empty text: silence.
    std::optional<std::string> wait_url = {};
    std::string wait_method = "POST";
    int max_participants = 250;
    bool room_record = false;  // from the moment two are connected
    RecordingPlan room_recording = {};
    std::string room_callback = {}, room_callback_method = "POST";
    std::string room_callback_events = {};  // start end join leave mute hold modify speaker announcement, separated by blanks
};

struct ConferenceView {
    std::string sid, friendly_name;
    std::string status;  // init in-progress completed
    std::string region = "us1";
    std::string reason_ended;  // as ReasonConferenceEnded
    std::string call_sid_ending;
    std::chrono::system_clock::time_point created, updated;
    std::size_t participants = 0;  // connected ones
};

struct ParticipantView {
    std::string call_sid, conference_sid, label, call_sid_to_coach;
    bool coaching = false, muted = false, hold = false, start_on_enter = true, end_on_exit = false;
    std::string status;  // queued ringing connected complete failed
    std::chrono::system_clock::time_point created, updated;
};

// Only what is given changes.
struct ParticipantUpdate {
    std::optional<bool> muted = {}, hold = {}, end_on_exit = {}, coaching = {}, beep_on_exit = {};
    std::optional<std::string> coach = {};  // CallSid to coach
    std::optional<std::string> hold_url = {}, wait_url = {};
    std::string hold_method = "GET", wait_method = "POST";
    std::string announce_url = {}, announce_method = "POST";  // to this participant alone
};

enum class ConferenceOutcome : std::uint8_t { done, no_such_conference, no_such_participant, full, ended };

// The carrier's own music on hold: an arpeggio of 440, 550 and 660 Hz, each 250 ms with 50 ms between; `length` long.
[[nodiscard]] Pcm8k hold_tune(milliseconds length);

}  // namespace parley::sim

#pragma once
// Who answers when a number is dialled, and how the carrier finds out whether that is a person.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "parley/sim/scenario.hpp"
#include "parley/sim/speech_ports.hpp"

namespace parley::sim {

// An answering machine: greeting, beep, then it records in silence until it hears nothing for `patience` or is hung up
// on. What was left on it stands in its report (CallReport::message).
struct MachineGreeting {
    std::string text = "you have reached the machine please leave a message";
    VoiceStyle voice = {};
    milliseconds before{400};      // from the answer to the greeting
    milliseconds after{300};       // from the greeting to the beep
    bool beep = true;              // 1 kHz, half a second
    milliseconds longest{120000};  // of the message
    milliseconds patience{10000};  // silence after which it hangs up
};

// How a party answers when it is dialled: by <Dial>, by a participant's creation, or as the callee of a call made over REST. With one of
// person, machine, fax or voice_url the leg is real: a call of its own with its own report. Without, <Dial> only pretends (the parent hears
// silence for `talks`), and a REST call is played by its plan's scenario.
struct DialTarget {
    enum class Answer : std::uint8_t { answer, busy, no_answer, failed } answer = Answer::answer;
    milliseconds after{300};                      // ringing
    milliseconds talks{1000};                     // pretended legs: so long are the legs bridged
    std::shared_ptr<const Scenario> person = {};  // does its steps, hears, hangs up at their end
    std::shared_ptr<const MachineGreeting> machine = {};
    bool fax = false;  // answers with the called tone (2100 Hz) and waits
    // The number is an application's own: it answers as an incoming call there (From: the caller id shown, a CallSid of its own), which is
    // what the dialled leg is connected to.
    std::string voice_url = {}, voice_method = "POST";
    std::string fallback_url = {}, status_callback = {};
    [[nodiscard]] bool real() const { return person != nullptr || machine != nullptr || fax || !voice_url.empty(); }
};

// Answering machine detection. The verdict is decided by what the party IS; only its moment depends on what is heard, in line time:
//   person   human, `speech_end` after the first stretch of speech; silent for `silence`: unknown
//   machine  enable: machine_start, once the greeting has lasted `speech`, or `speech_end` after a shorter one
//            detect_message_end: machine_end_beep with the end of the beep, or machine_end_silence `speech_end` after the greeting
//   fax      fax, a second after the answer
// After `timeout` without one of these: unknown.
struct MachineDetection {
    enum class Mode : std::uint8_t { off, enable, detect_message_end } mode = Mode::off;
    milliseconds timeout{30000}, speech{2400}, speech_end{1200}, silence{5000};
    bool async = false;                                   // false: the document waits for the verdict, which comes with its first request
    std::string callback = {}, callback_method = "POST";  // async only: AccountSid, CallSid, AnsweredBy, MachineDetectionDuration
};

}  // namespace parley::sim

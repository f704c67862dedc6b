#pragma once
// What an agent does with a call besides talking: its answers, hours and the settings of each. Immutable; made with the agent, replaced with it.

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "parley/base/secret.hpp"
#include "parley/flows/answer.hpp"
#include "parley/flows/destination.hpp"
#include "parley/flows/hours.hpp"
#include "parley/flows/menu.hpp"

namespace parley::flows {

// What is said by Twilio's own voice.
struct SayVoice {
    std::string voice, language;  // empty: Twilio's default
};

struct ForwardSettings {
    std::vector<Destination> to;  // number, sip, client
    bool at_once = false;         // all ring together; else one after the other
    std::chrono::seconds timeout{20};
    std::string caller_id;  // empty: the caller's
    std::string whisper;    // said to whoever answers, before the caller is there
    bool confirm = false;   // whoever answers has to press a key: mailboxes do not
    bool record = false;
    std::optional<Destination> no_answer;  // nothing: the next answer of the list
};

struct SipSettings {
    std::string uri, username;
    Secret password;
    std::vector<std::pair<std::string, std::string>> headers;  // X-…
    std::chrono::seconds timeout{20};
};

struct ConferenceSettings {
    std::string room;  // may hold {call_sid} and {from}
    bool start_on_enter = true, end_on_exit = false, muted = false;
    std::string beep = "true";   // true, false, onEnter, onExit
    std::string wait = "music";  // music, silence, or a URL
    bool record = false;
    unsigned max_participants = 250;
};

struct GatherSettings {
    std::string language, speech_model;
    std::string speech_timeout = "auto";  // or whole seconds
    std::chrono::seconds timeout{5};
    std::vector<std::string> hints;
    std::string voice;  // empty: say_voice
    bool profanity_filter = false;
    bool barge_in = true;
    std::string input = "speech dtmf";  // or speech, or dtmf
    std::vector<std::string> no_input_prompts{"Are you still there?", "I did not hear anything. Are you still there?"};
    unsigned max_no_input = 2;
    std::string goodbye = "I cannot hear you. Goodbye.";
    std::string filler = "One moment, please.";
};

struct VoicemailSettings {
    std::string prompt = "Please leave a message after the tone.";
    std::string voice;  // empty: say_voice
    std::string play;   // the URL of a sound instead of the prompt
    std::chrono::seconds longest{120}, shortest{2};
    std::chrono::seconds silence{5};  // ends it
    std::string finish_key = "#";     // empty: none
    bool transcribe = false;
    std::string thanks = "Thank you. Your message has been kept. Goodbye.";
    std::string again = "I did not get a message. Please speak after the tone.";
};

struct ListenSettings {
    std::optional<Destination> to;  // number, sip, client
    std::string tracks = "both";    // both, inbound, outbound
};

struct AgentFlow {
    std::vector<AnswerMode> answer{AnswerMode{}};
    std::optional<Hours> hours;
    std::vector<AnswerMode> closed;  // with hours only
    std::string closed_text;         // said before it
    SayVoice say;
    ForwardSettings forward;
    SipSettings sip;
    ConferenceSettings conference;
    std::string reject = "rejected";  // or busy
    GatherSettings gather;
    VoicemailSettings voicemail;
    ListenSettings listen;
    std::shared_ptr<const Menus> menus = std::make_shared<const Menus>();

    [[nodiscard]] const std::vector<AnswerMode>& answers(bool is_closed) const { return is_closed ? closed : answer; }
    [[nodiscard]] bool closed_at(Second instant) const { return hours && !hours->open_at(instant); }
};

}  // namespace parley::flows

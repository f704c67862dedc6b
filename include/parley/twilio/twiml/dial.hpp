#pragma once
// <Dial> and its nouns, <Refer>, <Enqueue>.

#include <string>
#include <variant>
#include <vector>

#include "parley/twilio/twiml/values.hpp"

namespace parley::twilio::twiml {

struct MachineDetection {
    Text mode{};  // Enable, DetectMessageEnd
    Integer timeout{}, speech_threshold{}, speech_end_threshold{}, silence_timeout{};
    Text callback{}, callback_method{};
};

struct Number {
    std::string number{};
    Text send_digits{};
    Text url{}, method{};
    StatusCallback status_callback{};
    Text byoc{};
    MachineDetection machine_detection{};
    Text phone_number_sid{};
};

struct Client {
    std::string identity{};  // as text, or as <Identity> when parameters are given
    Text url{}, method{};
    StatusCallback status_callback{};
    std::vector<Parameter> parameters{};
};

struct SipUri {
    std::string uri{};
    Integer priority{}, weight{};
    Text username{}, password{};
};

struct SipHeader {
    std::string name{};
    std::string value{};
};

struct Sip {
    std::string uri{};  // or `uris`, not both
    std::vector<SipUri> uris{};
    std::vector<SipHeader> headers{};
    Text url{}, method{};
    StatusCallback status_callback{};
    MachineDetection machine_detection{};
    Text username{}, password{};
};

struct Conference {
    std::string name{};
    Flag muted{}, start_conference_on_enter{}, end_conference_on_exit{};
    Text participant_label{};
    Text jitter_buffer_size{};
    Text beep{};
    Text wait_url{}, wait_method{};
    Integer max_participants{};
    Text record{};
    Text trim{};
    Text region{};
    Text coach{};
    StatusCallback status_callback{};  // events: start end join leave mute hold modify speaker announcement
    RecordingStatusCallback recording_status_callback{};
    Text recording_configuration_id{};
    Text event_callback_url{};
};

struct Queue {  // a noun of <Dial>; also the legacy verb of the same name
    std::string name{};
    Text url{}, method{};
    Text reservation_sid{}, post_work_activity_sid{};
};

struct Sim {
    std::string sid{};
};

struct Application {
    std::string sid{};  // as text, or as <ApplicationSid> when parameters are given
    Text url{}, method{};
    StatusCallback status_callback{};
    Text customer_id{};
    Flag copy_parent_to{};
    std::vector<Parameter> parameters{};
};

struct WhatsApp {
    std::string number{};
    Text url{}, method{};
    StatusCallback status_callback{};
};

using DialNoun = std::variant<Number, Client, Sip, Conference, Queue, Sim, Application, WhatsApp>;

struct Dial {
    std::string number{};  // a plain number, or `nouns`, not both
    Text action{}, method{};
    Integer timeout{}, time_limit{};
    Text caller_id{};
    Text call_reason{};
    Flag answer_on_bridge{}, hangup_on_star{};
    Text record{};
    Text recording_track{};
    Text trim{};
    RecordingStatusCallback recording_status_callback{};
    Text recording_configuration_id{};
    Text ring_tone{};
    Flag sequential{};
    Text refer_url{}, refer_method{};
    Text events{}, passports{};
    std::vector<DialNoun> nouns{};  // at most 10; a Conference stands alone
};

struct Refer {
    std::string sip{};  // the URI to refer to
    Text action{}, method{};
};

struct Task {
    std::string json{};
    Integer priority{}, timeout{};
};

struct Enqueue {
    std::string name{};  // or `task` together with `workflow_sid`
    std::optional<Task> task{};
    Text workflow_sid{};
    Text action{}, method{};
    Text wait_url{}, wait_url_method{};
    Integer max_queue_size{};
};

}  // namespace parley::twilio::twiml

#include "node.hpp"

namespace parley::twilio::twiml {
namespace {

Node& machine_detection(Node& node, const MachineDetection& in) {
    node.attr("machineDetection", in.mode).attr("machineDetectionTimeout", in.timeout);
    node.attr("machineDetectionSpeechThreshold", in.speech_threshold);
    node.attr("machineDetectionSpeechEndThreshold", in.speech_end_threshold);
    node.attr("machineDetectionSilenceTimeout", in.silence_timeout);
    return node.attr("amdStatusCallback", in.callback).attr("amdStatusCallbackMethod", in.callback_method);
}

Node node_of(const Number& noun) {
    Node node(El::number, noun.number);
    node.attr("sendDigits", noun.send_digits).attr("url", noun.url).attr("method", noun.method).status_callback(noun.status_callback);
    node.attr("byoc", noun.byoc);
    return machine_detection(node, noun.machine_detection).attr("phoneNumberSid", noun.phone_number_sid);
}

Node node_of(const Client& noun) {
    Node node(El::client, noun.parameters.empty() ? noun.identity : std::string());
    node.attr("url", noun.url).attr("method", noun.method).status_callback(noun.status_callback);
    if (!noun.parameters.empty()) node.child(Node(El::identity, noun.identity));
    add_children(node, noun.parameters);
    return node;
}

Node node_of(const SipUri& uri) {
    Node node(El::uri, uri.uri);
    node.attr("priority", uri.priority).attr("weight", uri.weight);
    return node.attr("username", uri.username).attr("password", uri.password);
}

Node node_of(const SipHeader& header) {
    return Node(El::header).need("name", header.name).need("value", header.value);
}

Node node_of(const Sip& noun) {
    Node node(El::sip, noun.uri);
    node.attr("url", noun.url).attr("method", noun.method).status_callback(noun.status_callback);
    machine_detection(node, noun.machine_detection).attr("username", noun.username).attr("password", noun.password);
    for (const SipUri& uri : noun.uris) node.child(node_of(uri));
    if (!noun.headers.empty()) {
        Node headers(El::headers);
        for (const SipHeader& header : noun.headers) headers.child(node_of(header));
        node.child(std::move(headers));
    }
    return node;
}

Node node_of(const Conference& noun) {
    Node node(El::conference, noun.name);
    node.attr("muted", noun.muted).attr("startConferenceOnEnter", noun.start_conference_on_enter);
    node.attr("endConferenceOnExit", noun.end_conference_on_exit).attr("participantLabel", noun.participant_label);
    node.attr("jitterBufferSize", noun.jitter_buffer_size).attr("beep", noun.beep).attr("waitUrl", noun.wait_url);
    node.attr("waitMethod", noun.wait_method).attr("maxParticipants", noun.max_participants).attr("record", noun.record);
    node.attr("trim", noun.trim).attr("region", noun.region).attr("coach", noun.coach).status_callback(noun.status_callback);
    node.recording_callback(noun.recording_status_callback).attr("recordingConfigurationId", noun.recording_configuration_id);
    return node.attr("eventCallbackUrl", noun.event_callback_url);
}

Node node_of(const Sim& noun) {
    return Node(El::sim, noun.sid);
}

Node node_of(const Application& noun) {
    Node node(El::application, noun.parameters.empty() ? noun.sid : std::string());
    node.attr("url", noun.url).attr("method", noun.method).status_callback(noun.status_callback);
    node.attr("customerId", noun.customer_id).attr("copyParentTo", noun.copy_parent_to);
    if (!noun.parameters.empty()) node.child(Node(El::application_sid, noun.sid));
    add_children(node, noun.parameters);
    return node;
}

Node node_of(const WhatsApp& noun) {
    Node node(El::whatsapp, noun.number);
    return node.attr("url", noun.url).attr("method", noun.method).status_callback(noun.status_callback);
}

}  // namespace

Node node_of(const Queue& noun) {
    Node node(El::queue, noun.name);
    node.attr("url", noun.url).attr("method", noun.method).attr("reservationSid", noun.reservation_sid);
    return node.attr("postWorkActivitySid", noun.post_work_activity_sid);
}

Node node_of(const Dial& verb) {
    Node node(El::dial, verb.number);
    node.attr("action", verb.action).attr("method", verb.method).attr("timeout", verb.timeout).attr("timeLimit", verb.time_limit);
    node.attr("callerId", verb.caller_id).attr("callReason", verb.call_reason).attr("answerOnBridge", verb.answer_on_bridge);
    node.attr("hangupOnStar", verb.hangup_on_star).attr("record", verb.record).attr("recordingTrack", verb.recording_track);
    node.attr("trim", verb.trim).recording_callback(verb.recording_status_callback);
    node.attr("recordingConfigurationId", verb.recording_configuration_id).attr("ringTone", verb.ring_tone);
    node.attr("sequential", verb.sequential).attr("referUrl", verb.refer_url).attr("referMethod", verb.refer_method);
    node.attr("events", verb.events).attr("passports", verb.passports);
    for (const DialNoun& noun : verb.nouns) {
        node.child(std::visit([](const auto& n) { return node_of(n); }, noun));
    }
    return node;
}

Node node_of(const Refer& verb) {
    Node node(El::refer);
    node.attr("action", verb.action).attr("method", verb.method).child(Node(El::refer_sip, verb.sip));
    return node;
}

Node node_of(const Enqueue& verb) {
    Node node(El::enqueue, verb.name);
    node.attr("action", verb.action).attr("method", verb.method).attr("workflowSid", verb.workflow_sid);
    node.attr("waitUrl", verb.wait_url).attr("waitUrlMethod", verb.wait_url_method).attr("maxQueueSize", verb.max_queue_size);
    if (verb.task) {
        node.child(Node(El::task, verb.task->json).attr("priority", verb.task->priority).attr("timeout", verb.task->timeout));
    }
    return node;
}

}  // namespace parley::twilio::twiml

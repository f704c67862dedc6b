#include <array>

#include "node.hpp"

namespace parley::twilio::twiml {
namespace {

Node stream(const Stream& noun, El el) {
    Node node(el);
    if (!noun.url.empty()) node.need("url", noun.url);
    node.attr("name", noun.name).attr("track", noun.track).attr("statusCallback", noun.status_callback);
    node.attr("statusCallbackMethod", noun.status_callback_method).attr("connectorName", noun.connector_name);
    node.attr("audioFormat", noun.audio_format).attr("sampleRate", noun.sample_rate);
    add_children(node, noun.parameters);
    return node;
}

Node language(const Language& in) {
    Node node(El::relay_language);
    node.need("code", in.code).attr("ttsProvider", in.tts_provider).attr("voice", in.voice);
    return node.attr("transcriptionProvider", in.transcription_provider).attr("speechModel", in.speech_model);
}

// Attribute names in the documentation's spelling; Twilio's SDKs write four of them in lower case and the service takes
// both.
Node noun_node(const ConversationRelay& noun) {
    Node node(El::relay);
    node.need("url", noun.url).attr("welcomeGreeting", noun.welcome_greeting);
    node.attr("welcomeGreetingInterruptible", noun.welcome_greeting_interruptible).attr("language", noun.language);
    node.attr("ttsLanguage", noun.tts_language).attr("transcriptionLanguage", noun.transcription_language);
    node.attr("ttsProvider", noun.tts_provider).attr("voice", noun.voice).attr("transcriptionProvider", noun.transcription_provider);
    node.attr("speechModel", noun.speech_model).attr("interruptible", noun.interruptible);
    node.attr("interruptSensitivity", noun.interrupt_sensitivity).attr("dtmfDetection", noun.dtmf_detection);
    node.attr("reportInputDuringAgentSpeech", noun.report_input_during_agent_speech).attr("preemptible", noun.preemptible);
    node.attr("hints", noun.hints).attr("partialPrompts", noun.partial_prompts).attr("speechTimeout", noun.speech_timeout);
    node.attr("eotThreshold", noun.eot_threshold).attr("ignoreBackchannel", noun.ignore_backchannel);
    node.attr("profanityFilter", noun.profanity_filter).attr("deepgramSmartFormat", noun.deepgram_smart_format);
    node.attr("elevenlabsTextNormalization", noun.elevenlabs_text_normalization);
    node.attr("backgroundNoiseReduction", noun.background_noise_reduction).attr("events", noun.events).attr("debug", noun.debug);
    node.attr("intelligenceService", noun.intelligence_service).attr("conversationConfiguration", noun.conversation_configuration);
    node.attr("applicationReconnect", noun.application_reconnect).attr("turnDetection", noun.turn_detection);
    node.attr("echoPromptFiltering", noun.echo_prompt_filtering);
    for (const Language& in : noun.languages) node.child(language(in));
    add_children(node, noun.parameters);
    return node;
}

Node noun_node(const ConversationRelaySession& noun) {
    return Node(El::relay_session).attr("connector", noun.connector).attr("sessionConfiguration", noun.session_configuration);
}

Node noun_node(const AiSession& noun) {
    return Node(El::ai_session).attr("aiConnector", noun.ai_connector).attr("aiSessionConfiguration", noun.ai_session_configuration);
}

Node noun_node(const VirtualAgent& noun) {
    Node node(El::virtual_agent);
    node.attr("connectorName", noun.connector_name).attr("language", noun.language).attr("sentimentAnalysis", noun.sentiment_analysis);
    node.attr("statusCallback", noun.status_callback).attr("statusCallbackMethod", noun.status_callback_method);
    add_children(node, noun.configs);
    add_children(node, noun.parameters);
    return node;
}

Node noun_node(const Room& noun) {
    return Node(El::room, noun.name).attr("participantIdentity", noun.participant_identity);
}

Node noun_node(const Conversation& noun) {
    Node node(El::conversation);
    node.attr("serviceInstanceSid", noun.service_instance_sid).attr("inboundAutocreation", noun.inbound_autocreation);
    node.attr("routingAssignmentTimeout", noun.routing_assignment_timeout).attr("inboundTimeout", noun.inbound_timeout);
    node.attr("url", noun.url).attr("method", noun.method).attr("record", noun.record).attr("trim", noun.trim);
    return node.recording_callback(noun.recording_status_callback).status_callback(noun.status_callback);
}

Node noun_node(const Autopilot& noun) {
    return Node(El::autopilot, noun.name);
}

Node noun_node(const Transcription& noun) {
    Node node(El::transcription);
    node.attr("name", noun.name).attr("statusCallbackUrl", noun.status_callback_url);
    node.attr("statusCallbackMethod", noun.status_callback_method).attr("track", noun.track);
    node.attr("inboundTrackLabel", noun.inbound_track_label).attr("outboundTrackLabel", noun.outbound_track_label);
    node.attr("languageCode", noun.language_code).attr("transcriptionEngine", noun.transcription_engine);
    node.attr("speechModel", noun.speech_model).attr("partialResults", noun.partial_results);
    node.attr("profanityFilter", noun.profanity_filter).attr("hints", noun.hints);
    node.attr("enableAutomaticPunctuation", noun.enable_automatic_punctuation).attr("enableProviderData", noun.enable_provider_data);
    node.attr("intelligenceService", noun.intelligence_service).attr("conversationConfiguration", noun.conversation_configuration);
    node.attr("conversationId", noun.conversation_id);
    add_children(node, noun.configs);
    add_children(node, noun.parameters);
    return node;
}

Node noun_node(const Recording& noun) {
    Node node(El::recording);
    node.recording_callback(noun.recording_status_callback).attr("channels", noun.channels).attr("track", noun.track);
    return node.attr("trim", noun.trim).attr("recordingConfigurationId", noun.recording_configuration_id);
}

Node noun_node(const Siprec& noun) {
    Node node(El::siprec);
    node.attr("name", noun.name).attr("connectorName", noun.connector_name).attr("track", noun.track);
    node.attr("statusCallback", noun.status_callback).attr("statusCallbackMethod", noun.status_callback_method);
    add_children(node, noun.parameters);
    return node;
}

// The stream's attributes differ between <Connect> and <Start>, so its element is chosen by the verb.
template <class Nouns>
void add_noun(Node& node, const Nouns& nouns, El stream_el) {
    std::visit(
        [&]<class Noun>(const Noun& noun) {
            if constexpr (std::is_same_v<Noun, Stream>) {
                node.child(stream(noun, stream_el));
            } else if constexpr (!std::is_same_v<Noun, std::monostate>) {
                node.child(noun_node(noun));
            }
        },
        nouns);
}

}  // namespace

Node node_of(const Parameter& parameter) {
    return Node(El::parameter).need("name", parameter.name).need("value", parameter.value);
}
Node node_of(const Config& config) {
    return Node(El::config).need("name", config.name).need("value", config.value);
}

Node node_of(const Connect& verb) {
    Node node(El::connect);
    node.attr("action", verb.action).attr("method", verb.method);
    add_noun(node, verb.noun, El::connect_stream);
    return node;
}

Node node_of(const Start& verb) {
    Node node(El::start);
    node.attr("action", verb.action).attr("method", verb.method);
    add_noun(node, verb.noun, El::start_stream);
    return node;
}

Node node_of(const Stop& verb) {
    constexpr std::array kNouns{El::stop_stream, El::stop_transcription, El::stop_siprec};
    Node node(El::stop);
    node.child(Node(kNouns[static_cast<std::size_t>(verb.noun)]).need("name", verb.name));
    return node;
}

}  // namespace parley::twilio::twiml

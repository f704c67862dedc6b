#include "twiml_schema.hpp"

#include <algorithm>
#include <array>

namespace parley::sim {
namespace {

#define PARLEY_SSML "break emphasis lang p s phoneme prosody say-as sub w"
#define PARLEY_CALLBACK "statusCallback statusCallbackMethod statusCallbackEvent"
#define PARLEY_RECORDING "recordingStatusCallback recordingStatusCallbackMethod recordingStatusCallbackEvent recordingConfigurationId"
#define PARLEY_AMD                                                                                                 \
    "machineDetection machineDetectionTimeout machineDetectionSpeechThreshold machineDetectionSpeechEndThreshold " \
    "machineDetectionSilenceTimeout amdStatusCallback amdStatusCallbackMethod"

// Verbs and nouns of the voice documents, the reference's section 8. <Stream> and its like are the same under Connect,
// Start and Stop, so one rule serves all.
constexpr std::array kRules{
    TwimlRule{"Response", "",
              "Say Play Gather Record Dial Connect Start Stop Pause Redirect Hangup Reject Enqueue Leave Refer Queue "
              "Sms Echo Pay"},
    TwimlRule{"Say", "voice language loop", PARLEY_SSML},
    TwimlRule{"Play", "loop digits", ""},
    TwimlRule{"Pause", "length", ""},
    TwimlRule{"Gather",
              "action method input timeout finishOnKey numDigits speechTimeout maxSpeechTime language hints "
              "speechModel enhanced "
              "profanityFilter actionOnEmptyResult partialResultCallback partialResultCallbackMethod bargeIn debug",
              "Say Play Pause"},
    TwimlRule{"Record", "action method timeout finishOnKey maxLength playBeep trim transcribe transcribeCallback " PARLEY_RECORDING, ""},
    TwimlRule{"Dial",
              "action method timeout timeLimit callerId callReason answerOnBridge hangupOnStar record recordingTrack "
              "trim ringTone "
              "sequential referUrl referMethod events passports " PARLEY_RECORDING,
              "Number Client Sip Conference Queue Sim Application WhatsApp"},
    TwimlRule{"Number", "sendDigits url method byoc phoneNumberSid " PARLEY_CALLBACK " " PARLEY_AMD, ""},
    TwimlRule{"Client", "url method " PARLEY_CALLBACK, "Identity Parameter"},
    TwimlRule{"Identity", "", ""},
    TwimlRule{"Sip", "url method username password " PARLEY_CALLBACK " " PARLEY_AMD, "Uri Headers"},
    TwimlRule{"Uri", "priority weight username password", ""},
    TwimlRule{"Headers", "", "Header"},
    TwimlRule{"Header", "name value", ""},
    TwimlRule{"Conference",
              "muted startConferenceOnEnter endConferenceOnExit participantLabel jitterBufferSize beep waitUrl "
              "waitMethod maxParticipants "
              "record trim region coach eventCallbackUrl " PARLEY_CALLBACK " " PARLEY_RECORDING,
              ""},
    TwimlRule{"Queue", "url method reservationSid postWorkActivitySid", ""},
    TwimlRule{"Sim", "", ""},
    TwimlRule{"Application", "url method customerId copyParentTo " PARLEY_CALLBACK, "ApplicationSid Parameter"},
    TwimlRule{"ApplicationSid", "", ""},
    TwimlRule{"WhatsApp", "url method " PARLEY_CALLBACK, ""},
    TwimlRule{"Connect", "action method", "Stream ConversationRelay ConversationRelaySession AiSession VirtualAgent Room Conversation Autopilot"},
    TwimlRule{"Start", "action method", "Stream Transcription Siprec Recording"},
    TwimlRule{"Stop", "", "Stream Transcription Siprec"},
    TwimlRule{"Stream", "url name track connectorName audioFormat sampleRate statusCallback statusCallbackMethod", "Parameter"},
    TwimlRule{"Parameter", "name value", ""},
    TwimlRule{"Transcription",
              "name statusCallbackUrl statusCallbackMethod track inboundTrackLabel outboundTrackLabel languageCode "
              "transcriptionEngine "
              "speechModel partialResults profanityFilter hints enableAutomaticPunctuation enableProviderData "
              "intelligenceService "
              "conversationConfiguration conversationId",
              "Config Parameter"},
    TwimlRule{"Siprec", "name connectorName track statusCallback statusCallbackMethod", "Parameter"},
    TwimlRule{"Recording", "channels track trim " PARLEY_RECORDING, ""},
    TwimlRule{"ConversationRelay",
              "url welcomeGreeting welcomeGreetingInterruptible welcomeGreetingLanguage language ttsLanguage ttsProvider "
              "voice "
              "transcriptionLanguage transcriptionProvider speechModel interruptible interruptSensitivity dtmfDetection "
              "reportInputDuringAgentSpeech preemptible hints debug partialPrompts elevenlabsTextNormalization "
              "intelligenceService "
              "conversationConfiguration conversationId profanityFilter speechTimeout events ignoreBackchannel "
              "deepgramSmartFormat eotThreshold backgroundNoiseReduction applicationReconnect turnDetection echoPromptFiltering "
              "deepgramsmartformat ignorebackchannel speechtimeout backgroundnoisereduction",
              "Language Parameter Failover"},
    TwimlRule{"Failover", "", ""},
    TwimlRule{"Language", "code ttsProvider voice transcriptionProvider speechModel", ""},
    TwimlRule{"ConversationRelaySession", "connector sessionConfiguration", ""},
    TwimlRule{"AiSession", "aiConnector aiSessionConfiguration", ""},
    TwimlRule{"VirtualAgent", "connectorName language sentimentAnalysis statusCallback statusCallbackMethod", "Config Parameter"},
    TwimlRule{"Config", "name value", ""},
    TwimlRule{"Room", "participantIdentity", ""},
    TwimlRule{"Conversation",
              "serviceInstanceSid inboundAutocreation routingAssignmentTimeout inboundTimeout url method record "
              "trim " PARLEY_CALLBACK " " PARLEY_RECORDING,
              ""},
    TwimlRule{"Autopilot", "", ""},
    TwimlRule{"Redirect", "method", ""},
    TwimlRule{"Hangup", "", "Parameter"},
    TwimlRule{"Reject", "reason", "Parameter"},
    TwimlRule{"Enqueue", "action method waitUrl waitUrlMethod maxQueueSize workflowSid", "Task"},
    TwimlRule{"Task", "priority timeout", ""},
    TwimlRule{"Leave", "", ""},
    TwimlRule{"Refer", "action method", "Sip"},
    TwimlRule{"Pay",
              "input action paymentConnector paymentMethod chargeAmount currency description tokenType bankAccountType "
              "validCardTypes "
              "securityCode postalCode minPostalCodeLength timeout maxAttempts language statusCallback statusCallbackMethod",
              "Prompt Parameter"},
    TwimlRule{"Prompt", "for errorType cardType attempt requireMatchingInputs", "Say Play Pause"},
    TwimlRule{"Sms", "to from action method statusCallback", ""},
    TwimlRule{"Echo", "", ""},
    TwimlRule{"break", "strength time", ""},
    TwimlRule{"emphasis", "level", PARLEY_SSML},
    TwimlRule{"lang", "xml:lang", PARLEY_SSML},
    TwimlRule{"p", "", PARLEY_SSML},
    TwimlRule{"s", "", PARLEY_SSML},
    TwimlRule{"phoneme", "alphabet ph", ""},
    TwimlRule{"prosody", "volume rate pitch", PARLEY_SSML},
    TwimlRule{"say-as", "interpret-as format", ""},
    TwimlRule{"sub", "alias", ""},
    TwimlRule{"w", "role", PARLEY_SSML},
};

#undef PARLEY_SSML
#undef PARLEY_CALLBACK
#undef PARLEY_RECORDING
#undef PARLEY_AMD

}  // namespace

const TwimlRule* twiml_rule(std::string_view name) {
    const auto at = std::find_if(kRules.begin(), kRules.end(), [&](const TwimlRule& rule) { return rule.name == name; });
    return at == kRules.end() ? nullptr : &*at;
}

bool in_word_list(std::string_view list, std::string_view word) {
    while (!list.empty()) {
        const auto end = std::min(list.find(' '), list.size());
        if (list.substr(0, end) == word) return true;
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return false;
}

}  // namespace parley::sim

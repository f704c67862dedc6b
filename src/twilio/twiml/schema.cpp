#include "schema.hpp"

#include <algorithm>
#include <array>

#include "schema_values.hpp"

namespace parley::twilio::twiml {
namespace {

constexpr std::string_view kCallEvents = "initiated ringing answered completed";
constexpr std::string_view kRecordingEvents = "in-progress completed absent";
constexpr std::string_view kTrim = "trim-silence do-not-trim";
constexpr std::string_view kDialRecord = "do-not-record record-from-answer record-from-ringing record-from-answer-dual record-from-ringing-dual true false";
constexpr std::string_view kInterrupt = "none dtmf speech any true false";

// ---- speech
constexpr std::array kMixedSsml{El::text, El::break_, El::emphasis, El::lang, El::p, El::phoneme, El::prosody, El::s, El::say_as, El::sub, El::w};
constexpr std::array kEmphasisChildren{El::text, El::break_, El::emphasis, El::lang, El::phoneme, El::prosody, El::say_as, El::sub, El::w};
constexpr std::array kParagraphChildren{El::text, El::break_, El::emphasis, El::lang, El::phoneme, El::prosody, El::s, El::say_as, El::sub, El::w};
constexpr std::array kSentenceChildren{El::text, El::break_, El::emphasis, El::lang, El::phoneme, El::prosody, El::say_as, El::sub, El::w};
constexpr std::array kWordChildren{El::text, El::break_, El::emphasis, El::phoneme, El::prosody, El::say_as, El::sub};
constexpr std::array kPrompts{El::say, El::play, El::pause};

constexpr std::array kSay{printable("voice"), language("language", "arb"), integer("loop", 0, 1000)};
constexpr std::array kPlay{integer("loop", 0, 1000), chars("digits", "0123456789*#ABCDwW", 1, 256)};
constexpr std::array kPause{integer("length", 0, kAny)};
constexpr std::array kGather{url("action"),
                             method(),
                             one_of("input", "dtmf|speech|dtmf speech|speech dtmf"),
                             integer("timeout", 0, kAny),
                             chars("finishOnKey", kKeypad, 0, 1),
                             integer("numDigits", 1, kAny),
                             integer_or("speechTimeout", "auto", 1, kAny),
                             integer("maxSpeechTime", 1, 60),
                             language("language"),
                             hints(),
                             one_of("speechModel",
                                    "default numbers_and_commands phone_call experimental_conversations experimental_utterances googlev2_long "
                                    "googlev2_short googlev2_telephony googlev2_telephony_short deepgram_nova-2* deepgram_nova-3*"),
                             flag("enhanced"),
                             flag("profanityFilter"),
                             flag("actionOnEmptyResult"),
                             url("partialResultCallback"),
                             method("partialResultCallbackMethod"),
                             flag("bargeIn"),
                             flag("debug")};
constexpr std::array kRecord{url("action"),
                             method(),
                             integer("timeout", 0, kAny),
                             chars("finishOnKey", kKeypad, 0, 12),
                             integer("maxLength", 1, 14400),
                             flag("playBeep"),
                             one_of("trim", kTrim),
                             url("recordingStatusCallback"),
                             method("recordingStatusCallbackMethod"),
                             words("recordingStatusCallbackEvent", kRecordingEvents),
                             flag("transcribe"),
                             url("transcribeCallback"),
                             printable("recordingConfigurationId")};
constexpr std::array kBreak{one_of("strength", "none x-weak weak medium strong x-strong"), of_kind("time", Kind::break_time)};
constexpr std::array kEmphasis{one_of("level", "strong moderate reduced")};
constexpr std::array kLang{required(language("xml:lang", "arb"))};
constexpr std::array kPhoneme{one_of("alphabet", "ipa x-sampa x-amazon-jyutping x-amazon-pinyin x-amazon-pron-kana x-amazon-yomigana"),
                              required(text("ph", 256))};
constexpr std::array kProsody{printable("volume", 32), printable("rate", 32), printable("pitch", 32)};
constexpr std::array kSayAs{
    required(one_of("interpret-as", "characters spell-out cardinal number ordinal digits fraction unit date time address expletive telephone")),
    one_of("format", "mdy dmy ymd md dm ym my d m y yyyymmdd")};
constexpr std::array kSub{required(text("alias", 256))};
constexpr std::array kW{printable("role", 64)};

// ---- dial
constexpr std::array kDialNouns{El::number, El::client, El::sip, El::conference, El::queue, El::sim, El::application, El::whatsapp};
constexpr std::array kDial{url("action"),
                           method(),
                           integer("timeout", 5, 600),
                           integer("timeLimit", 1, 86400),
                           printable("callerId"),
                           text("callReason", 50),
                           flag("answerOnBridge"),
                           flag("hangupOnStar"),
                           one_of("record", kDialRecord),
                           one_of("recordingTrack", "inbound outbound both"),
                           one_of("trim", kTrim),
                           url("recordingStatusCallback"),
                           method("recordingStatusCallbackMethod"),
                           words("recordingStatusCallbackEvent", kRecordingEvents),
                           printable("recordingConfigurationId"),
                           one_of("ringTone",
                                  "at au bg br be ch cl cn cz de dk ee es fi fr gr hu il in it lt jp mx my nl no nz ph "
                                  "pl pt ru se sg th uk us us-old tw ve za"),
                           flag("sequential"),
                           url("referUrl"),
                           method("referMethod"),
                           text("events", 256),
                           text("passports", 4096)};
constexpr ValueSpec kMachineDetection = one_of("machineDetection", "Enable DetectMessageEnd");
constexpr std::array kNumber{chars("sendDigits", "0123456789*#wW", 1, 256),
                             url("url"),
                             method(),
                             url("statusCallback"),
                             words("statusCallbackEvent", kCallEvents),
                             method("statusCallbackMethod"),
                             sid("byoc", "BY"),
                             kMachineDetection,
                             integer("machineDetectionTimeout", 3, 59),
                             integer("machineDetectionSpeechThreshold", 1000, 6000),
                             integer("machineDetectionSpeechEndThreshold", 500, 5000),
                             integer("machineDetectionSilenceTimeout", 2000, 10000),
                             url("amdStatusCallback"),
                             method("amdStatusCallbackMethod"),
                             sid("phoneNumberSid", "PN")};
constexpr std::array kClient{url("url"), method(), url("statusCallback"), words("statusCallbackEvent", kCallEvents), method("statusCallbackMethod")};
constexpr std::array kClientChildren{El::identity, El::parameter};
constexpr std::array kSip{url("url"),
                          method(),
                          url("statusCallback"),
                          words("statusCallbackEvent", kCallEvents),
                          method("statusCallbackMethod"),
                          kMachineDetection,
                          integer("machineDetectionTimeout", 3, 59),
                          integer("machineDetectionSpeechThreshold", 1000, 6000),
                          integer("machineDetectionSpeechEndThreshold", 500, 5000),
                          integer("machineDetectionSilenceTimeout", 2000, 10000),
                          url("amdStatusCallback"),
                          method("amdStatusCallbackMethod"),
                          text("username", 256),
                          text("password", 256)};
constexpr std::array kSipChildren{El::uri, El::headers};
constexpr std::array kUri{integer("priority", 0, 65535), integer("weight", 0, 65535), text("username", 256), text("password", 256)};
constexpr std::array kHeadersChildren{El::header};
constexpr std::array kHeader{required(printable("name")), text("value", 1024)};
constexpr std::array kConference{flag("muted"),
                                 flag("startConferenceOnEnter"),
                                 flag("endConferenceOnExit"),
                                 text("participantLabel", 128),
                                 one_of("jitterBufferSize", "off small medium large"),
                                 one_of("beep", "true false onEnter onExit"),
                                 ValueSpec{"waitUrl", Kind::url, "empty"},
                                 method("waitMethod"),
                                 integer("maxParticipants", 2, 250),
                                 one_of("record", "do-not-record record-from-start"),
                                 one_of("trim", kTrim),
                                 one_of("region", "us1 us2 ie1 sg1 br1 au1 jp1 de1"),
                                 sid("coach", "CA"),
                                 url("statusCallback"),
                                 words("statusCallbackEvent", "start end join leave mute hold modify speaker announcement"),
                                 method("statusCallbackMethod"),
                                 url("recordingStatusCallback"),
                                 method("recordingStatusCallbackMethod"),
                                 words("recordingStatusCallbackEvent", kRecordingEvents),
                                 printable("recordingConfigurationId"),
                                 url("eventCallbackUrl")};
constexpr std::array kQueue{url("url"), method(), sid("reservationSid", "WR"), sid("postWorkActivitySid", "WA")};
constexpr std::array kApplication{
    url("url"),          method(), url("statusCallback"), words("statusCallbackEvent", kCallEvents), method("statusCallbackMethod"), printable("customerId"),
    flag("copyParentTo")};
constexpr std::array kApplicationChildren{El::application_sid, El::parameter};
constexpr std::array kWhatsApp{url("url"), method(), url("statusCallback"), words("statusCallbackEvent", kCallEvents), method("statusCallbackMethod")};
constexpr std::array kEnqueue{url("action"), method(), sid("workflowSid", "WW"), url("waitUrl"), method("waitUrlMethod"), integer("maxQueueSize", 1, 5000)};
constexpr std::array kEnqueueChildren{El::task};
constexpr std::array kTask{integer("priority", 0, kAny), integer("timeout", 1, kAny)};
constexpr std::array kRefer{url("action"), method()};
constexpr std::array kReferChildren{El::refer_sip};

// ---- connect, start, stop
constexpr std::array kActionMethod{url("action"), method()};
constexpr std::array kConnectNouns{El::connect_stream, El::relay, El::relay_session, El::ai_session,
                                   El::virtual_agent,  El::room,  El::conversation,  El::autopilot};
constexpr std::array kStartNouns{El::start_stream, El::transcription, El::siprec, El::recording};
constexpr std::array kStopNouns{El::stop_stream, El::stop_transcription, El::stop_siprec};
constexpr std::array kParameterOnly{El::parameter};
constexpr std::array kConfigAndParameter{El::config, El::parameter};
constexpr std::array kConnectStream{
    of_kind("url", Kind::wss),      printable("name"),          one_of("track", "inbound_track"), absolute_url("statusCallback"),
    method("statusCallbackMethod"), printable("connectorName"), printable("audioFormat"),         printable("sampleRate")};
constexpr std::array kStartStream{of_kind("url", Kind::wss),
                                  printable("name"),
                                  one_of("track", "inbound_track outbound_track both_tracks"),
                                  absolute_url("statusCallback"),
                                  method("statusCallbackMethod"),
                                  printable("connectorName"),
                                  printable("audioFormat"),
                                  printable("sampleRate")};
constexpr std::array kNameOnly{required(printable("name"))};
constexpr std::array kRelay{required(of_kind("url", Kind::wss_query)),
                            text("welcomeGreeting", 4096),
                            one_of("welcomeGreetingInterruptible", kInterrupt),
                            language("language"),
                            language("ttsLanguage"),
                            language("transcriptionLanguage", "multi"),
                            one_of("ttsProvider", "ElevenLabs Google Amazon"),
                            printable("voice"),
                            one_of("transcriptionProvider", "Deepgram Google deepgram google"),
                            printable("speechModel"),
                            one_of("interruptible", kInterrupt),
                            one_of("interruptSensitivity", "low medium high"),
                            flag("dtmfDetection"),
                            one_of("reportInputDuringAgentSpeech", kInterrupt),
                            flag("preemptible"),
                            hints(),
                            flag("partialPrompts"),
                            integer_or("speechTimeout", "auto", 600, 5000),
                            decimal("eotThreshold", 500, 900),
                            flag("ignoreBackchannel"),
                            flag("profanityFilter"),
                            flag("deepgramSmartFormat"),
                            one_of("elevenlabsTextNormalization", "on auto off"),
                            printable("backgroundNoiseReduction"),
                            words("events", "speaker-events tokens-played config-updated"),
                            words("debug", "debugging speaker-events tokens-played"),
                            printable("intelligenceService"),
                            printable("conversationConfiguration"),
                            flag("applicationReconnect"),
                            printable("turnDetection"),
                            printable("echoPromptFiltering")};
constexpr std::array kRelayChildren{El::relay_language, El::parameter};
constexpr std::array kRelayLanguage{required(language("code", "multi")), one_of("ttsProvider", "ElevenLabs Google Amazon"), printable("voice"),
                                    one_of("transcriptionProvider", "Deepgram Google deepgram google"), printable("speechModel")};
constexpr std::array kRelaySession{printable("connector"), printable("sessionConfiguration")};
constexpr std::array kAiSession{printable("aiConnector"), printable("aiSessionConfiguration")};
constexpr std::array kVirtualAgent{required(printable("connectorName")), language("language"), flag("sentimentAnalysis"), url("statusCallback"),
                                   method("statusCallbackMethod")};
constexpr std::array kRoom{text("participantIdentity", 256)};
constexpr std::array kConversation{sid("serviceInstanceSid", "IS"),
                                   flag("inboundAutocreation"),
                                   integer("routingAssignmentTimeout", 0, kAny),
                                   integer("inboundTimeout", 0, kAny),
                                   url("url"),
                                   method(),
                                   one_of("record", kDialRecord),
                                   one_of("trim", kTrim),
                                   url("recordingStatusCallback"),
                                   method("recordingStatusCallbackMethod"),
                                   words("recordingStatusCallbackEvent", kRecordingEvents),
                                   url("statusCallback"),
                                   words("statusCallbackEvent", "call-initiated call-ringing call-answered call-completed"),
                                   method("statusCallbackMethod")};
constexpr std::array kTranscription{printable("name"),
                                    absolute_url("statusCallbackUrl"),
                                    method("statusCallbackMethod"),
                                    one_of("track", "inbound_track outbound_track both_tracks"),
                                    text("inboundTrackLabel", 128),
                                    text("outboundTrackLabel", 128),
                                    language("languageCode", "multi"),
                                    one_of("transcriptionEngine", "google deepgram"),
                                    printable("speechModel"),
                                    flag("partialResults"),
                                    flag("profanityFilter"),
                                    hints(),
                                    flag("enableAutomaticPunctuation"),
                                    flag("enableProviderData"),
                                    printable("intelligenceService"),
                                    printable("conversationConfiguration"),
                                    printable("conversationId")};
constexpr std::array kRecording{
    absolute_url("recordingStatusCallback"), method("recordingStatusCallbackMethod"),  words("recordingStatusCallbackEvent", kRecordingEvents),
    one_of("channels", "mono dual"),         one_of("track", "inbound outbound both"), one_of("trim", kTrim),
    printable("recordingConfigurationId")};
constexpr std::array kSiprec{printable("name"), printable("connectorName"), one_of("track", "inbound_track outbound_track both_tracks"), url("statusCallback"),
                             method("statusCallbackMethod")};
constexpr std::array kNameValue{required(text("name", 499)), text("value", 499)};
constexpr std::array kConfigNameValue{required(text("name", 256)), text("value", 4096)};

// ---- the rest
constexpr std::array kRedirect{method()};
constexpr std::array kReject{one_of("reason", "rejected busy")};
constexpr std::array kPay{one_of("input", "dtmf"),
                          url("action"),
                          printable("paymentConnector"),
                          one_of("paymentMethod", "credit-card ach-debit"),
                          decimal("chargeAmount", 0, 1'000'000'000),
                          chars("currency", "abcdefghijklmnopqrstuvwxyz", 3, 3),
                          text("description", 256),
                          one_of("tokenType", "reusable one-time payment-method"),
                          one_of("bankAccountType", "consumer-checking consumer-savings commercial-checking commercial-savings"),
                          words("validCardTypes", "visa mastercard amex maestro discover optima jcb diners-club enroute"),
                          flag("securityCode"),
                          printable("postalCode", 16),
                          integer("minPostalCodeLength", 0, 16),
                          integer("timeout", 1, kAny),
                          integer("maxAttempts", 1, 100),
                          language("language"),
                          url("statusCallback"),
                          method("statusCallbackMethod")};
constexpr std::array kPayChildren{El::prompt, El::parameter};
constexpr std::array kPrompt{words("for",
                                   "payment-card-number expiration-date security-code postal-code payment-processing bank-account-number "
                                   "bank-routing-number"),
                             words("errorType",
                                   "timeout invalid-card-number invalid-card-type invalid-date invalid-security-code invalid-postal-code "
                                   "session-in-progress card-declined invalid-bank-account-number invalid-bank-routing-number "
                                   "input-matching-failed card-input-timeout"),
                             words("cardType", "visa mastercard amex maestro discover optima jcb diners-club enroute"),
                             ValueSpec{"attempt", Kind::integers, {}, 1, 10}, flag("requireMatchingInputs")};
constexpr std::array kSms{of_kind("to", Kind::phone), of_kind("from", Kind::phone), url("action"), method(), url("statusCallback")};
constexpr std::array kMessage{text("to", 256), text("from", 256), url("action"), method(), url("statusCallback")};
constexpr std::array kMessageChildren{El::body, El::media};
constexpr std::array kVoiceVerbs{El::say,    El::play,   El::pause,   El::gather, El::record, El::dial, El::connect, El::start, El::stop, El::redirect,
                                 El::hangup, El::reject, El::enqueue, El::leave,  El::refer,  El::pay,  El::queue,   El::sms,   El::echo};
constexpr std::array kMessagingVerbs{El::message, El::redirect};

constexpr ValueSpec kNoText{};
constexpr ValueSpec kUrlText{{}, Kind::url};
constexpr ValueSpec kNeedsUrl = required(kUrlText);
constexpr ValueSpec kPhoneText{{}, Kind::phone};

constexpr std::array kSpecs{
    ElementSpec{El::voice_response, "Response", kNoText, {}, kVoiceVerbs},
    ElementSpec{El::messaging_response, "Response", kNoText, {}, kMessagingVerbs},
    ElementSpec{El::text, "text", {{}, Kind::text}, {}, {}},
    ElementSpec{El::say, "Say", kNoText, kSay, kMixedSsml},
    ElementSpec{El::play, "Play", kUrlText, kPlay, {}},
    ElementSpec{El::pause, "Pause", kNoText, kPause, {}},
    ElementSpec{El::gather, "Gather", kNoText, kGather, kPrompts},
    ElementSpec{El::record, "Record", kNoText, kRecord, {}},
    ElementSpec{El::break_, "break", kNoText, kBreak, {}},
    ElementSpec{El::emphasis, "emphasis", kNoText, kEmphasis, kEmphasisChildren},
    ElementSpec{El::lang, "lang", kNoText, kLang, kMixedSsml},
    ElementSpec{El::p, "p", kNoText, {}, kParagraphChildren},
    ElementSpec{El::s, "s", kNoText, {}, kSentenceChildren},
    ElementSpec{El::phoneme, "phoneme", required({{}, Kind::text}), kPhoneme, {}},
    ElementSpec{El::prosody, "prosody", kNoText, kProsody, kMixedSsml},
    ElementSpec{El::say_as, "say-as", required({{}, Kind::text}), kSayAs, {}},
    ElementSpec{El::sub, "sub", required({{}, Kind::text}), kSub, {}},
    ElementSpec{El::w, "w", kNoText, kW, kWordChildren},
    ElementSpec{El::dial, "Dial", kPhoneText, kDial, kDialNouns},
    ElementSpec{El::number, "Number", required(kPhoneText), kNumber, {}},
    ElementSpec{El::client, "Client", {{}, Kind::text, {}, 0, 256}, kClient, kClientChildren},
    ElementSpec{El::identity, "Identity", required({{}, Kind::text, {}, 0, 256}), {}, {}},
    ElementSpec{El::sip, "Sip", {{}, Kind::sip_uri}, kSip, kSipChildren},
    ElementSpec{El::uri, "Uri", required({{}, Kind::sip_uri}), kUri, {}},
    ElementSpec{El::headers, "Headers", kNoText, {}, kHeadersChildren},
    ElementSpec{El::header, "Header", kNoText, kHeader, {}},
    ElementSpec{El::conference, "Conference", required({{}, Kind::text, {}, 0, 128}), kConference, {}},
    ElementSpec{El::queue, "Queue", required({{}, Kind::text, {}, 0, 128}), kQueue, {}},
    ElementSpec{El::sim, "Sim", required({{}, Kind::sid}), {}, {}},
    ElementSpec{El::application, "Application", {{}, Kind::sid, "AP"}, kApplication, kApplicationChildren},
    ElementSpec{El::application_sid, "ApplicationSid", required({{}, Kind::sid, "AP"}), {}, {}},
    ElementSpec{El::whatsapp, "WhatsApp", required({{}, Kind::phone, "whatsapp:"}), kWhatsApp, {}},
    ElementSpec{El::enqueue, "Enqueue", {{}, Kind::text, {}, 0, 128}, kEnqueue, kEnqueueChildren},
    ElementSpec{El::task, "Task", required({{}, Kind::text, {}, 0, 4096}), kTask, {}},
    ElementSpec{El::refer, "Refer", kNoText, kRefer, kReferChildren},
    ElementSpec{El::refer_sip, "Sip", required({{}, Kind::sip_uri}), {}, {}},
    ElementSpec{El::connect, "Connect", kNoText, kActionMethod, kConnectNouns},
    ElementSpec{El::start, "Start", kNoText, kActionMethod, kStartNouns},
    ElementSpec{El::stop, "Stop", kNoText, {}, kStopNouns},
    ElementSpec{El::connect_stream, "Stream", kNoText, kConnectStream, kParameterOnly},
    ElementSpec{El::start_stream, "Stream", kNoText, kStartStream, kParameterOnly},
    ElementSpec{El::stop_stream, "Stream", kNoText, kNameOnly, {}},
    ElementSpec{El::relay, "ConversationRelay", kNoText, kRelay, kRelayChildren},
    ElementSpec{El::relay_language, "Language", kNoText, kRelayLanguage, {}},
    ElementSpec{El::relay_session, "ConversationRelaySession", kNoText, kRelaySession, {}},
    ElementSpec{El::ai_session, "AiSession", kNoText, kAiSession, {}},
    ElementSpec{El::virtual_agent, "VirtualAgent", kNoText, kVirtualAgent, kConfigAndParameter},
    ElementSpec{El::room, "Room", required({{}, Kind::text, {}, 0, 128}), kRoom, {}},
    ElementSpec{El::conversation, "Conversation", kNoText, kConversation, {}},
    ElementSpec{El::autopilot, "Autopilot", required({{}, Kind::text, {}, 0, 128}), {}, {}},
    ElementSpec{El::transcription, "Transcription", kNoText, kTranscription, kConfigAndParameter},
    ElementSpec{El::stop_transcription, "Transcription", kNoText, kNameOnly, {}},
    ElementSpec{El::recording, "Recording", kNoText, kRecording, {}},
    ElementSpec{El::siprec, "Siprec", kNoText, kSiprec, kParameterOnly},
    ElementSpec{El::stop_siprec, "Siprec", kNoText, kNameOnly, {}},
    ElementSpec{El::parameter, "Parameter", kNoText, kNameValue, {}},
    ElementSpec{El::config, "Config", kNoText, kConfigNameValue, {}},
    ElementSpec{El::redirect, "Redirect", kNeedsUrl, kRedirect, {}},
    ElementSpec{El::hangup, "Hangup", kNoText, {}, kParameterOnly},
    ElementSpec{El::reject, "Reject", kNoText, kReject, kParameterOnly},
    ElementSpec{El::leave, "Leave", kNoText, {}, {}},
    ElementSpec{El::pay, "Pay", kNoText, kPay, kPayChildren},
    ElementSpec{El::prompt, "Prompt", kNoText, kPrompt, kPrompts},
    ElementSpec{El::sms, "Sms", required({{}, Kind::text, {}, 0, 1600}), kSms, {}},
    ElementSpec{El::echo, "Echo", kNoText, {}, {}},
    ElementSpec{El::message, "Message", {{}, Kind::text, {}, 0, 1600}, kMessage, kMessageChildren},
    ElementSpec{El::body, "Body", required({{}, Kind::text, {}, 0, 1600}), {}, {}},
    ElementSpec{El::media, "Media", required({{}, Kind::absolute_url}), {}, {}},
};

constexpr bool in_order() {
    for (std::size_t i = 0; i < kSpecs.size(); ++i) {
        if (static_cast<std::size_t>(kSpecs[i].id) != i) return false;
    }
    return true;
}
static_assert(in_order(), "the table follows the enumeration");
static_assert(kSpecs.size() == static_cast<std::size_t>(El::media) + 1);

}  // namespace

const ElementSpec& spec_of(El el) {
    return kSpecs[static_cast<std::size_t>(el)];
}
std::span<const ElementSpec> all_specs() {
    return kSpecs;
}

const ValueSpec* find_attribute(const ElementSpec& spec, std::string_view name) {
    const auto it = std::find_if(spec.attributes.begin(), spec.attributes.end(), [&](const ValueSpec& v) { return v.name == name; });
    return it == spec.attributes.end() ? nullptr : &*it;
}

}  // namespace parley::twilio::twiml

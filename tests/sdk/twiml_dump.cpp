// Prints one line a case, its name and the document our builder makes of it, for the proof that compares them with the official SDK's: every verb,
// every noun and every attribute of include/parley/twilio/twiml/*.hpp is in one of them. Ends with 1 when a case is refused.

#include <cstdio>
#include <string>

#include "parley/twilio/twiml.hpp"

namespace {

using namespace parley::twilio;
namespace t = parley::twilio::twiml;

constexpr const char* kUrl = "https://gw.example.com/a?b=1&c=2";
int failures = 0;

void print(const char* name, const TwimlDocument& document) {
    const auto xml = document.str();
    if (!xml) {
        std::fprintf(stderr, "%s: %.*s\n", name, static_cast<int>(document.problem().size()), document.problem().data());
        ++failures;
        return;
    }
    std::printf("%s\t%s\n", name, xml->c_str());
}

void voice(const char* name, const t::Verb& verb) {
    TwimlResponse response;
    response.add(verb);
    print(name, response);
}
void dial(const char* name, t::DialNoun noun) {
    t::Dial verb;
    verb.nouns.push_back(std::move(noun));
    voice(name, verb);
}
void connect(const char* name, t::ConnectNoun noun) {
    t::Connect verb;
    verb.noun = std::move(noun);
    voice(name, verb);
}
void start(const char* name, t::StartNoun noun) {
    t::Start verb;
    verb.noun = std::move(noun);
    voice(name, verb);
}

t::StatusCallback progress() {
    return {.url = kUrl, .event = "initiated ringing answered completed", .method = "POST"};
}
t::RecordingStatusCallback recorded() {
    return {.url = kUrl, .method = "GET", .event = "in-progress completed absent"};
}
t::MachineDetection machines() {
    return {.mode = "DetectMessageEnd",
            .timeout = 20,
            .speech_threshold = 2000,
            .speech_end_threshold = 1000,
            .silence_timeout = 4000,
            .callback = kUrl,
            .callback_method = "POST"};
}

void speech() {
    voice("say", t::Say{.text = "Fish & chips <now> \"hot\" für dich", .voice = "Polly.Joanna-Neural", .language = "en-US", .loop = 2});
    using namespace t::ssml;
    voice("say_ssml", t::Say{.text = "Hello ",
                             .voice = "Polly.Joanna",
                             .ssml = {break_("strong", "500ms"), emphasis("strong", {text("you")}), lang("fr-FR", {text("bonjour")}), p({text("a paragraph")}),
                                      s({text("a sentence")}), phoneme("ipa", "pɪˈkɑːn", "pecan"), prosody("loud", "slow", "+10%", {text("loudly")}),
                                      say_as("date", "01022026", "mdy"), sub("World Wide Web Consortium", "W3C"), t::ssml::w("amazon:VB", {text("read")})}});
    voice("play", t::Play{.url = "https://gw.example.com/a.mp3", .loop = 3, .digits = {}});
    voice("play_digits", t::Play{.url = {}, .loop = {}, .digits = "12w34#"});
    voice("pause", t::Pause{.length = 4});
    t::Gather gather;
    gather.action = kUrl;
    gather.method = "GET";
    gather.input = "dtmf speech";
    gather.timeout = 4;
    gather.finish_on_key = "*";
    gather.num_digits = 5;
    gather.speech_timeout = "auto";
    gather.max_speech_time = 20;
    gather.language = "en-GB";
    gather.hints = "yes, no, $OOV_CLASS_DIGIT_SEQUENCE";
    gather.speech_model = "phone_call";
    gather.enhanced = true;
    gather.profanity_filter = false;
    gather.action_on_empty_result = true;
    gather.partial_result_callback = kUrl;
    gather.partial_result_callback_method = "POST";
    gather.barge_in = true;
    gather.debug = false;
    gather.prompts = {t::Say{.text = "Say or press something."}, t::Play{.url = "https://gw.example.com/b.wav"}, t::Pause{.length = 1}};
    voice("gather", gather);
    t::Record record;
    record.action = kUrl;
    record.method = "POST";
    record.timeout = 7;
    record.finish_on_key = "#";
    record.max_length = 60;
    record.play_beep = false;
    record.trim = "do-not-trim";
    record.recording_status_callback = recorded();
    record.transcribe = true;
    record.transcribe_callback = kUrl;
    record.recording_configuration_id = "config1";
    voice("record", record);
}

void dialling() {
    t::Dial all;
    all.number = "+14155550100";
    all.action = kUrl;
    all.method = "POST";
    all.timeout = 20;
    all.time_limit = 600;
    all.caller_id = "+18005551212";
    all.call_reason = "Your table";
    all.answer_on_bridge = true;
    all.hangup_on_star = false;
    all.record = "record-from-answer-dual";
    all.recording_track = "inbound";
    all.trim = "trim-silence";
    all.recording_status_callback = recorded();
    all.recording_configuration_id = "config1";
    all.ring_tone = "de";
    all.sequential = true;
    all.refer_url = kUrl;
    all.refer_method = "POST";
    all.events = "call-progress-event";
    all.passports = "token";
    voice("dial", all);
    dial("dial_number", t::Number{.number = "+14155550100",
                                  .send_digits = "wW12#",
                                  .url = kUrl,
                                  .method = "GET",
                                  .status_callback = progress(),
                                  .byoc = "BY0123456789abcdef0123456789abcdef",
                                  .machine_detection = machines(),
                                  .phone_number_sid = "PN0123456789abcdef0123456789abcdef"});
    dial("dial_client", t::Client{.identity = "ann", .url = kUrl, .method = "POST", .status_callback = progress(), .parameters = {}});
    dial("dial_client_parameters", t::Client{.identity = "ann", .parameters = {{"first", "1 & 2"}, {"second", "<b>"}}});
    dial("dial_sip", t::Sip{.uri = "sip:ann@pbx.example.com?X-A=1&X-B=2",
                            .url = kUrl,
                            .method = "POST",
                            .status_callback = progress(),
                            .machine_detection = machines(),
                            .username = "ann",
                            .password = "secret"});
    dial("dial_sip_uris",
         t::Sip{.uris = {{.uri = "sip:a@pbx.example.com", .priority = 1, .weight = 2, .username = "u", .password = "p"}, {.uri = "sip:b@pbx.example.com"}},
                .headers = {{"X-Account", "7"}}});
    t::Conference room;
    room.name = "Room & Co";
    room.muted = true;
    room.start_conference_on_enter = false;
    room.end_conference_on_exit = true;
    room.participant_label = "boss";
    room.jitter_buffer_size = "small";
    room.beep = "onEnter";
    room.wait_url = kUrl;
    room.wait_method = "GET";
    room.max_participants = 5;
    room.record = "record-from-start";
    room.trim = "do-not-trim";
    room.region = "ie1";
    room.coach = "CA0123456789abcdef0123456789abcdef";
    room.status_callback = {.url = kUrl, .event = "start end join leave mute hold modify speaker announcement", .method = "POST"};
    room.recording_status_callback = recorded();
    room.recording_configuration_id = "config1";
    room.event_callback_url = kUrl;
    dial("dial_conference", room);
    dial("dial_queue", t::Queue{.name = "support",
                                .url = kUrl,
                                .method = "POST",
                                .reservation_sid = "WR0123456789abcdef0123456789abcdef",
                                .post_work_activity_sid = "WA0123456789abcdef0123456789abcdef"});
    dial("dial_sim", t::Sim{.sid = "DE0123456789abcdef0123456789abcdef"});
    dial("dial_application", t::Application{.sid = "AP0123456789abcdef0123456789abcdef",
                                            .url = kUrl,
                                            .method = "POST",
                                            .status_callback = progress(),
                                            .customer_id = "c1",
                                            .copy_parent_to = true,
                                            .parameters = {}});
    dial("dial_application_parameters", t::Application{.sid = "AP0123456789abcdef0123456789abcdef", .parameters = {{"n", "v"}}});
    dial("dial_whatsapp", t::WhatsApp{.number = "+14155550100", .url = kUrl, .method = "POST", .status_callback = progress()});
    voice("refer", t::Refer{.sip = "sip:ann@pbx.example.com", .action = kUrl, .method = "POST"});
    voice("enqueue", t::Enqueue{.name = "support", .action = kUrl, .method = "POST", .wait_url = kUrl, .wait_url_method = "GET", .max_queue_size = 20});
    voice("enqueue_task", t::Enqueue{.name = {},
                                     .task = t::Task{.json = "{\"skill\":\"billing & more\"}", .priority = 5, .timeout = 60},
                                     .workflow_sid = "WW0123456789abcdef0123456789abcdef"});
}

void relay() {
    t::ConversationRelay all;
    all.url = "wss://gw.example.com/relay?a=1&b=2";
    all.welcome_greeting = "Hello, how can I help?";
    all.welcome_greeting_interruptible = "speech";
    all.language = "en-US";
    all.tts_language = "en-US";
    all.transcription_language = "en-US";
    all.tts_provider = "ElevenLabs";
    all.voice = "UgBBYS2sOqTuMpoF3BR0";
    all.transcription_provider = "Deepgram";
    all.speech_model = "nova-3-general";
    all.interruptible = "any";
    all.interrupt_sensitivity = "high";
    all.dtmf_detection = true;
    all.report_input_during_agent_speech = "none";
    all.preemptible = true;
    all.hints = "Parley, Twilio";
    all.partial_prompts = true;
    all.speech_timeout = "1000";
    all.eot_threshold = "0.7";
    all.ignore_backchannel = true;
    all.profanity_filter = false;
    all.deepgram_smart_format = true;
    all.elevenlabs_text_normalization = "on";
    all.background_noise_reduction = "true";
    all.events = "speaker-events tokens-played";
    all.debug = "debugging speaker-events";
    all.intelligence_service = "GA0123456789abcdef0123456789abcdef";
    all.conversation_configuration = "conv_configuration_1";
    all.application_reconnect = true;
    all.turn_detection = "standard";
    all.echo_prompt_filtering = "false";
    all.languages = {
        {.code = "de-DE", .tts_provider = "Google", .voice = "de-DE-Chirp3-HD-Aoede", .transcription_provider = "Google", .speech_model = "telephony"}};
    all.parameters = {{"call", "1 & 2"}};
    connect("connect_conversation_relay", all);
}

void connecting() {
    const std::vector<t::Parameter> parameters{{"t", "a & b"}, {"u", "<c>"}};
    t::Connect plain;
    plain.action = kUrl;
    plain.method = "POST";
    plain.noun = t::Stream{.url = "wss://gw.example.com/media",
                           .name = "main",
                           .track = "inbound_track",
                           .status_callback = kUrl,
                           .status_callback_method = "POST",
                           .parameters = parameters};
    voice("connect_stream", plain);
    connect("connect_stream_connector", t::Stream{.connector_name = "my-connector", .audio_format = "l16", .sample_rate = "16000"});
    relay();
    connect("connect_relay_session", t::ConversationRelaySession{.connector = "conn", .session_configuration = "conf"});
    connect("connect_ai_session", t::AiSession{.ai_connector = "conn", .ai_session_configuration = "conf"});
    connect("connect_virtual_agent", t::VirtualAgent{.connector_name = "agent",
                                                     .language = "en-US",
                                                     .sentiment_analysis = true,
                                                     .status_callback = kUrl,
                                                     .status_callback_method = "POST",
                                                     .configs = {{"welcomeIntent", "hello"}},
                                                     .parameters = {{"customer", "7"}}});
    connect("connect_room", t::Room{.name = "daily", .participant_identity = "ann"});
    t::Conversation conversation;
    conversation.service_instance_sid = "IS0123456789abcdef0123456789abcdef";
    conversation.inbound_autocreation = true;
    conversation.routing_assignment_timeout = 20;
    conversation.inbound_timeout = 30;
    conversation.url = kUrl;
    conversation.method = "POST";
    conversation.record = "record-from-answer";
    conversation.trim = "trim-silence";
    conversation.recording_status_callback = recorded();
    conversation.status_callback = {.url = kUrl, .event = "call-initiated call-ringing call-answered call-completed", .method = "POST"};
    connect("connect_conversation", conversation);
    connect("connect_autopilot", t::Autopilot{.name = "UA0123456789abcdef0123456789abcdef"});

    t::Start with_action;
    with_action.action = kUrl;
    with_action.method = "POST";
    with_action.noun = t::Stream{.url = "wss://gw.example.com/listen",
                                 .name = "copy",
                                 .track = "both_tracks",
                                 .status_callback = kUrl,
                                 .status_callback_method = "GET",
                                 .parameters = parameters};
    voice("start_stream", with_action);
    t::Transcription transcription;
    transcription.name = "live";
    transcription.status_callback_url = kUrl;
    transcription.status_callback_method = "POST";
    transcription.track = "both_tracks";
    transcription.inbound_track_label = "caller";
    transcription.outbound_track_label = "agent";
    transcription.language_code = "en-US";
    transcription.transcription_engine = "deepgram";
    transcription.speech_model = "nova-2";
    transcription.partial_results = true;
    transcription.profanity_filter = false;
    transcription.hints = "Parley";
    transcription.enable_automatic_punctuation = true;
    transcription.enable_provider_data = true;
    transcription.intelligence_service = "GA0123456789abcdef0123456789abcdef";
    transcription.conversation_configuration = "conv1";
    transcription.conversation_id = "id1";
    transcription.configs = {{"c", "1"}};
    transcription.parameters = {{"p", "2"}};
    start("start_transcription", transcription);
    start("start_recording",
          t::Recording{
              .recording_status_callback = recorded(), .channels = "dual", .track = "both", .trim = "do-not-trim", .recording_configuration_id = "config1"});
    start("start_siprec", t::Siprec{.name = "rec",
                                    .connector_name = "conn",
                                    .track = "both_tracks",
                                    .status_callback = kUrl,
                                    .status_callback_method = "POST",
                                    .parameters = {{"p", "2"}}});
    voice("stop_stream", t::Stop{.noun = t::Stop::Noun::stream, .name = "copy"});
    voice("stop_transcription", t::Stop{.noun = t::Stop::Noun::transcription, .name = "live"});
    voice("stop_siprec", t::Stop{.noun = t::Stop::Noun::siprec, .name = "rec"});
}

void others() {
    voice("redirect", t::Redirect{.url = kUrl, .method = "GET"});
    voice("hangup", t::Hangup{});
    voice("hangup_parameter", t::Hangup{.parameter = t::Parameter{"why", "done"}});
    voice("reject", t::Reject{.reason = "busy"});
    voice("reject_parameter", t::Reject{.parameter = t::Parameter{"why", "spam"}});
    voice("leave", t::Leave{});
    voice("echo", t::Echo{});
    voice("queue", t::Queue{.name = "support",
                            .url = kUrl,
                            .method = "POST",
                            .reservation_sid = "WR0123456789abcdef0123456789abcdef",
                            .post_work_activity_sid = "WA0123456789abcdef0123456789abcdef"});
    voice("sms", t::Sms{.text = "Hi & bye", .to = "+14155550100", .from = "+18005551212", .action = kUrl, .method = "POST", .status_callback = kUrl});
    t::Pay pay;
    pay.input = "dtmf";
    pay.action = kUrl;
    pay.payment_connector = "Default";
    pay.payment_method = "credit-card";
    pay.charge_amount = "20.45";
    pay.currency = "usd";
    pay.description = "Two & a half";
    pay.token_type = "reusable";
    pay.bank_account_type = "consumer-checking";
    pay.valid_card_types = "visa mastercard amex";
    pay.security_code = true;
    pay.postal_code = "94105";
    pay.min_postal_code_length = 5;
    pay.timeout = 6;
    pay.max_attempts = 2;
    pay.language = "en-US";
    pay.status_callback = kUrl;
    pay.status_callback_method = "POST";
    t::Prompt prompt;
    prompt.for_ = "payment-card-number";
    prompt.error_type = "timeout invalid-card-number";
    prompt.card_type = "visa amex";
    prompt.attempt = "1 2";
    prompt.require_matching_inputs = true;
    prompt.prompts = {t::Say{.text = "Your card number."}, t::Play{.url = "https://gw.example.com/c.mp3"}, t::Pause{.length = 2}};
    pay.prompts = {prompt};
    pay.parameters = {{"order", "7"}};
    voice("pay", pay);
    TwimlResponse several;
    several.say("One moment.").pause().dial(t::Dial{.number = "+14155550100"}).redirect(t::Redirect{.url = "/after"}).hangup();
    print("several_verbs", several);
    print("empty", TwimlResponse{});
}

void messaging() {
    MessagingResponse one;
    one.message(t::Message{.text = {},
                           .body = "Look & see",
                           .media = {"https://gw.example.com/a.png", "https://gw.example.com/b.png?c=1&d=2"},
                           .to = "+14155550100",
                           .from = "+18005551212",
                           .action = kUrl,
                           .method = "POST",
                           .status_callback = kUrl});
    print("message", one);
    MessagingResponse text;
    text.message("Hi <there> & bye").message("Second");
    print("message_text", text);
    MessagingResponse moved;
    moved.redirect(t::Redirect{.url = kUrl, .method = "POST"});
    print("message_redirect", moved);
}

}  // namespace

int main() {
    speech();
    dialling();
    connecting();
    others();
    messaging();
    return failures == 0 ? 0 : 1;
}

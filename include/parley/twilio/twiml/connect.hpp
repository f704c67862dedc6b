#pragma once
// <Connect>, <Start>, <Stop> and their nouns.

#include <string>
#include <variant>
#include <vector>

#include "parley/twilio/twiml/values.hpp"

namespace parley::twilio::twiml {

struct Stream {
    std::string url{};  // wss without a query; empty only with connector_name
    Text name{};
    Text track{};  // under <Connect> only inbound_track
    Text status_callback{}, status_callback_method{};
    Text connector_name{};
    Text audio_format{}, sample_rate{};  // in Twilio's SDKs, undocumented
    std::vector<Parameter> parameters{};
};

struct Language {
    std::string code{};
    Text tts_provider{}, voice{}, transcription_provider{}, speech_model{};
};

struct ConversationRelay {
    std::string url{};  // wss, a query is allowed
    Text welcome_greeting{}, welcome_greeting_interruptible{};
    Text language{}, tts_language{}, transcription_language{};
    Text tts_provider{}, voice{}, transcription_provider{}, speech_model{};
    Text interruptible{}, interrupt_sensitivity{};
    Flag dtmf_detection{};
    Text report_input_during_agent_speech{};
    Flag preemptible{};
    Text hints{};
    Flag partial_prompts{};
    Text speech_timeout{};  // "auto" or 600..5000 ms
    Text eot_threshold{};   // "0.5".."0.9"
    Flag ignore_backchannel{}, profanity_filter{}, deepgram_smart_format{};
    Text elevenlabs_text_normalization{}, background_noise_reduction{};
    Text events{}, debug{};
    Text intelligence_service{}, conversation_configuration{};
    Flag application_reconnect{};
    Text turn_detection{}, echo_prompt_filtering{};
    std::vector<Language> languages{};
    std::vector<Parameter> parameters{};
};

struct ConversationRelaySession {
    Text connector{}, session_configuration{};
};

struct AiSession {
    Text ai_connector{}, ai_session_configuration{};
};

struct VirtualAgent {
    Text connector_name{}, language{};
    Flag sentiment_analysis{};
    Text status_callback{}, status_callback_method{};
    std::vector<Config> configs{};
    std::vector<Parameter> parameters{};
};

struct Room {
    std::string name{};
    Text participant_identity{};
};

struct Conversation {
    Text service_instance_sid{};
    Flag inbound_autocreation{};
    Integer routing_assignment_timeout{}, inbound_timeout{};
    Text url{}, method{};
    Text record{}, trim{};
    RecordingStatusCallback recording_status_callback{};
    StatusCallback status_callback{};  // events: call-initiated call-ringing call-answered call-completed
};

struct Autopilot {  // discontinued by Twilio, still in its SDKs
    std::string name{};
};

using ConnectNoun = std::variant<std::monostate, Stream, ConversationRelay, ConversationRelaySession, AiSession, VirtualAgent, Room, Conversation, Autopilot>;

struct Connect {
    Text action{}, method{};
    ConnectNoun noun{};  // exactly one
};

struct Transcription {
    Text name{};
    Text status_callback_url{}, status_callback_method{};
    Text track{}, inbound_track_label{}, outbound_track_label{};
    Text language_code{}, transcription_engine{}, speech_model{};
    Flag partial_results{}, profanity_filter{};
    Text hints{};
    Flag enable_automatic_punctuation{}, enable_provider_data{};
    Text intelligence_service{}, conversation_configuration{}, conversation_id{};
    std::vector<Config> configs{};
    std::vector<Parameter> parameters{};
};

struct Recording {
    RecordingStatusCallback recording_status_callback{};  // its URL must be absolute here
    Text channels{}, track{}, trim{};
    Text recording_configuration_id{};
};

struct Siprec {
    Text name{}, connector_name{}, track{};
    Text status_callback{}, status_callback_method{};
    std::vector<Parameter> parameters{};
};

using StartNoun = std::variant<std::monostate, Stream, Transcription, Siprec, Recording>;

struct Start {
    Text action{}, method{};
    StartNoun noun{};
};

struct Stop {
    enum class Noun : std::uint8_t { stream, transcription, siprec };
    Noun noun = Noun::stream;
    std::string name{};
};

}  // namespace parley::twilio::twiml

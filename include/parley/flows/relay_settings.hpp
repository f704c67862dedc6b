#pragma once
// How an agent speaks through ConversationRelay: Twilio's recogniser and voice, and what may interrupt what. Texts that are empty leave Twilio's default.

#include <string>
#include <vector>

namespace parley::flows {

// What is used when the talk goes on in this language; also for the first one if it is that.
struct RelayLanguage {
    std::string code;  // BCP-47
    std::string tts_provider, voice, transcription_provider, speech_model;
    friend bool operator==(const RelayLanguage&, const RelayLanguage&) = default;
};

struct RelaySettings {
    std::string welcome;                                         // spoken by Twilio as soon as the socket stands; empty: the brain greets
    std::string welcome_interruptible;                           // none dtmf speech any
    std::string language, tts_language, transcription_language;  // BCP-47; transcription also `multi`
    std::string tts_provider;                                    // ElevenLabs Google Amazon
    std::string voice;                                           // without the prefix <Say> has
    std::string transcription_provider;                          // Deepgram Google
    std::string speech_model;
    std::string interruptible;                     // none dtmf speech any
    std::string interrupt_sensitivity;             // low medium high
    bool dtmf_detection = true;                    // without it no key is told
    std::string report_input_during_agent_speech;  // none dtmf speech any
    bool preemptible = false;
    std::vector<std::string> hints;
    bool partial_prompts = false;
    std::string speech_timeout;  // auto, or 600 to 5000 ms
    std::string eot_threshold;   // 0.5 to 0.9
    bool ignore_backchannel = false;
    std::string profanity_filter, deepgram_smart_format;  // true false
    std::string elevenlabs_text_normalization;            // on auto off
    std::string background_noise_reduction;
    // Without these two nobody knows when speech has been heard; it is then estimated from its length.
    std::vector<std::string> events{"speaker-events", "tokens-played"};
    std::vector<std::string> debug;
    std::string intelligence_service, conversation_configuration;
    bool application_reconnect = false;
    std::string turn_detection, echo_prompt_filtering;
    std::vector<RelayLanguage> languages;
    friend bool operator==(const RelaySettings&, const RelaySettings&) = default;
};

}  // namespace parley::flows

// <ConversationRelay> as an agent's settings make it.
#include "parley/webhooks/relay_routes.hpp"

#include <gtest/gtest.h>

#include "parley/twilio/twiml.hpp"

namespace parley::webhooks {
namespace {

std::string written(const flows::RelaySettings& settings, bool welcome = true) {
    twilio::TwimlResponse response;
    twilio::twiml::Connect connect;
    connect.noun = relay_noun(settings, "wss://gw.example.com/relay", {{.name = "t", .value = "abc"}}, welcome);
    response.connect(std::move(connect));
    const auto text = response.str();
    return text ? *text : "not written: " + std::string(response.problem());
}

TEST(RelayNoun, LeavesOutWhatIsTwiliosDefault) {
    EXPECT_EQ(written({}),
              "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Connect><ConversationRelay url=\"wss://gw.example.com/relay\" dtmfDetection=\"true\" "
              "events=\"speaker-events tokens-played\"><Parameter name=\"t\" value=\"abc\"/></ConversationRelay></Connect></Response>");
}

TEST(RelayNoun, CarriesEveryAttribute) {
    flows::RelaySettings all;
    all.welcome = "Hello & welcome";
    all.welcome_interruptible = "speech";
    all.language = "de-DE";
    all.tts_language = "de-AT";
    all.transcription_language = "de-CH";
    all.tts_provider = "Google";
    all.voice = "de-DE-Chirp3-HD-Aoede";
    all.transcription_provider = "Deepgram";
    all.speech_model = "nova-3-general";
    all.interruptible = "dtmf";
    all.interrupt_sensitivity = "low";
    all.report_input_during_agent_speech = "any";
    all.preemptible = all.partial_prompts = all.ignore_backchannel = all.application_reconnect = true;
    all.hints = {"check-up", "cleaning"};
    all.speech_timeout = "700";
    all.eot_threshold = "0.7";
    all.profanity_filter = "false";
    all.deepgram_smart_format = "true";
    all.elevenlabs_text_normalization = "auto";
    all.background_noise_reduction = "near";
    all.debug = {"debugging"};
    all.intelligence_service = "GA0123456789abcdef0123456789abcdef";
    all.conversation_configuration = "cfg";
    all.turn_detection = "on";
    all.echo_prompt_filtering = "on";
    all.languages = {{.code = "en-US", .tts_provider = "Amazon", .voice = "Joanna-Neural", .transcription_provider = "Google", .speech_model = "telephony"}};
    const auto text = written(all);
    for (const char* part :
         {"welcomeGreeting=\"Hello &amp; welcome\"",
          "welcomeGreetingInterruptible=\"speech\"",
          " language=\"de-DE\"",
          "ttsLanguage=\"de-AT\"",
          "transcriptionLanguage=\"de-CH\"",
          "ttsProvider=\"Google\"",
          " voice=\"de-DE-Chirp3-HD-Aoede\"",
          "transcriptionProvider=\"Deepgram\"",
          "speechModel=\"nova-3-general\"",
          " interruptible=\"dtmf\"",
          "interruptSensitivity=\"low\"",
          "dtmfDetection=\"true\"",
          "reportInputDuringAgentSpeech=\"any\"",
          "preemptible=\"true\"",
          "hints=\"check-up,cleaning\"",
          "partialPrompts=\"true\"",
          "speechTimeout=\"700\"",
          "eotThreshold=\"0.7\"",
          "ignoreBackchannel=\"true\"",
          "profanityFilter=\"false\"",
          "deepgramSmartFormat=\"true\"",
          "elevenlabsTextNormalization=\"auto\"",
          "backgroundNoiseReduction=\"near\"",
          "events=\"speaker-events tokens-played\"",
          "debug=\"debugging\"",
          "intelligenceService=\"GA0123456789abcdef0123456789abcdef\"",
          "conversationConfiguration=\"cfg\"",
          "applicationReconnect=\"true\"",
          "turnDetection=\"on\"",
          "echoPromptFiltering=\"on\"",
          "<Language code=\"en-US\" ttsProvider=\"Amazon\" voice=\"Joanna-Neural\" transcriptionProvider=\"Google\" speechModel=\"telephony\"/>",
          "<Parameter name=\"t\" value=\"abc\"/>"}) {
        std::string lower_part(part), lower_text(text);
        for (auto* one : {&lower_part, &lower_text})
            for (auto& c : *one) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        EXPECT_NE(lower_text.find(lower_part), std::string::npos) << part << "\n"
                                                                  << text;  // some attributes are written as Twilio's libraries do, in lower case
    }
    EXPECT_EQ(written(all, false).find("welcomeGreeting"), std::string::npos) << "nobody who comes back is welcomed";
}

}  // namespace
}  // namespace parley::webhooks

#pragma once
// What an agent may do and keep besides talking, as it is configured: tools, text messages, recordings at Twilio, transcripts, Intelligence.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "parley/messaging/inbox.hpp"
#include "parley/messaging/sender.hpp"

namespace parley::gateway {

enum class TwilioRecording : std::uint8_t { off, from_answer, dual };
enum class TranscriptEngine : std::uint8_t { off, twilio, own };
enum class IntelligenceOn : std::uint8_t { recording, live };
enum class ToolRecipients : std::uint8_t { caller, any };

struct TwilioRecordingConfig {
    TwilioRecording mode = TwilioRecording::off;
    bool trim = false, keep_at_twilio = false, download = true;
};
struct TranscriptionConfig {
    TranscriptEngine engine = TranscriptEngine::own;
    std::string language = "en-US", recognizer, model, hints;
    bool partial = false, profanity_filter = true;
};
struct IntelligenceConfig {
    std::string service;                 // GA… or its unique name; empty: off
    std::vector<std::string> operators;  // only results of these names or SIDs are kept; empty: all
    bool redact = false;
    IntelligenceOn on = IntelligenceOn::recording;
};

struct AgentMessaging {
    std::vector<std::string> tools;
    std::map<std::string, std::string> links;  // name -> URL
    std::uint32_t tool_messages = 3;           // a call
    ToolRecipients tool_recipients = ToolRecipients::caller;
    std::string sms_from;  // sender of its messages; empty: the number that was called
    messaging::SmsSettings sms;
    TwilioRecordingConfig twilio_recording;
    TranscriptionConfig transcription;
    IntelligenceConfig intelligence;
};

}  // namespace parley::gateway

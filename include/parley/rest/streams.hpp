#pragma once
// Media streams and live transcriptions started on a running call from outside. Streams begun here go one way only: Twilio to us.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "parley/rest/client.hpp"

namespace parley::rest {

// What Twilio answers of both.
struct CallProcess {
    std::string sid, account_sid, call_sid, name, status;  // status: in-progress, stopped
    When date_updated;
};

struct StreamStart {
    std::string url;  // wss, without a query
    std::optional<std::string> name, track, status_callback, status_callback_method;
    std::vector<std::pair<std::string, std::string>> parameters;  // at most 99
};

class CallStreams {
public:
    CallStreams(Client& client, std::string call_sid) : client_(client), base_("/Calls/" + segment(call_sid) + "/Streams") {}
    net::Task<Outcome<CallProcess>> start(StreamStart wanted);
    net::Task<Outcome<>> stop(std::string sid_or_name);  // over already: success

private:
    Client& client_;
    std::string base_;
};

struct TranscriptionStart {
    std::optional<std::string> name, track, status_callback_url, status_callback_method, inbound_track_label, outbound_track_label, language_code,
        transcription_engine, speech_model, hints, intelligence_service, conversation_configuration, conversation_id, configuration_id;
    std::optional<bool> partial_results, profanity_filter, enable_automatic_punctuation, enable_provider_data;
};

class CallTranscriptions {
public:
    CallTranscriptions(Client& client, std::string call_sid) : client_(client), base_("/Calls/" + segment(call_sid) + "/Transcriptions") {}
    net::Task<Outcome<CallProcess>> start(TranscriptionStart wanted);
    net::Task<Outcome<>> stop(std::string sid_or_name);  // over already: success

private:
    Client& client_;
    std::string base_;
};

// The written form of a recording that <Record transcribe> had made.
struct RecordingTranscription {
    std::string sid, account_sid, recording_sid, status, transcription_text, type;  // status: in-progress, completed, failed
    std::optional<int> duration;                                                    // s
    When date_created, date_updated;
};

class RecordingTranscriptions {
public:
    explicit RecordingTranscriptions(Client& client) : client_(client) {}
    net::Task<Outcome<std::vector<RecordingTranscription>>> list(std::size_t most = 200);
    net::Task<Outcome<std::vector<RecordingTranscription>>> list_of(std::string recording_sid, std::size_t most = 20);
    net::Task<Outcome<RecordingTranscription>> fetch(std::string sid);
    net::Task<Outcome<>> remove(std::string sid);

private:
    Client& client_;
};

}  // namespace parley::rest

#pragma once
// Conversational Intelligence v2: services, transcripts of recordings and live calls, sentences, operators and what they found.

#include <optional>
#include <string>
#include <vector>

#include "parley/rest/client.hpp"

namespace parley::rest {

struct IntelligenceService {
    std::string sid, account_sid, unique_name, friendly_name, language_code, webhook_url, webhook_http_method, encryption_credential_sid;
    bool auto_redaction = false, media_redaction = false, auto_transcribe = false, data_logging = false;
    std::vector<std::string> read_only_attached_operator_sids;
    std::optional<int> version;
    When date_created, date_updated;
};

struct IntelligenceServiceSettings {
    std::optional<std::string> unique_name, friendly_name, language_code, webhook_url, webhook_http_method,
        encryption_credential_sid;  // language_code: at creation only
    std::optional<bool> auto_transcribe, data_logging, auto_redaction, media_redaction;
};

class IntelligenceServices {
public:
    explicit IntelligenceServices(Client& client) : client_(client) {}
    net::Task<Outcome<std::vector<IntelligenceService>>> list(std::size_t most = 200);
    net::Task<Outcome<IntelligenceService>> fetch(std::string sid_or_name);
    net::Task<Outcome<IntelligenceService>> create(IntelligenceServiceSettings wanted);  // unique_name is needed
    net::Task<Outcome<IntelligenceService>> update(std::string sid, IntelligenceServiceSettings wanted);
    net::Task<Outcome<>> remove(std::string sid);
    net::Task<Outcome<std::vector<std::string>>> operators(std::string service_sid);  // SIDs of those attached
    net::Task<Outcome<>> attach(std::string service_sid, std::string operator_sid);
    net::Task<Outcome<>> detach(std::string service_sid, std::string operator_sid);

private:
    Client& client_;
};

// Who speaks on which channel (1 or 2) of what is transcribed.
struct TranscriptParticipant {
    int channel = 1;
    std::string role;  // "Agent", "Customer"
    std::optional<std::string> user_id, media_participant_id, email, full_name, image_url;
};

struct TranscriptCreate {
    std::string service_sid;
    std::string source_sid;  // a recording at Twilio, or
    std::string media_url;   // a file anybody can fetch
    std::vector<TranscriptParticipant> participants;
    std::optional<std::string> customer_key, media_start_time;  // ISO 8601
};
// The form value `Channel`.
[[nodiscard]] std::string channel_json(const TranscriptCreate& wanted);

struct Transcript {
    std::string sid, account_sid, service_sid, status, language_code, customer_key,
        source_sid;               // status: new, queued, in-progress, completed, failed, canceled, error
    std::string channel;          // JSON
    std::optional<int> duration;  // s
    bool redaction = false, data_logging = false;
    When date_created, date_updated, media_start_time;
};

struct TranscriptFilter {
    std::optional<std::string> service_sid, source_sid, status, language_code, before_start_time, after_start_time, before_date_created, after_date_created;
    std::size_t most = 200;
};

struct TranscriptWord {
    std::string word;
    std::optional<double> start_time, end_time;
};

struct Sentence {
    std::string sid, transcript;
    std::optional<int> media_channel, sentence_index;
    std::optional<double> start_time, end_time, confidence;  // s
    std::vector<TranscriptWord> words;
};

// Which fields have something depends on operator_type: conversation-classify, utterance-classify, extract, extract-normalize, pii-extract,
// text-generation, json.
struct OperatorResult {
    std::string operator_type, name, operator_sid, transcript_sid, normalized_result, predicted_label;
    std::optional<bool> extract_match, utterance_match;
    std::optional<double> match_probability, predicted_probability;
    std::string utterance_results, label_probabilities, extract_results, text_generation_results, json_results;  // JSON; empty: none
    std::string text;                                                                                            // what a text generation wrote
};

class Transcripts {
public:
    explicit Transcripts(Client& client) : client_(client) {}
    net::Task<Outcome<std::vector<Transcript>>> list(TranscriptFilter filter);
    net::Task<Outcome<Transcript>> fetch(std::string sid);
    net::Task<Outcome<Transcript>> create(TranscriptCreate wanted);
    net::Task<Outcome<>> remove(std::string sid);
    net::Task<Outcome<std::vector<Sentence>>> sentences(std::string sid, std::optional<bool> redacted = {}, bool word_timestamps = false,
                                                        std::size_t most = 5000);
    net::Task<Outcome<std::vector<OperatorResult>>> operator_results(std::string sid, std::optional<bool> redacted = {}, std::size_t most = 100);
    // Where the sound can be fetched for a short while.
    net::Task<Outcome<std::string>> media_url(std::string sid, std::optional<bool> redacted = {});

private:
    Client& client_;
};

struct Operator {
    std::string sid, account_sid, friendly_name, description, author, operator_type, availability;
    std::string config;  // JSON
    std::optional<int> version;
    When date_created, date_updated;
};

struct OperatorType {
    std::string sid, name, friendly_name, description, docs_link, output_type, provider, availability;
    std::vector<std::string> supported_languages;
    bool configurable = false;
    std::string config_schema;  // JSON
};

struct OperatorFilter {
    std::optional<std::string> availability, language_code;
    std::size_t most = 200;
};

class Operators {
public:
    explicit Operators(Client& client) : client_(client) {}
    net::Task<Outcome<std::vector<Operator>>> list(OperatorFilter filter = {});
    net::Task<Outcome<Operator>> fetch(std::string sid);
    net::Task<Outcome<std::vector<Operator>>> prebuilt(OperatorFilter filter = {});
    net::Task<Outcome<std::vector<Operator>>> custom(OperatorFilter filter = {});
    // `config`: JSON by the type's config_schema.
    net::Task<Outcome<Operator>> create(std::string friendly_name, std::string operator_type, std::string config);
    net::Task<Outcome<Operator>> update(std::string sid, std::string friendly_name, std::string config);
    net::Task<Outcome<>> remove(std::string sid);
    net::Task<Outcome<std::vector<OperatorType>>> types(std::size_t most = 100);

private:
    Client& client_;
};

}  // namespace parley::rest

#include "parley/rest/intelligence.hpp"

#include <nlohmann/json.hpp>

#include "resource.hpp"

namespace parley::rest {
namespace {

constexpr auto kProduct = Product::intelligence;

IntelligenceService read_service(const Fields& f) {
    IntelligenceService s;
    s.sid = f.text("sid");
    s.account_sid = f.text("account_sid");
    s.unique_name = f.text("unique_name");
    s.friendly_name = f.text("friendly_name");
    s.language_code = f.text("language_code");
    s.webhook_url = f.text("webhook_url");
    s.webhook_http_method = f.text("webhook_http_method");
    s.encryption_credential_sid = f.text("encryption_credential_sid");
    s.auto_redaction = f.yes("auto_redaction");
    s.media_redaction = f.yes("media_redaction");
    s.auto_transcribe = f.yes("auto_transcribe");
    s.data_logging = f.yes("data_logging");
    s.read_only_attached_operator_sids = f.texts("read_only_attached_operator_sids");
    s.version = f.number("version");
    s.date_created = f.when("date_created");
    s.date_updated = f.when("date_updated");
    return s;
}

Transcript read_transcript(const Fields& f) {
    Transcript t;
    t.sid = f.text("sid");
    t.account_sid = f.text("account_sid");
    t.service_sid = f.text("service_sid");
    t.status = f.text("status");
    t.language_code = f.text("language_code");
    t.customer_key = f.text("customer_key");
    t.channel = f.raw("channel");
    if (const auto channel = f.inner("channel")) {
        if (const auto media = channel->inner("media_properties")) t.source_sid = media->text("source_sid");
    }
    t.duration = f.number("duration");
    t.redaction = f.yes("redaction");
    t.data_logging = f.yes("data_logging");
    t.date_created = f.when("date_created");
    t.date_updated = f.when("date_updated");
    t.media_start_time = f.when("media_start_time");
    return t;
}

Sentence read_sentence(const Fields& f) {
    Sentence s;
    s.sid = f.text("sid");
    s.transcript = f.text("transcript");
    s.media_channel = f.number("media_channel");
    s.sentence_index = f.number("sentence_index");
    s.start_time = f.real("start_time");
    s.end_time = f.real("end_time");
    s.confidence = f.real("confidence");
    for (const Fields& word : f.items("words")) s.words.push_back({word.text("word"), word.real("start_time"), word.real("end_time")});
    return s;
}

OperatorResult read_result(const Fields& f) {
    OperatorResult r;
    r.operator_type = f.text("operator_type");
    r.name = f.text("name");
    r.operator_sid = f.text("operator_sid");
    r.transcript_sid = f.text("transcript_sid");
    r.normalized_result = f.text("normalized_result");
    r.predicted_label = f.text("predicted_label");
    r.extract_match = f.flag("extract_match");
    r.utterance_match = f.flag("utterance_match");
    r.match_probability = f.real("match_probability");
    r.predicted_probability = f.real("predicted_probability");
    r.utterance_results = f.raw("utterance_results");
    r.label_probabilities = f.raw("label_probabilities");
    r.extract_results = f.raw("extract_results");
    r.text_generation_results = f.raw("text_generation_results");
    r.json_results = f.raw("json_results");
    if (const auto generated = f.inner("text_generation_results")) r.text = generated->text("result");
    return r;
}

Operator read_operator(const Fields& f) {
    Operator o;
    o.sid = f.text("sid");
    o.account_sid = f.text("account_sid");
    o.friendly_name = f.text("friendly_name");
    o.description = f.text("description");
    o.author = f.text("author");
    o.operator_type = f.text("operator_type");
    o.availability = f.text("availability");
    o.config = f.raw("config");
    o.version = f.number("version");
    o.date_created = f.when("date_created");
    o.date_updated = f.when("date_updated");
    return o;
}

OperatorType read_type(const Fields& f) {
    OperatorType t;
    t.sid = f.text("sid");
    t.name = f.text("name");
    t.friendly_name = f.text("friendly_name");
    t.description = f.text("description");
    t.docs_link = f.text("docs_link");
    t.output_type = f.text("output_type");
    t.provider = f.text("provider");
    t.availability = f.text("availability");
    t.supported_languages = f.texts("supported_languages");
    t.configurable = f.yes("configurable");
    t.config_schema = f.raw("config_schema");
    return t;
}

std::vector<std::string> read_operator_sids(const Fields& f) {
    return f.texts("operator_sids");
}

std::string read_media_url(const Fields& f) {
    return f.text("media_url");
}

void fill(Params& params, const IntelligenceServiceSettings& s, bool creating) {
    Fill add(params);
    add("UniqueName", s.unique_name)("FriendlyName", s.friendly_name)("AutoTranscribe", s.auto_transcribe)("DataLogging", s.data_logging);
    if (creating) add("LanguageCode", s.language_code);
    add("AutoRedaction", s.auto_redaction)("MediaRedaction", s.media_redaction)("WebhookUrl", s.webhook_url)("WebhookHttpMethod", s.webhook_http_method);
    add("EncryptionCredentialSid", s.encryption_credential_sid);
}

std::string service(const std::string& sid) {
    return "/v2/Services/" + segment(sid);
}
std::string transcript(const std::string& sid) {
    return "/v2/Transcripts/" + segment(sid);
}

net::Task<Outcome<std::vector<Operator>>> operators_at(Client& client, std::string path, OperatorFilter filter) {
    Request request = get(std::move(path), kProduct);
    Fill(request.params)("Availability", filter.availability)("LanguageCode", filter.language_code);
    return all(client, std::move(request), "operators", filter.most, &read_operator);
}

}  // namespace

std::string channel_json(const TranscriptCreate& wanted) {
    nlohmann::ordered_json channel;
    if (!wanted.source_sid.empty())
        channel["media_properties"]["source_sid"] = wanted.source_sid;
    else
        channel["media_properties"]["media_url"] = wanted.media_url;
    for (const auto& participant : wanted.participants) {
        nlohmann::ordered_json one;
        one["channel_participant"] = participant.channel;
        const auto add = [&](const char* key, const std::optional<std::string>& value) {
            if (value) one[key] = *value;
        };
        add("user_id", participant.user_id);
        add("media_participant_id", participant.media_participant_id);
        add("email", participant.email);
        add("full_name", participant.full_name);
        add("image_url", participant.image_url);
        if (!participant.role.empty()) one["role"] = participant.role;
        channel["participants"].push_back(std::move(one));
    }
    return channel.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

net::Task<Outcome<std::vector<IntelligenceService>>> IntelligenceServices::list(std::size_t most) {
    return all(client_, get("/v2/Services", kProduct), "services", most, &read_service);
}
net::Task<Outcome<IntelligenceService>> IntelligenceServices::fetch(std::string sid_or_name) {
    return one(client_, get(service(sid_or_name), kProduct), &read_service);
}
net::Task<Outcome<IntelligenceService>> IntelligenceServices::create(IntelligenceServiceSettings wanted) {
    Request request = post("/v2/Services", Repeat::never, kProduct);
    fill(request.params, wanted, true);
    return one(client_, std::move(request), &read_service);
}
net::Task<Outcome<IntelligenceService>> IntelligenceServices::update(std::string sid, IntelligenceServiceSettings wanted) {
    Request request = post(service(sid), Repeat::safe, kProduct);
    fill(request.params, wanted, false);
    return one(client_, std::move(request), &read_service);
}
net::Task<Outcome<>> IntelligenceServices::remove(std::string sid) {
    return gone(client_, erase(service(sid), kProduct));
}
net::Task<Outcome<std::vector<std::string>>> IntelligenceServices::operators(std::string service_sid) {
    return one(client_, get(service(service_sid) + "/Operators", kProduct), &read_operator_sids);
}
net::Task<Outcome<>> IntelligenceServices::attach(std::string service_sid, std::string operator_sid) {
    return done(client_, post(service(service_sid) + "/Operators/" + segment(operator_sid), Repeat::safe, kProduct));
}
net::Task<Outcome<>> IntelligenceServices::detach(std::string service_sid, std::string operator_sid) {
    return gone(client_, erase(service(service_sid) + "/Operators/" + segment(operator_sid), kProduct));
}

net::Task<Outcome<std::vector<Transcript>>> Transcripts::list(TranscriptFilter filter) {
    Request request = get("/v2/Transcripts", kProduct);
    Fill add(request.params);
    add("ServiceSid", filter.service_sid)("SourceSid", filter.source_sid)("Status", filter.status)("LanguageCode", filter.language_code);
    add("BeforeStartTime", filter.before_start_time)("AfterStartTime", filter.after_start_time);
    add("BeforeDateCreated", filter.before_date_created)("AfterDateCreated", filter.after_date_created);
    return all(client_, std::move(request), "transcripts", filter.most, &read_transcript);
}
net::Task<Outcome<Transcript>> Transcripts::fetch(std::string sid) {
    return one(client_, get(transcript(sid), kProduct), &read_transcript);
}
net::Task<Outcome<Transcript>> Transcripts::create(TranscriptCreate wanted) {
    Request request = post("/v2/Transcripts", Repeat::never, kProduct);
    Fill(request.params)
        .always("ServiceSid", wanted.service_sid)
        .always("Channel", channel_json(wanted))("CustomerKey", wanted.customer_key)("MediaStartTime", wanted.media_start_time);
    return one(client_, std::move(request), &read_transcript);
}
net::Task<Outcome<>> Transcripts::remove(std::string sid) {
    return gone(client_, erase(transcript(sid), kProduct));
}
net::Task<Outcome<std::vector<Sentence>>> Transcripts::sentences(std::string sid, std::optional<bool> redacted, bool word_timestamps, std::size_t most) {
    Request request = get(transcript(sid) + "/Sentences", kProduct);
    Fill(request.params)("Redacted", redacted);
    if (word_timestamps) request.params.emplace_back("WordTimestamps", "true");
    return all(client_, std::move(request), "sentences", most, &read_sentence);
}
net::Task<Outcome<std::vector<OperatorResult>>> Transcripts::operator_results(std::string sid, std::optional<bool> redacted, std::size_t most) {
    Request request = get(transcript(sid) + "/OperatorResults", kProduct);
    Fill(request.params)("Redacted", redacted);
    return all(client_, std::move(request), "operator_results", most, &read_result);
}
net::Task<Outcome<std::string>> Transcripts::media_url(std::string sid, std::optional<bool> redacted) {
    Request request = get(transcript(sid) + "/Media", kProduct);
    Fill(request.params)("Redacted", redacted);
    return one(client_, std::move(request), &read_media_url);
}

net::Task<Outcome<std::vector<Operator>>> Operators::list(OperatorFilter filter) {
    return operators_at(client_, "/v2/Operators", std::move(filter));
}
net::Task<Outcome<Operator>> Operators::fetch(std::string sid) {
    return one(client_, get("/v2/Operators/" + segment(sid), kProduct), &read_operator);
}
net::Task<Outcome<std::vector<Operator>>> Operators::prebuilt(OperatorFilter filter) {
    return operators_at(client_, "/v2/Operators/PreBuilt", std::move(filter));
}
net::Task<Outcome<std::vector<Operator>>> Operators::custom(OperatorFilter filter) {
    return operators_at(client_, "/v2/Operators/Custom", std::move(filter));
}
net::Task<Outcome<Operator>> Operators::create(std::string friendly_name, std::string operator_type, std::string config) {
    Request request = post("/v2/Operators/Custom", Repeat::never, kProduct);
    Fill(request.params).always("FriendlyName", std::move(friendly_name)).always("OperatorType", std::move(operator_type)).always("Config", std::move(config));
    return one(client_, std::move(request), &read_operator);
}
net::Task<Outcome<Operator>> Operators::update(std::string sid, std::string friendly_name, std::string config) {
    Request request = post("/v2/Operators/Custom/" + segment(sid), Repeat::safe, kProduct);
    Fill(request.params).always("FriendlyName", std::move(friendly_name)).always("Config", std::move(config));
    return one(client_, std::move(request), &read_operator);
}
net::Task<Outcome<>> Operators::remove(std::string sid) {
    return gone(client_, erase("/v2/Operators/Custom/" + segment(sid), kProduct));
}
net::Task<Outcome<std::vector<OperatorType>>> Operators::types(std::size_t most) {
    return all(client_, get("/v2/OperatorTypes", kProduct), "operator_types", most, &read_type);
}

}  // namespace parley::rest

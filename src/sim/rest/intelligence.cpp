#include "intelligence.hpp"

#include <algorithm>
#include <cstdio>

#include "parley/sim/identifiers.hpp"
#include "parley/sim/signature.hpp"

namespace parley::sim {
namespace {

using Kind = FieldRule::Kind;

const std::vector<FieldRule>& service_rules() {
    static const std::vector<FieldRule> rules{
        {.parameter = "UniqueName", .key = "unique_name", .wrong = 20001, .required = true},
        {.parameter = "FriendlyName", .key = "friendly_name", .wrong = 20002, .longest = 64},
        {.parameter = "LanguageCode", .key = "language_code", .initial = "en-US", .create_only = true},
        {.parameter = "AutoTranscribe", .key = "auto_transcribe", .kind = Kind::boolean, .initial = false},
        {.parameter = "AutoRedaction", .key = "auto_redaction", .kind = Kind::boolean, .initial = false},
        {.parameter = "MediaRedaction", .key = "media_redaction", .kind = Kind::boolean, .initial = false},
        {.parameter = "WebhookUrl", .key = "webhook_url", .kind = Kind::url, .wrong = 21402},
        {.parameter = "WebhookHttpMethod", .key = "webhook_http_method", .kind = Kind::verb, .initial = "NULL", .wrong = 21403},
        {.parameter = "EncryptionCredentialSid", .key = "encryption_credential_sid"},
    };
    return rules;
}

const std::vector<const char*>& operator_types() {
    static const std::vector<const char*> types{"conversation-classify", "utterance-classify", "extract", "extract-normalize",
                                                "pii-extract",           "text-generation",    "json"};
    return types;
}

std::string decimal(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", value);
    return text;
}

}  // namespace

ApiAnswer Intelligence::handle(const ApiCall& call) {
    const auto collection = call.part(0);
    if (collection == "Services") return services(call);
    if (collection == "Operators") return call.part(1) == "Custom" ? custom(call) : operators(call);
    if (collection == "OperatorTypes") return types(call);
    return transcripts(call);
}

// ---- services

Record* Intelligence::service(const std::string& sid_or_name) {
    auto* found = services_.find(sid_or_name);
    return found != nullptr ? found : services_.find_by("unique_name", sid_or_name);
}

ApiAnswer Intelligence::services(const ApiCall& call) {
    if (call.parts.size() == 1) {
        if (!call.post()) return call.get() ? world_.paging.meta(call, "services", services_.items()) : not_allowed();
        const auto sid = make_sid("GA");
        Json json{{"account_sid", world_.account_sid()}, {"sid", sid}};
        if (auto refused = read_fields(service_rules(), call, true, json)) return *refused;
        if (services_.find_by("unique_name", call.value("UniqueName")) != nullptr) return api_error(409, 20409, "A service of that name exists");
        if (json["media_redaction"] == true && json["auto_redaction"] != true) return api_error(400, 20001, "MediaRedaction needs AutoRedaction");
        json["data_logging"] = false;
        json["read_only_attached_operator_sids"] = Json::array();
        json["version"] = 1;
        json["url"] = call.base + call.path + "/" + sid;
        auto& record = services_.add(std::move(json));
        stamp(record, DateManner::iso);
        return api_json(201, record.json);
    }
    auto* record = service(call.part(1));
    if (record == nullptr) return not_found(call);
    if (call.part(2) == "Operators") return attachments(call, *record);
    if (call.parts.size() != 2) return not_found(call);
    if (call.remove()) {
        const auto sid = record->sid();
        services_.erase(sid);
        return no_content();
    }
    if (call.post()) {
        if (!call.if_match.empty() && call.if_match != std::to_string(record->json["version"].get<int>()))
            return api_error(412, 20412, "Precondition failed: the version is another one");
        auto next = record->json;
        if (auto refused = read_fields(service_rules(), call, false, next)) return *refused;
        if (next["media_redaction"] == true && next["auto_redaction"] != true) return api_error(400, 20001, "MediaRedaction needs AutoRedaction");
        record->json = std::move(next);
        record->json["version"] = record->json["version"].get<int>() + 1;
        touch(*record, DateManner::iso);
    } else if (!call.get()) {
        return not_allowed();
    }
    return api_json(200, record->json);
}

ApiAnswer Intelligence::attachments(const ApiCall& call, Record& service) {
    auto& attached = service.json["read_only_attached_operator_sids"];
    const auto url = call.base + call.path;
    if (call.parts.size() == 3) {
        if (!call.get()) return not_allowed();
        return api_json(200, {{"service_sid", service.sid()}, {"operator_sids", attached}, {"url", url}});
    }
    const auto sid = call.part(3);
    if (call.parts.size() != 4 || operator_json(sid, call.base).is_null()) return not_found(call);
    const auto at = std::find(attached.begin(), attached.end(), Json(sid));
    if (call.post()) {
        if (at == attached.end()) attached.push_back(sid);
        touch(service, DateManner::iso);
        return api_json(202, {{"service_sid", service.sid()}, {"operator_sid", sid}, {"url", url}});
    }
    if (!call.remove()) return not_allowed();
    if (at == attached.end()) return not_found(call);
    attached.erase(at);
    touch(service, DateManner::iso);
    return no_content();
}

// ---- operators

Json Intelligence::operator_json(const std::string& sid, const std::string& base) {
    for (const auto& kind : prebuilt_operators()) {
        if (sid != kind.sid) continue;
        return {{"account_sid", nullptr},
                {"sid", kind.sid},
                {"friendly_name", kind.name},
                {"description", kind.description},
                {"author", "twilio"},
                {"operator_type", kind.type},
                {"version", 1},
                {"availability", "general-availability"},
                {"config", Json::object()},
                {"date_created", iso_seconds(began_)},
                {"date_updated", iso_seconds(began_)},
                {"url", base + "/v2/Operators/" + kind.sid}};
    }
    auto* record = custom_.find(sid);
    return record == nullptr ? Json(nullptr) : record->json;
}

ApiAnswer Intelligence::operators(const ApiCall& call) {
    if (!call.get()) return not_allowed();
    const bool prebuilt_only = call.part(1) == "PreBuilt";
    const std::size_t depth = prebuilt_only ? 2 : 1;
    const auto passes = [&](const Json& one) { return call.value("Availability").empty() || one["availability"] == call.value("Availability"); };
    if (call.parts.size() == depth) {
        std::vector<ListItem> items;
        for (const auto& kind : prebuilt_operators()) {
            auto one = operator_json(kind.sid, call.base);
            if (passes(one)) items.push_back({kind.sid, std::move(one)});
        }
        for (const auto& record : custom_.all()) {
            if (!prebuilt_only && passes(record.json)) items.push_back({record.sid(), record.json});
        }
        return world_.paging.meta(call, "operators", std::move(items));
    }
    const auto sid = call.part(depth);
    const auto found = operator_json(sid, call.base);
    if (found.is_null() || call.parts.size() != depth + 1 || (prebuilt_only && custom_.find(sid) != nullptr)) return not_found(call);
    return api_json(200, found);
}

ApiAnswer Intelligence::custom(const ApiCall& call) {
    if (call.parts.size() == 2) {
        if (!call.post()) return call.get() ? world_.paging.meta(call, "operators", custom_.items()) : not_allowed();
        const auto name = call.value("FriendlyName"), type = call.value("OperatorType");
        const auto config = Json::parse(call.value("Config"), nullptr, false);
        if (name.empty() || name.size() > 64) return api_error(400, 20002, "FriendlyName: 1 to 64 characters");
        const auto& known = operator_types();
        if (std::none_of(known.begin(), known.end(), [&](const char* one) { return type == one; }))
            return api_error(400, 20001, "OperatorType is not known: " + type);
        if (!config.is_object()) return api_error(400, 20001, "Config: expected a JSON object");
        const auto sid = make_sid("LY");
        auto& record = custom_.add({{"account_sid", world_.account_sid()},
                                    {"sid", sid},
                                    {"friendly_name", name},
                                    {"description", ""},
                                    {"author", world_.account_sid()},
                                    {"operator_type", type},
                                    {"version", 1},
                                    {"availability", "public"},
                                    {"config", config}});
        stamp(record, DateManner::iso);
        record.json["url"] = call.base + call.path + "/" + sid;
        return api_json(202, record.json);
    }
    auto* record = custom_.find(call.part(2));
    if (record == nullptr || call.parts.size() != 3) return not_found(call);
    if (call.remove()) {
        for (auto& one : services_.all()) {
            auto& attached = one.json["read_only_attached_operator_sids"];
            const auto at = std::find(attached.begin(), attached.end(), Json(call.part(2)));
            if (at != attached.end()) attached.erase(at);
        }
        custom_.erase(call.part(2));
        return no_content();
    }
    if (call.post()) {
        if (!call.if_match.empty() && call.if_match != std::to_string(record->json["version"].get<int>()))
            return api_error(412, 20412, "Precondition failed: the version is another one");
        const auto config = Json::parse(call.value("Config"), nullptr, false);
        if (call.value("FriendlyName").empty() || !config.is_object()) return api_error(400, 20001, "FriendlyName and Config are required");
        record->json["friendly_name"] = call.value("FriendlyName");
        record->json["config"] = config;
        record->json["version"] = record->json["version"].get<int>() + 1;
        touch(*record, DateManner::iso);
        return api_json(202, record->json);
    }
    return call.get() ? api_json(200, record->json) : not_allowed();
}

ApiAnswer Intelligence::types(const ApiCall& call) {
    if (!call.get()) return not_allowed();
    const auto json = [&](std::size_t index) {
        const std::string name = operator_types()[index];
        const auto sid = "EY" + std::string(31, '0') + static_cast<char>('1' + index);
        const char* output =
            name.ends_with("classify")
                ? "text-classification"
                : (name == "extract-normalize" ? "text-extraction-normalized"
                                               : (name.ends_with("extract") ? "text-extraction" : (name == "json" ? "json" : "text-generation")));
        auto languages = Json::array();
        languages.push_back("en-US");
        return Json{{"name", name},
                    {"sid", sid},
                    {"friendly_name", name},
                    {"description", "Simulated by rules"},
                    {"docs_link", nullptr},
                    {"output_type", output},
                    {"supported_languages", languages},
                    {"provider", "twilio"},
                    {"availability", "general-availability"},
                    {"configurable", true},
                    {"config_schema", {{"type", "object"}}},
                    {"date_created", iso_seconds(began_)},
                    {"date_updated", iso_seconds(began_)},
                    {"url", call.base + "/v2/OperatorTypes/" + sid}};
    };
    std::vector<ListItem> items;
    for (std::size_t i = 0; i < operator_types().size(); ++i) {
        auto one = json(i);
        if (call.parts.size() == 2 && (one["sid"] == call.part(1) || one["name"] == call.part(1))) return api_json(200, one);
        items.push_back({one["sid"].get<std::string>(), std::move(one)});
    }
    return call.parts.size() == 1 ? world_.paging.meta(call, "operator_types", std::move(items)) : not_found(call);
}

// ---- transcripts

ApiAnswer Intelligence::create_transcript(const ApiCall& call) {
    auto* chosen = service(call.value("ServiceSid"));
    if (chosen == nullptr) return api_error(404, 20404, "No such service: " + call.value("ServiceSid"));
    const auto channel = Json::parse(call.value("Channel"), nullptr, false);
    const auto* media =
        channel.is_object() && channel.contains("media_properties") && channel["media_properties"].is_object() ? &channel["media_properties"] : nullptr;
    const auto text = [&](const char* key) {
        return media != nullptr && media->contains(key) && (*media)[key].is_string() ? (*media)[key].get<std::string>() : std::string{};
    };
    const auto source = text("source_sid");
    if (source.empty() && text("media_url").empty()) return api_error(400, 20001, "Channel: media_properties with source_sid or media_url is required");
    if (!source.empty() && !world_.carrier.recording_view(source)) return api_error(404, 20404, "No such recording: " + source);
    if (call.value("CustomerKey").size() > 64) return api_error(400, 20001, "CustomerKey is longer than 64 characters");
    auto& record = keep(*chosen, channel, call.base);
    record.json["customer_key"] = or_null(call.value("CustomerKey"));
    record.json["media_start_time"] = or_null(call.value("MediaStartTime"));
    world_.run(complete(record.sid(), source));
    return api_json(201, record.json);
}

Record& Intelligence::keep(const Record& chosen, const Json& channel, const std::string& base) {
    const auto sid = make_sid("GT");
    const auto url = base + "/v2/Transcripts/" + sid;
    auto& record = transcripts_.add({{"account_sid", world_.account_sid()},
                                     {"service_sid", chosen.sid()},
                                     {"sid", sid},
                                     {"date_created", nullptr},
                                     {"date_updated", nullptr},
                                     {"status", "queued"},
                                     {"channel", channel},
                                     {"data_logging", false},
                                     {"language_code", chosen.json["language_code"]},
                                     {"customer_key", nullptr},
                                     {"media_start_time", nullptr},
                                     {"duration", 0},
                                     {"url", url},
                                     {"redaction", chosen.json["auto_redaction"]},
                                     {"encryption_credential_sid", chosen.json["encryption_credential_sid"]},
                                     {"links",
                                      {{"sentences", url + "/Sentences"},
                                       {"media", url + "/Media"},
                                       {"operator_results", url + "/OperatorResults"},
                                       {"encrypted_sentences", url + "/Sentences/Encrypted"},
                                       {"encrypted_operator_results", url + "/OperatorResults/Encrypted"}}}});
    stamp(record, DateManner::iso);
    words_[sid].service = chosen.sid();
    return record;
}

void Intelligence::keep_live(const TranscriptionTruth& truth) {
    const auto* chosen = service(truth.intelligence_service);
    const auto view = world_.carrier.call(truth.call_sid);
    if (chosen == nullptr || !view) return;
    auto& record =
        keep(*chosen, {{"type", "voice"}, {"media_properties", {{"source", "call"}, {"source_sid", truth.call_sid}}}, {"participants", Json::array()}},
             world_.carrier.options().api_base);
    auto& words = words_[record.sid()].plain;
    const auto speed = world_.carrier.options().speed;
    for (const auto& said : truth.contents)
        words.push_back({said.inbound ? 1 : 2, std::max(0.0, (said.from_ms - truth.began_ms) * speed / 1000),
                         std::max(0.1, (said.to_ms - truth.began_ms) * speed / 1000), said.text, said.confidence});
    std::sort(words.begin(), words.end(), [](const Sentence& a, const Sentence& b) { return a.from < b.from; });
    finish(record, words.empty() ? 0 : static_cast<int>(words.back().to), view->created + std::chrono::milliseconds(static_cast<std::int64_t>(truth.began_ms)));
}

void Intelligence::finish(Record& record, int seconds, WallTime began) {
    record.json["duration"] = seconds;
    if (record.json["media_start_time"].is_null()) record.json["media_start_time"] = iso_seconds(began);
    record.json["status"] = "completed";
    touch(record, DateManner::iso);
    const auto* chosen = service(words_[record.sid()].service);
    if (chosen == nullptr || !chosen->json["webhook_url"].is_string() || chosen->json["webhook_url"].get<std::string>().empty()) return;
    if (chosen->json["webhook_http_method"] != "NULL") world_.run(announce(record.json, chosen->json["webhook_url"].get<std::string>()));
}

// The words of a call are known to the simulation: the caller's and the carrier's own as they are, the other side's as the ear understood them,
// and those of dialled parties from their own legs.
std::vector<Sentence> Intelligence::said(const RecordingView& recording) const {
    std::vector<Sentence> out;
    const auto view = world_.carrier.call(recording.call_sid);
    if (!view) return out;
    const auto speed = world_.carrier.options().speed;
    const auto since = [&](WallTime at) { return std::chrono::duration<double, std::milli>(at - view->created).count(); };
    const double begin = since(recording.start_time);
    const double length = recording.duration.value_or(0) + 1.0;  // seconds of sound, rounded down
    const auto add = [&](const TranscriptLine& line, int channel, double shift) {
        const double from = (line.from_ms + shift - begin) * speed / 1000;
        const double to = std::max(from + 0.1, (line.to_ms + shift - begin) * speed / 1000);
        if (line.text.empty() || line.text.starts_with("[keys") || to < 0 || from > length) return;
        out.push_back({recording.channels == 2 ? channel : 1, std::max(0.0, from), std::min(to, length), line.text, line.recognised ? line.confidence : 0.95});
    };
    double spoken_until = -1;  // by the carrier itself: the ear hears that, too
    for (const auto& line : world_.lines_of(recording.call_sid)) {
        using Who = TranscriptLine::Who;
        if (line.who == Who::carrier) spoken_until = line.from_ms + 400 / speed;
        if (line.who == Who::agent && line.from_ms <= spoken_until) continue;
        add(line, line.who == Who::caller ? 1 : 2, 0);
    }
    for (const auto& child : world_.carrier.calls()) {
        if (child.parent_sid != recording.call_sid) continue;
        for (const auto& line : world_.lines_of(child.sid)) {
            if (line.who == TranscriptLine::Who::caller) add(line, 2, since(child.created));
        }
    }
    std::sort(out.begin(), out.end(), [](const Sentence& a, const Sentence& b) { return a.from < b.from; });
    return out;
}

Task<> Intelligence::complete(std::string sid, std::string recording) {
    asio::steady_timer timer(world_.executor);
    const auto status = [&](const char* word) {
        auto* record = transcripts_.find(sid);
        if (record == nullptr) return false;
        record->json["status"] = word;
        touch(*record, DateManner::iso);
        return true;
    };
    timer.expires_after(milliseconds(20));
    co_await timer.async_wait(net::nothrow);
    if (!status("in-progress")) co_return;
    std::optional<RecordingView> view;
    for (int i = 0; i < 3000 && !recording.empty(); ++i) {  // a minute
        view = world_.carrier.recording_view(recording);
        if (!view || view->status == "completed" || view->status == "absent") break;
        timer.expires_after(milliseconds(20));
        co_await timer.async_wait(net::nothrow);
    }
    // Sound from elsewhere cannot be understood here.
    if (!view || view->status != "completed") {
        (void)status("failed");
        co_return;
    }
    // What was said last is written down a moment after the call ends.
    timer.expires_after(milliseconds(100));
    co_await timer.async_wait(net::nothrow);
    words_[sid].plain = said(*view);
    auto* record = transcripts_.find(sid);
    if (record == nullptr) co_return;
    finish(*record, view->duration.value_or(0), view->start_time);
}

// JSON, signed over the URL with its digest of the body.
Task<> Intelligence::announce(Json transcript, std::string url) {
    const Json body{{"account_sid", transcript["account_sid"]},
                    {"service_sid", transcript["service_sid"]},
                    {"transcript_sid", transcript["sid"]},
                    {"customer_key", transcript["customer_key"]},
                    {"event_type", "voice_intelligence_transcript_available"},
                    {"encryption_credential_sid", transcript["encryption_credential_sid"]}};
    HttpRequest request;
    request.method = "POST";
    request.body = body.dump();
    request.url = with_body_digest(url, request.body);
    request.headers.emplace_back("User-Agent", "TwilioProxy/1.1");
    request.headers.emplace_back("Content-Type", "application/json");
    if (const auto signature = world_.webhooks.signature(request.url, {}); !signature.empty()) request.headers.emplace_back("X-Twilio-Signature", signature);
    request.headers.emplace_back("I-Twilio-Idempotency-Token", make_uuid());
    const auto reply = co_await world_.webhooks.http().send(std::move(request), ConnectionOverrides{});
    if (reply.failure != 0 || reply.status < 200 || reply.status >= 300)
        world_.note(reply.failure != 0 ? reply.failure : 15003, "transcript webhook: HTTP " + std::to_string(reply.status), url, true);
}

ApiAnswer Intelligence::transcripts(const ApiCall& call) {
    if (call.parts.size() == 1) {
        if (call.post()) return create_transcript(call);
        if (!call.get()) return not_allowed();
        const auto differs = [&](const char* name, const Json& value) { return !call.value(name).empty() && value != call.value(name); };
        return world_.paging.meta(call, "transcripts", transcripts_.items([&](const Record& record) {
            const auto& json = record.json;
            const auto& media = json["channel"]["media_properties"];
            const auto before = read_date(call.value("BeforeDateCreated")), after = read_date(call.value("AfterDateCreated"));
            return !differs("ServiceSid", json["service_sid"]) && !differs("Status", json["status"]) && !differs("LanguageCode", json["language_code"]) &&
                   !differs("SourceSid", media.contains("source_sid") ? media["source_sid"] : Json(nullptr)) && (!before || record.created < before->at) &&
                   (!after || record.created >= after->at);
        }));
    }
    auto* record = transcripts_.find(call.part(1));
    if (record == nullptr) return not_found(call);
    if (call.parts.size() > 2) return below(call, *record);
    if (call.remove()) {
        words_.erase(call.part(1));
        transcripts_.erase(call.part(1));
        return no_content();
    }
    return call.get() ? api_json(200, record->json) : not_allowed();
}

ApiAnswer Intelligence::below(const ApiCall& call, Record& transcript) {
    if (!call.get()) return not_allowed();
    if (call.part(2) == "Sentences" && call.parts.size() == 3) return sentences(call, transcript);
    if (call.part(2) == "OperatorResults" && call.parts.size() <= 4) return results(call, transcript);
    if (call.part(2) == "Media" && call.parts.size() == 3) {
        const auto& media = transcript.json["channel"]["media_properties"];
        const auto source = media.contains("source_sid") && media["source_sid"].is_string() ? media["source_sid"].get<std::string>() : std::string{};
        const Json url = source.empty() ? (media.contains("media_url") ? media["media_url"] : Json(nullptr))
                                        : Json(call.base + world_.path("/Recordings/" + source + ".wav"));
        return api_json(200, {{"account_sid", world_.account_sid()},
                              {"media_url", url},
                              {"service_sid", transcript.json["service_sid"]},
                              {"sid", transcript.sid()},
                              {"url", call.base + call.path}});
    }
    return not_found(call);  // nothing is encrypted here
}

ApiAnswer Intelligence::sentences(const ApiCall& call, Record& transcript) {
    const bool hidden = transcript.json["redaction"] == true && call.flag("Redacted", true);
    std::vector<ListItem> items;
    const auto& all = words_[transcript.sid()].plain;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto text = hidden ? redacted(all[i].text) : all[i].text;
        char sid[40];
        std::snprintf(sid, sizeof sid, "GX%.24s%08zx", transcript.sid().c_str() + 2, i);
        items.push_back({sid,
                         {{"media_channel", all[i].channel},
                          {"sentence_index", i},
                          {"start_time", decimal(all[i].from)},
                          {"end_time", decimal(all[i].to)},
                          {"transcript", text},
                          {"sid", sid},
                          {"confidence", decimal(all[i].confidence)},
                          {"words", call.flag("WordTimestamps", false) ? words_of(all[i], text) : Json(nullptr)}}});
    }
    return world_.paging.meta(call, "sentences", std::move(items), 5000);
}

ApiAnswer Intelligence::results(const ApiCall& call, Record& transcript) {
    const auto& words = words_[transcript.sid()];
    auto text = words.plain;
    if (transcript.json["redaction"] == true && call.flag("Redacted", true)) {
        for (auto& sentence : text) sentence.text = redacted(sentence.text);
    }
    std::vector<ListItem> items;
    const auto* chosen = service(words.service);
    const auto attached = chosen != nullptr && transcript.json["status"] == "completed" ? chosen->json["read_only_attached_operator_sids"] : Json::array();
    for (const auto& sid : attached) {
        const auto kind = operator_json(sid.get<std::string>(), call.base);
        if (kind.is_null()) continue;
        // Entities are found in what was said, not in what redaction has left of it.
        const bool looks = kind["operator_type"] == "extract" || kind["operator_type"] == "pii-extract";
        auto result = operator_result(kind["operator_type"], kind["friendly_name"], kind["config"], looks ? words.plain : text);
        result["operator_sid"] = sid;
        result["transcript_sid"] = transcript.sid();
        result["url"] = call.base + "/v2/Transcripts/" + transcript.sid() + "/OperatorResults/" + sid.get<std::string>();
        if (call.parts.size() == 4 && sid == call.part(3)) return api_json(200, result);
        items.push_back({sid.get<std::string>(), std::move(result)});
    }
    return call.parts.size() == 3 ? world_.paging.meta(call, "operator_results", std::move(items)) : not_found(call);
}

}  // namespace parley::sim

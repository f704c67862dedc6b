#include "messages.hpp"

#include <algorithm>

#include "account.hpp"
#include "numbers.hpp"
#include "parley/sim/identifiers.hpp"

namespace parley::sim {
namespace {

constexpr std::size_t kKeptMessages = 1000;  // in one inbox

std::string type_by_name(const std::string& url) {
    const auto path = url.substr(0, url.find_first_of("?#"));
    const auto dot = path.find_last_of("./");
    const auto ending = dot == std::string::npos || path[dot] != '.' ? std::string{} : lower_case(path.substr(dot + 1));
    static const std::map<std::string, std::string> types{{"png", "image/png"},       {"gif", "image/gif"},  {"jpg", "image/jpeg"},  {"jpeg", "image/jpeg"},
                                                          {"pdf", "application/pdf"}, {"mp3", "audio/mpeg"}, {"wav", "audio/x-wav"}, {"mp4", "video/mp4"},
                                                          {"txt", "text/plain"},      {"vcf", "text/vcard"}};
    const auto at = types.find(ending);
    return at == types.end() ? "application/octet-stream" : at->second;
}

bool channel_address(std::string_view text) {
    const auto colon = text.find(':');
    return colon != std::string_view::npos && colon > 0;
}

}  // namespace

PhoneRule Messages::rule(const std::string& number) const {
    const auto& phones = world_.options.phones;
    if (const auto at = phones.find(number); at != phones.end()) return at->second;
    if (const auto at = phones.find("*"); at != phones.end()) return at->second;
    return {};
}

ApiAnswer Messages::handle(const ApiCall& call) {
    if (call.parts.size() == 1) {
        if (call.post()) return create(call);
        return call.get() ? list(call) : not_allowed();
    }
    auto* record = records_.find(call.part(1));
    if (record == nullptr) return not_found(call);
    if (call.parts.size() == 2) return one(call, *record);
    if (call.part(2) == "Media") return media(call, *record);
    if (call.part(2) == "Feedback" && call.parts.size() == 3) {
        if (!call.post()) return not_allowed();
        const auto outcome = call.value("Outcome").empty() ? "confirmed" : call.value("Outcome");
        if (outcome != "confirmed" && outcome != "unconfirmed") return api_error(400, 20001, "Invalid Outcome");
        const auto now = rfc2822(std::chrono::system_clock::now());
        return api_json(200, {{"account_sid", world_.account_sid()},
                              {"message_sid", record->sid()},
                              {"outcome", outcome},
                              {"date_created", now},
                              {"date_updated", now},
                              {"uri", call.path}});
    }
    return not_found(call);
}

// ---- outbound

std::optional<ApiAnswer> Messages::refuse(const Draft& draft) {
    if (draft.to.empty()) return api_error(400, 21604, "A 'To' phone number is required.");
    if (!e164(draft.to) && !channel_address(draft.to)) return api_error(400, 21211, "Invalid 'To' Phone Number: " + draft.to);
    if (draft.from.empty() && draft.service.empty()) return api_error(400, 21603, "A 'From' phone number is required.");
    if (draft.body.empty() && draft.media.empty()) return api_error(400, 21602, "Message body is required.");
    if (count_segments(draft.body).characters > kMaxMessageCharacters)
        return api_error(400, 21617, "The concatenated message body exceeds the 1600 character limit.");
    if (draft.media.size() > kMaxMedia) return api_error(400, 21623, "Number of media files exceeds allowed limit.");
    for (const auto& url : draft.media) {
        if (!usable_url(url)) return api_error(400, 21620, "Invalid media URL(s)");
    }
    if (!draft.callback.empty() && !usable_url(draft.callback))
        return api_error(400, 21609, "The 'StatusCallback' URL " + draft.callback + " is not a valid URL.");
    auto& numbers = *world_.numbers;
    if (!draft.from.empty() && !channel_address(draft.from) && numbers.owns_any()) {
        const auto* sender = numbers.owned(draft.from);
        if (sender == nullptr || sender->json["capabilities"]["sms"] != true)
            return api_error(400, 21606, "The 'From' phone number " + draft.from + " is not a valid message-capable number for this account.");
        if (!draft.media.empty() && sender->json["capabilities"]["mms"] != true)
            return api_error(400, 21621, "The 'From' number " + draft.from + " is not enabled for MMS.");
    }
    if (world_.account->trial() && !numbers.usable_sender(draft.to)) return api_error(400, 21608, "The number " + draft.to + " is unverified.");
    if (opted_out_.contains({draft.to, draft.from})) return api_error(400, 21610, "Attempt to send to unsubscribed recipient");
    if (const auto known = rule(draft.to); known.outcome == PhoneRule::Outcome::refused)
        return api_error(400, known.error_code, "The 'To' number " + draft.to + " cannot be reached");
    return std::nullopt;
}

Record& Messages::keep(const Draft& draft, const std::string& status) {
    const auto sid = make_sid(draft.media.empty() ? "SM" : "MM");
    const auto base = world_.path("/Messages/" + sid);
    Json json{{"body", draft.body},
              {"num_segments", draft.service.empty() ? std::to_string(std::max<std::size_t>(1, count_segments(draft.body).count)) : "0"},
              {"direction", draft.direction},
              {"from", or_null(draft.from)},
              {"to", draft.to},
              {"date_updated", nullptr},
              {"price", nullptr},
              {"error_message", nullptr},
              {"uri", base + ".json"},
              {"account_sid", world_.account_sid()},
              {"num_media", std::to_string(draft.media.size())},
              {"status", status},
              {"messaging_service_sid", or_null(draft.service)},
              {"sid", sid},
              {"date_sent", nullptr},
              {"date_created", nullptr},
              {"error_code", nullptr},
              {"price_unit", "USD"},
              {"api_version", "2010-04-01"},
              {"subresource_uris", {{"media", base + "/Media.json"}, {"feedback", base + "/Feedback.json"}}}};
    auto& record = records_.add(std::move(json));
    stamp(record, DateManner::rfc2822);
    for (const auto& url : draft.media) attachments_[sid].push_back({make_sid("ME"), type_by_name(url), url, {}, record.created});
    return record;
}

ApiAnswer Messages::create(const ApiCall& call) {
    Draft draft;
    draft.to = call.value("To");
    draft.from = call.value("From");
    draft.body = call.value("Body");
    draft.service = call.value("MessagingServiceSid");
    draft.callback = call.value("StatusCallback");
    draft.direction = "outbound-api";
    draft.media = values_of(call.form, "MediaUrl");
    if (draft.body.empty() && draft.media.empty() && !call.value("ContentSid").empty()) draft.body = "Content " + call.value("ContentSid");
    if (const auto application = call.value("ApplicationSid"); !application.empty()) {
        const auto* record = world_.numbers->application(application);
        if (record == nullptr) return api_error(400, 21420, "The application " + application + " is not accessible");
        if (draft.callback.empty() && record->json["message_status_callback"].is_string()) draft.callback = record->json["message_status_callback"];
    }
    if (draft.from.starts_with("MG")) std::swap(draft.service, draft.from);
    if (call.has("ValidityPeriod")) {
        const auto period = call.number("ValidityPeriod");
        if (!period || *period < 1 || *period > 36000) return api_error(400, 21624, "Invalid validity period value");
    }
    if (auto refused = refuse(draft)) return *refused;
    const bool scheduled = call.value("ScheduleType") == "fixed";
    if (scheduled && (draft.service.empty() || !read_date(call.value("SendAt"))))
        return api_error(400, 20422, "ScheduleType needs SendAt and MessagingServiceSid");
    auto& record = keep(draft, scheduled ? "scheduled" : (draft.service.empty() ? "queued" : "accepted"));
    const auto answer = api_json(201, record.json);
    const auto sid = record.sid();
    if (!scheduled) world_.run(deliver(sid, draft.callback));
    return answer;
}

void Messages::progress(const std::string& sid, const std::string& status, const std::string& callback, bool last, int error) {
    auto* record = records_.find(sid);
    if (record == nullptr) return;
    auto& json = record->json;
    json["status"] = status;
    if (error != 0) {
        json["error_code"] = error;
        json["error_message"] = "The carrier did not deliver the message";
    }
    touch(*record, DateManner::rfc2822);
    Form form{{"MessageSid", sid},
              {"SmsSid", sid},
              {"MessageStatus", status},
              {"SmsStatus", status},
              {"To", json["to"].get<std::string>()},
              {"From", json["from"].is_string() ? json["from"].get<std::string>() : std::string{}},
              {"AccountSid", world_.account_sid()},
              {"ApiVersion", "2010-04-01"}};
    if (json["messaging_service_sid"].is_string()) form.emplace_back("MessagingServiceSid", json["messaging_service_sid"].get<std::string>());
    if (error != 0) form.emplace_back("ErrorCode", std::to_string(error));
    post_.send(sid, callback, "POST", std::move(form), last);
}

Task<> Messages::deliver(std::string sid, std::string callback) {
    asio::steady_timer timer(world_.executor);
    auto* record = records_.find(sid);
    if (record == nullptr) co_return;
    const std::string to = record->json["to"];
    const auto how = rule(to);
    if (record->json["status"] == "accepted") progress(sid, "accepted", callback, false);
    const auto pause = [&] { timer.expires_after(how.step); };
    pause();
    co_await timer.async_wait(net::nothrow);
    record = records_.find(sid);
    if (record == nullptr) co_return;
    if (record->json["from"].is_null()) {  // the service chooses a sender
        for (const auto& owned : world_.numbers->all()) {
            if (owned.json["capabilities"]["sms"] == true) record->json["from"] = owned.json["phone_number"];
        }
        record->json["num_segments"] = std::to_string(std::max<std::size_t>(1, count_segments(record->json["body"].get<std::string>()).count));
    }
    progress(sid, "queued", callback, false);
    pause();
    co_await timer.async_wait(net::nothrow);
    if (how.outcome == PhoneRule::Outcome::failed) {
        progress(sid, "failed", callback, true, how.error_code == 0 ? 30008 : how.error_code);
        co_return;
    }
    progress(sid, "sending", callback, false);
    pause();
    co_await timer.async_wait(net::nothrow);
    record = records_.find(sid);
    if (record == nullptr) co_return;
    record->json["date_sent"] = rfc2822(std::chrono::system_clock::now());
    const long segments = std::atol(record->json["num_segments"].get<std::string>().c_str());
    char price[32];
    std::snprintf(price, sizeof price, "-%.5f", 0.0079 * static_cast<double>(segments));
    record->json["price"] = price;
    progress(sid, "sent", callback, how.outcome == PhoneRule::Outcome::unconfirmed, 0);
    const bool without_media = how.takes_media || record->json["num_media"] == "0";
    if (how.outcome == PhoneRule::Outcome::undelivered || !without_media) {
        pause();
        co_await timer.async_wait(net::nothrow);
        progress(sid, "undelivered", callback, true, how.error_code != 0 ? how.error_code : (without_media ? 30003 : 30011));
        co_return;
    }
    auto& inbox = inboxes_[to];
    PhoneMessage message{
        sid, record->json["from"].is_string() ? record->json["from"].get<std::string>() : "", to, record->json["body"], {}, static_cast<int>(segments)};
    for (const auto& one : attachments_[sid]) message.media.push_back(one.url);
    inbox.push_back(std::move(message));
    if (inbox.size() > kKeptMessages) inbox.erase(inbox.begin());
    if (how.outcome == PhoneRule::Outcome::unconfirmed) co_return;
    pause();
    co_await timer.async_wait(net::nothrow);
    progress(sid, "delivered", callback, true);
}

// ---- what is kept

ApiAnswer Messages::list(const ApiCall& call) {
    if (const auto bad = unreadable_date(call, "DateSent"); !bad.empty()) return api_error(400, 20001, "Invalid " + bad);
    const auto to = call.value("To"), from = call.value("From");
    return world_.paging.plain(call, "messages", records_.items([&](const Record& record) {
        return (to.empty() || record.json["to"] == to) && (from.empty() || record.json["from"] == from) && date_passes(call, "DateSent", record.created);
    }));
}

ApiAnswer Messages::one(const ApiCall& call, Record& record) {
    const std::string status = record.json["status"];
    if (call.remove()) {
        if (status == "queued" || status == "sending" || status == "accepted") return api_error(409, 20009, "The message has not finished");
        attachments_.erase(record.sid());
        records_.erase(call.part(1));
        return no_content();
    }
    if (call.post()) {
        if (const auto wanted = call.value("Status"); !wanted.empty()) {
            if (wanted != "canceled" || status != "scheduled") return api_error(400, 20422, "Only a scheduled message can be canceled");
            record.json["status"] = "canceled";
        }
        if (has_field(call.form, "Body")) {
            if (!value_of(call.form, "Body").empty()) return api_error(400, 20422, "The body can only be redacted");
            record.json["body"] = "";
        }
        touch(record, DateManner::rfc2822);
    } else if (!call.get()) {
        return not_allowed();
    }
    return api_json(200, record.json);
}

Json Messages::media_json(const std::string& message, const Attachment& attachment) const {
    return {{"sid", attachment.sid},
            {"account_sid", world_.account_sid()},
            {"parent_sid", message},
            {"content_type", attachment.type},
            {"date_created", rfc2822(attachment.created)},
            {"date_updated", rfc2822(attachment.created)},
            {"uri", world_.path("/Messages/" + message + "/Media/" + attachment.sid + ".json")}};
}

ApiAnswer Messages::media(const ApiCall& call, Record& record) {
    auto& all = attachments_[record.sid()];
    if (call.parts.size() == 3) {
        if (!call.get()) return not_allowed();
        std::vector<ListItem> items;
        for (const auto& one : all) {
            if (date_passes(call, "DateCreated", one.created)) items.push_back({one.sid, media_json(record.sid(), one)});
        }
        return world_.paging.plain(call, "media_list", std::move(items));
    }
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.sid == call.part(3); });
    if (at == all.end() || call.parts.size() != 4) return not_found(call);
    if (call.remove()) {
        all.erase(at);
        record.json["num_media"] = std::to_string(all.size());
        return no_content();
    }
    if (!call.get()) return not_allowed();
    if (call.suffix == "json") return api_json(200, media_json(record.sid(), *at));
    if (!at->bytes.empty()) return {200, at->type, at->bytes, {}};
    return {307, {}, {}, {{"Location", at->url}}};
}

std::vector<PhoneMessage> Messages::inbox(const std::string& number) const {
    const auto at = inboxes_.find(number);
    return at == inboxes_.end() ? std::vector<PhoneMessage>{} : at->second;
}

// ---- inbound

std::string Messages::receive(Incoming incoming, std::string& why_not) {
    const auto* number = world_.numbers->owned(incoming.to);
    if (number == nullptr) {
        why_not = "no such number: " + incoming.to;
        return {};
    }
    if (!e164(incoming.from) && !channel_address(incoming.from)) {
        why_not = "not a sender: " + incoming.from;
        return {};
    }
    if (number->json["capabilities"]["sms"] != true) {
        why_not = incoming.to + " takes no messages (21601)";
        return {};
    }
    Draft draft{incoming.from, incoming.to, incoming.body, "inbound", {}, {}, {}, {}};
    for (const auto& one : incoming.media) draft.media.push_back(one.url);
    auto& record = keep(draft, "received");
    record.json["date_sent"] = record.json["date_created"];
    const auto sid = record.sid();
    auto& kept = attachments_[sid];
    for (std::size_t i = 0; i < kept.size(); ++i) {
        if (!incoming.media[i].type.empty()) kept[i].type = incoming.media[i].type;
        kept[i].bytes = incoming.media[i].bytes;
    }
    const auto consent = consent_of(incoming.body);
    const std::pair<std::string, std::string> pair{incoming.from, incoming.to};
    if (consent != Consent::none) {
        // The confirmation goes out before the door closes, and after it opens.
        opted_out_.erase(pair);
        Draft reply{incoming.to, incoming.from, std::string(consent_reply(consent)), "outbound-reply", {}, {}, {}, {}};
        world_.run(deliver(keep(reply, "queued").sid(), {}));
        if (consent == Consent::stop) opted_out_.insert(pair);
    }
    world_.run(converse(sid, std::move(incoming)));
    return sid;
}

Form Messages::incoming_form(const std::string& sid, const Incoming& incoming) const {
    Form form{{"ToCountry", "US"},
              {"ToState", ""},
              {"SmsMessageSid", sid},
              {"NumMedia", std::to_string(incoming.media.size())},
              {"ToCity", ""},
              {"FromZip", "94105"},
              {"SmsSid", sid},
              {"FromState", "CA"},
              {"SmsStatus", "received"},
              {"FromCity", "SAN FRANCISCO"},
              {"Body", incoming.body},
              {"FromCountry", "US"},
              {"To", incoming.to},
              {"ToZip", ""},
              {"NumSegments", std::to_string(std::max<std::size_t>(1, count_segments(incoming.body).count))},
              {"MessageSid", sid},
              {"AccountSid", world_.account_sid()},
              {"From", incoming.from},
              {"ApiVersion", "2010-04-01"}};
    const auto at = attachments_.find(sid);
    for (std::size_t i = 0; at != attachments_.end() && i < at->second.size(); ++i) {
        const auto& one = at->second[i];
        form.emplace_back("MediaContentType" + std::to_string(i), one.type);
        form.emplace_back("MediaUrl" + std::to_string(i), world_.carrier.options().api_base + world_.path("/Messages/" + sid + "/Media/" + one.sid));
    }
    return form;
}

std::optional<ApiAnswer> Messages::send_reply(const TwimlReply& reply, const std::string& from, const std::string& to, std::string& sid) {
    Draft draft{
        reply.from.empty() ? from : reply.from, reply.to.empty() ? to : reply.to, reply.body, "outbound-reply", reply.status_callback, {}, {}, reply.media};
    if (auto refused = refuse(draft)) return refused;
    sid = keep(draft, "queued").sid();
    world_.run(deliver(sid, draft.callback));
    return std::nullopt;
}

Task<> Messages::converse(std::string sid, Incoming incoming) {
    const auto* number = world_.numbers->owned(incoming.to);
    if (number == nullptr) co_return;
    const auto wiring = world_.numbers->sms(*number);
    auto form = incoming_form(sid, incoming);
    std::string url = wiring.url, method = wiring.method.empty() ? "POST" : wiring.method;
    bool fallback = false;
    for (int documents = 0; !url.empty() && documents < 20; ++documents) {
        Webhook webhook;
        webhook.method = method;
        webhook.url = url;
        webhook.form = form;
        webhook.cookies = &cookies_[incoming.from + " " + incoming.to];
        const auto reply = co_await world_.webhooks.send(std::move(webhook));
        int error = reply.http.failure;
        std::string why = reply.http.failure_text;
        if (error == 0 && !reply.ok()) {
            error = 11200;
            why = "HTTP " + std::to_string(reply.http.status);
        }
        MessagingDocument document;
        const auto type = lower_case(std::string(header_of(reply.http.headers, "Content-Type")));
        if (error == 0 && reply.http.status != 204 && !reply.http.body.empty()) {
            if (type.starts_with("text/plain")) {
                document.replies.push_back({{}, {}, {}, {}, {}, reply.http.body, {}});
            } else if (type.starts_with("text/xml") || type.starts_with("application/xml") || type.starts_with("text/html")) {
                document = parse_messaging_twiml(reply.http.body);
                error = document.error;
                why = document.error_text;
            } else {
                error = 12300;
                why = "Content-Type " + type;
            }
        }
        if (error != 0) {
            world_.note(error, why, url, false);
            if (fallback || wiring.fallback_url.empty()) co_return;
            fallback = true;
            set_field(form, "ErrorCode", std::to_string(error));
            set_field(form, "ErrorUrl", url);
            url = wiring.fallback_url;
            method = wiring.fallback_method.empty() ? "POST" : wiring.fallback_method;
            continue;
        }
        for (const auto& [code, text] : document.warnings) world_.note(code, text, url, true);
        const auto base = reply.final_url;
        for (auto& message : document.replies) {
            const auto absolute = [&](std::string& reference) {
                if (reference.empty()) return;
                const auto resolved = resolve_url(base, reference);
                reference = resolved ? *resolved : std::string{};
            };
            absolute(message.status_callback);
            absolute(message.action);
            for (auto& one : message.media) absolute(one);
            if (message.status_callback.empty()) message.status_callback = message.action;
            std::string answered;
            if (const auto refused = send_reply(message, incoming.to, incoming.from, answered)) {
                const auto body = Json::parse(refused->body, nullptr, false);
                world_.note(body.value("code", 0), body.value("message", std::string{}), url, false);
            }
        }
        if (document.redirect.empty()) co_return;
        const auto next = resolve_url(base, document.redirect);
        url = next ? *next : std::string{};
        method = document.redirect_method;
    }
}

}  // namespace parley::sim

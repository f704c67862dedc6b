#include "calls.hpp"

#include <algorithm>

#include "../transcription.hpp"
#include "call_parameters.hpp"
#include "numbers.hpp"
#include "parley/sim/identifiers.hpp"

namespace parley::sim {
namespace {

constexpr std::size_t kMaxInlineTwiml = 4000;

// A stream, a Siprec session: what a call's fork looks like once it was asked for.
ApiAnswer fork_answer(RestWorld& world, const std::string& call_sid, const std::string& kind, const std::string& sid, const std::string& name,
                      const char* status) {
    return api_json(200, {{"sid", sid},
                          {"account_sid", world.account_sid()},
                          {"call_sid", call_sid},
                          {"name", name},
                          {"status", status},
                          {"date_updated", rfc2822(std::chrono::system_clock::now())},
                          {"uri", world.path("/Calls/" + call_sid + "/" + kind + "/" + sid + ".json")}});
}

}  // namespace

Json Calls::json(const CallView& view) const {
    const auto when = [](const auto& at) { return at ? Json(rfc2822(*at)) : Json(nullptr); };
    const auto base = world_.path("/Calls/" + view.sid);
    Json duration = nullptr;
    if (view.ended) {
        const auto from = view.started.value_or(*view.ended);
        duration = std::to_string(std::chrono::duration_cast<std::chrono::seconds>(*view.ended - from).count());
    }
    auto* number = world_.numbers->owned(view.direction == "inbound" ? view.to : view.from);
    Json out{{"sid", view.sid},
             {"date_created", rfc2822(view.created)},
             {"date_updated", rfc2822(view.ended.value_or(view.started.value_or(view.created)))},
             {"parent_call_sid", or_null(view.parent_sid)},
             {"account_sid", world_.account_sid()},
             {"to", view.to},
             {"to_formatted", national(view.to)},
             {"from", view.from},
             {"from_formatted", national(view.from)},
             {"phone_number_sid", number == nullptr ? Json(nullptr) : Json(number->sid())},
             {"status", view.status},
             {"start_time", when(view.started)},
             {"end_time", when(view.ended)},
             {"duration", std::move(duration)},
             {"price", nullptr},
             {"price_unit", "USD"},
             {"direction", view.direction},
             {"answered_by", or_null(view.answered_by)},
             {"api_version", "2010-04-01"},
             {"forwarded_from", nullptr},
             {"group_sid", nullptr},
             {"caller_name", nullptr},
             {"queue_time", "0"},
             {"trunk_sid", nullptr},
             {"uri", base + ".json"}};
    const std::pair<const char*, const char*> links[] = {{"notifications", "Notifications"},
                                                         {"recordings", "Recordings"},
                                                         {"payments", "Payments"},
                                                         {"events", "Events"},
                                                         {"siprec", "Siprec"},
                                                         {"streams", "Streams"},
                                                         {"transcriptions", "Transcriptions"},
                                                         {"user_defined_message_subscriptions", "UserDefinedMessageSubscriptions"},
                                                         {"user_defined_messages", "UserDefinedMessages"}};
    for (const auto& [key, word] : links) out["subresource_uris"][key] = base + "/" + word + ".json";
    return out;
}

ApiAnswer Calls::create(const ApiCall& call) {
    CallPlan plan;
    if (auto refused = read_call_parameters(call, world_, false, plan)) return *refused;
    const auto placed = world_.place(std::move(plan));
    return api_json(201, json(*world_.carrier.call(placed.call_sid)));
}

ApiAnswer Calls::update(const ApiCall& call, const std::string& sid) {
    const auto status = call.value("Status"), url = call.value("Url"), twiml = call.value("Twiml");
    auto done = CallUpdate::done;
    if (!status.empty()) {
        if (status != "completed" && status != "canceled") return api_error(400, 20001, "Invalid Status: " + status);
        done = world_.carrier.end_call(sid, status == "canceled");
        if (done == CallUpdate::wrong_state) return api_error(400, 21220, "Call is not in-progress. Cannot end it.");
    } else if (!url.empty() || !twiml.empty()) {
        if (!url.empty() && !usable_url(url)) return api_error(400, 21205, "Url is not a valid URL: " + url);
        if (!url.empty() && !twiml.empty()) return api_error(400, 21223, "Url and Twiml exclude each other");
        if (twiml.size() > kMaxInlineTwiml) return api_error(400, 32018, "Twiml is longer than 4000 characters");
        done = world_.carrier.redirect_call(sid, url, call.verb("Method"), twiml);
        if (done == CallUpdate::wrong_state) return api_error(400, 21220, "Call is not in-progress. Cannot redirect.");
    }
    if (const auto limit = call.number("TimeLimit"); limit && done == CallUpdate::done) {
        if (*limit < 1 || *limit > 86'400) return api_error(400, 20001, "Invalid TimeLimit: " + call.value("TimeLimit"));
        done = world_.carrier.limit_call(sid, std::chrono::seconds(*limit));
        if (done == CallUpdate::wrong_state) return api_error(400, 21220, "Call is not in-progress.");
    }
    const auto view = world_.carrier.call(sid);
    if (!view || done == CallUpdate::no_such_call) return not_found(call);
    return api_json(200, json(*view));
}

ApiAnswer Calls::list(const ApiCall& call) {
    for (const char* name : {"StartTime", "EndTime"}) {
        if (const auto bad = unreadable_date(call, name); !bad.empty()) return api_error(400, 20001, "Invalid " + bad);
    }
    auto all = world_.carrier.calls();
    std::reverse(all.begin(), all.end());  // newest first
    std::vector<ListItem> items;
    for (const auto& view : all) {
        const auto differs = [&](const char* name, const std::string& value) { return !call.value(name).empty() && call.value(name) != value; };
        if (differs("To", view.to) || differs("From", view.from) || differs("Status", view.status) || differs("ParentCallSid", view.parent_sid)) continue;
        // A call that has not begun yet counts from its creation, so that a client which lost an answer finds it.
        if (!date_passes(call, "StartTime", view.started.value_or(view.created)) || !date_passes(call, "EndTime", view.ended)) continue;
        items.push_back({view.sid, json(view)});
    }
    return world_.paging.plain(call, "calls", std::move(items));
}

ApiAnswer Calls::notifications(const ApiCall& call, const std::string& call_sid, const std::string& one) {
    if (!call.get()) return not_allowed();
    auto notes = world_.carrier.notifications(call_sid);
    if (call_sid.empty()) notes.insert(notes.end(), world_.notes.begin(), world_.notes.end());
    std::vector<ListItem> items;
    for (auto note = notes.rbegin(); note != notes.rend(); ++note) {
        const std::string log = note->warning ? "1" : "0";
        if (!one.empty() ? note->sid != one : ((!call.value("Log").empty() && call.value("Log") != log) || !date_passes(call, "MessageDate", note->at)))
            continue;
        Json json{{"sid", note->sid},
                  {"account_sid", world_.account_sid()},
                  {"call_sid", or_null(note->call_sid)},
                  {"log", log},
                  {"error_code", std::to_string(note->code)},
                  {"more_info", "https://www.twilio.com/docs/errors/" + std::to_string(note->code)},
                  {"message_text", encode_form({{"Msg", note->text}, {"ErrorCode", std::to_string(note->code)}})},
                  {"message_date", rfc2822(note->at)},
                  {"request_url", or_null(note->url)},
                  {"request_method", nullptr},
                  {"date_created", rfc2822(note->at)},
                  {"date_updated", rfc2822(note->at)},
                  {"api_version", "2010-04-01"},
                  {"uri", world_.path("/Notifications/" + note->sid + ".json")}};
        if (!one.empty()) {
            json["request_variables"] = "";
            json["response_headers"] = "";
            json["response_body"] = "";
            return api_json(200, json);
        }
        items.push_back({note->sid, std::move(json)});
    }
    return one.empty() ? world_.paging.plain(call, "notifications", std::move(items)) : not_found(call);
}

ApiAnswer Calls::streams(const ApiCall& call, const std::string& call_sid) {
    if (!call.post()) return not_allowed();
    const auto answer = [&](const std::string& sid, const std::string& name, const char* status) {
        return fork_answer(world_, call_sid, "Streams", sid, name, status);
    };
    if (call.parts.size() == 4) {
        if (call.value("Status") != "stopped") return api_error(400, 20001, "Status must be stopped");
        for (const auto& [sid, where] : streams_) {
            if (sid != call.part(3) && where != call_sid + " " + call.part(3)) continue;
            if (world_.carrier.stop_stream(call_sid, sid) != CallUpdate::done) return not_found(call);
            return answer(sid, where.substr(call_sid.size() + 1), "stopped");
        }
        // One that a document began: whether it still runs is known on the call's own thread only.
        if (world_.carrier.stop_stream(call_sid, call.part(3)) != CallUpdate::done) return not_found(call);
        return answer(call.part(3), call.part(3), "stopped");
    }
    if (call.value("Url").empty()) return api_error(400, 20001, "Url is required");
    std::string sid;
    switch (world_.carrier.start_stream(call_sid, call.form, sid)) {
        case CallUpdate::no_such_call:
            return not_found(call);
        case CallUpdate::wrong_state:
            return api_error(400, 21220, "Call is not in-progress.");
        default:
            streams_[sid] = call_sid + " " + (call.value("Name").empty() ? sid : call.value("Name"));
            return answer(sid, call.value("Name").empty() ? sid : call.value("Name"), "in-progress");
    }
}

ApiAnswer Calls::transcriptions(const ApiCall& call, const std::string& call_sid) {
    if (!call.post()) return not_allowed();
    const auto answer = [&](const std::string& sid, const std::string& name, const char* status) {
        return api_json(call.parts.size() == 3 ? 201 : 200, {{"sid", sid},
                                                             {"account_sid", world_.account_sid()},
                                                             {"call_sid", call_sid},
                                                             {"name", name},
                                                             {"status", status},
                                                             {"date_updated", rfc2822(std::chrono::system_clock::now())},
                                                             {"uri", world_.path("/Calls/" + call_sid + "/Transcriptions/" + sid + ".json")}});
    };
    if (call.parts.size() == 4) {
        if (call.value("Status") != "stopped") return api_error(400, 20001, "Status must be stopped");
        std::string sid = call.part(3), name = sid;
        for (const auto& [one, where] : transcriptions_) {
            if (one != call.part(3) && where != call_sid + " " + call.part(3)) continue;
            sid = one;
            name = where.substr(call_sid.size() + 1);
        }
        // One that a document began: whether it still runs is known on the call's own thread only.
        if (world_.carrier.stop_transcription(call_sid, sid) != CallUpdate::done) return not_found(call);
        return answer(sid, name, "stopped");
    }
    auto plan = read_transcription(call.form);
    if (!plan.callback_url.empty() && !usable_url(plan.callback_url)) return api_error(400, 21402, "Invalid StatusCallbackUrl");
    if (plan.track != "both_tracks" && plan.track != "inbound_track" && plan.track != "outbound_track")
        return api_error(400, 20001, "Invalid Track: " + plan.track);
    for (const auto& [one, where] : transcriptions_) {
        if (!plan.name.empty() && where == call_sid + " " + plan.name) return api_error(400, 20001, "The name is used already: " + plan.name);
    }
    std::string sid;
    const auto name = plan.name;
    switch (world_.carrier.start_transcription(call_sid, std::move(plan), sid)) {
        case CallUpdate::no_such_call:
            return not_found(call);
        case CallUpdate::wrong_state:
            return api_error(400, 21220, "Call is not in-progress.");
        default:
            transcriptions_[sid] = call_sid + " " + (name.empty() ? sid : name);
            return answer(sid, name.empty() ? sid : name, "in-progress");
    }
}

// Taken and answered; nothing records it.
ApiAnswer Calls::siprec(const ApiCall& call, const std::string& call_sid) {
    if (!call.post()) return not_allowed();
    const auto view = world_.carrier.call(call_sid);
    const auto answer = [&](const std::string& sid, const std::string& name, const char* status) {
        return fork_answer(world_, call_sid, "Siprec", sid, name, status);
    };
    if (call.parts.size() == 4) {
        for (const auto& [sid, name] : siprec_) {
            if ((sid == call.part(3) || name == call_sid + " " + call.part(3)) && call.value("Status") == "stopped")
                return answer(sid, name.substr(35), "stopped");
        }
        return not_found(call);
    }
    if (view->status != "in-progress") return api_error(400, 21220, "Call is not in-progress.");
    const auto sid = make_sid("SR");
    const auto name = call.value("Name").empty() ? sid : call.value("Name");
    siprec_[sid] = call_sid + " " + name;
    return answer(sid, name, "in-progress");
}

// One entry per webhook exchange, once the call is over.
ApiAnswer Calls::events(const ApiCall& call, const std::string& call_sid) {
    if (!call.get()) return not_allowed();
    std::vector<ListItem> items;
    const auto report = world_.carrier.report_of(call_sid);
    const auto view = world_.carrier.call(call_sid);
    for (const auto& one : report ? report->webhooks : std::vector<WebhookTruth>{}) {
        auto parameters = Json::object();
        for (const auto& [name, value] : one.form) parameters[name] = value;
        const auto answered = view->created + std::chrono::milliseconds(static_cast<std::int64_t>(one.at_ms + one.took_ms));
        items.push_back({std::to_string(items.size()),
                         {{"request", {{"method", one.method}, {"url", one.url}, {"parameters", std::move(parameters)}}},
                          {"response",
                           {{"response_code", one.status},
                            {"request_duration", static_cast<std::int64_t>(one.took_ms)},
                            {"content_type", nullptr},
                            {"response_body", one.document},
                            {"date_created", rfc2822(answered)}}}}});
    }
    return world_.paging.plain(call, "events", std::move(items));
}

ApiAnswer Calls::handle(const ApiCall& call) {
    if (call.part(0) == "Notifications") return call.parts.size() > 2 ? not_found(call) : notifications(call, {}, call.part(1));
    if (call.parts.size() == 1) {
        if (call.post()) return create(call);
        return call.get() ? list(call) : not_allowed();
    }
    const auto sid = call.part(1);
    const auto view = world_.carrier.call(sid);
    if (!view) return not_found(call);
    if (call.parts.size() == 2) {
        if (call.get()) return api_json(200, json(*view));
        if (call.post()) return update(call, sid);
        if (!call.remove()) return not_allowed();
        return world_.carrier.forget_call(sid) ? no_content() : api_error(409, 20009, "Call has not finished");
    }
    const auto word = call.part(2);
    if (word == "Recordings") return recordings_.below(call, 2, sid, false);
    if (call.parts.size() <= 4 && word == "Notifications") return notifications(call, sid, call.part(3));
    if (call.parts.size() <= 4 && word == "Streams") return streams(call, sid);
    if (call.parts.size() <= 4 && word == "Transcriptions") return transcriptions(call, sid);
    if (call.parts.size() <= 4 && word == "Siprec") return siprec(call, sid);
    if (call.parts.size() == 3 && word == "Events") return events(call, sid);
    return not_found(call);
}

}  // namespace parley::sim

#include "rest_api.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>

#include "parley/sim/base64.hpp"
#include "parley/sim/identifiers.hpp"
#include "parley/sim/url.hpp"

namespace parley::sim {
namespace {

constexpr std::size_t kMaxInlineTwiml = 4000;

std::vector<std::string> split_path(const std::string& path) {
    std::vector<std::string> parts;
    std::size_t at = 1;
    while (at <= path.size()) {
        const auto end = std::min(path.find('/', at), path.size());
        parts.push_back(path.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

std::string without_json(std::string name) {
    if (name.ends_with(".json")) name.resize(name.size() - 5);
    return name;
}

std::size_t number_of(std::string_view text, std::size_t otherwise) {
    std::size_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    return text.empty() || ec != std::errc{} ? otherwise : value;
}

bool usable_url(std::string_view text) {
    const auto url = parse_url(text);
    return url && (url->scheme == "http" || url->scheme == "https");
}

std::string method_of(const Form& form, std::string_view name) {
    return value_of(form, name) == "GET" ? "GET" : "POST";
}

// A list arrives as repeated keys from the SDKs, or as one text with blanks.
std::vector<std::string> list_of(const Form& form, std::string_view name) {
    std::vector<std::string> out;
    for (const auto& text : values_of(form, name)) {
        std::size_t at = 0;
        while (at < text.size()) {
            const auto end = std::min(text.find(' ', at), text.size());
            if (end > at) out.push_back(text.substr(at, end - at));
            at = end + 1;
        }
    }
    return out;
}

}  // namespace

ApiAnswer api_json(int status, const nlohmann::ordered_json& body) {
    return {status, "application/json", body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)};
}

ApiAnswer api_error(int status, int code, const std::string& message) {
    return api_json(status, {{"code", code},
                             {"message", message},
                             {"more_info", "https://www.twilio.com/docs/errors/" + std::to_string(code)},
                             {"status", status}});
}

bool RestApi::authorised(const std::string& authorization) const {
    const auto& carrier = carrier_.options();
    const auto pair = [](const std::string& user, std::string_view password) {
        return "Basic " + base64(user + ":" + std::string(password));
    };
    if (authorization == pair(carrier.account_sid, carrier.auth_token.reveal())) return true;
    return !options_.api_key.empty() && authorization == pair(options_.api_key, options_.api_secret);
}

RestApi::Json RestApi::call_json(const CallView& view) const {
    const auto when = [](const auto& at) { return at ? Json(rfc2822(*at)) : Json(nullptr); };
    const auto base = "/2010-04-01/Accounts/" + carrier_.options().account_sid + "/Calls/" + view.sid;
    Json duration = nullptr;
    if (view.ended) {
        const auto from = view.started.value_or(*view.ended);
        duration = std::to_string(std::chrono::duration_cast<std::chrono::seconds>(*view.ended - from).count());
    }
    Json out{{"sid", view.sid},
             {"date_created", rfc2822(view.created)},
             {"date_updated", rfc2822(view.ended.value_or(view.started.value_or(view.created)))},
             {"parent_call_sid", nullptr},
             {"account_sid", carrier_.options().account_sid},
             {"to", view.to},
             {"to_formatted", view.to},
             {"from", view.from},
             {"from_formatted", view.from},
             {"phone_number_sid", nullptr},
             {"status", view.status}};
    out["start_time"] = when(view.started);
    out["end_time"] = when(view.ended);
    out["duration"] = std::move(duration);
    out.update({{"price", nullptr},
                {"price_unit", "USD"},
                {"direction", view.direction},
                {"answered_by", nullptr},
                {"api_version", "2010-04-01"},
                {"forwarded_from", nullptr},
                {"group_sid", nullptr},
                {"caller_name", nullptr},
                {"queue_time", "0"},
                {"trunk_sid", nullptr},
                {"uri", base + ".json"}});
    for (const char* name :
         {"notifications", "recordings", "payments", "events", "siprec", "streams", "transcriptions"}) {
        std::string path = name;
        path[0] = static_cast<char>(path[0] - 32);
        out["subresource_uris"][name] = base + "/" + path + ".json";
    }
    return out;
}

ApiAnswer RestApi::create_call(const Form& form) {
    const std::string to(value_of(form, "To")), from(value_of(form, "From"));
    if (to.empty()) return api_error(400, 21201, "No 'To' number is specified");
    if (from.empty()) return api_error(400, 21213, "'From' phone number is required");
    CallPlan plan;
    plan.direction = "outbound-api";
    plan.to = to;
    plan.from = from;
    plan.voice_url = std::string(value_of(form, "Url"));
    plan.voice_method = method_of(form, "Method");
    if (plan.voice_url.empty()) plan.twiml = std::string(value_of(form, "Twiml"));
    if (plan.voice_url.empty() && plan.twiml.empty()) return api_error(400, 21205, "Url parameter is required.");
    if (!plan.voice_url.empty() && !usable_url(plan.voice_url))
        return api_error(400, 21205, "Url is not a valid URL: " + plan.voice_url);
    if (plan.twiml.size() > kMaxInlineTwiml) return api_error(400, 32018, "Twiml is longer than 4000 characters");
    for (const char* name : {"FallbackUrl", "StatusCallback"}) {
        const auto url = value_of(form, name);
        if (!url.empty() && !usable_url(url)) return api_error(400, 21609, std::string("Invalid '") + name + "' URL");
    }
    plan.fallback_url = std::string(value_of(form, "FallbackUrl"));
    plan.fallback_method = method_of(form, "FallbackMethod");
    plan.status_callback = std::string(value_of(form, "StatusCallback"));
    plan.status_callback_method = method_of(form, "StatusCallbackMethod");
    plan.status_callback_events = list_of(form, "StatusCallbackEvent");
    for (const auto& event : plan.status_callback_events) {
        if (event != "initiated" && event != "ringing" && event != "answered" && event != "completed") {
            return api_error(400, 21626, "Invalid StatusCallbackEvent: " + event);
        }
    }
    const auto timeout = number_of(value_of(form, "Timeout"), 60);
    if (timeout > 600) return api_error(400, 21220, "Timeout may not be larger than 600");
    plan.ring_timeout = std::chrono::seconds(timeout);
    if (has_field(form, "TimeLimit"))
        plan.time_limit = std::chrono::seconds(number_of(value_of(form, "TimeLimit"), 14400));
    plan.scenario = options_.callee;
    const auto placed = place_(std::move(plan));
    return api_json(201, call_json(*carrier_.call(placed.call_sid)));
}

ApiAnswer RestApi::update_call(const std::string& sid, const Form& form, const std::string& path) {
    const auto status = value_of(form, "Status");
    const std::string url(value_of(form, "Url")), twiml(value_of(form, "Twiml"));
    auto done = CallUpdate::done;
    if (!status.empty()) {
        if (status != "completed" && status != "canceled")
            return api_error(400, 21211, "Invalid Status: " + std::string(status));
        done = carrier_.end_call(sid, status == "canceled");
        if (done == CallUpdate::wrong_state) return api_error(400, 21220, "Call is not in-progress. Cannot end it.");
    } else if (!url.empty() || !twiml.empty()) {
        if (!url.empty() && !usable_url(url)) return api_error(400, 21205, "Url is not a valid URL: " + url);
        if (!url.empty() && !twiml.empty()) return api_error(400, 21223, "Url and Twiml exclude each other");
        if (twiml.size() > kMaxInlineTwiml) return api_error(400, 32018, "Twiml is longer than 4000 characters");
        done = carrier_.redirect_call(sid, url, method_of(form, "Method"), twiml);
        if (done == CallUpdate::wrong_state) return api_error(400, 21220, "Call is not in-progress. Cannot redirect.");
    }
    const auto view = carrier_.call(sid);
    if (!view || done == CallUpdate::no_such_call)
        return api_error(404, 20404, "The requested resource " + path + " was not found");
    return api_json(200, call_json(*view));
}

ApiAnswer RestApi::list_calls(const Form& query, const std::string& path) {
    const auto size = number_of(value_of(query, "PageSize"), 50);
    const auto page = number_of(value_of(query, "Page"), 0);
    if (size < 1 || size > 1000) return api_error(400, 20007, "PageSize must be 1 to 1000");
    auto all = carrier_.calls();
    std::reverse(all.begin(), all.end());  // newest first
    std::erase_if(all, [&](const CallView& view) {
        const auto differs = [&](std::string_view name, const std::string& value) {
            return has_field(query, name) && value_of(query, name) != value;
        };
        return differs("To", view.to) || differs("From", view.from) || differs("Status", view.status) ||
               differs("ParentCallSid", view.parent_sid);
    });
    const auto first = std::min(page * size, all.size());
    const auto last = std::min(first + size, all.size());
    auto calls = Json::array();
    for (auto i = first; i < last; ++i) calls.push_back(call_json(all[i]));
    const auto uri_of = [&](std::size_t number) {
        return path + "?PageSize=" + std::to_string(size) + "&Page=" + std::to_string(number);
    };
    Json out{{"calls", std::move(calls)},
             {"page", page},
             {"page_size", size},
             {"start", first},
             {"end", last > first ? last - 1 : first}};
    out["uri"] = uri_of(page);
    out["first_page_uri"] = uri_of(0);
    out["next_page_uri"] = last < all.size() ? Json(uri_of(page + 1)) : Json(nullptr);
    out["previous_page_uri"] = page > 0 ? Json(uri_of(page - 1)) : Json(nullptr);
    return api_json(200, out);
}

ApiAnswer RestApi::notifications(const std::string& call_sid, const std::string& path) {
    auto list = Json::array();
    for (const auto& note : carrier_.notifications(call_sid)) {
        list.push_back({{"sid", note.sid},
                        {"account_sid", carrier_.options().account_sid},
                        {"call_sid", note.call_sid},
                        {"log", note.warning ? "1" : "0"},
                        {"error_code", std::to_string(note.code)},
                        {"more_info", "https://www.twilio.com/docs/errors/" + std::to_string(note.code)},
                        {"message_text", encode_form({{"Msg", note.text}})},
                        {"message_date", rfc2822(note.at)},
                        {"request_url", note.url},
                        {"request_method", nullptr},
                        {"date_created", rfc2822(note.at)},
                        {"date_updated", rfc2822(note.at)},
                        {"api_version", "2010-04-01"},
                        {"uri", "/2010-04-01/Accounts/" + carrier_.options().account_sid + "/Notifications/" +
                                    note.sid + ".json"}});
    }
    const auto count = list.size();
    return api_json(200, {{"notifications", std::move(list)},
                          {"page", 0},
                          {"page_size", count},
                          {"start", 0},
                          {"end", count == 0 ? 0 : count - 1},
                          {"uri", path},
                          {"first_page_uri", path},
                          {"next_page_uri", nullptr},
                          {"previous_page_uri", nullptr}});
}

ApiAnswer RestApi::streams(const std::string& call_sid, const std::string& stream, const Form& form,
                           const std::string& path) {
    const auto answer = [&](const std::string& sid, const std::string& name, const char* status) {
        return api_json(200, {{"sid", sid},
                              {"account_sid", carrier_.options().account_sid},
                              {"call_sid", call_sid},
                              {"name", name},
                              {"status", status},
                              {"date_updated", rfc2822(std::chrono::system_clock::now())},
                              {"uri", path}});
    };
    if (!stream.empty()) {
        if (value_of(form, "Status") != "stopped") return api_error(400, 20001, "Status must be stopped");
        if (carrier_.stop_stream(call_sid, stream) != CallUpdate::done)
            return api_error(404, 20404, "The requested resource " + path + " was not found");
        return answer(stream, stream, "stopped");
    }
    if (value_of(form, "Url").empty()) return api_error(400, 20001, "Url is required");
    std::string sid;
    switch (carrier_.start_stream(call_sid, form, sid)) {
        case CallUpdate::no_such_call:
            return api_error(404, 20404, "The requested resource " + path + " was not found");
        case CallUpdate::wrong_state:
            return api_error(400, 21220, "Call is not in-progress.");
        default:
            return answer(sid, value_of(form, "Name").empty() ? sid : std::string(value_of(form, "Name")),
                          "in-progress");
    }
}

ApiAnswer RestApi::recording(std::string name, const std::string& path) {
    const bool wav = name.ends_with(".wav") || name.find('.') == std::string::npos;
    const auto sid = name.substr(0, name.find('.'));
    const auto sound = carrier_.recording(sid);
    if (!sound) return api_error(404, 20404, "The requested resource " + path + " was not found");
    if (!wav) {
        return api_json(200, {{"sid", sid},
                              {"account_sid", carrier_.options().account_sid},
                              {"status", "completed"},
                              {"duration", std::to_string(sound->size() / 8000)},
                              {"channels", 1},
                              {"source", "RecordVerb"},
                              {"uri", path}});
    }
    return {200, "audio/wav", wav_bytes(*sound)};
}

ApiAnswer RestApi::handle(const ApiRequest& request) {
    const auto question = std::min(request.target.find('?'), request.target.size());
    const auto path = request.target.substr(0, question);
    const auto query =
        decode_form(std::string_view(request.target).substr(std::min(question + 1, request.target.size())));
    const auto missing = [&] { return api_error(404, 20404, "The requested resource " + path + " was not found"); };
    auto parts = split_path(path);
    if (parts.size() < 4 || parts[0] != "2010-04-01" || parts[1] != "Accounts") return missing();
    if (!authorised(request.authorization)) return api_error(401, 20003, "Authenticate");
    if (parts[2] != carrier_.options().account_sid) return missing();
    if (request.method == "POST" && !request.body.empty() && !request.form_body)
        return api_error(415, 20415, "Unsupported media type");
    const auto form = decode_form(request.body);
    const bool get = request.method == "GET", post = request.method == "POST";
    const auto not_allowed = [] { return api_error(405, 20004, "Method not allowed"); };
    const auto& collection = parts[3];
    if (collection == "Notifications.json" && parts.size() == 4) return get ? notifications({}, path) : not_allowed();
    if (collection == "Recordings" && parts.size() == 5) return get ? recording(parts[4], path) : not_allowed();
    if (collection == "Calls.json" && parts.size() == 4) {
        if (post) return create_call(form);
        return get ? list_calls(query, path) : not_allowed();
    }
    if (collection != "Calls" || parts.size() < 5) return missing();
    const auto sid = without_json(parts[4]);
    if (!carrier_.call(sid)) return missing();
    if (parts.size() == 5 && parts[4].ends_with(".json")) {
        if (get) return api_json(200, call_json(*carrier_.call(sid)));
        if (post) return update_call(sid, form, path);
        if (request.method != "DELETE") return not_allowed();
        if (!carrier_.forget_call(sid)) return api_error(409, 20009, "Call has not finished");
        return {204, {}, {}};
    }
    if (parts.size() == 6 && parts[5] == "Notifications.json" && get) return notifications(sid, path);
    if (parts.size() == 6 && parts[5] == "Streams.json" && post) return streams(sid, {}, form, path);
    if (parts.size() == 7 && parts[5] == "Streams" && post) return streams(sid, without_json(parts[6]), form, path);
    return missing();
}

}  // namespace parley::sim

#include "parley/rest/calls.hpp"

#include <array>

#include "parley/net/deadline.hpp"
#include "resource.hpp"
#include "words.hpp"

namespace parley::rest {
namespace {

using std::chrono::milliseconds;

constexpr std::array<std::pair<CallStatus, std::string_view>, 11> kNames{{{CallStatus::queued, "queued"},
                                                                          {CallStatus::initiated, "initiated"},
                                                                          {CallStatus::ringing, "ringing"},
                                                                          {CallStatus::in_progress, "in-progress"},
                                                                          {CallStatus::completed, "completed"},
                                                                          {CallStatus::busy, "busy"},
                                                                          {CallStatus::failed, "failed"},
                                                                          {CallStatus::no_answer, "no-answer"},
                                                                          {CallStatus::canceled, "canceled"},
                                                                          {CallStatus::other, "other"},
                                                                          {CallStatus::in_progress, "answered"}}};

// A lost create is looked for so often: the list lags behind a little.
constexpr int kLooks = 3;
constexpr milliseconds kCreateWithin{12000}, kLookWithin{4000};
// Twilio's clock counts whole seconds.
constexpr std::chrono::seconds kSlack{2};

Call read_call(const Fields& f) {
    Call call;
    call.sid = f.text("sid");
    call.parent_call_sid = f.text("parent_call_sid");
    call.account_sid = f.text("account_sid");
    call.to = f.text("to");
    call.from = f.text("from");
    call.direction = f.text("direction");
    call.answered_by = f.text("answered_by");
    call.forwarded_from = f.text("forwarded_from");
    call.caller_name = f.text("caller_name");
    call.phone_number_sid = f.text("phone_number_sid");
    call.price = f.text("price");
    call.price_unit = f.text("price_unit");
    call.trunk_sid = f.text("trunk_sid");
    call.group_sid = f.text("group_sid");
    call.status = call_status(f.text("status"));
    call.duration = f.number("duration");
    call.queue_time = f.number("queue_time");
    call.date_created = f.when("date_created");
    call.date_updated = f.when("date_updated");
    call.start_time = f.when("start_time");
    call.end_time = f.when("end_time");
    return call;
}

void fill(Params& params, const CallCreate& c) {
    Fill add(params);
    add.always("To", c.to).always("From", c.from);
    add("Url", c.url)("Twiml", c.twiml)("ApplicationSid", c.application_sid)("Method", c.method)("FallbackUrl", c.fallback_url)("FallbackMethod",
                                                                                                                                c.fallback_method);
    add("StatusCallback", c.status_callback)("StatusCallbackEvent", c.status_callback_event)("StatusCallbackMethod", c.status_callback_method);
    add("SendDigits", c.send_digits)("Timeout", c.timeout)("TimeLimit", c.time_limit)("CallerId", c.caller_id);
    add("Record", c.record)("RecordingChannels", c.recording_channels)("RecordingTrack", c.recording_track)("Trim", c.trim);
    add("RecordingStatusCallback", c.recording_status_callback)("RecordingStatusCallbackMethod", c.recording_status_callback_method);
    add("RecordingStatusCallbackEvent", c.recording_status_callback_event);
    add("SipAuthUsername", c.sip_auth_username)("SipAuthPassword", c.sip_auth_password);
    add("MachineDetection", c.machine_detection)("MachineDetectionTimeout", c.machine_detection_timeout);
    add("MachineDetectionSpeechThreshold", c.machine_detection_speech_threshold)("MachineDetectionSpeechEndThreshold",
                                                                                 c.machine_detection_speech_end_threshold);
    add("MachineDetectionSilenceTimeout", c.machine_detection_silence_timeout);
    add("AsyncAmd", c.async_amd)("AsyncAmdStatusCallback", c.async_amd_status_callback)("AsyncAmdStatusCallbackMethod", c.async_amd_status_callback_method);
    add("Byoc", c.byoc)("CallReason", c.call_reason)("CallToken", c.call_token)("ClientNotificationUrl", c.client_notification_url);
}

std::string item(const std::string& sid) {
    return "/Calls/" + segment(sid) + ".json";
}

struct Look {
    std::optional<Call> found;
    bool several = false;
};

// The one call of the list that a create begun at `began` (this machine's clock; `date` is the server's at `now`) must have made.
Look look_in(const Client& client, const std::vector<Call>& calls, WallClock::time_point began, WallClock::time_point now, When date) {
    Look look;
    const auto from = began + (date ? *date - now : Duration(0)) - kSlack;
    for (const Call& call : calls) {
        const When made = call.date_created ? call.date_created : call.start_time;
        if (!made || *made < from || client.remembers(call.sid)) continue;
        if (!call.direction.empty() && call.direction != "outbound-api") continue;
        look.several = look.found.has_value();
        if (look.several) return look;
        look.found = call;
    }
    return look;
}

net::Task<Outcome<Call>> create_one(Client& client, CallCreate wanted) {
    const auto began = WallClock::now();
    Request request = post("/Calls.json", Repeat::never);
    request.within = kCreateWithin;
    fill(request.params, wanted);
    Outcome<Call> made = co_await one(client, std::move(request), &read_call);
    if (made) {
        client.remember(made->sid);
        co_return std::move(made);
    }
    if (made.error().kind != Failure::unknown) co_return std::move(made);

    Error lost = made.error();
    auto pause = client.settings().first_pause;
    for (int look = 0; look < kLooks; ++look) {
        const bool waited = co_await net::sleep_until(Clock::now() + pause);
        if (!waited) co_return lost;
        pause *= 3;
        Request list = get("/Calls.json");
        list.within = kLookWithin;
        // Not by StartTime: a call that still waits in Twilio's queue has none. The newest come first.
        Fill(list.params).always("To", wanted.to).always("From", wanted.from).always("PageSize", "50");
        Outcome<Answer> answer = co_await client.send(std::move(list));
        if (!answer) continue;
        const auto now = WallClock::now();
        const auto document = Document::parse(answer->body);
        if (!document) continue;
        std::vector<Call> calls;
        for (const Fields& entry : document->root().items("calls")) calls.push_back(read_call(entry));
        Look seen = look_in(client, calls, began, now, answer->date);
        if (seen.several) {
            lost.sentence = "No answer came from Twilio, and several calls between these two were begun meanwhile: which of them is this one cannot be told.";
            co_return lost;
        }
        if (seen.found) {
            client.remember(seen.found->sid);
            co_return std::move(*seen.found);
        }
    }
    lost.sentence = "No answer came from Twilio, and its list shows no such call so far: it may or may not have been made.";
    lost.remedy = "Look at the account's calls before dialling again.";
    co_return lost;
}

net::Task<Outcome<>> hang_up_one(Client& client, std::string sid, bool only_before_answer) {
    Request request = post(item(sid), Repeat::safe);
    request.within = milliseconds(5000);
    request.params.emplace_back("Status", only_before_answer ? "canceled" : "completed");
    Outcome<Answer> answer = co_await client.send(std::move(request));
    if (answer) co_return Outcome<>();
    const Error& error = answer.error();
    if (error.kind == Failure::not_found) co_return Outcome<>();
    if (error.code != 21220) co_return error;
    if (!only_before_answer) co_return Outcome<>();
    // Refused because it is over, or because it was answered: only the first is what was wanted.
    Request state = get(item(sid));
    Outcome<Call> call = co_await one(client, std::move(state), &read_call);
    if (call && terminal(call->status)) co_return Outcome<>();
    co_return error;
}

}  // namespace

CallStatus call_status(std::string_view text) {
    return value_of(kNames, text, CallStatus::other);
}

std::string_view name(CallStatus status) {
    return word_of(kNames, status);
}

bool terminal(CallStatus status) {
    return status == CallStatus::completed || status == CallStatus::busy || status == CallStatus::failed || status == CallStatus::no_answer ||
           status == CallStatus::canceled;
}

net::Task<Outcome<Call>> Calls::create(CallCreate wanted) {
    return create_one(client_, std::move(wanted));
}

net::Task<Outcome<Call>> Calls::fetch(std::string sid) {
    Request request = get(item(sid));
    return one(client_, std::move(request), &read_call);
}

net::Task<Outcome<Call>> Calls::update(std::string sid, CallUpdate wanted) {
    Request request = post(item(sid), Repeat::safe);
    Fill add(request.params);
    add("Status", wanted.status)("Url", wanted.url)("Method", wanted.method)("Twiml", wanted.twiml)("FallbackUrl", wanted.fallback_url)("FallbackMethod",
                                                                                                                                        wanted.fallback_method);
    add("StatusCallback", wanted.status_callback)("StatusCallbackMethod", wanted.status_callback_method)("TimeLimit", wanted.time_limit);
    return one(client_, std::move(request), &read_call);
}

net::Task<Outcome<>> Calls::hang_up(std::string sid, bool only_before_answer) {
    return hang_up_one(client_, std::move(sid), only_before_answer);
}

net::Task<Outcome<std::vector<Call>>> Calls::list(CallFilter filter) {
    Request request = get("/Calls.json");
    Fill add(request.params);
    add("To", filter.to)("From", filter.from)("ParentCallSid", filter.parent_call_sid)("Status", filter.status);
    add("StartTime", filter.start_time)("StartTime<", filter.start_time_before)("StartTime>", filter.start_time_after);
    add("EndTime", filter.end_time)("EndTime<", filter.end_time_before)("EndTime>", filter.end_time_after);
    return all(client_, std::move(request), "calls", filter.most, &read_call);
}

net::Task<Outcome<>> Calls::remove(std::string sid) {
    return gone(client_, erase(item(sid)));
}

}  // namespace parley::rest

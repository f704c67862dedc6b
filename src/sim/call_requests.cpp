// What a call asks of the application's servers, and what it tells them.

#include <boost/asio/steady_timer.hpp>

#include "carrier_call.hpp"
#include "parley/sim/identifiers.hpp"
#include "stream_session.hpp"
#include "transcription.hpp"
#include "switchboard.hpp"

namespace parley::sim {
namespace {

bool telephone_number(const std::string& party) {
    return party.starts_with('+');
}

void add_place(Form& form, const std::string& prefix, bool full) {
    form.emplace_back(prefix + "City", full ? "SAN FRANCISCO" : "");
    form.emplace_back(prefix + "State", full ? "CA" : "");
    form.emplace_back(prefix + "Zip", full ? "94105" : "");
    form.emplace_back(prefix + "Country", "US");
}

std::string status_text(const WebhookReply& reply) {
    if (reply.http.failure != 0) return reply.http.failure_text;
    return "answered with HTTP " + std::to_string(reply.http.status);
}

}  // namespace

Form CarrierCall::standard_parameters() const {
    const auto& account = deps_.options.account_sid;
    Form form{{"AccountSid", account}, {"ApiVersion", "2010-04-01"},   {"CallSid", report_.call_sid},
              {"CallStatus", status_}, {"Direction", plan_.direction}, {"From", plan_.from},
              {"To", plan_.to},        {"Caller", plan_.from},         {"Called", plan_.to}};
    if (!plan_.parent_sid.empty()) form.emplace_back("ParentCallSid", plan_.parent_sid);
    const bool inbound = plan_.direction == "inbound";
    if (telephone_number(plan_.from)) {
        for (const char* prefix : {"From", "Caller"}) add_place(form, prefix, true);
        if (inbound) form.emplace_back("StirVerstat", "TN-Validation-Passed-A");
    }
    if (telephone_number(plan_.to)) {
        for (const char* prefix : {"To", "Called"}) add_place(form, prefix, false);
    }
    if (inbound && telephone_number(plan_.from) && telephone_number(plan_.to)) {
        form.emplace_back("CallToken", "%7B%22parentCallInfoToken%22%3A%22" + report_.call_sid + "%22%7D");
    }
    return form;
}

Task<WebhookReply> CarrierCall::fetch(Target target) {
    Webhook webhook;
    webhook.method = target.method;
    webhook.url = target.url;
    webhook.form = standard_parameters();
    // The first request of an incoming call says `ringing`, every later one `in-progress`, answered or not.
    if (plan_.direction == "inbound" && !over_) set_field(webhook.form, "CallStatus", first_request_ ? "ringing" : "in-progress");
    first_request_ = false;
    for (auto& [name, value] : target.extra) set_field(webhook.form, name, value);
    webhook.cookies = &cookies_;
    webhook.body_limit = 40 * 1024 * 1024;  // a document may be an audio file; TwiML has its own limit
    WebhookTruth truth;
    truth.method = webhook.method;
    truth.url = webhook.url;
    truth.form = webhook.form;
    truth.at_ms = ms_now();
    auto reply = co_await deps_.webhooks.send(std::move(webhook));
    truth.took_ms = ms_now() - truth.at_ms;
    truth.status = reply.http.status;
    truth.failure = reply.http.failure;
    truth.attempts = reply.attempts;
    truth.document = reply.http.body.substr(0, 64 * 1024);
    report_.webhooks.push_back(std::move(truth));
    co_return reply;
}

void CarrierCall::notify(int code, std::string text, std::string url, bool warning) {
    report_.notifications.push_back({code, warning, text, url, ms_now()});
    deps_.notify({make_sid("NO"), report_.call_sid, std::move(url), std::move(text), code, warning, std::chrono::system_clock::now()});
}

void CarrierCall::say_line(TranscriptLine line) {
    if (plan_.on_line) plan_.on_line(line);
    for (const auto& one : transcriptions_) one->hear(line);
    report_.transcript.push_back(std::move(line));
}

void CarrierCall::progress(std::string event) {
    if (plan_.status_callback.empty()) return;
    const bool inbound = plan_.direction == "inbound";
    const auto& wanted = plan_.status_callback_events;
    const bool asked = inbound || wanted.empty() ? event == "completed" : std::find(wanted.begin(), wanted.end(), event) != wanted.end();
    if (!asked) return;
    Form form = standard_parameters();
    set_field(form, "CallStatus", event == "initiated" ? "initiated" : status_);
    form.emplace_back("CallbackSource", "call-progress-events");
    form.emplace_back("SequenceNumber", std::to_string(sequence_++));
    form.emplace_back("Timestamp", rfc2822(std::chrono::system_clock::now()));
    if (event == "completed") {
        form.emplace_back("CallDuration", std::to_string(talked()));
        form.emplace_back("Duration", std::to_string((talked() + 59) / 60));
        if (!report_.answered_by.empty()) form.emplace_back("AnsweredBy", report_.answered_by);
        if (!own_recording_.empty()) {
            form.emplace_back("RecordingUrl", deps_.board.recording_url(own_recording_));
            form.emplace_back("RecordingSid", own_recording_);
            form.emplace_back("RecordingDuration", std::to_string(talked()));
        }
        const char* sip = status_ == "busy" ? "486" : (status_ == "no-answer" || status_ == "canceled" ? "487" : (status_ == "failed" ? "404" : "200"));
        form.emplace_back("SipResponseCode", sip);
    }
    callback("status", plan_.status_callback, plan_.status_callback_method, std::move(form));
}

void CarrierCall::callback(std::string kind, std::string url, std::string method, Form form) {
    if (url.empty()) return;
    CallbackTruth truth;
    truth.kind = std::move(kind);
    truth.url = std::move(url);
    truth.form = std::move(form);
    truth.method = method == "GET" ? "GET" : "POST";
    truth.made_ms = ms_now();
    const auto copies = planner_.next();
    if (copies.empty()) {
        truth.dropped = true;
        report_.callbacks.push_back(std::move(truth));
        return;
    }
    for (std::size_t i = 0; i < copies.size(); ++i) {
        truth.copy = static_cast<int>(i);
        const auto index = report_.callbacks.size();
        report_.callbacks.push_back(truth);
        if (planner_.holds_all()) {
            held_callbacks_.push_back(index);
        } else {
            spawn(send_callback(index, copies[i]));
        }
    }
}

Task<> CarrierCall::send_callback(std::size_t index, milliseconds delay) {
    if (delay.count() > 0) {
        asio::steady_timer timer(executor_, delay);
        co_await timer.async_wait(net::nothrow);
    }
    Webhook webhook;
    webhook.method = report_.callbacks[index].method;
    webhook.url = report_.callbacks[index].url;
    webhook.form = report_.callbacks[index].form;
    report_.callbacks[index].sent_ms = ms_now();
    const auto url = webhook.url;
    const auto parsed = parse_url(url);
    if (!parsed || parsed->host.find('_') != std::string::npos) {
        notify(11100, "invalid callback URL", url);
        co_return;
    }
    const auto reply = co_await deps_.webhooks.send(std::move(webhook));
    report_.callbacks[index].status = reply.http.status;
    if (reply.http.failure != 0) {
        notify(reply.http.failure, "callback: " + status_text(reply), url);
    } else if (!reply.ok()) {
        notify(15003, "callback " + status_text(reply), url, true);
    }
}

void CarrierCall::finish_report() {
    report_.status = status_;
    report_.heard = std::move(heard_);
    report_.said = std::move(said_);
    if (!deps_.options.keep_sound) {
        report_.heard.clear();
        report_.said.clear();
    }
    report_.agent_speech = activity_.intervals();
    for (const auto& stream : streams_) report_.streams.push_back(stream->truth());
    for (std::size_t i = 0; i < utterances_.size(); ++i) {
        const auto& utterance = utterances_[i];
        TurnTruth turn;
        turn.caller_text = utterance.text;
        turn.caller_from_ms = ms_of_line(utterance.from);
        turn.caller_to_ms = ms_of_line(utterance.to);
        turn.interruption = utterance.interruption;
        const auto until = i + 1 < utterances_.size() ? utterances_[i + 1].from : kForever;
        for (const auto& speech : report_.agent_speech) {
            const auto from = line_of(speech.from);
            const auto to = line_of(speech.to);
            if (utterance.interruption && from < utterance.from && to > utterance.from) turn.stopped_after_ms = ms_of_line(to) - turn.caller_from_ms;
            if (from >= utterance.to && from < until && !turn.answered_after_ms) turn.answered_after_ms = ms_of_line(from) - turn.caller_to_ms;
        }
        report_.turns.push_back(std::move(turn));
    }
}

}  // namespace parley::sim

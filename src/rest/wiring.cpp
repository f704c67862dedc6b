#include "parley/rest/wiring.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace parley::rest {

WebhookUrls webhook_urls(std::string_view public_url) {
    std::string base(public_url);
    while (base.ends_with('/')) base.pop_back();
    base += "/webhooks/twilio/";
    return {base + "voice", base + "fallback", base + "status", base + "sms"};
}

NumberMode mode_of(const IncomingNumber& number) {
    if (!number.trunk_sid.empty()) return NumberMode::trunk;
    if (!number.voice_application_sid.empty()) return NumberMode::application;
    if (number.voice_receive_mode == "fax") return NumberMode::fax;
    return NumberMode::webhook;
}

std::string_view name(NumberMode mode) {
    switch (mode) {
        case NumberMode::webhook:
            return "webhook";
        case NumberMode::application:
            return "application";
        case NumberMode::trunk:
            return "trunk";
        case NumberMode::fax:
            return "fax";
    }
    return "webhook";
}

std::vector<std::string> differences(const IncomingNumber& number, const WebhookUrls& urls) {
    std::vector<std::string> out;
    const auto want = [&out](const char* what, const std::string& is, const std::string& should) {
        if (is != should) out.push_back(std::string(what) + " is " + (is.empty() ? "empty" : is));
    };
    // A method that is not given is POST.
    const auto post = [&out](const char* what, const std::string& method) {
        if (!method.empty() && method != "POST") out.push_back(std::string(what) + " method is " + method);
    };
    want("voice URL", number.voice_url, urls.voice);
    post("voice", number.voice_method);
    want("voice fallback URL", number.voice_fallback_url, urls.fallback);
    post("voice fallback", number.voice_fallback_method);
    want("status callback", number.status_callback, urls.status);
    post("status callback", number.status_callback_method);
    if (number.capabilities.sms && number.sms_application_sid.empty()) {
        want("SMS URL", number.sms_url, urls.sms);
        post("SMS", number.sms_method);
    }
    return out;
}

NumberSettings wired(const IncomingNumber& number, const WebhookUrls& urls) {
    NumberSettings s;
    s.voice_url = urls.voice;
    s.voice_method = "POST";
    s.voice_fallback_url = urls.fallback;
    s.voice_fallback_method = "POST";
    s.status_callback = urls.status;
    s.status_callback_method = "POST";
    // Messages that go to an application stay there; a number without SMS refuses the URL.
    if (number.capabilities.sms && number.sms_application_sid.empty()) {
        s.sms_url = urls.sms;
        s.sms_method = "POST";
    }
    return s;
}

std::vector<WiringStep> plan_wiring(const std::vector<std::string>& wanted, const std::vector<IncomingNumber>& owned, const WebhookUrls& urls) {
    std::vector<WiringStep> steps;
    for (const auto& number : wanted) {
        if (std::any_of(steps.begin(), steps.end(), [&](const WiringStep& step) { return step.number == number; })) continue;
        WiringStep step;
        step.number = number;
        const auto found = std::find_if(owned.begin(), owned.end(), [&](const IncomingNumber& one) { return one.phone_number == number; });
        if (found == owned.end()) {
            step.reason = kNoMatchingNumber;
        } else if (const NumberMode mode = mode_of(*found); mode != NumberMode::webhook) {
            step.reason = mode == NumberMode::fax ? kFaxMode : kOtherMode;
            step.sid = found->sid;
        } else {
            step.sid = found->sid;
            step.differences = differences(*found, urls);
            step.kind = step.differences.empty() ? WiringStep::Kind::already : WiringStep::Kind::update;
            step.settings = wired(*found, urls);
        }
        steps.push_back(std::move(step));
    }
    return steps;
}

std::string WiringReport::json() const {
    nlohmann::ordered_json out;
    if (!error.empty()) {
        out["twilioWebhookError"] = error;
    } else {
        const auto lines = [](const std::vector<Line>& all, const char* key) {
            auto list = nlohmann::ordered_json::array();
            for (const auto& line : all) list.push_back({{"number", line.number}, {key, line.text}});
            return list;
        };
        out["twilioWebhooksUpdated"] = lines(updated, "note");
        out["twilioWebhookSkipped"] = lines(skipped, "reason");
        out["twilioWebhooksFailed"] = lines(failed, "reason");
    }
    return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string WiringReport::text() const {
    if (!error.empty()) return error + "\n";
    std::string out;
    for (const auto& line : updated) out += line.number + "  " + line.text + "\n";
    for (const auto& line : skipped) out += line.number + "  skipped: " + line.text + "\n";
    for (const auto& line : failed) out += line.number + "  failed: " + line.text + "\n";
    return out;
}

net::Task<WiringReport> wire_numbers(Client& client, std::vector<std::string> wanted, WebhookUrls urls, bool dry_run) {
    WiringReport report;
    IncomingNumbers numbers(client);
    NumberFilter everything;
    everything.most = 100'000;
    Outcome<std::vector<IncomingNumber>> owned = co_await numbers.list(std::move(everything));
    if (!owned) {
        report.error = owned.error().text();
        co_return report;
    }
    for (WiringStep& step : plan_wiring(wanted, *owned, urls)) {
        if (step.kind == WiringStep::Kind::skip) {
            report.skipped.push_back({step.number, step.reason});
        } else if (step.kind == WiringStep::Kind::already) {
            report.updated.push_back({step.number, "already wired"});
        } else if (dry_run) {
            std::string why;
            for (const auto& difference : step.differences) why += (why.empty() ? "" : ", ") + difference;
            report.updated.push_back({step.number, "would be wired: " + why});
        } else {
            NumberUpdate update;
            update.settings = std::move(step.settings);
            Outcome<IncomingNumber> done = co_await numbers.update(step.sid, std::move(update));
            if (done)
                report.updated.push_back({step.number, "wired"});
            else
                report.failed.push_back({step.number, done.error().text()});
        }
    }
    co_return report;
}

}  // namespace parley::rest

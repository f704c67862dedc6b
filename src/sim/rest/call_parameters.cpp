#include "call_parameters.hpp"

#include <algorithm>

#include "account.hpp"
#include "numbers.hpp"

namespace parley::sim {
namespace {

constexpr std::size_t kMaxInlineTwiml = 4000;

bool endpoint(const std::string& text) {
    return e164(text) || text.starts_with("client:") || text.starts_with("sip:") || text.starts_with("sips:") || text.starts_with("app:");
}

std::optional<ApiAnswer> read_parties(const ApiCall& call, CallPlan& plan) {
    plan.to = call.value("To");
    plan.from = call.value("From");
    if (plan.to.empty()) return api_error(400, 21201, "No 'To' number is specified");
    if (plan.from.empty()) return api_error(400, 21213, "'From' phone number is required");
    if (!endpoint(plan.to)) return api_error(400, 21211, "The phone number you are attempting to call, " + plan.to + ", is not valid.");
    if (plan.to == plan.from) return api_error(400, 21211, "'To' and 'From' are the same number");
    if (e164(plan.to) && !e164(plan.from) && !plan.from.starts_with("client:"))
        return api_error(400, 21212, "The source phone number provided, " + plan.from + ", is not valid.");
    return std::nullopt;
}

std::optional<ApiAnswer> read_rights(RestWorld& world, const CallPlan& plan) {
    auto& numbers = *world.numbers;
    if (e164(plan.from) && numbers.owns_any() && !numbers.usable_sender(plan.from))
        return api_error(400, 21210, "The source phone number provided, " + plan.from + ", is not yet verified for your account.");
    if (world.account->trial() && e164(plan.to) && !numbers.usable_sender(plan.to)) return api_error(400, 21219, "The number " + plan.to + " is unverified.");
    return std::nullopt;
}

std::optional<ApiAnswer> read_detection(const ApiCall& call, bool participant, MachineDetection& out) {
    const auto mode = call.value("MachineDetection");
    if (mode.empty()) return std::nullopt;
    if (mode != "Enable" && mode != "DetectMessageEnd") return api_error(400, 21234, "Invalid MachineDetection: " + mode);
    out.mode = mode == "Enable" ? MachineDetection::Mode::enable : MachineDetection::Mode::detect_message_end;
    struct Limit {
        const char* name;
        long low, high, factor;
        milliseconds* into;
    };
    for (const auto& limit :
         {Limit{"MachineDetectionTimeout", 3, 59, 1000, &out.timeout}, Limit{"MachineDetectionSpeechThreshold", 1000, 6000, 1, &out.speech},
          Limit{"MachineDetectionSpeechEndThreshold", 500, 5000, 1, &out.speech_end}, Limit{"MachineDetectionSilenceTimeout", 2000, 10000, 1, &out.silence}}) {
        if (!call.has(limit.name)) continue;
        const auto number = call.number(limit.name);
        if (!number || *number < limit.low || *number > limit.high) return api_error(400, 21263, std::string("Invalid ") + limit.name);
        *limit.into = milliseconds(*number * limit.factor);
    }
    out.async = participant || lower_case(call.value("AsyncAmd")) == "true";
    out.callback = call.value(participant ? "AmdStatusCallback" : "AsyncAmdStatusCallback");
    out.callback_method = call.verb(participant ? "AmdStatusCallbackMethod" : "AsyncAmdStatusCallbackMethod");
    if (out.async && out.callback.empty() && participant) return api_error(400, 21262, "MachineDetection needs an AmdStatusCallback");
    return std::nullopt;
}

std::optional<ApiAnswer> read_document(const ApiCall& call, RestWorld& world, CallPlan& plan) {
    plan.voice_url = call.value("Url");
    plan.voice_method = call.verb("Method");
    plan.fallback_url = call.value("FallbackUrl");
    plan.fallback_method = call.verb("FallbackMethod");
    for (const char* name : {"Method", "FallbackMethod", "StatusCallbackMethod"}) {
        const auto text = call.value(name);
        if (!text.empty() && text != "GET" && text != "POST") return api_error(400, 21209, std::string("Invalid ") + name + ": " + text);
    }
    if (const auto sid = call.value("ApplicationSid"); !sid.empty()) {
        auto* application = world.numbers->application(sid);
        if (application == nullptr) return api_error(400, 21218, "Invalid ApplicationSid: " + sid);
        const auto text = [&](const char* key) { return application->json[key].is_string() ? application->json[key].get<std::string>() : std::string{}; };
        plan.voice_url = text("voice_url");
        plan.voice_method = text("voice_method");
        plan.fallback_url = text("voice_fallback_url");
        plan.fallback_method = text("voice_fallback_method");
        plan.status_callback = text("status_callback");
        plan.status_callback_method = text("status_callback_method");
    } else if (plan.voice_url.empty()) {
        plan.twiml = call.value("Twiml");
    } else if (!call.value("Twiml").empty()) {
        world.note(32019, "Url and Twiml both given, Url used", plan.voice_url, true);
    }
    if (plan.voice_url.empty() && plan.twiml.empty()) return api_error(400, 21205, "Url parameter is required.");
    if (!plan.voice_url.empty() && !usable_url(plan.voice_url)) return api_error(400, 21205, "Url is not a valid URL: " + plan.voice_url);
    if (plan.twiml.size() > kMaxInlineTwiml) return api_error(400, 32018, "Twiml is longer than 4000 characters");
    return std::nullopt;
}

}  // namespace

std::optional<ApiAnswer> read_call_parameters(const ApiCall& call, RestWorld& world, bool participant, CallPlan& plan) {
    plan.direction = "outbound-api";
    plan.status_callback = call.value("StatusCallback");
    plan.status_callback_method = call.verb("StatusCallbackMethod");
    if (auto refused = read_parties(call, plan)) return refused;
    if (!participant) {
        if (auto refused = read_document(call, world, plan)) return refused;
    }
    if (auto refused = read_rights(world, plan)) return refused;
    for (const char* name : {"FallbackUrl", "StatusCallback", "RecordingStatusCallback", "AsyncAmdStatusCallback", "AmdStatusCallback"}) {
        const auto url = call.value(name);
        const auto parsed = parse_url(url);
        if (!url.empty() && (!usable_url(url) || parsed->host.find('_') != std::string::npos))
            return api_error(400, 21609, std::string("Invalid '") + name + "' URL");
    }
    plan.status_callback_events = call.list("StatusCallbackEvent");
    for (const auto& event : plan.status_callback_events) {
        if (event != "initiated" && event != "ringing" && event != "answered" && event != "completed")
            return api_error(400, 21626, "Invalid StatusCallbackEvent: " + event);
    }
    const auto timeout = call.has("Timeout") ? call.number("Timeout") : std::optional<long>(60);
    if (!timeout || *timeout > 600) return api_error(400, 21208, "Invalid Timeout");
    plan.ring_timeout = std::chrono::seconds(*timeout);
    if (const auto limit = call.number("TimeLimit")) plan.time_limit = std::chrono::seconds(*limit);
    plan.send_digits = call.value("SendDigits");
    if (plan.send_digits.size() > 32 || plan.send_digits.find_first_not_of("0123456789ABCDabcd#*wW") != std::string::npos)
        return api_error(400, 21206, "Invalid SendDigits");
    if (call.value("CallReason").size() > 50) return api_error(400, 21658, "CallReason is longer than 50 characters");
    if (auto refused = read_detection(call, participant, plan.detection)) return refused;
    plan.record = call.flag("Record", false);
    plan.recording.dual = call.value("RecordingChannels") == "dual";
    if (const auto track = call.value("RecordingTrack"); !track.empty()) plan.recording.track = track;
    plan.recording.trim_silence = call.value("Trim") != "do-not-trim";
    plan.recording.callback = call.value("RecordingStatusCallback");
    plan.recording.callback_method = call.verb("RecordingStatusCallbackMethod");
    if (const auto events = call.list("RecordingStatusCallbackEvent"); !events.empty()) {
        plan.recording.callback_events.clear();
        for (const auto& event : events) plan.recording.callback_events += (plan.recording.callback_events.empty() ? "" : " ") + event;
    }
    plan.scenario = world.options.callee;
    return std::nullopt;
}

}  // namespace parley::sim

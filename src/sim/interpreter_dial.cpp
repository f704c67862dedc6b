// Dial and Enqueue, as far as one leg can tell: who answers is decided by the carrier's number table.

#include <boost/asio/steady_timer.hpp>

#include "parley/sim/identifiers.hpp"
#include "twiml_interpreter.hpp"

namespace parley::sim {

Task<TwimlInterpreter::Next> TwimlInterpreter::dial(const TwimlElement& element, const Loaded& loaded) {
    const auto& options = call_.deps().options;
    std::string number = element.text;
    const TwimlElement* noun = nullptr;
    if (!element.children.empty()) {
        noun = &element.children.front();
        number = noun->text;
        if (noun->name == "Sip" && noun->child("Uri") != nullptr) number = noun->child("Uri")->text;
        if (noun->name == "Client" && noun->child("Identity") != nullptr)
            number = "client:" + noun->child("Identity")->text;
    }
    const bool conference = noun != nullptr && noun->name == "Conference";
    auto found = options.numbers.find(number);
    if (found == options.numbers.end()) found = options.numbers.find("*");
    auto target = found == options.numbers.end() ? DialTarget{} : found->second;
    const milliseconds ring_limit(integer_of(element, "timeout", 30, 5, 600) * 1000);
    if (target.answer == DialTarget::Answer::answer && target.after > ring_limit)
        target.answer = DialTarget::Answer::no_answer;
    const auto child = make_sid("CA");
    int sequence = 0;
    const auto tell = [&](const std::string& event, const std::string& status) {
        if (noun == nullptr || !noun->has("statusCallback")) return;
        const auto events = noun->attribute("statusCallbackEvent", "completed");
        if (events.find(event) == std::string::npos) return;
        Form form = call_.standard_parameters();
        set_field(form, "CallSid", child);
        set_field(form, "ParentCallSid", call_.sid());
        set_field(form, "Direction", "outbound-dial");
        set_field(form, "CallStatus", status);
        set_field(form, "To", number);
        set_field(form, "Called", number);
        form.emplace_back("CallbackSource", "call-progress-events");
        form.emplace_back("SequenceNumber", std::to_string(sequence++));
        form.emplace_back("Timestamp", rfc2822(std::chrono::system_clock::now()));
        call_.callback("dial", url_of(*noun, "statusCallback", loaded), noun->attribute("statusCallbackMethod", "POST"),
                       std::move(form));
    };
    // Before the answer of an `answerOnBridge` call the line does not run; true time then, scaled like the line.
    const auto sleep = [&](milliseconds length) -> Task<> {
        const auto until = Clock::now() + std::chrono::duration_cast<Duration>(length / options.speed);
        while (!call_.interrupted() && Clock::now() < until) co_await call_.changed().wait(until);
    };
    tell("initiated", "initiated");
    tell("ringing", "ringing");
    const bool answers = target.answer == DialTarget::Answer::answer;
    co_await sleep(target.answer == DialTarget::Answer::no_answer ? ring_limit : target.after);
    std::string status;
    const auto talk_from = Clock::now();
    if (answers && !call_.interrupted()) {
        call_.answer();
        tell("answered", "in-progress");
        const milliseconds limit(static_cast<std::int64_t>(integer_of(element, "timeLimit", 14400, 1, 86400)) * 1000);
        co_await sleep(std::min(target.talks, limit));
        status = conference ? "answered" : "completed";
    } else if (target.answer == DialTarget::Answer::busy) {
        status = "busy";
    } else if (target.answer == DialTarget::Answer::failed) {
        status = "failed";
    } else {
        status = call_.over() ? "canceled" : "no-answer";
    }
    tell("completed", status == "answered" ? "completed" : status);
    Form extra{{"DialCallStatus", status}};
    if (!conference) {
        extra.emplace_back("DialCallSid", child);
        const auto talked = std::chrono::duration<double>(Clock::now() - talk_from).count() * options.speed;
        if (answers) extra.emplace_back("DialCallDuration", std::to_string(static_cast<int>(talked)));
        extra.emplace_back("DialBridged", answers ? "true" : "false");
    }
    auto action = action_of(element, loaded, false, std::move(extra));
    if (call_.over()) co_return co_await after_hangup(std::move(action));
    co_return Next{std::move(action), false};
}

Task<TwimlInterpreter::Next> TwimlInterpreter::enqueue(const TwimlElement& element, const Loaded& loaded) {
    const auto& options = call_.deps().options;
    const auto queue = make_sid("QU");
    const auto from = call_.line_now();
    const auto until = from + options.queue_time.value_or(milliseconds(3600000)).count() * 8;
    if (auto wait_url = url_of(element, "waitUrl", loaded); !wait_url.empty()) {
        Target target{
            std::move(wait_url), element.attribute("waitUrlMethod", "POST") == "GET" ? "GET" : "POST", {}, {}};
        target.extra = {{"QueueSid", queue},   {"QueuePosition", "1"},    {"QueueTime", "0"},
                        {"AvgQueueTime", "0"}, {"CurrentQueueSize", "1"}, {"MaxQueueSize", "100"}};
        int error = 0;
        auto waiting = co_await load_once(std::move(target), error);
        bool left = false;
        for (std::size_t i = 0;
             waiting && i < waiting->document.verbs.size() && !left && !call_.interrupted() && call_.line_now() < until;
             ++i) {
            const auto& verb = waiting->document.verbs[i];
            left = verb.name == "Leave";
            if (verb.name == "Say" || verb.name == "Play" || verb.name == "Pause") co_await prompt(verb, *waiting);
            if (verb.name == "Hangup") co_return Next{std::nullopt, true};
        }
        if (left && !call_.interrupted()) {
            Form extra{{"QueueResult", "leave"},
                       {"QueueSid", queue},
                       {"QueueTime", std::to_string((call_.line_now() - from) / kSampleRate)}};
            auto action = action_of(element, loaded, false, std::move(extra));
            co_return Next{std::move(action), false};
        }
    }
    co_await call_.wait_until(until, [] { return false; });
    Form extra{{"QueueResult", call_.over() ? "hangup" : "bridged"},
               {"QueueSid", queue},
               {"QueueTime", std::to_string((call_.line_now() - from) / kSampleRate)}};
    auto action = action_of(element, loaded, false, std::move(extra));
    if (call_.over()) co_return co_await after_hangup(std::move(action));
    co_return Next{std::move(action), false};
}

}  // namespace parley::sim

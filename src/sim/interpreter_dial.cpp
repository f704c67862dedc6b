// Dial: which kind it is; and the pretended one, where the number table names nobody who could talk.

#include <algorithm>

#include "dial_party.hpp"
#include "parley/sim/identifiers.hpp"
#include "switchboard.hpp"

namespace parley::sim {

Task<TwimlInterpreter::Next> TwimlInterpreter::dial(const TwimlElement& element, const Loaded& loaded) {
    if (mode_ != Mode::own) {
        call_.notify(13201, "Dial in the document of a dialled leg", loaded.base);
        co_return Next{};
    }
    const auto* conference = element.child("Conference");
    if (conference != nullptr && element.children.size() > 1) {
        call_.notify(13000, "Dial: Conference beside other nouns", loaded.base);
        co_return Next{};
    }
    if (conference != nullptr) co_return co_await dial_conference(element, *conference, loaded);
    if (const auto* queue = element.child("Queue")) co_return co_await dial_queue(element, *queue, loaded);
    const auto parties = parties_of(element);
    const bool real = std::any_of(parties.begin(), parties.end(), [](const Party& party) { return party.target.real(); });
    if (real) co_return co_await dial_parties(element, loaded);
    co_return co_await dial_pretended(element, loaded);
}

Task<TwimlInterpreter::Next> TwimlInterpreter::dial_pretended(const TwimlElement& element, const Loaded& loaded) {
    const auto& options = call_.deps().options;
    std::string number = element.text;
    const TwimlElement* noun = nullptr;
    if (!element.children.empty()) {
        noun = &element.children.front();
        number = noun->text;
        if (noun->name == "Sip" && noun->child("Uri") != nullptr) number = noun->child("Uri")->text;
        if (noun->name == "Client" && noun->child("Identity") != nullptr) number = "client:" + noun->child("Identity")->text;
    }
    auto target = call_.deps().board.target_of(number);
    const milliseconds ring_limit(integer_of(element, "timeout", 30, 5, 600) * 1000);
    if (target.answer == DialTarget::Answer::answer && target.after > ring_limit) target.answer = DialTarget::Answer::no_answer;
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
        call_.callback("dial", url_of(*noun, "statusCallback", loaded), noun->attribute("statusCallbackMethod", "POST"), std::move(form));
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
        status = "completed";
    } else if (target.answer == DialTarget::Answer::busy) {
        status = "busy";
    } else if (target.answer == DialTarget::Answer::failed) {
        status = "failed";
    } else {
        status = call_.over() ? "canceled" : "no-answer";
    }
    tell("completed", status);
    Form extra{{"DialCallStatus", status}, {"DialCallSid", child}};
    const auto talked = std::chrono::duration<double>(Clock::now() - talk_from).count() * options.speed;
    if (answers) extra.emplace_back("DialCallDuration", std::to_string(static_cast<int>(talked)));
    extra.emplace_back("DialBridged", answers ? "true" : "false");
    auto action = action_of(element, loaded, false, std::move(extra));
    if (call_.over()) co_return co_await after_hangup(std::move(action));
    co_return Next{std::move(action), false};
}

}  // namespace parley::sim

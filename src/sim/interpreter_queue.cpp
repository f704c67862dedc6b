// Enqueue, from the inside of a waiting caller; and Dial of a queue, from the inside of the agent.

#include "switchboard.hpp"
#include "twiml_interpreter.hpp"

namespace parley::sim {

Task<TwimlInterpreter::Next> TwimlInterpreter::enqueue(const TwimlElement& element, const Loaded& loaded) {
    auto& queues = call_.deps().board.queues;
    // With a workflow the queue is the router's business, which is not simulated: it stands for the queue's name.
    const auto name = element.text.empty() || element.child("Task") != nullptr ? element.attribute("workflowSid") : element.text;
    std::string queue_sid;
    auto member = queues.enter(name, integer_of(element, "maxQueueSize", 100, 1, 5000), call_.sid(), call_.waker(), queue_sid);
    if (member == nullptr) {
        Form extra{{"QueueResult", "queue-full"}, {"QueueSid", queue_sid}, {"QueueTime", "0"}};
        co_return Next{action_of(element, loaded, false, std::move(extra)), false};
    }
    auto waiting = std::make_shared<Waiting>();
    if (element.has("waitUrl")) waiting->url = url_of(element, "waitUrl", loaded);
    waiting->method = element.attribute("waitUrlMethod", "POST");
    waiting->parameters = [&queues, member] { return queues.wait_parameters(member); };
    waiting->queue = true;
    begin_waiting(waiting);
    const auto& pretended = call_.deps().options.queue_time;
    const auto until = pretended ? call_.line_now() + pretended->count() * 8 : CarrierCall::kForever;
    using State = QueueMember::State;
    co_await call_.wait_until(until, [&] { return waiting->left || waiting->hangup || queues.look(member).state != State::waiting; });
    const auto seconds = queues.waited(*member);
    co_await end_waiting(waiting);
    queues.leave(member);
    // Whoever took the member in the meantime has it.
    const auto now = queues.look(member);
    std::string result = "bridged";  // somebody outside the simulation
    std::optional<Target> elsewhere;
    if (now.state == State::taken) {
        if (!now.whisper_url.empty() && !call_.interrupted()) {
            TwimlInterpreter whisper(call_);
            whisper.mode_ = Mode::member;
            Target target{now.whisper_url, now.whisper_method, {}, {}};
            target.extra = {{"QueueSid", queue_sid}, {"QueueTime", std::to_string(seconds)}, {"DequeingCallSid", now.agent_sid}};
            co_await whisper.run(std::move(target));
        }
        bool met = false;
        if (!call_.interrupted()) met = now.meeting->win(call_.sid());
        if (met) {
            const auto port = now.meeting->mixer()->join({}, call_.key_taker());
            call_.plug(now.meeting->mixer(), port);
            now.meeting->attach(call_.sid(), call_.waker());
            co_await call_.wait_until(CarrierCall::kForever, [&] { return now.meeting->dismissed(call_.sid()); });
            call_.unplug();
            now.meeting->mixer()->leave(port);
            if (!call_.over() && call_.interrupted()) result = "redirected-from-bridged";
        } else if (!call_.interrupted()) {
            result = "error";  // the agent has gone
        }
        now.meeting->left(call_.sid(), {call_.status(), 0, false});
    }
    if (now.state != State::taken && call_.over()) {
        result = "hangup";
    } else if (now.state == State::redirected) {
        result = "redirected";
        elsewhere = Target{now.url, now.method == "GET" ? "GET" : "POST", {}, {}};
    } else if (now.state == State::waiting && call_.interrupted()) {
        result = "redirected";
    } else if (waiting->left && now.state == State::waiting) {
        result = "leave";
    }
    Form extra{{"QueueResult", result}, {"QueueSid", queue_sid}, {"QueueTime", std::to_string(seconds)}};
    if (waiting->hangup && now.state == State::waiting && !call_.over()) co_return Next{std::nullopt, true};
    auto action = action_of(element, loaded, false, std::move(extra));
    // The call goes on elsewhere: the action is told, and its answer is not executed.
    if (call_.interrupted() || elsewhere) {
        (void)co_await after_hangup(std::move(action));
        co_return Next{std::move(elsewhere), false};
    }
    co_return Next{std::move(action), false};
}

Task<TwimlInterpreter::Next> TwimlInterpreter::dial_queue(const TwimlElement& element, const TwimlElement& noun, const Loaded& loaded) {
    call_.answer();
    auto& queues = call_.deps().board.queues;
    const auto name = noun.text;
    std::shared_ptr<DialAttempt> meeting;
    const auto method = noun.attribute("method", "POST") == "GET" ? "GET" : "POST";
    const QueueTable::Agent agent{call_.sid(), url_of(noun, "url", loaded), method, call_.waker()};
    const auto until = call_.line_now() + Sample{integer_of(element, "timeout", 30, 5, 600)} * kSampleRate;
    std::string queue_sid;
    std::shared_ptr<QueueMember> member;
    int waited = 0;
    // A caller who goes in the moment of being taken, or while the document for him runs, is not the last one.
    do {
        member.reset();
        meeting = std::make_shared<DialAttempt>(call_.deps().options.speed, call_.waker());
        co_await call_.wait_until(until, [&] {
            if (member == nullptr && !call_.interrupted() && call_.line_now() < until) member = queues.take(name, agent, meeting, queue_sid);
            return member != nullptr;
        });
        queues.stop_waiting(name, call_.sid());
        if (member == nullptr) break;
        waited = queues.waited(*member);
        while (!call_.interrupted() && meeting->winner().empty() && !meeting->all_left()) co_await call_.changed().wait();
    } while (meeting->winner().empty() && !call_.interrupted());
    Form extra;
    if (member == nullptr) {
        extra = {{"DialCallStatus", call_.over() ? "canceled" : "no-answer"}, {"DialBridged", "false"}, {"QueueSid", queue_sid}};
    } else {
        const bool met = !meeting->winner().empty();
        const auto from = call_.line_now();
        if (met && !call_.interrupted())
            co_await bridge(meeting, element.attribute("hangupOnStar") == "true", integer_of(element, "timeLimit", 14400, 1, 86400));
        meeting->release();
        extra = {{"DialCallStatus", met ? "completed" : (call_.over() ? "canceled" : "no-answer")},
                 {"DialBridged", met ? "true" : "false"},
                 {"QueueSid", queue_sid},
                 {"DequeuedCallSid", member->call_sid},
                 {"DequeuedCallQueueTime", std::to_string(waited)}};
        if (met) {
            extra.emplace_back("DequeueResult", "bridged");
            extra.emplace_back("DequeuedCallDuration", std::to_string((call_.line_now() - from) / kSampleRate));
        }
    }
    auto action = action_of(element, loaded, false, std::move(extra));
    if (call_.over()) co_return co_await after_hangup(std::move(action));
    co_return Next{std::move(action), false};
}

}  // namespace parley::sim
